-- What only the database itself can judge: functions of our own over several columns, UNIQUE over parts of documents.
CREATE FUNCTION good_pair(a int, b text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN a % 7 = length(b) % 7; END $$;
CREATE FUNCTION within(low numeric, x numeric, high numeric) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT low <= x AND x <= high $$;
CREATE FUNCTION whole(digits text) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN digits::int; END $$;
CREATE TABLE thing (
    id serial PRIMARY KEY, a int NOT NULL, b text NOT NULL, low numeric(8, 2), x numeric(8, 2), high numeric(8, 2), digits varchar(8) NOT NULL,
    bits int NOT NULL CHECK (bits & 8 = 0),
    CONSTRAINT pair CHECK (good_pair(a, b)), CHECK (within(low, x, high)), CHECK (whole(digits) > 0)
);
CREATE TABLE product (
    id serial PRIMARY KEY, tenant int NOT NULL, doc jsonb NOT NULL CHECK (doc ? 'sku' AND jsonb_typeof(doc -> 'codes') = 'object'), title text,
    mail text GENERATED ALWAYS AS (lower(doc #>> '{contact,email}')) STORED UNIQUE
);
CREATE UNIQUE INDEX product_sku ON product ((doc ->> 'sku'));
CREATE UNIQUE INDEX product_ean ON product (tenant, (doc #>> '{codes,ean}'));
CREATE UNIQUE INDEX product_title ON product (md5(title));
CREATE TABLE event (id bigserial PRIMARY KEY, at timestamptz NOT NULL, payload jsonb, kind text);
CREATE UNIQUE INDEX event_seq ON event (((payload ->> 'seq')::int));
CREATE UNIQUE INDEX event_day ON event (((at AT TIME ZONE 'UTC')::date), kind) WHERE payload ? 'daily';
INSERT INTO thing (a, b, low, x, high, digits, bits) SELECT n, repeat('x', n % 7 + 7), n, n + 5, n + 10, 1000 + n, n * 16 + n % 8 FROM generate_series(1, 120) n;
INSERT INTO product (tenant, doc, title) SELECT n % 4, jsonb_build_object('sku', 'SKU-' || lpad(n::text, 6, '0'), 'codes', jsonb_build_object('ean', (4000000000000 + n * 7)::text),
    'contact', jsonb_build_object('email', 'Someone.Other' || n || '@Example.org')), 'Product number ' || n FROM generate_series(1, 150) n;
INSERT INTO event (at, payload, kind) SELECT timestamptz '2024-01-01' + n * interval '5 hours', jsonb_build_object('seq', n) || CASE WHEN n % 3 = 0 THEN '{"daily": true}' ELSE '{}' END::jsonb, 'kind' || n % 4
FROM generate_series(1, 150) n;
--? SELECT bool_and(good_pair(a, b)) AND count(DISTINCT b) > 1 FROM thing
--? SELECT count(*) = count(DISTINCT doc ->> 'sku') FROM product
