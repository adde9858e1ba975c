-- Every width of integer, signed and not; keys that number themselves; a tinyint(1) that is no truth.
CREATE TABLE account (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  tiny TINYINT UNSIGNED NOT NULL,
  small SMALLINT,
  medium MEDIUMINT UNSIGNED,
  whole INT UNSIGNED NOT NULL,
  big BIGINT,
  huge BIGINT UNSIGNED NOT NULL,
  is_open TINYINT(1) NOT NULL DEFAULT 1,
  stars TINYINT(1),
  padded INT(6) UNSIGNED ZEROFILL,
  price DECIMAL(10, 2) UNSIGNED NOT NULL,
  share DECIMAL(30, 20),
  ratio FLOAT,
  precise DOUBLE
) AUTO_INCREMENT = 1000;
INSERT INTO account (tiny, small, medium, whole, big, huge, is_open, stars, padded, price, share, ratio, precise)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 80)
SELECT i % 256, i * -7, i * 1000, 4294967295 - i, -9000000000000000000 + i, 18446744073709551000 + i, i % 2, i % 6, i,
       i * 1.25, i / 7, i / 3, i * 1e10 FROM n;
CREATE TABLE movement (
  account_id BIGINT UNSIGNED NOT NULL,
  number SMALLINT UNSIGNED NOT NULL,
  amount DECIMAL(12, 4) NOT NULL,
  PRIMARY KEY (account_id, number),
  FOREIGN KEY (account_id) REFERENCES account (id)
);
INSERT INTO movement
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 159)
SELECT 1000 + i DIV 2, i % 2 + 1, (i - 70) * 3.3333 FROM n;
CREATE TABLE vacant (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, label VARCHAR(20));
