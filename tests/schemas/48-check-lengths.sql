-- Checks on lengths: of texts in characters and bytes, exact, between, of words, of arrays, of bytes.
CREATE TABLE message (
    id serial PRIMARY KEY,
    subject text NOT NULL CHECK (char_length(subject) BETWEEN 3 AND 40),
    body text CHECK (length(body) <= 280),
    code text NOT NULL CHECK (length(code) = 8),
    pin varchar(12) NOT NULL CHECK (length(pin) >= 4),
    country text NOT NULL CHECK (octet_length(country) = 2),
    nick text CHECK (length(nick) > 2 AND length(nick) < 15),
    state text NOT NULL CHECK (length(state) IN (2, 3)),
    token text NOT NULL CHECK (length(token) = 32),
    parts text[] NOT NULL CHECK (array_length(parts, 1) >= 1)
);
INSERT INTO message (subject, body, code, pin, country, nick, state, token, parts)
SELECT 'About ' || n % 20, CASE WHEN n % 5 > 0 THEN repeat('so it goes ', n % 20 + 1) END, 'AB' || lpad((n * 7919 % 1000000)::text, 6, '0'), lpad((n * 31 % 9999)::text, 4 + n % 5, '7'),
    (ARRAY['de', 'at', 'ch'])[n % 3 + 1], CASE WHEN n % 4 > 0 THEN 'nick' || n END, (ARRAY['NY', 'CA', 'NSW'])[n % 3 + 1], md5(n::text), ARRAY['p' || n % 4]
FROM generate_series(1, 120) n;
