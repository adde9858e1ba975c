-- Addresses: inet with and without mask, cidr, both kinds of MAC, unique ones, and a check on the family.
CREATE TABLE subnet (id serial PRIMARY KEY, block cidr NOT NULL UNIQUE, gateway inet NOT NULL CHECK (family(gateway) = 4));
CREATE TABLE host (
    id serial PRIMARY KEY, subnet_id int NOT NULL REFERENCES subnet, address inet NOT NULL UNIQUE, card macaddr UNIQUE, long_card macaddr8,
    CHECK (masklen(address) = 32)
);
CREATE TABLE visit (host_id int REFERENCES host, at timestamptz, remote inet, PRIMARY KEY (host_id, at));
CREATE INDEX visit_remote ON visit USING gist (remote inet_ops);
INSERT INTO subnet (block, gateway) SELECT ('10.' || n || '.0.0/16')::cidr, ('10.' || n || '.0.1')::inet FROM generate_series(1, 12) n;
INSERT INTO host (subnet_id, address, card, long_card)
SELECT s.id, ('10.' || s.id || '.' || n || '.7')::inet, ('08:00:2b:' || lpad(to_hex(s.id), 2, '0') || ':00:' || lpad(to_hex(n), 2, '0'))::macaddr,
    CASE WHEN n % 2 = 0 THEN ('08:00:2b:01:02:03:04:' || lpad(to_hex(n), 2, '0'))::macaddr8 END
FROM subnet s, generate_series(1, 6) n;
INSERT INTO visit SELECT h.id, timestamptz '2024-01-01 00:00+00' + n * interval '1 hour',
    (CASE n % 3 WHEN 0 THEN '2001:db8::' || to_hex(n) WHEN 1 THEN '203.0.113.' || n ELSE '198.51.100.0/24' END)::inet
FROM host h, generate_series(1, 3) n;
