-- Every action of a foreign key on delete and update, on some columns only, and defaults that it falls back to.
CREATE TABLE unit (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE tenant_unit (tenant int, id int, PRIMARY KEY (tenant, id));
CREATE TABLE worker (
    id serial PRIMARY KEY,
    a int REFERENCES unit ON DELETE CASCADE ON UPDATE CASCADE,
    b int REFERENCES unit ON DELETE SET NULL ON UPDATE SET NULL,
    c int DEFAULT 1 REFERENCES unit ON DELETE SET DEFAULT ON UPDATE SET DEFAULT,
    d int NOT NULL REFERENCES unit ON DELETE RESTRICT ON UPDATE RESTRICT,
    e int REFERENCES unit DEFERRABLE INITIALLY DEFERRED,
    f int REFERENCES unit DEFERRABLE INITIALLY IMMEDIATE,
    tenant int NOT NULL, unit_id int,
    CONSTRAINT partly FOREIGN KEY (tenant, unit_id) REFERENCES tenant_unit ON DELETE SET NULL (unit_id)
);
INSERT INTO unit SELECT n, 'Unit ' || n FROM generate_series(1, 20) n;
INSERT INTO tenant_unit SELECT t, n FROM generate_series(1, 4) t, generate_series(1, 6) n;
INSERT INTO worker (a, b, c, d, e, f, tenant, unit_id)
SELECT n % 20 + 1, CASE WHEN n % 2 = 0 THEN n % 7 + 1 END, n % 3 + 1, n % 20 + 1, n % 5 + 1, CASE WHEN n % 3 = 0 THEN n % 20 + 1 END, n % 4 + 1, CASE WHEN n % 5 > 0 THEN n % 6 + 1 END
FROM generate_series(1, 150) n;
