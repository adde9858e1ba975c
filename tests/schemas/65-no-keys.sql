-- Tables without a primary key: rows repeated exactly, only NULLs, only foreign keys, only a primary key, one column.
CREATE TABLE only_key (id int PRIMARY KEY);
CREATE TABLE only_uuid (id uuid PRIMARY KEY);
CREATE TABLE only_keys (a int REFERENCES only_key, b int REFERENCES only_key, c uuid REFERENCES only_uuid);
CREATE TABLE repeated (level int, message text, at date);
CREATE TABLE empty_rows (a int, b text, c date);
CREATE TABLE one_flag (flag boolean);
CREATE TABLE nothing_yet (id serial PRIMARY KEY, only_key_id int NOT NULL REFERENCES only_key, at timestamptz NOT NULL DEFAULT now());
INSERT INTO only_key SELECT n * 3 FROM generate_series(1, 40) n;
INSERT INTO only_uuid SELECT md5(n::text)::uuid FROM generate_series(1, 30) n;
INSERT INTO only_keys SELECT n % 40 * 3 + 3, CASE WHEN n % 3 > 0 THEN n % 20 * 3 + 3 END, md5((n % 30 + 1)::text)::uuid FROM generate_series(1, 120) n;
INSERT INTO repeated SELECT 1, 'again', date '2024-01-01' FROM generate_series(1, 50);
INSERT INTO repeated SELECT n % 3, 'other', date '2024-01-01' + n % 3 FROM generate_series(1, 50) n;
INSERT INTO empty_rows SELECT NULL, NULL, NULL FROM generate_series(1, 25);
INSERT INTO one_flag SELECT n % 4 = 0 FROM generate_series(1, 60) n;
