-- UNIQUE that takes two NULLs for equal, which servers know from version 15 on, as a constraint and as an index.
CREATE TABLE price (id serial PRIMARY KEY, product int NOT NULL, region text, cents int NOT NULL, CONSTRAINT one_price UNIQUE NULLS NOT DISTINCT (product, region));
CREATE TABLE pick (id serial PRIMARY KEY, code int, note text);
CREATE UNIQUE INDEX pick_code ON pick (code) NULLS NOT DISTINCT;
INSERT INTO price (product, region, cents) SELECT n / 4, (ARRAY[NULL, 'de', 'at', 'ch'])[n % 4 + 1], n * 10 FROM generate_series(0, 119) n;
INSERT INTO pick (code, note) SELECT CASE WHEN n > 1 THEN n * 2 END, 'note ' || n % 5 FROM generate_series(1, 50) n;
