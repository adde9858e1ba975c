-- Types, operators and functions of extensions; a server may not have them.
CREATE EXTENSION citext;
CREATE SCHEMA ext;
CREATE EXTENSION hstore SCHEMA ext;
CREATE EXTENSION btree_gist;
CREATE TABLE person (email citext PRIMARY KEY, traits ext.hstore, tags citext[]);
CREATE TABLE stay (room int, during tsrange, EXCLUDE USING gist (room WITH =, during WITH &&));
CREATE INDEX person_traits ON person USING gin (traits);
INSERT INTO person VALUES ('A@example.org', 'a=>1, "b c"=>NULL', '{X,y}'), ('b@example.org', '', NULL);
INSERT INTO stay VALUES (1, '[2024-01-01,2024-01-02)'), (1, '[2024-01-02,2024-01-03)'), (2, '[2024-01-01,2024-01-03)');
