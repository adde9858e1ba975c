-- Tables in which every place is taken: timetables, truth tables, alphabets, and junctions of all with all.
CREATE TABLE slot (
    room int CHECK (room BETWEEN 1 AND 3), hour int CHECK (hour BETWEEN 1 AND 4), who text, PRIMARY KEY (room, hour)
);
CREATE TABLE truth (a boolean, b boolean, c boolean, result boolean NOT NULL, PRIMARY KEY (a, b, c));
CREATE TABLE letter (sign char(1) PRIMARY KEY CHECK (sign ~ '^[A-Z]$'), place int UNIQUE CHECK (place BETWEEN 1 AND 26));
CREATE TABLE weekday (name text PRIMARY KEY CHECK (name IN ('mon', 'tue', 'wed')), opens time NOT NULL, closes time NOT NULL CHECK (closes > opens));
CREATE TYPE suit AS ENUM ('clubs', 'diamonds', 'hearts', 'spades');
CREATE TABLE card (suit suit, face int CHECK (face BETWEEN 1 AND 13), held boolean NOT NULL, PRIMARY KEY (suit, face));
CREATE TABLE team (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE game (
    home int REFERENCES team, away int REFERENCES team CHECK (away <> home), goals int, PRIMARY KEY (home, away)
);
CREATE TABLE step (
    team int REFERENCES team, nr int, before int, note text, PRIMARY KEY (team, nr), CHECK (before < nr),
    FOREIGN KEY (team, before) REFERENCES step, UNIQUE NULLS NOT DISTINCT (team, before, note)
);
INSERT INTO slot SELECT r, h, 'person ' || r * h FROM generate_series(1, 3) r, generate_series(1, 4) h;
INSERT INTO truth SELECT a, b, c, a AND b OR c FROM unnest('{t,f}'::boolean[]) a, unnest('{t,f}'::boolean[]) b, unnest('{t,f}'::boolean[]) c;
INSERT INTO letter SELECT chr(64 + n), n FROM generate_series(1, 26) n;
INSERT INTO weekday VALUES ('mon', '08:00', '18:00'), ('tue', '08:30', '18:00'), ('wed', '09:00', '20:15');
INSERT INTO card SELECT s, f, f % 3 = 0 FROM unnest(enum_range(NULL::suit)) s, generate_series(1, 13) f;
INSERT INTO team SELECT n, 'Team ' || n FROM generate_series(1, 8) n;
INSERT INTO game SELECT h, a, (h * a) % 5 FROM generate_series(1, 8) h, generate_series(1, 8) a WHERE h <> a;
INSERT INTO step SELECT t, n, CASE WHEN n > 1 THEN n / 2 END, 'note ' || n % 3 FROM generate_series(1, 8) t, generate_series(1, 7) n;
