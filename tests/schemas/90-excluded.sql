-- EXCLUDE by operators that only the database knows: arrays, networks, ranges that may not touch, over computed columns, referenced by others.
CREATE EXTENSION btree_gist;
CREATE EXTENSION intarray;
CREATE TABLE seat (id serial PRIMARY KEY, room int NOT NULL, tags int[] NOT NULL, CONSTRAINT no_shared_tags EXCLUDE USING gist (room WITH =, tags gist__int_ops WITH &&));
CREATE TABLE full_house (id serial PRIMARY KEY, room int NOT NULL, tags int[] NOT NULL CHECK (tags <@ ARRAY[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]), EXCLUDE USING gist (room WITH =, tags gist__int_ops WITH &&));
CREATE TABLE network (id serial PRIMARY KEY, site int NOT NULL, block cidr NOT NULL, EXCLUDE USING gist (site WITH =, block inet_ops WITH &&) DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE span (id serial PRIMARY KEY, grp int NOT NULL, r int4range NOT NULL, CONSTRAINT not_adjacent EXCLUDE USING gist (grp WITH =, r WITH -|-));
CREATE TABLE pick (id serial PRIMARY KEY, span_id int NOT NULL REFERENCES span, note text);
CREATE TABLE near (id serial PRIMARY KEY, x int NOT NULL, y int NOT NULL, r int4range GENERATED ALWAYS AS (int4range(x, y)) STORED, EXCLUDE USING gist (r WITH -|-) WHERE (y < 50000));
INSERT INTO seat (room, tags) SELECT n % 5, ARRAY[n, n + 1000] FROM generate_series(1, 300) n;
INSERT INTO full_house (room, tags) SELECT n / 10, ARRAY[n % 10] FROM generate_series(0, 199) n;
INSERT INTO network (site, block) SELECT n % 3, ('10.' || n / 250 || '.' || n % 250 || '.0/24')::cidr FROM generate_series(1, 300) n;
INSERT INTO span (grp, r) SELECT n % 10, int4range(n * 10, n * 10 + 4) FROM generate_series(1, 300) n;
INSERT INTO pick (span_id, note) SELECT n % 300 + 1, 'note ' || n % 9 FROM generate_series(1, 500) n;
INSERT INTO near (x, y) SELECT n * 10, n * 10 + 5 FROM generate_series(1, 400) n;
