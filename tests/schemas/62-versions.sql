-- Rows with a period of validity that may not overlap, one of them current, with a history table beside.
CREATE EXTENSION btree_gist;
CREATE TABLE employee (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE salary (
    employee_id int NOT NULL REFERENCES employee, valid_from date NOT NULL, valid_to date, amount numeric(10, 2) NOT NULL CHECK (amount > 0),
    PRIMARY KEY (employee_id, valid_from), CHECK (valid_to > valid_from),
    EXCLUDE USING gist (employee_id WITH =, daterange(valid_from, valid_to) WITH &&)
);
CREATE UNIQUE INDEX salary_current ON salary (employee_id) WHERE valid_to IS NULL;
CREATE TABLE contract (
    id serial PRIMARY KEY, employee_id int NOT NULL REFERENCES employee, version int NOT NULL, valid tstzrange NOT NULL DEFAULT tstzrange(now(), NULL), current boolean NOT NULL,
    UNIQUE (employee_id, version), EXCLUDE USING gist (employee_id WITH =, valid WITH &&)
);
CREATE UNIQUE INDEX contract_current ON contract (employee_id) WHERE current;
INSERT INTO employee SELECT n, 'Employee ' || n FROM generate_series(1, 40) n;
INSERT INTO salary SELECT e, date '2020-01-01' + n * 365, CASE WHEN n < 3 THEN date '2020-12-31' + n * 365 END, 2000 + e * 10 + n * 100 FROM generate_series(1, 40) e, generate_series(0, 3) n;
INSERT INTO contract (employee_id, version, valid, current)
SELECT e, n, tstzrange(timestamptz '2020-01-01 00:00+00' + n * interval '200 days', CASE WHEN n < 3 THEN timestamptz '2020-01-01 00:00+00' + (n + 1) * interval '200 days' END), n = 3
FROM generate_series(1, 40) e, generate_series(1, 3) n;
