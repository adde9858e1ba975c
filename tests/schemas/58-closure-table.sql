-- A closure table: every pair of ancestor and descendant with its depth, each node its own ancestor.
CREATE TABLE node (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE closure (
    ancestor int REFERENCES node ON DELETE CASCADE, descendant int REFERENCES node ON DELETE CASCADE, depth int NOT NULL CHECK (depth >= 0),
    PRIMARY KEY (ancestor, descendant), CHECK ((ancestor = descendant) = (depth = 0))
);
CREATE INDEX closure_descendant ON closure (descendant, depth);
INSERT INTO node SELECT n, 'Node ' || n FROM generate_series(1, 60) n;
WITH RECURSIVE up AS (SELECT id AS descendant, id AS ancestor, 0 AS depth FROM node UNION ALL SELECT descendant, ancestor / 2, depth + 1 FROM up WHERE ancestor > 1)
INSERT INTO closure (ancestor, descendant, depth) SELECT ancestor, descendant, depth FROM up;
--? SELECT bool_and((ancestor = descendant) = (depth = 0)) FROM closure
