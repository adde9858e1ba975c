-- Times at the ends of the calendar: infinity, BC, microseconds, intervals with signs, zones, 24:00.
CREATE TABLE epoch (
    id serial PRIMARY KEY,
    starts date NOT NULL,
    ends date NOT NULL,
    seen timestamptz,
    local timestamp(3),
    lasts interval NOT NULL CHECK (lasts > interval '0'),
    pause interval hour to minute,
    opens time NOT NULL,
    closes time NOT NULL,
    zoned timetz,
    CHECK (starts < ends),
    CHECK (opens < closes)
);
INSERT INTO epoch (starts, ends, seen, local, lasts, pause, opens, closes, zoned)
SELECT date '2020-01-01' + n * 11, CASE WHEN n % 5 = 0 THEN 'infinity' ELSE date '2020-01-01' + n * 11 + n % 40 + 1 END,
    CASE n % 4 WHEN 0 THEN NULL WHEN 1 THEN 'infinity' ELSE timestamptz '2020-01-01 03:00+02' + n * interval '13 hours 0.000007 seconds' END,
    timestamp '2020-03-29 02:30:00.123' + n * interval '1 day', n * interval '1 day 2 hours', (n % 9) * interval '20 minutes',
    time '08:00' + (n % 4) * interval '15 minutes', CASE WHEN n % 9 = 0 THEN '24:00' ELSE time '17:00' + (n % 4) * interval '15 minutes' END,
    (time '09:00' + (n % 3) * interval '1 hour')::timetz
FROM generate_series(1, 80) n;
INSERT INTO epoch (starts, ends, lasts, opens, closes)
SELECT ('00' || n + 10 || '-03-15 BC')::date, ('00' || n + 10 || '-06-15 AD')::date, '1 year -2 days', '06:00', '07:00' FROM generate_series(1, 8) n;
--? SELECT bool_and(starts < ends) FROM epoch
