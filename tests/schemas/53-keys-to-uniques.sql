-- Foreign keys to UNIQUE columns that are no primary key: one, two, of text, of a unique index, two to one table.
CREATE TABLE currency (id serial PRIMARY KEY, iso char(3) NOT NULL UNIQUE, numeric_code int UNIQUE);
CREATE TABLE employee (
    id serial PRIMARY KEY, staff_no text NOT NULL, branch int NOT NULL, desk int NOT NULL, boss_no text, mail text NOT NULL,
    UNIQUE (staff_no), UNIQUE (branch, desk), FOREIGN KEY (boss_no) REFERENCES employee (staff_no)
);
CREATE UNIQUE INDEX employee_mail ON employee (mail);
CREATE TABLE expense (
    id serial PRIMARY KEY, iso char(3) NOT NULL REFERENCES currency (iso), code int REFERENCES currency (numeric_code),
    staff_no text NOT NULL REFERENCES employee (staff_no) ON UPDATE CASCADE, mail text REFERENCES employee (mail), branch int, desk int, amount numeric(8, 2) NOT NULL,
    FOREIGN KEY (branch, desk) REFERENCES employee (branch, desk)
);
INSERT INTO currency (iso, numeric_code) VALUES ('EUR', 978), ('USD', 840), ('CHF', 756), ('GBP', 826), ('JPY', NULL);
INSERT INTO employee (staff_no, branch, desk, boss_no, mail)
SELECT 'E' || lpad((n * 17)::text, 5, '0'), n % 4, n / 4, CASE WHEN n > 4 THEN 'E' || lpad((n / 4 * 17)::text, 5, '0') END, 'worker' || n || '@example.com' FROM generate_series(1, 60) n;
INSERT INTO expense (iso, code, staff_no, mail, branch, desk, amount)
SELECT c.iso, CASE WHEN n % 3 > 0 THEN c.numeric_code END, e.staff_no, CASE WHEN n = 2 THEN e.mail END, e.branch, e.desk, 10 * n
FROM employee e JOIN currency c ON c.id = e.id % 5 + 1, generate_series(1, 3) n;
