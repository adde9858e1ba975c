-- Publications: of some tables, of some rows and columns, of a whole schema; a replica identity and a statistics target with them.
CREATE SCHEMA feed;
CREATE TABLE feed.item (id int PRIMARY KEY, title text NOT NULL, secret text, live boolean NOT NULL);
CREATE TABLE feed.price (item_id int PRIMARY KEY REFERENCES feed.item, cents int NOT NULL CHECK (cents >= 0));
CREATE TABLE plain (id int PRIMARY KEY);
CREATE PUBLICATION live_items FOR TABLE feed.item (id, title, live) WHERE (live), plain WITH (publish = 'insert, update', publish_via_partition_root = true);
CREATE PUBLICATION whole_feed FOR TABLES IN SCHEMA feed;
ALTER TABLE feed.price REPLICA IDENTITY FULL;
INSERT INTO feed.item SELECT n, 'Item ' || n % 9, 'secret ' || n, n % 3 > 0 FROM generate_series(1, 60) n;
INSERT INTO feed.price SELECT n, n * 99 FROM generate_series(1, 60) n;
INSERT INTO plain SELECT n FROM generate_series(1, 20) n;
