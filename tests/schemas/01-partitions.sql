-- Range, list and hash partitions, nested ones, a default, and foreign keys from and to partitioned tables.
CREATE TABLE region (code text PRIMARY KEY);
CREATE TABLE event (
    id bigint GENERATED ALWAYS AS IDENTITY,
    happened date NOT NULL,
    region text NOT NULL REFERENCES region,
    amount numeric(10, 2),
    PRIMARY KEY (id, happened, region)
) PARTITION BY RANGE (happened);
CREATE TABLE event_2023 PARTITION OF event FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE event_2024 PARTITION OF event FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY LIST (region);
CREATE TABLE event_2024_eu PARTITION OF event_2024 FOR VALUES IN ('de', 'fr');
CREATE TABLE event_2024_rest PARTITION OF event_2024 DEFAULT;
CREATE INDEX event_amount ON event (amount);
CREATE TABLE note (
    id int PRIMARY KEY,
    event_id bigint,
    event_happened date,
    event_region text,
    body text,
    FOREIGN KEY (event_id, event_happened, event_region) REFERENCES event
);
CREATE TABLE shard (id int PRIMARY KEY, body text) PARTITION BY HASH (id);
CREATE TABLE shard_0 PARTITION OF shard FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE shard_1 PARTITION OF shard FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO region VALUES ('de'), ('fr'), ('us');
INSERT INTO event (happened, region, amount)
SELECT date '2023-06-01' + n * 5, (ARRAY['de', 'fr', 'us'])[n % 3 + 1], n * 1.25 FROM generate_series(1, 100) n;
INSERT INTO note SELECT id, id, happened, region, 'note ' || id FROM event WHERE id % 3 = 0;
INSERT INTO note VALUES (1000, NULL, NULL, NULL, NULL);
INSERT INTO shard SELECT n, 'row ' || n FROM generate_series(1, 20) n;
