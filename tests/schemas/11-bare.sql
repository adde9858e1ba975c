-- What is there but holds little: tables without rows, without a key, with one row, with columns that are always NULL.
CREATE TABLE vacant (id serial PRIMARY KEY, label text NOT NULL UNIQUE);
CREATE TABLE vacant_child (id int PRIMARY KEY, vacant_id int REFERENCES vacant, note text);
CREATE TABLE keyless (happened timestamptz NOT NULL, level text, message text);
CREATE TABLE single (id int PRIMARY KEY CHECK (id = 1), title text NOT NULL, vacant_id int REFERENCES vacant);
CREATE TABLE single_child (id int PRIMARY KEY, single_id int NOT NULL UNIQUE REFERENCES single, amount numeric(8, 2));
CREATE TABLE hollow (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    a int, b text, c timestamptz, d numeric(8, 2), e boolean, f jsonb, g uuid, h bytea, i date, j int[],
    owner_id int REFERENCES hollow
);
CREATE TABLE uniform (id int PRIMARY KEY, kind text NOT NULL, price numeric(8, 2) NOT NULL, at date NOT NULL);
CREATE TABLE tagged (keyless_level text, a int, b int);
INSERT INTO keyless
SELECT timestamptz '2024-01-01 08:00+00' + n * interval '1 hour', (ARRAY['info', 'warning', 'error'])[n % 3 + 1], 'message ' || n % 7
FROM generate_series(1, 60) n;
INSERT INTO keyless SELECT * FROM keyless WHERE level = 'info';
INSERT INTO single VALUES (1, 'The only one', NULL);
INSERT INTO single_child VALUES (7, 1, 12.50);
INSERT INTO hollow (a) SELECT NULL FROM generate_series(1, 40);
INSERT INTO uniform SELECT n, 'same', 9.99, date '2024-05-01' FROM generate_series(1, 30) n;
INSERT INTO tagged VALUES (NULL, NULL, NULL);
