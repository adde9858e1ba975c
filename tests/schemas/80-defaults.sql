-- Defaults of every sort: functions, casts, arrays, documents, rows of other sequences, and words that look like functions.
CREATE SEQUENCE ticket_no START WITH 100;
CREATE TYPE level AS ENUM ('low', 'high');
CREATE TABLE request (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), no int NOT NULL UNIQUE DEFAULT nextval('ticket_no'), code text NOT NULL DEFAULT 'T-' || currval('ticket_no'),
    level level NOT NULL DEFAULT 'low', tags text[] NOT NULL DEFAULT '{new}', doc jsonb NOT NULL DEFAULT '{"v": 1}', at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    day date NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')::date, due timestamptz NOT NULL DEFAULT now() + interval '14 days', who text NOT NULL DEFAULT session_user,
    token text NOT NULL DEFAULT md5(random()::text), word text NOT NULL DEFAULT 'now()', price numeric(8, 2) NOT NULL DEFAULT 0.0, flag boolean NOT NULL DEFAULT false, raw bytea NOT NULL DEFAULT '\x00'
);
INSERT INTO request (level, at, day) SELECT (ARRAY['low', 'high'])[n % 2 + 1]::level, timestamptz '2024-01-01 00:00+00' + n * interval '1 hour', date '2024-01-01' + n FROM generate_series(1, 70) n;
