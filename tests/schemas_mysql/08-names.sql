-- Reserved words, capitals, blanks, marks of every kind, and a very long name.
CREATE TABLE `order` (
  `key` INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  `group` VARCHAR(10) NOT NULL,
  `Two Words` INT NOT NULL DEFAULT 3,
  `say "hi"` VARCHAR(20),
  `tick``ed` INT,
  `größe` DECIMAL(5, 1),
  `a.b` DATE,
  `100%` INT,
  CONSTRAINT `the check` CHECK (`Two Words` > 0 AND `group` <> 'none'),
  UNIQUE KEY `the key` (`group`, `tick``ed`)
);
INSERT INTO `order` (`group`, `Two Words`, `say "hi"`, `tick``ed`, `größe`, `a.b`, `100%`)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 79)
SELECT elt(i % 4 + 1, 'north', 'east', 'south', 'west'), i % 7 + 1, elt(i % 3 + 1, 'hi', 'it''s', NULL), i, i / 2,
       date_add('2024-01-01', INTERVAL i DAY), i % 100 FROM n;
CREATE TABLE `Select` (
  `from` INT NOT NULL,
  `where` INT NOT NULL,
  a_name_that_is_as_long_as_a_name_may_be_in_any_of_the_databases INT,
  PRIMARY KEY (`from`, `where`),
  CONSTRAINT `to "order"` FOREIGN KEY (`from`) REFERENCES `order` (`key`)
) COMMENT = 'it''s a "comment"';
INSERT INTO `Select`
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 119) SELECT i % 60 + 1, i DIV 60, i FROM n;
