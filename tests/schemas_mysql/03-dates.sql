-- Zero dates, dates without a day, years, times of more than a day, seconds with a fraction, a stamp that sets itself.
SET SESSION sql_mode = '';
CREATE TABLE shift (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  day DATE NOT NULL DEFAULT '0000-00-00',
  paid DATE,
  started DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
  exact DATETIME(6),
  stamped TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  season YEAR,
  opens TIME NOT NULL,
  worked TIME(3),
  CHECK (opens < '24:00:00')
);
INSERT INTO shift (day, paid, started, exact, stamped, season, opens, worked)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99)
SELECT if(i % 5 = 0, '0000-00-00', date_add('2024-01-01', INTERVAL i DAY)),
       if(i % 7 = 0, NULL, concat('2023-', lpad(i % 12, 2, '0'), '-00')),
       date_add('2024-01-01 08:00:00', INTERVAL i HOUR), date_add('2024-01-01', INTERVAL i * 1234567 MICROSECOND),
       date_add('2024-02-01', INTERVAL i MINUTE), if(i % 9 = 0, 0, 1990 + i % 30), sec_to_time(i * 600),
       sec_to_time(i * 6000 - 90000)
FROM n;
