-- One-to-one: a primary key that is a foreign key, three levels deep, and a table for each class with its discriminator.
CREATE TABLE vehicle (id serial PRIMARY KEY, kind text NOT NULL CHECK (kind IN ('car', 'truck', 'bike')), plate text NOT NULL UNIQUE, UNIQUE (id, kind));
CREATE TABLE car (id int PRIMARY KEY, kind text NOT NULL DEFAULT 'car' CHECK (kind = 'car'), doors int NOT NULL CHECK (doors BETWEEN 2 AND 5), FOREIGN KEY (id, kind) REFERENCES vehicle (id, kind));
CREATE TABLE truck (id int PRIMARY KEY, kind text NOT NULL DEFAULT 'truck' CHECK (kind = 'truck'), tons numeric(5, 2) NOT NULL CHECK (tons > 0), FOREIGN KEY (id, kind) REFERENCES vehicle (id, kind));
CREATE TABLE bike (id int PRIMARY KEY, kind text GENERATED ALWAYS AS ('bike') STORED, gears int NOT NULL, FOREIGN KEY (id, kind) REFERENCES vehicle (id, kind));
CREATE TABLE registration (vehicle_id int PRIMARY KEY REFERENCES vehicle ON DELETE CASCADE, since date NOT NULL);
CREATE TABLE tax_disc (vehicle_id int PRIMARY KEY REFERENCES registration ON DELETE CASCADE, paid numeric(8, 2) NOT NULL);
CREATE TABLE keyring (id serial PRIMARY KEY, vehicle_id int UNIQUE REFERENCES vehicle, hook int NOT NULL UNIQUE);
INSERT INTO vehicle (kind, plate) SELECT (ARRAY['car', 'truck', 'bike'])[n % 3 + 1], 'W-' || lpad((n * 37)::text, 5, '0') FROM generate_series(1, 120) n;
INSERT INTO car (id, doors) SELECT id, id % 4 + 2 FROM vehicle WHERE kind = 'car';
INSERT INTO truck (id, tons) SELECT id, id / 10.0 FROM vehicle WHERE kind = 'truck';
INSERT INTO bike (id, gears) SELECT id, id % 9 + 1 FROM vehicle WHERE kind = 'bike';
INSERT INTO registration SELECT id, date '2020-01-01' + id FROM vehicle WHERE id % 4 > 0;
INSERT INTO tax_disc SELECT vehicle_id, 100 + vehicle_id FROM registration WHERE vehicle_id % 3 > 0;
INSERT INTO keyring (vehicle_id, hook) SELECT CASE WHEN n <= 60 THEN n * 2 END, n FROM generate_series(1, 80) n;
--~ car truck bike
--? SELECT count(*) > 30 FROM truck
