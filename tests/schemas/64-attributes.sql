-- Entity, attribute, value: values in one column of text, in one column for each type, unique per entity and attribute.
CREATE TABLE entity (id serial PRIMARY KEY, kind text NOT NULL);
CREATE TABLE attribute (id serial PRIMARY KEY, name text NOT NULL UNIQUE, type text NOT NULL CHECK (type IN ('int', 'text', 'date')));
CREATE TABLE value (
    entity_id int REFERENCES entity, attribute_id int REFERENCES attribute, as_int int, as_text text, as_date date,
    PRIMARY KEY (entity_id, attribute_id), CHECK (num_nonnulls(as_int, as_text, as_date) <= 1)
);
CREATE TABLE plain_value (id serial PRIMARY KEY, entity_id int NOT NULL REFERENCES entity, name text NOT NULL, value text, UNIQUE (entity_id, name));
INSERT INTO entity (kind) SELECT (ARRAY['car', 'house', 'boat'])[n % 3 + 1] FROM generate_series(1, 50) n;
INSERT INTO attribute (name, type) VALUES ('colour', 'text'), ('rooms', 'int'), ('built', 'date'), ('length', 'int'), ('owner', 'text');
INSERT INTO value SELECT e.id, a.id, CASE a.type WHEN 'int' THEN e.id % 9 END, CASE a.type WHEN 'text' THEN 'text ' || e.id % 6 END, CASE a.type WHEN 'date' THEN date '1990-01-01' + e.id * 31 END
FROM entity e, attribute a WHERE (e.id + a.id) % 3 > 0;
INSERT INTO plain_value (entity_id, name, value) SELECT id, n, CASE n WHEN 'height' THEN (id % 20)::text WHEN 'label' THEN 'label ' || id % 5 END FROM entity, unnest(ARRAY['height', 'label', 'none']) n;
