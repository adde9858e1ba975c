-- Checks: ranges, lists, between columns, patterns, lengths, conditions.
CREATE TABLE product (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  sku VARCHAR(12) NOT NULL CHECK (sku REGEXP '^[A-Z]{2}-[0-9]{4}$'),
  price DECIMAL(8, 2) NOT NULL CHECK (price BETWEEN 0.5 AND 999),
  sale DECIMAL(8, 2),
  status VARCHAR(10) NOT NULL CHECK (status IN ('new', 'active', 'gone')),
  first_day DATE NOT NULL,
  last_day DATE,
  country CHAR(2) CHECK (char_length(country) = 2),
  weight INT CHECK (weight IS NULL OR weight > 0),
  CONSTRAINT sale_below CHECK (sale IS NULL OR sale < price),
  CONSTRAINT days_in_order CHECK (last_day >= first_day),
  CONSTRAINT gone_has_end CHECK (status <> 'gone' OR last_day IS NOT NULL),
  UNIQUE KEY (sku)
);
INSERT INTO product (sku, price, sale, status, first_day, last_day, country, weight)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 149)
SELECT concat(elt(i % 3 + 1, 'AB', 'CD', 'EF'), '-', lpad(i, 4, '0')), 1 + i, if(i % 3 = 0, NULL, i * 0.9),
       elt(i % 3 + 1, 'new', 'active', 'gone'), date_add('2024-01-01', INTERVAL i DAY),
       if(i % 3 = 0, NULL, date_add('2024-01-10', INTERVAL i + i % 5 DAY)), elt(i % 3 + 1, 'DE', 'FR', NULL),
       if(i % 4 = 0, NULL, i) FROM n;
