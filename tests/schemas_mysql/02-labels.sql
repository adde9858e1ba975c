-- ENUM and SET, with quotes in the labels, an empty label, and more labels than have subsets that one could list.
CREATE TABLE ticket (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  state ENUM('open', 'it''s closed', 'won"t fix') NOT NULL DEFAULT 'open',
  mood ENUM('', 'good', 'bad'),
  flags SET('urgent', 'public', 'paid') NOT NULL DEFAULT '',
  days SET('mo', 'tu', 'we', 'th', 'fr', 'sa', 'su', 'h1', 'h2', 'h 3') DEFAULT 'mo,tu',
  UNIQUE KEY one_a_state (state, id)
);
INSERT INTO ticket (state, mood, flags, days)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 119)
SELECT elt(i % 3 + 1, 'open', 'it''s closed', 'won"t fix'), elt(i % 4 + 1, '', 'good', 'bad', NULL),
       elt(i % 4 + 1, '', 'urgent', 'urgent,paid', 'public'), elt(i % 5 + 1, 'mo,tu,we', 'sa,su', NULL, '', 'h 3,mo')
FROM n;
