-- Trees in four ways: parent with depth, materialized path, nested sets, positions among siblings.
CREATE TABLE folder (id serial PRIMARY KEY, parent_id int REFERENCES folder ON DELETE CASCADE, name text NOT NULL, depth int NOT NULL CHECK (depth BETWEEN 0 AND 10), CHECK (parent_id <> id), CHECK ((parent_id IS NULL) = (depth = 0)));
CREATE TABLE page (id serial PRIMARY KEY, path text NOT NULL UNIQUE CHECK (path ~ '^/[0-9/]*$'), title text NOT NULL);
CREATE TABLE taxon (id serial PRIMARY KEY, lft int NOT NULL UNIQUE, rgt int NOT NULL UNIQUE, name text NOT NULL, CHECK (lft < rgt));
CREATE TABLE menu (id serial PRIMARY KEY, parent_id int REFERENCES menu, position int NOT NULL, label text NOT NULL, UNIQUE (parent_id, position) DEFERRABLE);
INSERT INTO folder (parent_id, name, depth) SELECT CASE WHEN n > 1 THEN n / 3 + CASE WHEN n = 2 THEN 1 ELSE 0 END END, 'folder ' || n, CASE WHEN n > 1 THEN 1 ELSE 0 END FROM generate_series(1, 60) n;
INSERT INTO page (path, title) SELECT '/' || a || '/' || b || '/', 'Page ' || a FROM generate_series(1, 8) a, generate_series(1, 8) b;
INSERT INTO taxon (lft, rgt, name) SELECT n, 201 - n, 'Taxon ' || n FROM generate_series(1, 50) n;
INSERT INTO menu (parent_id, position, label) SELECT CASE WHEN n > 5 THEN (n - 1) / 5 END, (n - 1) % 5 + 1, 'Menu ' || n FROM generate_series(1, 60) n;
