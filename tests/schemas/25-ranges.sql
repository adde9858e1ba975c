-- Ranges and multiranges of every kind, open, empty and infinite, with checks on their ends.
CREATE TYPE time_of_day AS RANGE (subtype = time);
CREATE TABLE span (
    id serial PRIMARY KEY,
    numbers int4range NOT NULL CHECK (NOT isempty(numbers)),
    bigs int8range,
    decimals numrange CHECK (lower(decimals) >= 0),
    days daterange NOT NULL CHECK (lower(days) >= '2020-01-01' AND upper(days) IS NOT NULL),
    local tsrange,
    zoned tstzrange,
    opening time_of_day,
    weeks datemultirange,
    many int4multirange,
    moments tstzmultirange
);
CREATE INDEX span_days ON span USING gist (days);
INSERT INTO span (numbers, bigs, decimals, days, local, zoned, opening, weeks, many, moments)
SELECT int4range(n, n + 1 + n % 9), CASE WHEN n % 10 = 0 THEN 'empty' ELSE int8range(n * 10000000000, NULL) END, numrange(n / 4.0, n / 2.0 + 1, '[]'),
    daterange(date '2024-01-01' + n, date '2024-01-08' + n + n % 5), tsrange(timestamp '2024-01-01' + n * interval '1 hour', NULL),
    CASE WHEN n % 7 = 0 THEN tstzrange('-infinity', 'infinity') ELSE tstzrange(timestamptz '2024-01-01 08:00+00' + n * interval '1 day', timestamptz '2024-01-01 17:00+00' + n * interval '1 day') END,
    time_of_day(time '08:00', time '17:30'), datemultirange(daterange(date '2024-01-01' + n, date '2024-01-03' + n), daterange(date '2024-02-01' + n, date '2024-02-03' + n)),
    CASE WHEN n % 5 = 0 THEN '{}' ELSE int4multirange(int4range(n, n + 2), int4range(n + 5, n + 9)) END, NULL
FROM generate_series(1, 100) n;
--? SELECT bool_and(lower(days) < upper(days)) FROM span
