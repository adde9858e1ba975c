-- Legacy inheritance with more: two parents, checks that are not inherited, defaults that differ, keys of each child.
CREATE TABLE asset (id serial PRIMARY KEY, bought date NOT NULL, value numeric(10, 2) NOT NULL CHECK (value >= 0), CONSTRAINT not_yet CHECK (bought < '2100-01-01') NO INHERIT);
CREATE TABLE insured (policy text, premium numeric(8, 2) CHECK (premium > 0));
CREATE TABLE machine (id int PRIMARY KEY DEFAULT nextval('asset_id_seq'), hours int NOT NULL DEFAULT 0) INHERITS (asset, insured);
CREATE TABLE vehicle (plate text NOT NULL UNIQUE, CHECK (value > 100)) INHERITS (asset);
ALTER TABLE vehicle ADD PRIMARY KEY (id);
CREATE TABLE service (id serial PRIMARY KEY, machine_id int NOT NULL REFERENCES machine, vehicle_id int REFERENCES vehicle, done date NOT NULL);
INSERT INTO asset (bought, value) SELECT date '2020-01-01' + n * 9, n * 10 FROM generate_series(1, 40) n;
INSERT INTO insured SELECT 'P-' || n, n * 1.5 FROM generate_series(1, 20) n;
INSERT INTO machine (bought, value, policy, premium, hours) SELECT date '2021-01-01' + n * 5, n * 100, 'M-' || n, n * 2, n * 50 FROM generate_series(1, 30) n;
INSERT INTO vehicle (bought, value, plate) SELECT date '2022-01-01' + n * 3, 1000 + n, 'W-' || n FROM generate_series(1, 30) n;
INSERT INTO service (machine_id, vehicle_id, done) SELECT m.id, v.id, date '2024-01-01' + (m.id + v.id) % 200 FROM machine m JOIN vehicle v ON v.id % 30 = m.id % 30, generate_series(1, 3);
