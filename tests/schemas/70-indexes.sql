-- Every kind of index: BRIN, GIN, GiST, SP-GiST, hash, over expressions, partial, covering, sorted, with operator class.
CREATE FUNCTION initial(name text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT upper(substr(name, 1, 1)) $$;
CREATE TABLE thing (id serial PRIMARY KEY, name text NOT NULL, tags text[] NOT NULL, doc jsonb NOT NULL, at timestamptz NOT NULL, place point, spread int4range, address inet, price numeric(8, 2), note text);
CREATE INDEX thing_brin ON thing USING brin (at) WITH (pages_per_range = 16);
CREATE INDEX thing_gin ON thing USING gin (tags);
CREATE INDEX thing_json ON thing USING gin (doc jsonb_path_ops) WITH (fastupdate = off);
CREATE INDEX thing_gist ON thing USING gist (place);
CREATE INDEX thing_spgist ON thing USING spgist (spread);
CREATE INDEX thing_net ON thing USING gist (address inet_ops);
CREATE INDEX thing_hash ON thing USING hash (name);
CREATE INDEX thing_lower ON thing (lower(name) text_pattern_ops);
CREATE INDEX thing_initial ON thing (initial(name), at DESC NULLS LAST);
CREATE INDEX thing_partial ON thing (price) INCLUDE (name) WHERE price > 10 AND note IS NULL;
CREATE UNIQUE INDEX thing_unique ON thing (name COLLATE "C", at);
CREATE INDEX thing_words ON thing USING gin (to_tsvector('english', coalesce(note, '')));
ALTER INDEX thing_words ALTER COLUMN 1 SET STATISTICS 200;
INSERT INTO thing (name, tags, doc, at, place, spread, address, price, note)
SELECT 'Thing ' || n, (ARRAY['a', 'b', 'c', 'd'])[1:n % 4 + 1], jsonb_build_object('n', n, 'k', n % 3), timestamptz '2024-01-01 00:00+00' + n * interval '1 hour', point(n % 20, n % 30), int4range(n, n + 5),
    ('10.0.0.' || n % 250)::inet, n, CASE WHEN n % 3 = 0 THEN 'a note about things' END
FROM generate_series(1, 120) n;
