-- Keys that are no small numbers: ids beyond 2^53 that differ in the last digit, UUIDs, texts, several at once.
CREATE TABLE account (id bigint PRIMARY KEY, handle text NOT NULL UNIQUE, joined timestamptz NOT NULL);
CREATE TABLE post (
    id bigint PRIMARY KEY, account_id bigint NOT NULL REFERENCES account, reply_to bigint REFERENCES post,
    likes bigint NOT NULL, posted timestamptz NOT NULL
);
CREATE TABLE device (id uuid PRIMARY KEY, serial varchar(20) NOT NULL UNIQUE, account_id bigint REFERENCES account);
CREATE TABLE reading (
    device_id uuid REFERENCES device, at timestamptz, serial varchar(20) REFERENCES device (serial), value numeric(20, 6),
    PRIMARY KEY (device_id, at)
);
INSERT INTO account
SELECT 1150000000000000000 + n, 'user-' || n * 37, timestamptz '2024-01-01 00:00+00' + n * interval '7 hours'
FROM generate_series(1, 200) n;
INSERT INTO post
SELECT 9007199254740993 + n, 1150000000000000001 + (n * n) % 150, CASE WHEN n > 20 AND n % 3 = 0 THEN 9007199254740993 + n / 2 END,
    (n * 7919) % 1000, timestamptz '2024-03-01 00:00+00' + n * interval '11 minutes'
FROM generate_series(1, 1500) n;
INSERT INTO device
SELECT md5('device' || n)::uuid, 'SN' || lpad((n * 7919 % 1000000)::text, 8, '0'), CASE WHEN n % 4 > 0 THEN 1150000000000000000 + n END
FROM generate_series(1, 120) n;
INSERT INTO reading
SELECT id, timestamptz '2024-06-01 00:00+00' + n * interval '15 minutes', serial, 20 + (n * 31 % 97) / 10.0
FROM device, generate_series(1, 12) n;
