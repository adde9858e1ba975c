-- Roles, resources and rights: composite keys of enums and texts, a wildcard by NULL, uniqueness without regard to case.
CREATE TYPE verb AS ENUM ('read', 'write', 'delete', 'grant');
CREATE TABLE role (name varchar(30) PRIMARY KEY CHECK (name = lower(name)), inherits varchar(30) REFERENCES role);
CREATE TABLE resource (kind varchar(20) NOT NULL, name varchar(60) NOT NULL, PRIMARY KEY (kind, name));
CREATE TABLE role_right (role varchar(30) NOT NULL REFERENCES role ON UPDATE CASCADE, kind varchar(20) NOT NULL, name varchar(60) NOT NULL, verb verb NOT NULL, PRIMARY KEY (role, kind, name, verb), FOREIGN KEY (kind, name) REFERENCES resource);
CREATE TABLE login (id serial PRIMARY KEY, user_name varchar(40) NOT NULL, role varchar(30) NOT NULL REFERENCES role, last_seen timestamptz, tries smallint NOT NULL CHECK (tries >= 0), locked boolean NOT NULL, CHECK (locked OR tries < 5));
CREATE UNIQUE INDEX login_name ON login (lower(user_name));
INSERT INTO role VALUES ('reader', NULL), ('writer', 'reader'), ('editor', 'writer'), ('admin', 'editor'), ('guest', NULL);
INSERT INTO resource SELECT (ARRAY['page', 'file', 'user'])[n % 3 + 1], 'resource-' || n FROM generate_series(1, 30) n;
INSERT INTO role_right SELECT r.name, s.kind, s.name, v FROM role r, resource s, unnest(enum_range(NULL::verb)) v WHERE (length(r.name) + length(s.name) + length(v::text)) % 3 = 0;
INSERT INTO login (user_name, role, last_seen, tries, locked) SELECT 'User' || n, (ARRAY['reader', 'writer', 'editor', 'admin', 'guest'])[n % 5 + 1], CASE WHEN n % 4 > 0 THEN timestamptz '2024-01-01 00:00+00' + n * interval '5 hours' END, n % 7, n % 7 > 3 FROM generate_series(1, 80) n;
