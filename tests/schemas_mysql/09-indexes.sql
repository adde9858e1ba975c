-- Uniqueness of a prefix, full text, hidden order, several indexes over one column.
CREATE TABLE page (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  slug VARCHAR(120) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  path TEXT NOT NULL,
  body TEXT,
  views INT NOT NULL,
  UNIQUE KEY slug_start (slug(40)),
  KEY path_start (path(20), views),
  KEY by_views (views DESC),
  FULLTEXT KEY words (body)
);
INSERT INTO page (slug, path, body, views)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99)
SELECT concat('page-', lpad(i, 5, '0'), '-', elt(i % 3 + 1, 'red', 'green', 'blue')),
       concat('/', elt(i % 4 + 1, 'a', 'b', 'c', 'd'), '/', i), 'some words that many pages share', i * 13 % 1000 FROM n;
