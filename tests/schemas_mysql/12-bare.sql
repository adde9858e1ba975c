-- Little to learn from: no key, no rows, one row, NULLs only, more columns than rows.
CREATE TABLE keyless (a INT, b VARCHAR(10));
INSERT INTO keyless WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 59) SELECT i % 5, 'same' FROM n;
CREATE TABLE vacant (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, at TIMESTAMP NULL, label VARCHAR(10) NOT NULL);
CREATE TABLE vacant_child (id INT NOT NULL, vacant INT NOT NULL, PRIMARY KEY (id), FOREIGN KEY (vacant) REFERENCES vacant (id));
CREATE TABLE single (id INT NOT NULL PRIMARY KEY, title VARCHAR(40) NOT NULL);
INSERT INTO single VALUES (1, 'The one and only');
CREATE TABLE hollow (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, a INT, b DATE, c TEXT, d JSON, e BIT(3), f SET('x', 'y'),
  g ENUM('p', 'q'), h BLOB, i TIME, j DECIMAL(5, 2), k YEAR);
INSERT INTO hollow (a) WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 29) SELECT NULL FROM n;
