-- Uniqueness in all forms: over NULLs, deferrable, partial, over expressions, with INCLUDE, of several nullable columns.
CREATE TABLE member (
    id serial PRIMARY KEY,
    mail text NOT NULL, nick text UNIQUE, badge int UNIQUE DEFERRABLE INITIALLY DEFERRED, team int NOT NULL, seat int,
    captain boolean NOT NULL, left_on date, alias text,
    CONSTRAINT team_seat UNIQUE (team, seat)
);
CREATE UNIQUE INDEX member_mail ON member (lower(mail));
CREATE UNIQUE INDEX member_captain ON member (team) WHERE captain;
CREATE UNIQUE INDEX member_alias ON member (alias) WHERE left_on IS NULL;
CREATE UNIQUE INDEX member_sum ON member ((team * 1000 + coalesce(seat, id + 500)));
CREATE UNIQUE INDEX member_included ON member (mail) INCLUDE (nick);
CREATE TABLE slot (id serial PRIMARY KEY, room int, day date, CONSTRAINT one_slot UNIQUE (room, day));
CREATE TABLE singleton (yes boolean PRIMARY KEY DEFAULT true CHECK (yes), motto text);
CREATE TABLE setting (scope text, key text NOT NULL, value text);
CREATE UNIQUE INDEX setting_global ON setting (key) WHERE scope IS NULL;
CREATE UNIQUE INDEX setting_scoped ON setting (scope, key) WHERE scope IS NOT NULL;
INSERT INTO member (mail, nick, badge, team, seat, captain, left_on, alias)
SELECT 'Member' || n || '@Example.org', CASE WHEN n % 3 > 0 THEN 'nick' || n END, CASE WHEN n % 4 > 0 THEN n * 3 END, n % 10, CASE WHEN n % 5 > 0 THEN n / 10 END, n <= 10,
    CASE WHEN n % 6 = 0 THEN date '2024-01-01' + n END, CASE WHEN n % 6 = 0 THEN 'gone' ELSE 'alias' || n END
FROM generate_series(1, 100) n;
INSERT INTO slot (room, day) SELECT CASE WHEN n % 9 > 0 THEN n % 9 END, date '2024-01-01' + n / 9 FROM generate_series(1, 90) n;
INSERT INTO singleton VALUES (true, 'one');
INSERT INTO setting SELECT CASE WHEN n > 10 THEN 'scope' || n % 4 END, 'key' || CASE WHEN n > 10 THEN (n - 11) / 4 ELSE n END, 'v' || n % 5 FROM generate_series(1, 50) n;
