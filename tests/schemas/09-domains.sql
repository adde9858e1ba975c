-- Domains of domains, with checks, NOT NULL, defaults and collation; over arrays and enums.
CREATE DOMAIN positive AS int CONSTRAINT positive_check CHECK (VALUE > 0);
CREATE DOMAIN small AS positive CHECK (VALUE < 1000) NOT NULL;
CREATE DOMAIN "Label" AS varchar(12) COLLATE "C" DEFAULT 'VALUE' CHECK (VALUE <> 'VALUE ''x''');
CREATE TYPE colour AS ENUM ('red', 'green', 'blue');
CREATE DOMAIN warm AS colour CHECK (VALUE <> 'blue');
CREATE DOMAIN digits AS int[] CHECK (array_length(VALUE, 1) <= 3);
CREATE TABLE thing (id positive PRIMARY KEY, size small, "Name" "Label", hue warm, parts digits);
INSERT INTO thing VALUES (1, 10, 'a', 'red', '{1,2}'), (2, 999, NULL, NULL, NULL), (3, 1, '', 'green', '{}');
