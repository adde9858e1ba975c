-- Lists: each row names the next one at most once; a ring of rows that all have a next; versions that replace each other.
CREATE TABLE step (id serial PRIMARY KEY, next_id int UNIQUE REFERENCES step DEFERRABLE INITIALLY DEFERRED, title text NOT NULL, CHECK (next_id <> id));
CREATE TABLE ring (id int PRIMARY KEY, next_id int NOT NULL UNIQUE REFERENCES ring DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE release (id serial PRIMARY KEY, replaces int UNIQUE REFERENCES release, version int NOT NULL, product text NOT NULL, UNIQUE (product, version));
BEGIN;
INSERT INTO step (next_id, title) SELECT CASE WHEN n % 12 > 0 THEN n + 1 END, 'Step ' || n % 12 FROM generate_series(1, 72) n;
INSERT INTO ring SELECT n, n % 30 + 1 FROM generate_series(1, 30) n;
INSERT INTO release (replaces, version, product) SELECT CASE WHEN n % 6 > 0 THEN n END, n % 6 + 1, 'Product ' || n / 6 FROM generate_series(0, 59) n;
COMMIT;
