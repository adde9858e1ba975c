-- Polymorphic pairs of type and id, without a key and with one key for each type of which exactly one is filled.
CREATE TABLE photo (id serial PRIMARY KEY, caption text);
CREATE TABLE video (id serial PRIMARY KEY, seconds int NOT NULL);
CREATE TABLE remark (id serial PRIMARY KEY, thing_type text NOT NULL CHECK (thing_type IN ('photo', 'video')), thing_id int NOT NULL, body text NOT NULL);
CREATE INDEX remark_thing ON remark (thing_type, thing_id);
CREATE TABLE rating (
    id serial PRIMARY KEY, photo_id int REFERENCES photo, video_id int REFERENCES video, stars int NOT NULL CHECK (stars BETWEEN 1 AND 5),
    CONSTRAINT exactly_one CHECK (num_nonnulls(photo_id, video_id) = 1)
);
CREATE TABLE bookmark (
    id serial PRIMARY KEY, photo_id int REFERENCES photo, video_id int REFERENCES video,
    CONSTRAINT exclusive_arc CHECK ((photo_id IS NOT NULL)::int + (video_id IS NOT NULL)::int = 1)
);
INSERT INTO photo (caption) SELECT 'Photo ' || n % 7 FROM generate_series(1, 40) n;
INSERT INTO video (seconds) SELECT n * 10 FROM generate_series(1, 25) n;
INSERT INTO remark (thing_type, thing_id, body) SELECT t, CASE t WHEN 'photo' THEN n % 40 + 1 ELSE n % 25 + 1 END, 'Remark ' || n % 9 FROM generate_series(1, 100) n, unnest(ARRAY['photo', 'video']) t;
INSERT INTO rating (photo_id, video_id, stars) SELECT CASE WHEN n % 3 > 0 THEN n % 40 + 1 END, CASE WHEN n % 3 = 0 THEN n % 25 + 1 END, n % 5 + 1 FROM generate_series(1, 150) n;
INSERT INTO bookmark (photo_id, video_id) SELECT CASE WHEN n % 2 > 0 THEN n % 40 + 1 END, CASE WHEN n % 2 = 0 THEN n % 25 + 1 END FROM generate_series(1, 80) n;
