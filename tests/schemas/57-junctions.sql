-- Junctions: with attributes, with a date in the key, between three tables, with an id and a UNIQUE, nearly full.
CREATE TABLE student (id serial PRIMARY KEY, name text NOT NULL);
CREATE TABLE course (id serial PRIMARY KEY, title text NOT NULL);
CREATE TABLE teacher (id serial PRIMARY KEY, name text NOT NULL);
CREATE TABLE enrolment (student_id int REFERENCES student, course_id int REFERENCES course, enrolled date NOT NULL, grade numeric(3, 1) CHECK (grade BETWEEN 1 AND 5), PRIMARY KEY (student_id, course_id));
CREATE TABLE lesson (course_id int REFERENCES course, teacher_id int REFERENCES teacher, student_id int REFERENCES student, minutes int NOT NULL, PRIMARY KEY (course_id, teacher_id, student_id));
CREATE TABLE presence (student_id int REFERENCES student, day date, here boolean NOT NULL, PRIMARY KEY (student_id, day));
CREATE TABLE teaches (id serial PRIMARY KEY, teacher_id int NOT NULL REFERENCES teacher, course_id int NOT NULL REFERENCES course, role text NOT NULL CHECK (role IN ('lead', 'aide')), UNIQUE (teacher_id, course_id, role));
CREATE TABLE likes (student_id int REFERENCES student, course_id int REFERENCES course, PRIMARY KEY (student_id, course_id));
INSERT INTO student (name) SELECT 'Student ' || n FROM generate_series(1, 40) n;
INSERT INTO course (title) SELECT 'Course ' || n FROM generate_series(1, 12) n;
INSERT INTO teacher (name) SELECT 'Teacher ' || n FROM generate_series(1, 6) n;
INSERT INTO enrolment SELECT s, c, date '2024-01-01' + (s + c) % 60, CASE WHEN (s + c) % 4 > 0 THEN 1 + (s * c) % 5 * 0.9 END FROM generate_series(1, 40) s, generate_series(1, 12) c WHERE (s * c) % 3 = 0;
INSERT INTO lesson SELECT c, t, s, 45 FROM generate_series(1, 12) c, generate_series(1, 6) t, generate_series(1, 40) s WHERE (c + t * 2 + s * 3) % 11 = 0;
INSERT INTO presence SELECT s, date '2024-03-01' + d, (s + d) % 9 > 0 FROM generate_series(1, 40) s, generate_series(1, 5) d;
INSERT INTO teaches (teacher_id, course_id, role) SELECT t, c, r FROM generate_series(1, 6) t, generate_series(1, 12) c, unnest(ARRAY['lead', 'aide']) r WHERE (t + c) % 3 = 0;
INSERT INTO likes SELECT s, c FROM generate_series(1, 40) s, generate_series(1, 12) c WHERE (s + c) % 10 > 0;
