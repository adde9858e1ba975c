-- A table related to itself through junctions: friendships in one order only, followers never of themselves, matches.
CREATE TABLE person (id serial PRIMARY KEY, name text NOT NULL);
CREATE TABLE friendship (a int REFERENCES person, b int REFERENCES person, since date NOT NULL, PRIMARY KEY (a, b), CHECK (a < b));
CREATE TABLE follows (follower int REFERENCES person ON DELETE CASCADE, followed int REFERENCES person ON DELETE CASCADE, PRIMARY KEY (follower, followed), CONSTRAINT not_oneself CHECK (follower <> followed));
CREATE TABLE game (id serial PRIMARY KEY, white int NOT NULL REFERENCES person, black int NOT NULL REFERENCES person, winner int REFERENCES person, CHECK (white <> black), CHECK (winner IS NULL OR winner = white OR winner = black));
INSERT INTO person (name) SELECT 'Person ' || n FROM generate_series(1, 50) n;
INSERT INTO friendship SELECT a, b, date '2020-01-01' + a * b FROM generate_series(1, 50) a, generate_series(1, 50) b WHERE a < b AND (a * b) % 9 = 0;
INSERT INTO follows SELECT a, b FROM generate_series(1, 50) a, generate_series(1, 50) b WHERE a <> b AND (a + b * 3) % 11 = 0;
INSERT INTO game (white, black, winner) SELECT n % 50 + 1, (n + n / 50 + 1) % 50 + 1, CASE n % 3 WHEN 0 THEN n % 50 + 1 WHEN 1 THEN (n + n / 50 + 1) % 50 + 1 END FROM generate_series(1, 150) n;
