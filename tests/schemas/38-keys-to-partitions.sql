-- Foreign keys to a partitioned table, to it from a partitioned one, and from a partition alone.
CREATE TABLE account (id int PRIMARY KEY, name text NOT NULL) PARTITION BY RANGE (id);
CREATE TABLE account_1 PARTITION OF account FOR VALUES FROM (0) TO (50);
CREATE TABLE account_2 PARTITION OF account FOR VALUES FROM (50) TO (1000);
CREATE TABLE booking (
    account_id int NOT NULL REFERENCES account ON DELETE CASCADE, day date NOT NULL, no int NOT NULL, cents bigint NOT NULL,
    PRIMARY KEY (account_id, day, no)
) PARTITION BY RANGE (day);
CREATE TABLE booking_h1 PARTITION OF booking FOR VALUES FROM ('2024-01-01') TO ('2024-07-01');
CREATE TABLE booking_h2 PARTITION OF booking FOR VALUES FROM ('2024-07-01') TO ('2025-01-01');
CREATE TABLE receipt (
    id serial PRIMARY KEY, account_id int, day date, no int, printed boolean NOT NULL,
    FOREIGN KEY (account_id, day, no) REFERENCES booking MATCH FULL
);
CREATE TABLE parcel (id int NOT NULL, account_id int REFERENCES account, kind char(1) NOT NULL, PRIMARY KEY (id, kind)) PARTITION BY LIST (kind);
CREATE TABLE parcel_a PARTITION OF parcel FOR VALUES IN ('a');
CREATE TABLE parcel_b PARTITION OF parcel FOR VALUES IN ('b');
INSERT INTO account SELECT n * 2, 'Account ' || n FROM generate_series(1, 45) n;
INSERT INTO booking SELECT id, date '2024-01-05' + id * 3 + n * 20, n, id * n * 100 FROM account, generate_series(1, 3) n WHERE id * 3 + n * 20 < 350;
INSERT INTO receipt (account_id, day, no, printed) SELECT account_id, day, no, no = 1 FROM booking WHERE no < 3;
INSERT INTO receipt (printed) SELECT true FROM generate_series(1, 5);
INSERT INTO parcel SELECT n, n % 45 * 2 + 2, (ARRAY['a', 'b'])[n % 2 + 1] FROM generate_series(1, 80) n;
