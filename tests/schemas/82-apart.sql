-- EXCLUDE in all forms: only for some rows, over two columns, open ends, per tenant, bitemporal, shapes, what must agree.
CREATE EXTENSION btree_gist;
CREATE TABLE room (id serial PRIMARY KEY, name text NOT NULL);
CREATE TABLE booking (
    id serial PRIMARY KEY, room_id int NOT NULL REFERENCES room, during tstzrange NOT NULL, status text NOT NULL CHECK (status IN ('booked', 'cancelled')),
    EXCLUDE USING gist (room_id WITH =, during WITH &&) WHERE (status <> 'cancelled')
);
CREATE TABLE price (
    id serial PRIMARY KEY, tenant int NOT NULL, sku text NOT NULL, valid_from date NOT NULL, valid_to date, deleted_at timestamptz, amount numeric(8, 2),
    CHECK (valid_to > valid_from),
    EXCLUDE USING gist (tenant WITH =, sku WITH =, daterange(valid_from, valid_to) WITH &&) WHERE (deleted_at IS NULL)
);
CREATE TABLE shift (
    id serial PRIMARY KEY, who int NOT NULL, a timestamp NOT NULL, b timestamp NOT NULL, CHECK (a < b),
    EXCLUDE USING gist (who WITH =, tsrange(a, b, '[)') WITH &&)
);
CREATE TABLE lease (plot int NOT NULL, a date NOT NULL, b date, EXCLUDE USING gist (plot WITH =, daterange(a, coalesce(b, 'infinity'), '[]') WITH &&));
CREATE TABLE version (id int NOT NULL, name text, valid tstzrange NOT NULL, EXCLUDE USING gist (id WITH =, valid WITH &&));
CREATE TABLE contract (id serial PRIMARY KEY, tenant uuid NOT NULL, valid daterange NOT NULL, seen tstzrange NOT NULL, EXCLUDE USING gist (tenant WITH =, valid WITH &&, seen WITH &&));
CREATE TABLE clause (id serial PRIMARY KEY, contract_id int NOT NULL REFERENCES contract);
CREATE TABLE seat (id serial PRIMARY KEY, hall text NOT NULL, nos int4range NOT NULL CHECK (lower(nos) >= 1), EXCLUDE USING gist (lower(hall) WITH =, nos WITH &&) DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE zone (id serial PRIMARY KEY, area circle NOT NULL, EXCLUDE USING gist (area WITH &&));
CREATE TABLE plan (id serial PRIMARY KEY, layer int NOT NULL, area box NOT NULL, EXCLUDE USING gist (layer WITH =, area WITH &&));
CREATE TABLE guest (id serial PRIMARY KEY, room int NOT NULL, party int NOT NULL, EXCLUDE USING gist (room WITH =, party WITH <>));
INSERT INTO room (name) SELECT 'Room ' || n FROM generate_series(1, 10) n;
INSERT INTO booking (room_id, during, status) SELECT n % 10 + 1, tstzrange(t, t + interval '1 hour' * (1 + n % 5)), 'booked' FROM generate_series(0, 199) n, LATERAL (SELECT timestamptz '2024-01-01' + (n / 10) * interval '6 hours' AS t) s;
INSERT INTO booking (room_id, during, status) SELECT n % 10 + 1, tstzrange(t, t + interval '1 hour' * (1 + n % 7)), 'cancelled' FROM generate_series(0, 99) n, LATERAL (SELECT timestamptz '2024-01-01' + (n / 10) * interval '5 hours' AS t) s;
INSERT INTO price (tenant, sku, valid_from, valid_to, amount) SELECT t, 'S' || s, date '2023-01-01' + k * 30, CASE WHEN k < 5 THEN date '2023-01-31' + k * 30 END, s * k + t FROM generate_series(1, 3) t, generate_series(1, 9) s, generate_series(0, 5) k;
INSERT INTO price (tenant, sku, valid_from, valid_to, deleted_at, amount) SELECT t, 'S' || s, '2023-01-15', '2023-03-10', '2024-01-01', 1 FROM generate_series(1, 3) t, generate_series(1, 9) s;
INSERT INTO shift (who, a, b) SELECT w, timestamp '2024-01-01 06:00' + d * interval '1 day', timestamp '2024-01-01 14:00' + d * interval '1 day' FROM generate_series(1, 12) w, generate_series(1, 15) d WHERE (w + d) % 4 > 0;
INSERT INTO lease SELECT p, date '2020-01-01' + k * 400, CASE WHEN k < 3 THEN date '2020-01-01' + k * 400 + 300 + p END FROM generate_series(1, 40) p, generate_series(0, 3) k;
INSERT INTO version SELECT i, 'name' || i % 20, tstzrange(t, CASE WHEN k < 3 THEN t + interval '10 days' END) FROM generate_series(1, 50) i, generate_series(0, 3) k, LATERAL (SELECT timestamptz '2024-01-01' + k * interval '10 days' AS t) s;
INSERT INTO contract (tenant, valid, seen) SELECT md5((n % 10)::text)::uuid, daterange(date '2020-01-01' + n * 10, date '2020-01-10' + n * 10), tstzrange('2020-01-01', NULL) FROM generate_series(0, 99) n;
INSERT INTO clause (contract_id) SELECT c.id FROM contract c, generate_series(1, 3);
INSERT INTO seat (hall, nos) SELECT 'Hall ' || n % 8, int4range(n * 5 + 1, n * 5 + 4) FROM generate_series(0, 119) n;
INSERT INTO zone (area) SELECT circle(point(n % 20 * 10, n / 20 * 10), 4) FROM generate_series(0, 119) n;
INSERT INTO plan (layer, area) SELECT n % 3, box(point(n % 20 * 10, n / 20 * 10), point(n % 20 * 10 + 8, n / 20 * 10 + 8)) FROM generate_series(0, 119) n;
INSERT INTO guest (room, party) SELECT n % 20, n % 20 % 7 FROM generate_series(0, 119) n;
--? SELECT count(*) FILTER (WHERE upper_inf(valid)) > 0 AND count(*) FILTER (WHERE NOT upper_inf(valid)) > 0 FROM version
CREATE TABLE field (id serial PRIMARY KEY, area polygon NOT NULL, EXCLUDE USING gist (area WITH &&));
CREATE TABLE place (id serial PRIMARY KEY, at point NOT NULL, sketch polygon, EXCLUDE USING gist (at WITH ~=), EXCLUDE USING gist (sketch WITH ~=));
CREATE TABLE badge (
    id serial PRIMARY KEY, floor int, holder text, code text, EXCLUDE USING gist (floor WITH =, holder WITH =) WHERE (floor > 2),
    EXCLUDE USING hash (code WITH =), EXCLUDE USING btree (lower(holder || code) WITH =) DEFERRABLE
);
INSERT INTO field (area) SELECT polygon(box(point(n * 10, 0), point(n * 10 + 8, 5 + n % 3))) FROM generate_series(1, 40) n;
INSERT INTO place (at, sketch) SELECT point(n % 10, n / 10), polygon(box(point(n, n), point(n + 2, n + 2))) FROM generate_series(1, 60) n;
INSERT INTO badge (floor, holder, code) SELECT n % 6, 'holder ' || n / 6, 'C-' || n FROM generate_series(1, 90) n;
