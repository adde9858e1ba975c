-- Domains over arrays, arrays of domains, and checks on what an array holds.
CREATE DOMAIN percent AS numeric(5, 2) CHECK (VALUE >= 0 AND VALUE <= 100);
CREATE DOMAIN weekdays AS int[] CHECK (VALUE <@ ARRAY[1, 2, 3, 4, 5, 6, 7] AND cardinality(VALUE) BETWEEN 1 AND 7);
CREATE DOMAIN rgb AS smallint[] NOT NULL CHECK (array_length(VALUE, 1) = 3 AND 0 <= ALL (VALUE) AND 255 >= ALL (VALUE));
CREATE DOMAIN tag AS varchar(20) CHECK (VALUE = lower(VALUE));
CREATE TABLE course (
    id serial PRIMARY KEY,
    runs_on weekdays NOT NULL,
    colour rgb,
    shares percent[],
    tags tag[] NOT NULL DEFAULT '{}',
    scores int[] CHECK (array_position(scores, NULL) IS NULL),
    CHECK (cardinality(tags) <= 4)
);
INSERT INTO course (runs_on, colour, shares, tags, scores)
SELECT CASE n % 3 WHEN 0 THEN '{1,3,5}'::int[] WHEN 1 THEN '{2,4}' ELSE '{6}' END, ARRAY[n % 256, (n * 3) % 256, 255 - n],
    CASE WHEN n % 4 > 0 THEN ARRAY[n / 2.0, 100 - n / 2.0] END, (ARRAY['math', 'art', 'sport', 'music'])[1:n % 5],
    ARRAY[n % 10, n % 7]
FROM generate_series(1, 100) n;
--? SELECT bool_and(runs_on <@ ARRAY[1, 2, 3, 4, 5, 6, 7]) FROM course
