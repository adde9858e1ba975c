-- Bit strings, money, bytes with a length, fixed-width text, and checks on each.
CREATE TABLE artefact (
    id serial PRIMARY KEY,
    flags bit(8) NOT NULL CHECK (flags <> B'00000000'),
    mask bit varying(16),
    cost money NOT NULL CHECK (cost >= 0::money),
    digest bytea NOT NULL CHECK (octet_length(digest) = 32),
    body bytea,
    code char(6) NOT NULL CHECK (code ~ '^[A-Z]{3}[0-9]{3}$'),
    mark "char",
    checksum bytea UNIQUE
);
INSERT INTO artefact (flags, mask, cost, digest, body, code, mark, checksum)
SELECT (n % 255 + 1)::bit(8), (B'1011001110001111'::bit varying(16)), (n * 1.25)::numeric::money, sha256(n::text::bytea),
    CASE WHEN n % 3 > 0 THEN decode(repeat(lpad(to_hex(n % 256), 2, '0'), n % 20), 'hex') END, upper(substr('abcdefghij', n % 7 + 1, 3)) || lpad((n * 7 % 1000)::text, 3, '0'),
    chr(65 + n % 5)::"char", decode(md5(n::text), 'hex')
FROM generate_series(1, 90) n;
