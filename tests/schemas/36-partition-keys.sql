-- Partitions by several columns, by expression, with MINVALUE, with a place for NULL, attached with columns in another order.
CREATE TABLE measurement (
    sensor int NOT NULL, year int NOT NULL, month int NOT NULL CHECK (month BETWEEN 1 AND 12), value numeric(8, 2),
    PRIMARY KEY (sensor, year, month)
) PARTITION BY RANGE (year, month);
CREATE TABLE measurement_old PARTITION OF measurement FOR VALUES FROM (MINVALUE, MINVALUE) TO (2023, 1);
CREATE TABLE measurement_2023 PARTITION OF measurement FOR VALUES FROM (2023, 1) TO (2024, 1);
CREATE TABLE measurement_2024 PARTITION OF measurement FOR VALUES FROM (2024, 1) TO (2024, 7);
CREATE TABLE ticket (id int NOT NULL, region text, opened timestamptz NOT NULL, body text) PARTITION BY LIST (region);
CREATE TABLE ticket_eu PARTITION OF ticket FOR VALUES IN ('de', 'fr', 'it');
CREATE TABLE ticket_none PARTITION OF ticket FOR VALUES IN (NULL, 'unknown');
CREATE TABLE ticket_us (opened timestamptz NOT NULL, region text, body text, extra_dropped int, id int NOT NULL);
ALTER TABLE ticket_us DROP COLUMN extra_dropped;
ALTER TABLE ticket ATTACH PARTITION ticket_us FOR VALUES IN ('us');
CREATE TABLE word (id int NOT NULL, text varchar(20) NOT NULL) PARTITION BY LIST (lower("left"(text, 1)));
CREATE TABLE word_a PARTITION OF word FOR VALUES IN ('a', 'b', 'c');
CREATE TABLE word_rest PARTITION OF word DEFAULT;
INSERT INTO measurement SELECT s, 2022 + m / 12, m % 12 + 1, s * m FROM generate_series(1, 6) s, generate_series(0, 29) m;
INSERT INTO ticket SELECT n, (ARRAY['de', 'fr', 'it', 'us', NULL, 'unknown'])[n % 6 + 1], timestamptz '2024-01-01' + n * interval '1 hour', 'ticket ' || n % 8 FROM generate_series(1, 120) n;
INSERT INTO word SELECT n, (ARRAY['apple', 'Banana', 'cherry', 'date', 'elder'])[n % 5 + 1] FROM generate_series(1, 60) n;
