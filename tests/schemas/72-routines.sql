-- Functions of every kind, procedures, operators, aggregates, casts, and defaults that call them.
CREATE SCHEMA lib;
CREATE FUNCTION lib.shout(t text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 5 AS $$ SELECT upper(t) || '!' $$;
CREATE FUNCTION lib.shout(n int) RETURNS text LANGUAGE sql IMMUTABLE RETURN n::text || '!';
CREATE FUNCTION lib.pick(VARIADIC anyarray) RETURNS anyelement LANGUAGE sql IMMUTABLE AS $$ SELECT $1[1] $$;
CREATE FUNCTION lib.pages(size int DEFAULT 10, OUT page int, OUT total int) RETURNS SETOF record LANGUAGE plpgsql AS $$
BEGIN
  FOR page IN 1..3 LOOP total := page * size; RETURN NEXT; END LOOP;
END $$;
CREATE FUNCTION lib.new_code() RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = lib AS $$ BEGIN RETURN 'C' || to_char(clock_timestamp(), 'US'); END $$;
CREATE PROCEDURE lib.tidy(INOUT n int) LANGUAGE plpgsql AS $$ BEGIN n := n + 1; COMMIT; END $$;
CREATE TYPE lib.money_bag AS (amount numeric, currency text);
CREATE FUNCTION lib.bag_eq(a lib.money_bag, b lib.money_bag) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT (a).amount = (b).amount $$;
CREATE OPERATOR lib.=== (FUNCTION = lib.bag_eq, LEFTARG = lib.money_bag, RIGHTARG = lib.money_bag, COMMUTATOR = OPERATOR(lib.===));
CREATE FUNCTION lib.longer(a text, b text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT CASE WHEN length(a) >= length(coalesce(b, '')) THEN a ELSE b END $$;
CREATE AGGREGATE lib.longest(text) (SFUNC = lib.longer, STYPE = text, INITCOND = '');
CREATE FUNCTION lib.bag_text(lib.money_bag) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT ($1).amount || ' ' || ($1).currency $$;
CREATE CAST (lib.money_bag AS text) WITH FUNCTION lib.bag_text(lib.money_bag);
CREATE TABLE ledger (id serial PRIMARY KEY, code text NOT NULL DEFAULT lib.new_code(), loud text DEFAULT lib.shout('hello'), day date NOT NULL DEFAULT (date_trunc('month', now()) + interval '1 month')::date, price lib.money_bag);
CREATE VIEW longest_code AS SELECT lib.longest(code) AS code FROM ledger;
INSERT INTO ledger (code, price) SELECT 'C' || lpad((n * 317)::text, 6, '0'), ROW(n, 'EUR')::lib.money_bag FROM generate_series(1, 50) n;
