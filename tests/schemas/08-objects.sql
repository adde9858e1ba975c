-- Views on views, materialized views, functions of all sorts, triggers, rules, policies, statistics, comments.
CREATE TABLE item (id int PRIMARY KEY, name text NOT NULL, price numeric(8, 2), changed timestamptz);
CREATE TABLE log (id bigint GENERATED ALWAYS AS IDENTITY, line text);
COMMENT ON TABLE item IS 'what we sell; all of it';
COMMENT ON COLUMN item.price IS 'without tax';
CREATE VIEW cheap AS SELECT id, name FROM item WHERE price < 10;
CREATE VIEW cheap_count AS SELECT count(*) AS n FROM cheap;
CREATE VIEW grouped AS SELECT id, name, price FROM item GROUP BY id;
CREATE MATERIALIZED VIEW dear AS SELECT id, name FROM item WHERE price >= 10;
CREATE MATERIALIZED VIEW dear_count AS SELECT count(*) AS n FROM dear;
CREATE UNIQUE INDEX dear_id ON dear (id);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $fn$
BEGIN
  -- a line; with a semicolon
  INSERT INTO public.log (line) VALUES ('touched ' || NEW.id);
  NEW.changed := '2020-01-01';
  RETURN NEW;
END $fn$;
CREATE TRIGGER item_touch BEFORE INSERT OR UPDATE ON item FOR EACH ROW EXECUTE FUNCTION touch();
CREATE FUNCTION items() RETURNS SETOF item LANGUAGE sql AS 'SELECT * FROM item';
CREATE FUNCTION add(a int, b int) RETURNS int LANGUAGE sql IMMUTABLE BEGIN ATOMIC SELECT a + b; END;
CREATE PROCEDURE nothing() LANGUAGE plpgsql AS 'BEGIN NULL; END';
CREATE AGGREGATE total(int) (SFUNC = add, STYPE = int, INITCOND = '0');
CREATE RULE no_delete AS ON DELETE TO log DO INSTEAD NOTHING;
ALTER TABLE log ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_lines ON log USING (line LIKE current_user || '%');
CREATE STATISTICS item_stats (dependencies) ON id, name FROM item;
INSERT INTO item (id, name, price) SELECT n, 'item ' || n, n FROM generate_series(1, 20) n;
REFRESH MATERIALIZED VIEW dear;
REFRESH MATERIALIZED VIEW dear_count;
