-- CHECKs that a function must not change its column: the first of a month, capitals, whole hours, one decimal.
CREATE TABLE subscription (
    id serial PRIMARY KEY, period date NOT NULL CHECK (date_trunc('month', period) = period), code text NOT NULL CHECK (code = upper(btrim(code))), amount numeric(8,2) CHECK (amount = round(amount, 1)), at timestamptz CHECK (at = date_trunc('hour', at)));
INSERT INTO subscription (period,code,amount,at) SELECT (date '2015-01-01' + (n%90) * interval '1 month')::date, 'C'||n%30, n/10.0, timestamptz '2024-01-01'+n*interval '3 hours' FROM generate_series(1,200) n;
--? SELECT count(DISTINCT period) > 20 AND count(DISTINCT at) > 50 FROM subscription
