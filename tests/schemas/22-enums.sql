-- Enums as keys, in arrays, compared by order, with labels that need quotes, one of them never used.
CREATE TYPE size AS ENUM ('XS', 'S', 'M', 'L', 'XL');
CREATE TYPE phase AS ENUM ('draft', 'in review', 'it''s done', 'never');
ALTER TYPE phase ADD VALUE 'between' AFTER 'draft';
CREATE TYPE permission AS ENUM ('read', 'write', 'admin');
CREATE TABLE size_label (code size PRIMARY KEY, label text NOT NULL);
CREATE TABLE shirt (id serial PRIMARY KEY, smallest size NOT NULL REFERENCES size_label, largest size NOT NULL REFERENCES size_label, CHECK (smallest <= largest));
CREATE TABLE document (
    id serial PRIMARY KEY, state phase NOT NULL DEFAULT 'draft', previous phase, rights permission[] NOT NULL,
    CHECK (state <> 'never'), CHECK (cardinality(rights) > 0), CHECK (previous IS DISTINCT FROM state)
);
CREATE TABLE stock (shirt_id int REFERENCES shirt, fits size, pieces int NOT NULL CHECK (pieces >= 0), PRIMARY KEY (shirt_id, fits));
INSERT INTO size_label SELECT s, 'Size ' || s FROM unnest(enum_range(NULL::size)) s;
INSERT INTO shirt (smallest, largest) SELECT (ARRAY['XS', 'S', 'M'])[n % 3 + 1]::size, (ARRAY['M', 'L', 'XL'])[n % 3 + 1]::size FROM generate_series(1, 50) n;
INSERT INTO document (state, previous, rights)
SELECT (ARRAY['draft', 'in review', 'it''s done'])[n % 3 + 1]::phase, (ARRAY[NULL, 'draft', 'in review'])[n % 3 + 1]::phase,
    (CASE n % 3 WHEN 0 THEN '{read}' WHEN 1 THEN '{read,write}' ELSE '{read,write,admin}' END)::permission[]
FROM generate_series(1, 90) n;
INSERT INTO stock SELECT id, s, (id * 7) % 30 FROM shirt, unnest(enum_range(NULL::size)) s WHERE s BETWEEN smallest AND largest;
