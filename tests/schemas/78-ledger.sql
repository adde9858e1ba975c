-- Double entry: every check of a real ledger at once (sides, signs, currencies, periods, sums of columns).
CREATE TYPE side AS ENUM ('debit', 'credit');
CREATE TABLE account (code varchar(6) PRIMARY KEY CHECK (code ~ '^[1-9][0-9]{3,5}$'), name text NOT NULL, parent varchar(6) REFERENCES account, normal side NOT NULL);
CREATE TABLE journal (id serial PRIMARY KEY, booked date NOT NULL, period char(7) NOT NULL CHECK (period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'), text varchar(60) NOT NULL CHECK (length(text) >= 3), reverses int UNIQUE REFERENCES journal, CHECK (reverses < id));
CREATE TABLE posting (
    journal_id int REFERENCES journal ON DELETE CASCADE, line smallint CHECK (line > 0), account_code varchar(6) NOT NULL REFERENCES account,
    debit numeric(12, 2) NOT NULL DEFAULT 0 CHECK (debit >= 0), credit numeric(12, 2) NOT NULL DEFAULT 0 CHECK (credit >= 0),
    currency char(3) NOT NULL CHECK (currency IN ('EUR', 'USD', 'CHF')), rate numeric(10, 6) NOT NULL CHECK (rate > 0),
    PRIMARY KEY (journal_id, line), CONSTRAINT one_side CHECK ((debit = 0) <> (credit = 0)), CONSTRAINT euro_rate CHECK (currency <> 'EUR' OR rate = 1)
);
INSERT INTO account SELECT (1000 + n * 10)::text, 'Account ' || n, CASE WHEN n > 5 THEN (1000 + n / 5 * 10)::text END, (ARRAY['debit', 'credit'])[n % 2 + 1]::side FROM generate_series(1, 40) n;
INSERT INTO journal (booked, period, text, reverses) SELECT date '2024-01-01' + n * 3, to_char(date '2024-01-01' + n * 3, 'YYYY-MM'), 'Booking ' || n % 10, CASE WHEN n % 15 = 0 THEN n - 1 END FROM generate_series(1, 100) n;
INSERT INTO posting SELECT id, l, (1000 + (id + l * 7) % 40 * 10 + 10)::text, CASE l WHEN 1 THEN id * 10 ELSE 0 END, CASE l WHEN 2 THEN id * 10 ELSE 0 END, c, CASE c WHEN 'EUR' THEN 1 WHEN 'USD' THEN 0.92 ELSE 1.05 END
FROM journal, generate_series(1, 2) l, LATERAL (SELECT (ARRAY['EUR', 'EUR', 'USD', 'CHF'])[id % 4 + 1] c) x;
