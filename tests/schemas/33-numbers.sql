-- Numbers at their ends: NaN, infinity, forty digits, negative scale, the smallest and largest of each width.
CREATE TABLE figure (
    id serial PRIMARY KEY,
    small smallint NOT NULL,
    whole int NOT NULL,
    big bigint NOT NULL,
    free numeric,
    exact numeric(40, 20),
    cents numeric(6, 2) NOT NULL CHECK (cents BETWEEN -9999.99 AND 9999.99),
    ratio numeric(4, 4) CHECK (ratio >= 0 AND ratio < 1),
    single real,
    twice double precision
);
INSERT INTO figure (small, whole, big, free, exact, cents, ratio, single, twice)
SELECT CASE n % 10 WHEN 0 THEN -32768 WHEN 1 THEN 32767 ELSE n END, CASE n % 10 WHEN 0 THEN -2147483648 WHEN 1 THEN 2147483647 ELSE n * 1000 END,
    CASE n % 10 WHEN 0 THEN -9223372036854775808 WHEN 1 THEN 9223372036854775807 ELSE n END,
    CASE n % 6 WHEN 0 THEN 'NaN' WHEN 1 THEN 1e30 ELSE n / 7.0 END, 12345678901234567890.12345678901234567890 - n, n * 3.17, (n % 100) / 10000.0,
    CASE n % 5 WHEN 0 THEN 'Infinity' WHEN 1 THEN 'NaN' ELSE n * 1e30 END, CASE n % 5 WHEN 0 THEN '-Infinity' WHEN 1 THEN 1e-300 ELSE n * 1e300 END
FROM generate_series(1, 100) n;
