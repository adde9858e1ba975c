-- Checks on one column: ranges, lists, steps, signs, dates, in all the ways to write them.
CREATE TABLE reading (
    id serial PRIMARY KEY,
    humidity numeric(5, 2) NOT NULL CHECK (humidity >= 0 AND humidity <= 100),
    celsius real CHECK (celsius > -273.15),
    grade char(1) NOT NULL CHECK (grade = ANY (ARRAY['A', 'B', 'C', 'D', 'F'])),
    weekday int NOT NULL CHECK (weekday IN (1, 2, 3, 4, 5)),
    step int NOT NULL CHECK (step % 5 = 0),
    latitude double precision NOT NULL CHECK (abs(latitude) <= 90),
    taken date NOT NULL CHECK (taken >= '2020-01-01'::date AND taken < '2030-01-01'::date),
    hour int NOT NULL CHECK (hour NOT BETWEEN 1 AND 4),
    sign int NOT NULL CHECK (sign <> 0),
    level int CHECK (level IS NULL OR level > 3),
    even bigint NOT NULL CHECK (mod(even, 2) = 0),
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    at timestamptz NOT NULL CHECK (at > '2020-01-01 00:00+00'),
    nothing text CHECK (nothing IS NULL)
);
INSERT INTO reading (humidity, celsius, grade, weekday, step, latitude, taken, hour, sign, level, even, month, at)
SELECT (n * 7) % 101, n % 60 - 20, (ARRAY['A', 'B', 'C', 'D', 'F'])[n % 5 + 1], n % 5 + 1, n % 40 * 5, (n * 13) % 181 - 90, date '2020-01-01' + n * 9,
    CASE WHEN n % 24 BETWEEN 1 AND 4 THEN 0 ELSE n % 24 END, CASE WHEN n % 2 = 0 THEN n ELSE -n END, CASE WHEN n % 3 > 0 THEN 4 + n % 9 END, n * 2,
    date_trunc('month', date '2021-01-01' + n * 20), timestamptz '2021-01-01 00:00+00' + n * interval '7 hours'
FROM generate_series(1, 150) n;
