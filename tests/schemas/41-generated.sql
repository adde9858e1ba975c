-- Generated columns of every type, under UNIQUE, CHECK, index and foreign key.
CREATE TABLE unit (code text PRIMARY KEY);
CREATE TABLE line (
    id serial PRIMARY KEY, quantity int NOT NULL CHECK (quantity > 0), price numeric(8, 2) NOT NULL, rebate numeric(4, 2) NOT NULL DEFAULT 0,
    net numeric(12, 2) GENERATED ALWAYS AS (quantity * price * (1 - rebate)) STORED CHECK (net >= 0),
    first_name text NOT NULL, last_name text NOT NULL, full_name text GENERATED ALWAYS AS (first_name || ' ' || last_name) STORED,
    slug text GENERATED ALWAYS AS (lower(first_name) || '-' || id) STORED UNIQUE,
    dozens boolean GENERATED ALWAYS AS (quantity >= 12) STORED,
    starts date NOT NULL, year int GENERATED ALWAYS AS (date_part('year', starts)::int) STORED,
    unit_code text GENERATED ALWAYS AS (CASE WHEN quantity >= 12 THEN 'box' ELSE 'piece' END) STORED REFERENCES unit
);
CREATE INDEX line_year ON line (year);
INSERT INTO unit VALUES ('box'), ('piece');
INSERT INTO line (quantity, price, rebate, first_name, last_name, starts)
SELECT n % 30 + 1, 1.5 * n, (n % 4) * 0.05, (ARRAY['Ann', 'Bob', 'Cy'])[n % 3 + 1], (ARRAY['Fox', 'Gray'])[n % 2 + 1], date '2022-01-01' + n * 7
FROM generate_series(1, 100) n;
