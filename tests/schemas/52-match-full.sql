-- Composite keys with MATCH FULL (all or nothing) beside MATCH SIMPLE (some may be missing).
CREATE TABLE airport (country char(2), code char(3), name text NOT NULL, PRIMARY KEY (country, code));
CREATE TABLE flight (
    id serial PRIMARY KEY,
    from_country char(2), from_code char(3), to_country char(2), to_code char(3), via_country char(2), via_code char(3),
    FOREIGN KEY (from_country, from_code) REFERENCES airport MATCH FULL,
    FOREIGN KEY (to_country, to_code) REFERENCES airport MATCH FULL,
    FOREIGN KEY (via_country, via_code) REFERENCES airport
);
INSERT INTO airport SELECT (ARRAY['AT', 'DE', 'FR'])[n % 3 + 1], chr(65 + n % 26) || chr(65 + n % 5) || 'X', 'Airport ' || n FROM generate_series(1, 30) n;
INSERT INTO flight (from_country, from_code, to_country, to_code, via_country, via_code)
SELECT a.country, a.code, b.country, b.code, CASE WHEN (a.n + b.n) % 3 = 0 THEN 'AT' END, NULL
FROM (SELECT *, row_number() OVER (ORDER BY name) n FROM airport) a, (SELECT *, row_number() OVER (ORDER BY name) n FROM airport) b WHERE (a.n + b.n) % 9 = 0;
INSERT INTO flight (to_country, to_code) SELECT country, code FROM airport LIMIT 12;
