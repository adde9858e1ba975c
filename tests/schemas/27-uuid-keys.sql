-- UUIDs as keys everywhere: defaults, composite keys, self reference, version 4 and version 7.
CREATE TABLE tenant (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text NOT NULL);
CREATE TABLE folder (
    tenant_id uuid NOT NULL REFERENCES tenant, id uuid NOT NULL DEFAULT gen_random_uuid(), parent_id uuid, name text NOT NULL,
    PRIMARY KEY (tenant_id, id), FOREIGN KEY (tenant_id, parent_id) REFERENCES folder
);
CREATE TABLE file (
    id uuid PRIMARY KEY, tenant_id uuid NOT NULL, folder_id uuid NOT NULL, etag uuid UNIQUE, bytes bigint NOT NULL CHECK (bytes >= 0),
    FOREIGN KEY (tenant_id, folder_id) REFERENCES folder
);
INSERT INTO tenant (name) SELECT 'Tenant ' || n FROM generate_series(1, 8) n;
INSERT INTO folder (tenant_id, name) SELECT id, 'root' FROM tenant;
INSERT INTO folder (tenant_id, parent_id, name) SELECT tenant_id, id, 'folder ' || n FROM folder, generate_series(1, 5) n;
INSERT INTO file
SELECT ('018f' || substr(md5(id::text || n), 5, 8) || '7' || substr(md5(id::text || n), 14, 3) || '8' || substr(md5(id::text || n), 18, 15))::uuid, tenant_id, id,
    CASE WHEN n = 1 THEN md5(id::text)::uuid END, n * 1000
FROM folder, generate_series(1, 3) n;
