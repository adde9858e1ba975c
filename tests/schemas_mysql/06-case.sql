-- UNIQUE that ignores case, accents and trailing blanks; one that does not; a key that spells its parent differently.
CREATE TABLE member (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  login VARCHAR(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL UNIQUE,
  email VARCHAR(80) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NOT NULL UNIQUE,
  token VARCHAR(12) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NOT NULL UNIQUE,
  full_name VARCHAR(60) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci UNIQUE,
  secret CHAR(6) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL UNIQUE,
  old VARCHAR(20) CHARACTER SET latin1
);
INSERT INTO member (login, email, token, full_name, secret, old)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 399)
SELECT concat(elt(i % 3 + 1, 'Anna', 'BERT', 'carl'), i), concat(elt(i % 2 + 1, 'Info', 'sales'), i, '@Example.com'),
       concat(char(65 + i % 26 USING ascii), char(97 + i DIV 26 USING ascii), lower(hex(i * 7919 % 65536)), 'xY'),
       concat(elt(i % 5 + 1, 'José', 'Anna', 'Zoë', 'Max', 'Ida'), ' ', elt(i % 7 + 1, 'Müller', 'Smith', 'Łuk', 'Ng',
              'Brown', 'White', 'Weiß'), if(i < 35, '', concat(' ', i))),
       concat(char(97 + i % 2 * -32 + i DIV 2 % 26 USING ascii), lpad(i, 3, '0'), 'zQ'), 'façade' FROM n;
CREATE TABLE visit (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  login VARCHAR(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL,
  FOREIGN KEY (login) REFERENCES member (login)
);
INSERT INTO visit (login) SELECT upper(login) FROM member WHERE id % 3 > 0;
INSERT INTO visit (login) SELECT login FROM member WHERE id % 4 = 0;
CREATE TABLE pair (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  area VARCHAR(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL,
  number INT NOT NULL,
  UNIQUE KEY (area, number)
);
INSERT INTO pair (area, number)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 299)
SELECT elt(i % 3 * 2 + (i DIV 3) % 2 + 1, 'North', 'NORTH', 'south', 'South', 'east', 'East'), i DIV 3 FROM n;
