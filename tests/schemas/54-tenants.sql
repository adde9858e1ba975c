-- A tenant in every key: composite foreign keys that overlap in tenant_id, four levels down, and two to one table.
CREATE TABLE tenant (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE client (tenant_id int REFERENCES tenant, id int, name text NOT NULL, referrer_id int, PRIMARY KEY (tenant_id, id), FOREIGN KEY (tenant_id, referrer_id) REFERENCES client);
CREATE TABLE site (tenant_id int, id int, client_id int NOT NULL, PRIMARY KEY (tenant_id, id), FOREIGN KEY (tenant_id, client_id) REFERENCES client);
CREATE TABLE job (
    tenant_id int, id int, site_id int NOT NULL, payer_id int NOT NULL, checker_id int, opened date NOT NULL,
    PRIMARY KEY (tenant_id, id), FOREIGN KEY (tenant_id, site_id) REFERENCES site, FOREIGN KEY (tenant_id, payer_id) REFERENCES client, FOREIGN KEY (tenant_id, checker_id) REFERENCES client
);
CREATE TABLE entry (tenant_id int, job_id int, no int, client_id int, minutes int NOT NULL CHECK (minutes > 0), PRIMARY KEY (tenant_id, job_id, no), FOREIGN KEY (tenant_id, job_id) REFERENCES job, FOREIGN KEY (tenant_id, client_id) REFERENCES client);
INSERT INTO tenant SELECT n, 'Tenant ' || n FROM generate_series(1, 5) n;
INSERT INTO client SELECT t, n, 'Client ' || n, CASE WHEN n > 3 THEN n / 3 END FROM generate_series(1, 5) t, generate_series(1, 10) n;
INSERT INTO site SELECT t, n, n % 10 + 1 FROM generate_series(1, 5) t, generate_series(1, 12) n;
INSERT INTO job SELECT t, n, n % 12 + 1, n % 10 + 1, CASE WHEN n % 3 > 0 THEN n % 4 + 1 END, date '2024-01-01' + n FROM generate_series(1, 5) t, generate_series(1, 20) n;
INSERT INTO entry SELECT tenant_id, id, n, CASE WHEN n % 2 = 0 THEN payer_id END, n * 15 FROM job, generate_series(1, 3) n;
