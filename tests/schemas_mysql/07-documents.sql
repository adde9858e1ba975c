-- JSON, bits, binary keys, blobs, points.
CREATE TABLE device (
  id BINARY(16) NOT NULL PRIMARY KEY,
  settings JSON,
  flags BIT(6) NOT NULL DEFAULT b'101',
  is_on BIT(1) NOT NULL DEFAULT b'0',
  mac VARBINARY(12) UNIQUE,
  picture BLOB,
  place POINT,
  notes MEDIUMTEXT
);
INSERT INTO device
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 89)
SELECT unhex(md5(i)), if(i % 8 = 0, NULL, json_object('on', i % 2 = 0, 'volume', i % 11, 'tags', json_array('a', i % 3))),
       i % 64, i % 2, unhex(left(sha1(i), 12)), unhex(sha1(i)), ST_GeomFromText(concat('POINT(', i % 9, ' ', i / 4, ')')),
       if(i % 3 = 0, 'a "quoted" \\ text', concat('line one\nline two, ', i)) FROM n;
CREATE TABLE reading (
  device BINARY(16) NOT NULL,
  at DATETIME(3) NOT NULL,
  value DOUBLE,
  PRIMARY KEY (device, at),
  FOREIGN KEY (device) REFERENCES device (id)
);
INSERT INTO reading SELECT d.id, date_add('2024-01-01', INTERVAL n.i HOUR), n.i * 1.5
FROM device d JOIN (SELECT 1 AS i UNION SELECT 2 UNION SELECT 3) n;
