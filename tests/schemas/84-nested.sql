-- Values made of values: arrays of rows and of ranges, rows within rows, paths and pairs that must be unique.
CREATE EXTENSION ltree;
CREATE EXTENSION hstore;
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TYPE amount AS (value numeric(12, 2), currency char(3));
CREATE TYPE place AS ENUM ('home', 'work');
CREATE TYPE address AS (street text, no positive, place place, rent amount, since date, tags text[]);
CREATE TABLE company (
    id serial PRIMARY KEY, addresses address[], seat address, periods daterange[], spans int4range[] NOT NULL, windows tstzrange[],
    several int4multirange[], prices amount[] NOT NULL DEFAULT '{}', documents jsonb[], CHECK ((seat).no < 1000)
);
CREATE TABLE category (id serial PRIMARY KEY, path ltree NOT NULL UNIQUE, attributes hstore);
CREATE INDEX ON category USING gist (path);
CREATE TABLE posting (category ltree REFERENCES category (path) ON UPDATE CASCADE, n int, PRIMARY KEY (category, n));
CREATE TABLE settings (id serial PRIMARY KEY, given hstore NOT NULL UNIQUE, asked lquery);
INSERT INTO company (addresses, seat, periods, spans, windows, several, prices, documents)
SELECT CASE WHEN n % 5 > 0 THEN (SELECT array_agg(row('Street ' || g || ' "x"', g * n, (ARRAY['home', 'work'])[g % 2 + 1], row(g * 1.5, 'EUR')::amount, NULL, ARRAY['a'])::address) FROM generate_series(1, n % 4) g) END,
    row('Main st ' || n, n, 'home', row(n * 2.25, 'USD'), date '2024-01-01' + n, ARRAY['x', 'y' || n % 3])::address,
    ARRAY[daterange('2024-01-01'::date + n, '2024-01-02'::date + n + n % 9), daterange(NULL, '2024-01-01')], ARRAY[int4range(n, n + 5)],
    ARRAY[tstzrange('2024-01-01'::timestamptz + n * interval '1 hour', NULL)], CASE WHEN n % 2 = 0 THEN ARRAY[int4multirange(int4range(n, n + 2), int4range(n + 5, n + 7))] END,
    CASE WHEN n % 3 > 0 THEN ARRAY[row(n, 'EUR')::amount, row(n + 1, NULL)::amount] ELSE '{}' END, ARRAY[jsonb_build_object('n', n)]
FROM generate_series(1, 150) n;
INSERT INTO category (path, attributes) SELECT ('Top.c' || n % 7 || '.s' || n % 31 || '.leaf' || n)::ltree, hstore('color', (ARRAY['red', 'blue'])[n % 2 + 1]) FROM generate_series(1, 150) n;
INSERT INTO posting SELECT path, m FROM category, generate_series(1, 2) m WHERE id % 2 = 0;
INSERT INTO settings (given) SELECT hstore(ARRAY['k', 'v' || n, 'n', n::text, 'x', 'y"z']) FROM generate_series(1, 100) n;
--? SELECT count(DISTINCT (seat).rent.value) > 20 AND count(DISTINCT (seat).rent.currency) = 1 FROM company
--? SELECT count(*) > 50 FROM category WHERE path <@ 'Top'
--? SELECT count(*) FILTER (WHERE given ? 'x') > 90 FROM settings
