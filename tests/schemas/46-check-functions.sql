-- Checks that call functions: the database's own, and our own in SQL and plpgsql.
CREATE FUNCTION is_even(n int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN n % 2 = 0; END $$;
CREATE FUNCTION luhn(digits text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE total int := 0; d int;
BEGIN
  FOR i IN 1..length(digits) LOOP
    d := substr(digits, length(digits) - i + 1, 1)::int * CASE WHEN i % 2 = 0 THEN 2 ELSE 1 END;
    total := total + d / 10 + d % 10;
  END LOOP;
  RETURN total % 10 = 0;
END $$;
CREATE FUNCTION fits(code text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT left(code, 1) IN ('k', 'm') $$;
CREATE TABLE card (
    id serial PRIMARY KEY,
    pairs int NOT NULL CHECK (is_even(pairs)),
    title text NOT NULL CHECK (length(btrim(title)) > 2),
    code text NOT NULL CHECK (code = upper(code)),
    kind text NOT NULL CHECK (starts_with(kind, 'k') OR starts_with(kind, 'm')),
    mail text CHECK (position('@' in mail) > 1),
    number text NOT NULL CHECK (luhn(number)),
    tag text NOT NULL CHECK (fits(tag)),
    area numeric(8, 2) NOT NULL CHECK (round(area, 1) = area),
    side numeric(8, 2) NOT NULL CHECK (greatest(side, 10) < 200 AND least(side, 5) > 0),
    opened date NOT NULL CHECK (extract(isodow FROM opened) < 6)
);
INSERT INTO card (pairs, title, code, kind, mail, number, tag, area, side, opened)
SELECT n * 2, 'Title ' || n % 12, 'CODE' || n % 20, (ARRAY['kilo', 'mega'])[n % 2 + 1], CASE WHEN n % 4 > 0 THEN 'someone' || n || '@example.com' END,
    (ARRAY['79927398713', '49927398716', '4111111111111111', '5500005555555559'])[n % 4 + 1], (ARRAY['k', 'm'])[n % 2 + 1] || n % 5, n / 10.0, n + 0.5,
    date '2024-01-01' + (n / 5) * 7 + n % 5
FROM generate_series(1, 100) n;
--? SELECT bool_and(luhn(number)) FROM card
