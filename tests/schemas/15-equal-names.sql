-- Four schemas with the same table names, keys between them, and one enum name that means two things.
CREATE SCHEMA sales;
CREATE SCHEMA support;
CREATE SCHEMA archive;
CREATE TYPE sales.state AS ENUM ('new', 'paid', 'shipped');
CREATE TYPE support.state AS ENUM ('open', 'closed');
CREATE TABLE public.customer (id serial PRIMARY KEY, name text NOT NULL);
CREATE TABLE sales.customer (id int PRIMARY KEY REFERENCES public.customer, credit numeric(10, 2) NOT NULL CHECK (credit >= 0));
CREATE TABLE support.customer (id int PRIMARY KEY REFERENCES public.customer ON DELETE CASCADE, language char(2) NOT NULL);
CREATE TABLE sales.ticket (
    id serial PRIMARY KEY, customer_id int NOT NULL REFERENCES sales.customer, state sales.state NOT NULL, total numeric(10, 2)
);
CREATE TABLE support.ticket (
    id serial PRIMARY KEY, customer_id int NOT NULL REFERENCES support.customer, state support.state NOT NULL,
    about int REFERENCES sales.ticket
);
CREATE TABLE archive.ticket (LIKE support.ticket INCLUDING ALL, archived date NOT NULL DEFAULT CURRENT_DATE);
INSERT INTO public.customer (name) SELECT 'Customer ' || n FROM generate_series(1, 60) n;
INSERT INTO sales.customer SELECT id, id * 100 FROM public.customer WHERE id % 3 <> 0;
INSERT INTO support.customer SELECT id, (ARRAY['de', 'en', 'fr'])[id % 3 + 1] FROM public.customer WHERE id % 2 = 0;
INSERT INTO sales.ticket (customer_id, state, total)
SELECT c.id, (ARRAY['new', 'paid', 'shipped'])[(c.id + n) % 3 + 1]::sales.state, 9.5 * n FROM sales.customer c, generate_series(1, 4) n;
INSERT INTO support.ticket (customer_id, state, about)
SELECT c.id, CASE WHEN n = 1 THEN 'open' ELSE 'closed' END::support.state, CASE WHEN n = 1 THEN c.id END
FROM support.customer c, generate_series(1, 2) n;
INSERT INTO archive.ticket SELECT id, customer_id, state, about, date '2024-01-01' + id FROM support.ticket WHERE state = 'closed';
--? SELECT count(*) = 0 FROM archive.ticket WHERE archived IS NULL
