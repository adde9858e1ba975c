-- An event trigger, which must not fire at the making of the clone, and a publication.
CREATE TABLE ddl_log (id serial PRIMARY KEY, tag text);
CREATE TABLE plain (id int PRIMARY KEY);
CREATE MATERIALIZED VIEW counted AS SELECT count(*) AS n FROM plain;
CREATE FUNCTION log_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.ddl_log (tag) VALUES (tg_tag);
END $$;
CREATE EVENT TRIGGER log_all ON ddl_command_end EXECUTE FUNCTION log_ddl();
CREATE TABLE logged (id int PRIMARY KEY);
CREATE PUBLICATION everything FOR ALL TABLES;
INSERT INTO plain VALUES (1), (2);
REFRESH MATERIALIZED VIEW counted;
