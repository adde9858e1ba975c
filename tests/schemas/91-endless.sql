-- What is no number and has no end: NaN, infinite numbers, infinite moments in NOT NULL columns, under CHECKs and UNIQUE.
CREATE TABLE event (id serial PRIMARY KEY, a timestamp, b timestamptz, c date, d timestamp NOT NULL);
CREATE TABLE reading (id serial PRIMARY KEY, x numeric, y real, z double precision, w numeric(10, 2), v double precision NOT NULL, u numeric[]);
CREATE TABLE version (
    id serial PRIMARY KEY, sku int NOT NULL, valid_from date NOT NULL, valid_to date NOT NULL DEFAULT 'infinity', status text NOT NULL, always timestamptz NOT NULL, rare date,
    CHECK (valid_to > valid_from), CHECK ((status = 'current') = (valid_to = 'infinity')), UNIQUE (sku, valid_to)
);
INSERT INTO event (a, b, c, d) SELECT CASE n % 5 WHEN 0 THEN 'infinity' WHEN 1 THEN '-infinity' ELSE timestamp '2024-01-01' + n * interval '1 day' END,
    CASE n % 5 WHEN 0 THEN 'infinity' ELSE timestamptz '2024-01-01' + n * interval '1 day' END, CASE n % 5 WHEN 0 THEN 'infinity' WHEN 1 THEN NULL ELSE date '2024-01-01' + n END,
    CASE n % 3 WHEN 0 THEN timestamp '9999-12-31 23:59:59' ELSE timestamp '2024-01-01' + n * interval '1 day' END FROM generate_series(1, 300) n;
INSERT INTO reading (x, y, z, w, v, u) SELECT CASE WHEN n % 5 = 0 THEN 'NaN' ELSE n * 1.5 END, CASE WHEN n % 5 = 0 THEN 'NaN' WHEN n % 10 = 1 THEN 'Infinity' ELSE n * 1.5 END,
    CASE WHEN n % 10 = 1 THEN '-Infinity' ELSE n * 0.25 END, CASE WHEN n % 4 = 0 THEN 'NaN' ELSE n * 1.5 END, CASE WHEN n % 4 = 0 THEN 'NaN' ELSE n * 1.5 END, ARRAY['NaN'::numeric, n] FROM generate_series(1, 500) n;
INSERT INTO version (sku, valid_from, valid_to, status, always, rare) SELECT n / 4, date '2020-01-01' + n % 4 * 100 + n / 4, CASE n % 4 WHEN 3 THEN 'infinity'::date ELSE date '2020-04-10' + n % 4 * 100 + n / 4 END,
    CASE n % 4 WHEN 3 THEN 'current' ELSE 'old' END, 'infinity', CASE WHEN n = 5 THEN 'infinity'::date ELSE date '2020-01-01' + n END FROM generate_series(0, 799) n;
--? SELECT count(*) FILTER (WHERE a = 'infinity') BETWEEN 40 AND 80 AND count(*) FILTER (WHERE a = '-infinity') BETWEEN 40 AND 80 FROM event
--? SELECT count(*) FILTER (WHERE b = 'infinity') BETWEEN 40 AND 80 AND count(*) FILTER (WHERE b IS NULL) = 0 FROM event
--? SELECT count(*) FILTER (WHERE c = 'infinity') BETWEEN 40 AND 80 AND count(*) FILTER (WHERE c IS NULL) BETWEEN 40 AND 80 FROM event
--? SELECT bool_and(d = '9999-12-31 23:59:59' OR d = date_trunc('second', d)) AND count(*) FILTER (WHERE d > '9999-01-01') BETWEEN 75 AND 125 FROM event
--? SELECT count(*) FILTER (WHERE x = 'NaN') BETWEEN 75 AND 125 AND bool_and(x = 'NaN' OR x % 1.5 = 0) FROM reading
--? SELECT count(*) FILTER (WHERE y = 'NaN') BETWEEN 75 AND 125 AND count(*) FILTER (WHERE y = 'Infinity') BETWEEN 30 AND 70 FROM reading
--? SELECT count(*) FILTER (WHERE z = '-Infinity') BETWEEN 30 AND 70 AND bool_and(z = '-Infinity' OR z * 4 = round(z * 4)) FROM reading
--? SELECT count(*) FILTER (WHERE v = 'NaN') BETWEEN 95 AND 155 AND bool_and((w = 'NaN') = (v = 'NaN')) FROM reading
--? SELECT count(*) FILTER (WHERE valid_to = 'infinity') BETWEEN 160 AND 240 AND bool_and(always = 'infinity') AND count(*) FILTER (WHERE rare = 'infinity') <= 1 FROM version
