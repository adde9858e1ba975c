-- How tables are stored: unlogged, fill factors, toast and compression settings, statistics targets, clustering, replica identity.
CREATE UNLOGGED TABLE cache (key text PRIMARY KEY, value bytea, expires timestamptz NOT NULL);
CREATE TABLE hot (id serial PRIMARY KEY, body text, counter int NOT NULL) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, toast.autovacuum_enabled = false);
ALTER TABLE hot ALTER COLUMN body SET STORAGE EXTERNAL;
ALTER TABLE hot ALTER COLUMN body SET COMPRESSION pglz;
ALTER TABLE hot ALTER COLUMN counter SET STATISTICS 500;
ALTER TABLE hot ALTER COLUMN counter SET (n_distinct = 10);
CREATE INDEX hot_counter ON hot (counter) WITH (fillfactor = 50);
ALTER TABLE hot CLUSTER ON hot_counter;
ALTER TABLE hot REPLICA IDENTITY FULL;
CREATE TABLE by_index (a int NOT NULL, b text NOT NULL, CONSTRAINT by_index_key UNIQUE (a));
ALTER TABLE by_index REPLICA IDENTITY USING INDEX by_index_key;
CREATE STATISTICS hot_stats (ndistinct, mcv) ON counter, body FROM hot;
ALTER STATISTICS hot_stats SET STATISTICS 50;
INSERT INTO cache SELECT 'key' || n, decode(md5(n::text), 'hex'), timestamptz '2024-01-01 00:00+00' + n * interval '1 minute' FROM generate_series(1, 60) n;
INSERT INTO hot (body, counter) SELECT repeat('text ', n % 30), n % 10 FROM generate_series(1, 100) n;
INSERT INTO by_index SELECT n, 'b' || n % 4 FROM generate_series(1, 40) n;
--? SELECT relpersistence = 'u' FROM pg_class WHERE relname = 'cache'
