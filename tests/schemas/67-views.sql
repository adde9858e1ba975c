-- Views on views, recursive, with check option and security barrier; materialized views on each other, one left empty.
CREATE TABLE staff (id serial PRIMARY KEY, boss_id int REFERENCES staff, name text NOT NULL, salary numeric(10, 2) NOT NULL, active boolean NOT NULL DEFAULT true);
CREATE VIEW active_staff AS SELECT * FROM staff WHERE active WITH LOCAL CHECK OPTION;
CREATE VIEW rich WITH (security_barrier = true) AS SELECT id, name FROM active_staff WHERE salary > 1000;
CREATE VIEW poor WITH (security_invoker = true) AS SELECT id, name FROM active_staff WHERE salary <= 1000;
CREATE RECURSIVE VIEW chain (id, depth) AS SELECT id, 0 FROM public.staff WHERE boss_id IS NULL UNION ALL SELECT s.id, c.depth + 1 FROM public.staff s JOIN chain c ON s.boss_id = c.id;
CREATE MATERIALIZED VIEW by_boss AS SELECT boss_id, count(*) AS n, avg(salary) AS mean FROM staff GROUP BY boss_id;
CREATE UNIQUE INDEX by_boss_id ON by_boss (boss_id);
CREATE MATERIALIZED VIEW big_bosses AS SELECT b.boss_id, s.name FROM by_boss b JOIN staff s ON s.id = b.boss_id WHERE b.n > 2;
CREATE MATERIALIZED VIEW later AS SELECT count(*) FROM big_bosses WITH NO DATA;
ALTER VIEW active_staff ALTER COLUMN active SET DEFAULT true;
CREATE RULE staff_log AS ON UPDATE TO staff DO ALSO NOTIFY salary;
CREATE RULE rich_insert AS ON INSERT TO rich DO INSTEAD INSERT INTO staff (name, salary) VALUES (NEW.name, 2000);
INSERT INTO staff (boss_id, name, salary, active) SELECT CASE WHEN n > 1 THEN n / 4 + 1 END, 'Worker ' || n, 500 + n * 20, n % 7 > 0 FROM generate_series(1, 3) n;
INSERT INTO staff (boss_id, name, salary, active) SELECT n / 4 + 1, 'Worker ' || n, 500 + n * 20, n % 7 > 0 FROM generate_series(4, 80) n;
REFRESH MATERIALIZED VIEW by_boss;
REFRESH MATERIALIZED VIEW big_bosses;
--? SELECT count(*) > 0 FROM by_boss
--? SELECT sum(n) = (SELECT count(*) FROM staff) FROM by_boss
