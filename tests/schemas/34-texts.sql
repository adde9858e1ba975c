-- Texts at their ends: of 1,600 bytes and of 100,000, empty and NULL side by side, control characters, quotes, backslashes.
CREATE TABLE letter (
    id serial PRIMARY KEY, short text NOT NULL, middle varchar(1600), long text, blank text, odd text,
    CHECK (short <> ''), CHECK (octet_length(middle) <= 1600)
);
INSERT INTO letter (short, middle, long, blank, odd)
SELECT 'n' || n, repeat('abcdefg ' , 200), CASE WHEN n % 20 = 0 THEN repeat('lorem ipsum ', 8000) END, CASE n % 3 WHEN 0 THEN '' WHEN 1 THEN ' ' END,
    (ARRAY[E'tab\there', E'line\nbreak', E'carriage\r\nreturn', 'back\slash', '"quoted"', '''single''', '\N', '\.', 'NULL', E'\x01\x02', ',;|'])[n % 11 + 1]
FROM generate_series(1, 66) n;
--? SELECT count(*) > 0 FROM letter WHERE blank = ''
--? SELECT count(*) > 0 FROM letter WHERE blank IS NULL
--? SELECT max(length(long)) > 20000 FROM letter
