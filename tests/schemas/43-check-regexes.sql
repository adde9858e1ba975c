-- Checks that compare texts with patterns: regular expressions, LIKE, SIMILAR TO, their negations.
CREATE TABLE catalogue (
    id serial PRIMARY KEY,
    sku text NOT NULL UNIQUE CHECK (sku ~ '^[A-Z]{2}-[0-9]{4}$'),
    ean text NOT NULL CHECK (ean ~ '^\d{13}$'),
    slug text NOT NULL CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    version text NOT NULL CHECK (version ~ '^[0-9]+\.[0-9]+\.[0-9]+(-(alpha|beta|rc)\.[0-9]+)?$'),
    phone text CHECK (phone ~ '^\+?[0-9 ()-]{7,20}$'),
    colour text NOT NULL CHECK (colour ~* '^#([0-9A-F]{3}|[0-9A-F]{6})$'),
    language text NOT NULL CHECK (language ~ '^(de|en|fr)(-[A-Z]{2})?$'),
    path text NOT NULL CHECK (path LIKE '/%' AND path NOT LIKE '%//%'),
    invoice text NOT NULL CHECK (invoice LIKE 'INV-____'),
    licence text NOT NULL CHECK (licence SIMILAR TO '(GPL|MIT|BSD)-[0-9]'),
    note text CHECK (note !~ '[<>]'),
    iban text CHECK (iban ~ '^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$'),
    time_text text NOT NULL CHECK (time_text ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
    initials varchar(4) NOT NULL CHECK (initials ~ '^[[:upper:]]{2,4}$')
);
INSERT INTO catalogue (sku, ean, slug, version, phone, colour, language, path, invoice, licence, note, iban, time_text, initials)
SELECT chr(65 + n % 26) || chr(65 + n % 7) || '-' || lpad(n::text, 4, '0'), lpad((n * 7919::bigint)::text, 13, '4'), 'some-slug-' || n,
    n % 3 || '.' || n % 10 || '.' || n || CASE WHEN n % 4 = 0 THEN '-beta.' || n % 5 ELSE '' END, CASE WHEN n % 5 > 0 THEN '+43 1 ' || 5550000 + n END,
    '#' || substr(md5(n::text), 1, CASE WHEN n % 2 = 0 THEN 6 ELSE 3 END), (ARRAY['de', 'en-GB', 'fr-FR', 'en'])[n % 4 + 1], '/shop/item/' || n,
    'INV-' || lpad((n * 37 % 10000)::text, 4, '0'), (ARRAY['GPL-2', 'GPL-3', 'MIT-1', 'BSD-3'])[n % 4 + 1], CASE WHEN n % 3 > 0 THEN 'A plain note about ' || n % 10 END,
    CASE WHEN n % 2 = 0 THEN 'AT' || lpad((n % 100)::text, 2, '0') || lpad((n * 7919)::text, 16, '1') END, lpad((n % 24)::text, 2, '0') || ':' || lpad((n % 60)::text, 2, '0'),
    chr(65 + n % 26) || chr(65 + n % 11) || CASE WHEN n % 2 = 0 THEN 'X' ELSE '' END
FROM generate_series(1, 120) n;
