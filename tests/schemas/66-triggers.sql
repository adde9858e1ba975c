-- Triggers that must be there afterwards and must not fire while rows are loaded: one refuses, one writes, one counts.
CREATE TABLE account (id serial PRIMARY KEY, owner text NOT NULL, balance numeric(10, 2) NOT NULL, changes int NOT NULL DEFAULT 0);
CREATE TABLE audit (id bigserial PRIMARY KEY, what text NOT NULL, row_id int NOT NULL);
CREATE TABLE frozen (id int PRIMARY KEY, note text) PARTITION BY RANGE (id);
CREATE TABLE frozen_1 PARTITION OF frozen FOR VALUES FROM (0) TO (1000);
INSERT INTO account (owner, balance) SELECT 'Owner ' || n, n * 10 FROM generate_series(1, 50) n;
INSERT INTO audit (what, row_id) SELECT 'import', n FROM generate_series(1, 20) n;
INSERT INTO frozen SELECT n, 'note ' || n % 5 FROM generate_series(1, 40) n;
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no % on %', tg_op, tg_table_name; END $$;
CREATE FUNCTION write_audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.audit (what, row_id) VALUES (tg_op, NEW.id); RETURN NULL; END $$;
CREATE FUNCTION count_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.changes := NEW.changes + 1; RETURN NEW; END $$;
CREATE FUNCTION check_total() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF (SELECT sum(balance) FROM public.account) < 0 THEN RAISE EXCEPTION 'broke'; END IF; RETURN NULL; END $$;
CREATE FUNCTION through_view() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.account (owner, balance) VALUES (NEW.owner, 0); RETURN NEW; END $$;
CREATE TRIGGER a_refuses BEFORE INSERT OR DELETE OR TRUNCATE ON frozen_1 FOR EACH STATEMENT EXECUTE FUNCTION refuse();
CREATE TRIGGER b_refuses BEFORE INSERT ON frozen FOR EACH ROW EXECUTE FUNCTION refuse();
CREATE TRIGGER account_audit AFTER INSERT OR UPDATE ON account FOR EACH ROW WHEN (NEW.balance > 0) EXECUTE FUNCTION write_audit();
CREATE TRIGGER account_count BEFORE INSERT OR UPDATE OF balance ON account FOR EACH ROW EXECUTE FUNCTION count_change();
CREATE CONSTRAINT TRIGGER account_total AFTER INSERT ON account DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_total();
CREATE TRIGGER audit_frozen BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION refuse();
ALTER TABLE audit DISABLE TRIGGER audit_frozen;
ALTER TABLE account ENABLE ALWAYS TRIGGER account_count;
CREATE VIEW owners AS SELECT id, owner FROM account;
CREATE TRIGGER owners_insert INSTEAD OF INSERT ON owners FOR EACH ROW EXECUTE FUNCTION through_view();
--? SELECT max(changes) = 0 FROM account
--? SELECT count(*) = 20 AND count(*) FILTER (WHERE what IN ('INSERT', 'UPDATE')) = 0 FROM audit
--? SELECT count(*) = 7 FROM pg_trigger WHERE NOT tgisinternal AND tgparentid = 0
