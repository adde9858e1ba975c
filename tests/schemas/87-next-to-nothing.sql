-- Rows without a column to name, tables of computed columns or keys alone, patterns with escapes, partitions that lack some.
CREATE TABLE nothing ();
CREATE TABLE nothing_yet ();
CREATE TABLE computed (x int GENERATED ALWAYS AS (1 + 1) STORED);
CREATE TABLE numbered (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
CREATE TABLE keyed (id int PRIMARY KEY);
CREATE TABLE keyed_too (id int PRIMARY KEY REFERENCES keyed);
CREATE TABLE settings (the_only boolean PRIMARY KEY DEFAULT true CHECK (the_only), body jsonb NOT NULL);
CREATE TABLE empty_parent (id serial PRIMARY KEY, above int REFERENCES empty_parent);
CREATE TABLE child_of_none (id int PRIMARY KEY, parent int REFERENCES empty_parent, label text);
CREATE TABLE escaped (
    id serial PRIMARY KEY, a text CHECK (a LIKE 'pre\_%'), b text CHECK (b NOT LIKE '%!%%' ESCAPE '!'), c text CHECK (c LIKE 'x#_y#%%' ESCAPE '#')
);
CREATE TABLE some_hashes (k int NOT NULL, label text) PARTITION BY HASH (k);
CREATE TABLE some_hashes_0 PARTITION OF some_hashes FOR VALUES WITH (MODULUS 4, REMAINDER 0);
CREATE TABLE some_hashes_2 PARTITION OF some_hashes FOR VALUES WITH (MODULUS 4, REMAINDER 2) PARTITION BY HASH (label);
CREATE TABLE some_hashes_2_1 PARTITION OF some_hashes_2 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE no_partitions (k int) PARTITION BY RANGE (k);
CREATE SEQUENCE nobodys START 100 INCREMENT -7 MINVALUE -1000 MAXVALUE 1000 CYCLE;
SELECT nextval('nobodys'), nextval('nobodys');
INSERT INTO nothing SELECT FROM generate_series(1, 3);
INSERT INTO computed SELECT FROM generate_series(1, 2);
INSERT INTO numbered SELECT FROM generate_series(1, 30);
INSERT INTO keyed SELECT generate_series(1, 30);
INSERT INTO keyed_too SELECT generate_series(1, 30, 2);
INSERT INTO settings VALUES (true, '{"list": [1, 2, {"deep": null}]}');
INSERT INTO child_of_none SELECT n, NULL, 'label ' || n % 3 FROM generate_series(1, 20) n;
INSERT INTO escaped (a, b, c) SELECT 'pre_' || n, n || ' of 100', 'x_y%' || n % 9 FROM generate_series(1, 60) n;
DO $$ BEGIN
    FOR n IN 1..200 LOOP
        BEGIN INSERT INTO some_hashes VALUES (n, 'label ' || n); EXCEPTION WHEN check_violation THEN NULL; END;
    END LOOP;
END $$;
--? SELECT count(*) > 40 FROM some_hashes
