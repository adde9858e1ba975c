-- Legacy inheritance: a child's rows are seen in the parent, but belong to the child.
CREATE TABLE city (id int PRIMARY KEY, name text NOT NULL, people int CHECK (people >= 0));
CREATE TABLE capital (country text NOT NULL) INHERITS (city);
CREATE TABLE outpost (LIKE city, founded date) INHERITS (city);
INSERT INTO city VALUES (1, 'Ghent', 260000), (2, 'Graz', 290000);
INSERT INTO capital VALUES (3, 'Vienna', 1900000, 'AT'), (4, 'Brussels', 1200000, 'BE');
INSERT INTO outpost VALUES (5, 'Base', 10, '2001-01-01');
