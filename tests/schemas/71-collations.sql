-- Collations: the server's own on columns, ours for numbers in texts and without regard to case, under UNIQUE and in an index.
CREATE COLLATION by_number (provider = icu, locale = 'en-u-kn-true');
CREATE COLLATION no_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE DOMAIN label AS text COLLATE "C" CHECK (VALUE < 'zzzz');
CREATE TABLE name (id serial PRIMARY KEY, plain text COLLATE "C" NOT NULL, file text COLLATE by_number, nick text COLLATE no_case UNIQUE, mark label);
CREATE INDEX name_file ON name (file COLLATE "C" DESC);
CREATE TABLE mention (id serial PRIMARY KEY, nick text COLLATE no_case REFERENCES name (nick));
INSERT INTO name (plain, file, nick, mark) SELECT 'Plain ' || n % 9, 'file' || n || '.txt', 'Nick' || n, 'mark' || n % 5 FROM generate_series(1, 60) n;
INSERT INTO mention (nick) SELECT nick FROM name, generate_series(1, 2) WHERE id % 3 > 0;
