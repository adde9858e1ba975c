-- Domains as they are used for contact data and money: regexes, lengths, lists, NOT NULL, domains of domains.
CREATE DOMAIN email AS varchar(120) CHECK (VALUE ~ '^[^@\s]+@[^@\s]+\.[a-z]{2,}$');
CREATE DOMAIN postal_code AS text CHECK (VALUE ~ '^\d{5}$' OR VALUE ~ '^\d{5}-\d{4}$');
CREATE DOMAIN country_code AS char(2) NOT NULL CHECK (VALUE = upper(VALUE));
CREATE DOMAIN amount AS numeric(12, 2) CHECK (VALUE >= 0);
CREATE DOMAIN price AS amount CHECK (VALUE < 10000) DEFAULT 1;
CREATE DOMAIN rating AS smallint CHECK (VALUE BETWEEN 1 AND 5);
CREATE DOMAIN nonblank AS text CHECK (length(btrim(VALUE)) > 0);
CREATE DOMAIN colour AS text CHECK (VALUE IN ('red', 'green', 'blue'));
CREATE DOMAIN hex_colour AS text CHECK (VALUE ~ '^#[0-9a-f]{6}$');
CREATE DOMAIN birthday AS date CHECK (VALUE > '1900-01-01' AND VALUE < '2100-01-01');
CREATE TABLE contact (
    id serial PRIMARY KEY, mail email UNIQUE, zip postal_code NOT NULL, country country_code, born birthday,
    title nonblank NOT NULL
);
CREATE TABLE product (
    id serial PRIMARY KEY, seller int NOT NULL REFERENCES contact, list_price price NOT NULL, stars rating, hue colour, shade hex_colour,
    CHECK (list_price > 0.5)
);
INSERT INTO contact (mail, zip, country, born, title)
SELECT 'person' || n || '@example.org', CASE WHEN n % 3 = 0 THEN lpad((n * 577 % 99999)::text, 5, '0') || '-' || lpad(n::text, 4, '0')
    ELSE lpad((n * 733 % 99999)::text, 5, '0') END, (ARRAY['DE', 'FR', 'AT'])[n % 3 + 1], date '1960-01-01' + n * 97, 'Title ' || n % 9
FROM generate_series(1, 80) n;
INSERT INTO product (seller, list_price, stars, hue, shade)
SELECT n % 80 + 1, 1 + n * 0.75, CASE WHEN n % 5 > 0 THEN n % 5 END, (ARRAY['red', 'green', 'blue'])[n % 3 + 1], '#' || substr(md5(n::text), 1, 6)
FROM generate_series(1, 150) n;
