-- One sequence numbers three tables, one a schema away; another one feeds a code; a third is called by a function in a default.
CREATE SCHEMA numbering;
CREATE SEQUENCE numbering.entity START WITH 5000;
CREATE SEQUENCE numbering.invoice;
CREATE FUNCTION numbering.next_code(prefix text) RETURNS text LANGUAGE sql AS $$ SELECT prefix || lpad(nextval('numbering.invoice')::text, 6, '0') $$;
CREATE TABLE person (id bigint PRIMARY KEY DEFAULT nextval('numbering.entity'), name text NOT NULL);
CREATE TABLE company (id bigint PRIMARY KEY DEFAULT nextval('numbering.entity'), name text NOT NULL);
CREATE TABLE numbering.asset (id bigint PRIMARY KEY DEFAULT nextval('numbering.entity'), owner bigint REFERENCES company);
CREATE TABLE invoice (code text PRIMARY KEY DEFAULT numbering.next_code('INV-'), person_id bigint NOT NULL REFERENCES person, at timestamptz NOT NULL DEFAULT now());
INSERT INTO person (name) SELECT 'Person ' || n FROM generate_series(1, 40) n;
INSERT INTO company (name) SELECT 'Company ' || n FROM generate_series(1, 30) n;
INSERT INTO numbering.asset (owner) SELECT id FROM company, generate_series(1, 2) n;
INSERT INTO invoice (person_id) SELECT id FROM person, generate_series(1, 2) n;
--? SELECT (SELECT last_value FROM numbering.entity) >= (SELECT max(id) FROM numbering.asset)
