-- Composite keys, a tree, a cycle through two tables, a key to UNIQUE columns, every action, two keys to one table.
CREATE TABLE region (country CHAR(2) NOT NULL, code INT NOT NULL, name VARCHAR(40) NOT NULL, PRIMARY KEY (country, code),
  UNIQUE KEY region_name (name));
CREATE TABLE team (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40) NOT NULL, captain INT,
  country CHAR(2), code INT,
  CONSTRAINT team_region FOREIGN KEY (country, code) REFERENCES region (country, code) ON DELETE SET NULL);
CREATE TABLE player (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, team INT NOT NULL, boss INT, region VARCHAR(40),
  CONSTRAINT player_team FOREIGN KEY (team) REFERENCES team (id) ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT player_boss FOREIGN KEY (boss) REFERENCES player (id) ON DELETE SET NULL,
  CONSTRAINT player_region FOREIGN KEY (region) REFERENCES region (name) ON UPDATE CASCADE);
CREATE TABLE played (home INT NOT NULL, away INT NOT NULL, day DATE NOT NULL, PRIMARY KEY (home, away, day),
  CONSTRAINT played_home FOREIGN KEY (home) REFERENCES team (id),
  CONSTRAINT played_away FOREIGN KEY (away) REFERENCES team (id) ON DELETE RESTRICT);
INSERT INTO region
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 11)
SELECT elt(i DIV 4 + 1, 'DE', 'FR', 'IT'), i % 4 + 1, concat('region ', char(65 + i USING ascii)) FROM n;
INSERT INTO team (name, country, code)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 29)
SELECT concat('team ', i), if(i % 6 = 0, NULL, elt(i % 3 + 1, 'DE', 'FR', 'IT')), i % 4 + 1 FROM n;
INSERT INTO player (team, boss, region)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 199)
SELECT i % 30 + 1, if(i < 30, NULL, i - 29), if(i % 5 = 0, NULL, concat('region ', char(65 + i % 12 USING ascii))) FROM n;
UPDATE team SET captain = id + 30 WHERE id % 4 > 0;
ALTER TABLE team ADD CONSTRAINT team_captain FOREIGN KEY (captain) REFERENCES player (id);
INSERT INTO played
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 149)
SELECT i % 30 + 1, (i + 1 + i DIV 30) % 30 + 1, date_add('2024-03-01', INTERVAL i DIV 10 WEEK) FROM n;
