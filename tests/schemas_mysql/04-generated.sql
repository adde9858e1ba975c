-- Columns that the server computes, stored and not, one of them unique, one with an index.
CREATE TABLE line (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  quantity INT NOT NULL,
  price DECIMAL(8, 2) NOT NULL,
  total DECIMAL(12, 2) GENERATED ALWAYS AS (quantity * price) STORED,
  label VARCHAR(40) NOT NULL,
  shout VARCHAR(40) GENERATED ALWAYS AS (upper(label)) VIRTUAL,
  code VARCHAR(60) GENERATED ALWAYS AS (concat(label, '-', quantity)) STORED,
  detail JSON NOT NULL,
  colour VARCHAR(20) GENERATED ALWAYS AS (json_unquote(json_extract(detail, '$.colour'))) VIRTUAL,
  KEY by_total (total)
);
INSERT INTO line (quantity, price, label, detail)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 90)
SELECT i % 9 + 1, i * 0.5, concat('item ', elt(i % 4 + 1, 'red', 'green', 'blue', 'grey')),
       json_object('colour', elt(i % 3 + 1, 'red', 'green', 'blue'), 'size', i % 5) FROM n;
