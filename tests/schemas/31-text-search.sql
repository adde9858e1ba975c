-- Search vectors: generated, kept by a trigger, and plain; queries; a configuration of our own.
CREATE TEXT SEARCH CONFIGURATION plain_english (COPY = pg_catalog.english);
CREATE TABLE article (
    id serial PRIMARY KEY, title varchar(80) NOT NULL, body text,
    search tsvector GENERATED ALWAYS AS (setweight(to_tsvector('pg_catalog.english', title), 'A') || to_tsvector('pg_catalog.english', coalesce(body, ''))) STORED,
    kept tsvector, watch tsquery
);
CREATE INDEX article_search ON article USING gin (search);
CREATE TRIGGER article_kept BEFORE INSERT OR UPDATE ON article FOR EACH ROW
EXECUTE FUNCTION tsvector_update_trigger(kept, 'pg_catalog.english', title, body);
INSERT INTO article (title, body, watch)
SELECT (ARRAY['The quick fox', 'A lazy dog', 'Of mice and men'])[n % 3 + 1], CASE WHEN n % 4 > 0 THEN 'It was the best of times number ' || n END,
    CASE WHEN n % 2 = 0 THEN to_tsquery('english', 'fox & !dog') END
FROM generate_series(1, 60) n;
--? SELECT count(*) > 0 FROM article WHERE search @@ to_tsquery('english', 'fox | dog | mice')
