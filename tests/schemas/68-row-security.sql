-- Row-level security, also forced upon the owner, permissive and restrictive, with a setting and a function.
CREATE TABLE tenant (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE invoice (id serial PRIMARY KEY, tenant_id int NOT NULL REFERENCES tenant, total numeric(10, 2) NOT NULL, secret boolean NOT NULL);
INSERT INTO tenant SELECT n, 'Tenant ' || n FROM generate_series(1, 10) n;
INSERT INTO invoice (tenant_id, total, secret) SELECT n % 10 + 1, n * 5, n % 6 = 0 FROM generate_series(1, 100) n;
CREATE FUNCTION current_tenant() RETURNS int LANGUAGE sql STABLE AS $$ SELECT nullif(current_setting('app.tenant', true), '')::int $$;
ALTER TABLE tenant ENABLE ROW LEVEL SECURITY;
ALTER TABLE invoice ENABLE ROW LEVEL SECURITY;
ALTER TABLE invoice FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON tenant FOR SELECT USING (id = public.current_tenant());
CREATE POLICY own_invoices ON invoice USING (tenant_id = public.current_tenant()) WITH CHECK (tenant_id = public.current_tenant());
CREATE POLICY no_secrets ON invoice AS RESTRICTIVE FOR SELECT TO PUBLIC USING (NOT secret);
--? SELECT relforcerowsecurity FROM pg_class WHERE relname = 'invoice'
