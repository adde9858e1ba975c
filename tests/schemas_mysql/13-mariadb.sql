-- What only MariaDB has: sequences, UUID and network types, a table with history, defaults that compute.
CREATE SEQUENCE invoice_number START WITH 1000 INCREMENT BY 10;
CREATE TABLE invoice (
  number BIGINT NOT NULL DEFAULT NEXTVAL(invoice_number) PRIMARY KEY,
  token UUID NOT NULL UNIQUE,
  client INET6,
  note VARCHAR(40) DEFAULT concat('made ', curdate())
);
INSERT INTO invoice (token, client, note)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60)
SELECT concat('00000000-0000-4000-8000-', lpad(hex(i), 12, '0')), if(i % 2 = 0, NULL, concat('2001:db8::', hex(i))), 'none' FROM n;
CREATE TABLE address (id INT NOT NULL PRIMARY KEY, street VARCHAR(40) NOT NULL) WITH SYSTEM VERSIONING;
INSERT INTO address WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40)
SELECT i, concat('Main Street ', i) FROM n;
