-- One column that references two tables (a contract is a document and a deal of the same number), single and composite, also of a child.
CREATE TABLE document (id int PRIMARY KEY, title text NOT NULL);
CREATE TABLE deal (id int PRIMARY KEY, amount numeric(10,2) NOT NULL, signed date NOT NULL);
CREATE TABLE contract (id int PRIMARY KEY REFERENCES document REFERENCES deal, fee numeric(10,2) NOT NULL, due date NOT NULL);
CREATE TABLE part (a int, b int, weight int NOT NULL, PRIMARY KEY (a, b));
CREATE TABLE price (a int, b int, cents int NOT NULL, PRIMARY KEY (a, b));
CREATE TABLE line (id int PRIMARY KEY, a int NOT NULL, b int NOT NULL, quantity int NOT NULL, total int NOT NULL, FOREIGN KEY (a, b) REFERENCES part, FOREIGN KEY (a, b) REFERENCES price);
CREATE TABLE note (contract_id int NOT NULL REFERENCES contract REFERENCES document REFERENCES deal, line_no int, body text, PRIMARY KEY (contract_id, line_no));
INSERT INTO document SELECT n, 'Contract ' || n FROM generate_series(1, 200) n;
INSERT INTO deal SELECT n, n * 7 % 900 + 100.5, date '2024-01-01' + n % 300 FROM generate_series(1, 200) n;
INSERT INTO contract SELECT id, amount * 2, signed + 30 FROM deal WHERE id % 3 > 0;
INSERT INTO part SELECT n, m, n * m % 40 + 1 FROM generate_series(1, 20) n, generate_series(1, 5) m;
INSERT INTO price SELECT n, m, (n + m) * 37 % 500 + 50 FROM generate_series(1, 20) n, generate_series(1, 5) m;
INSERT INTO line SELECT n, p.a, p.b, n % 7 + 1, (n % 7 + 1) * p.cents FROM generate_series(1, 400) n JOIN price p ON p.a = n % 20 + 1 AND p.b = n % 5 + 1;
INSERT INTO note SELECT id, m, 'note ' || m FROM contract, generate_series(1, 3) m WHERE (id + m) % 2 = 0;
