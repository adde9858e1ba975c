-- Constraints that old rows break: checks and foreign keys that are NOT VALID, some broken and some not.
CREATE TABLE owner (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE pet (id serial PRIMARY KEY, owner_id int, age int NOT NULL, weight numeric(6, 2) NOT NULL, name text NOT NULL);
INSERT INTO owner SELECT n, 'Owner ' || n FROM generate_series(1, 30) n;
INSERT INTO pet (owner_id, age, weight, name)
SELECT CASE WHEN n % 10 = 0 THEN 900 + n ELSE n % 30 + 1 END, CASE WHEN n % 8 = 0 THEN -1 ELSE n % 20 END, n % 40 + 0.5, 'Pet ' || n % 12 FROM generate_series(1, 120) n;
ALTER TABLE pet ADD CONSTRAINT pet_owner FOREIGN KEY (owner_id) REFERENCES owner NOT VALID;
ALTER TABLE pet ADD CONSTRAINT pet_age CHECK (age >= 0) NOT VALID;
ALTER TABLE pet ADD CONSTRAINT pet_weight CHECK (weight < 100) NOT VALID;
