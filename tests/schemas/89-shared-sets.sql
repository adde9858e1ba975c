-- Unique sets that share columns with each other, with predicates, with keys; bounds of time exactly at their ends.
CREATE TABLE person (id bigserial PRIMARY KEY, label varchar(50), UNIQUE (id, label));
CREATE TABLE purchase (
    tenant_id int NOT NULL, id int NOT NULL, on_day date NOT NULL, price numeric(10, 2), person_id bigint REFERENCES person,
    made_at timestamptz NOT NULL CHECK (made_at BETWEEN '2015-01-01 05:30:00+05:30' AND '2020-06-01 00:00:00+00'),
    PRIMARY KEY (tenant_id, id), UNIQUE (on_day, id)
);
CREATE UNIQUE INDEX purchase_price ON purchase (price) WHERE person_id IS NOT NULL;
CREATE TABLE line (purchase_day date NOT NULL, purchase_id int NOT NULL, nr int NOT NULL, batch int NOT NULL, UNIQUE (purchase_day, purchase_id, nr), UNIQUE (nr, batch),
    FOREIGN KEY (purchase_day, purchase_id) REFERENCES purchase (on_day, id));
INSERT INTO person (label) SELECT 'label ' || n % 4 FROM generate_series(1, 12) n;
INSERT INTO purchase SELECT 2 + n % 2, 5 + n / 2, date '2020-01-01' + n % 3, n % 6 + 0.5, CASE WHEN n < 6 THEN 1 + n END, timestamptz '2015-01-01 00:00:00+00' + (n / 8) * interval '1 day' FROM generate_series(0, 15) n WHERE n % 3 <> 2 OR n > 2;
INSERT INTO line SELECT on_day, id, n, 10 * id + extract(day FROM on_day)::int FROM purchase, generate_series(1, 3) n;
