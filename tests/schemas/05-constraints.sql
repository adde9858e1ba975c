-- CHECK in all forms, UNIQUE in all forms, EXCLUDE, foreign keys with every attribute.
CREATE TABLE parent (
    tenant int, id int, code text NOT NULL, alias text,
    PRIMARY KEY (tenant, id),
    CONSTRAINT parent_code UNIQUE (code) DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE label (id int PRIMARY KEY, code text UNIQUE);
CREATE UNIQUE INDEX parent_alias ON parent (lower(alias));
CREATE UNIQUE INDEX parent_first ON parent (tenant) WHERE id = 1;
CREATE UNIQUE INDEX parent_mixed ON parent (tenant, upper(code)) INCLUDE (alias);
CREATE INDEX parent_plain ON parent (alias, code);
CREATE TABLE child (
    id int PRIMARY KEY, tenant int, parent_id int, code text,
    low int CHECK (low >= 0), high int, kind text CONSTRAINT child_kind CHECK (kind IN ('a', 'b', 'c')),
    CHECK (low <= high),
    CONSTRAINT child_parent FOREIGN KEY (tenant, parent_id) REFERENCES parent MATCH FULL ON DELETE CASCADE ON UPDATE SET NULL,
    CONSTRAINT child_code FOREIGN KEY (code) REFERENCES label (code) ON DELETE SET DEFAULT ON UPDATE RESTRICT
);
ALTER TABLE child ADD CONSTRAINT child_late CHECK (id < 1000) NOT VALID;
CREATE TABLE orphan (id int PRIMARY KEY, child_id int);
CREATE TABLE booking (room int, during int4range, EXCLUDE USING gist (during WITH &&) WHERE (room = 1));
INSERT INTO label SELECT n, 'l' || n FROM generate_series(1, 5) n;
INSERT INTO parent SELECT t, n, 'p' || t || n, 'Alias ' || t || n FROM generate_series(1, 3) t, generate_series(1, 4) n;
INSERT INTO child SELECT n, n % 3 + 1, n % 4 + 1, 'l' || (n % 5 + 1), n, n + 1, (ARRAY['a', 'b', 'c'])[n % 3 + 1]
FROM generate_series(1, 30) n;
INSERT INTO child (id) VALUES (99);
INSERT INTO orphan VALUES (1, 1), (2, 4711);
ALTER TABLE orphan ADD CONSTRAINT orphan_child FOREIGN KEY (child_id) REFERENCES child NOT VALID;
INSERT INTO booking VALUES (1, '[1,3)'), (1, '[3,5)'), (2, '[1,5)'), (2, '[1,5)');
