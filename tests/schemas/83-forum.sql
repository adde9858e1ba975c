-- A forum as Rails applications build them: shadow columns in lower case, soft deletion, either-or keys, nullable names.
CREATE TABLE users (
    id serial PRIMARY KEY, username varchar(60) NOT NULL, username_lower varchar(60) NOT NULL UNIQUE, trust_level int NOT NULL, created_at timestamp NOT NULL, last_seen_at timestamp,
    CHECK (username_lower = lower(username))
);
CREATE TABLE categories (id serial PRIMARY KEY, name varchar(50) NOT NULL, slug varchar NOT NULL, parent_category_id int REFERENCES categories);
CREATE UNIQUE INDEX categories_name ON categories (coalesce(parent_category_id, -1), lower(name));
CREATE UNIQUE INDEX categories_slug ON categories (coalesce(parent_category_id, -1), lower(slug)) WHERE slug <> '';
CREATE TABLE topics (
    id serial PRIMARY KEY, title varchar NOT NULL, user_id int REFERENCES users, category_id int REFERENCES categories, archetype varchar NOT NULL DEFAULT 'regular', deleted_at timestamp,
    CHECK (category_id IS NOT NULL OR archetype <> 'regular'), CHECK (category_id IS NULL OR archetype <> 'private_message')
);
CREATE TABLE posts (id serial PRIMARY KEY, user_id int REFERENCES users, topic_id int NOT NULL REFERENCES topics, post_number int NOT NULL, UNIQUE (topic_id, post_number));
CREATE TABLE post_actions (id serial PRIMARY KEY, post_id int NOT NULL REFERENCES posts, user_id int NOT NULL REFERENCES users, kind int NOT NULL, deleted_at timestamp);
CREATE UNIQUE INDEX actions_unique ON post_actions (user_id, kind, post_id) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX flags_unique ON post_actions (user_id, post_id) WHERE deleted_at IS NULL AND kind IN (3, 4, 7, 8);
INSERT INTO users (username, username_lower, trust_level, created_at, last_seen_at) SELECT 'User' || n, 'user' || n, n % 5, timestamp '2020-01-01' + n * interval '9 hours', CASE WHEN n % 4 > 0 THEN timestamp '2020-01-04' + n * interval '9 hours' END FROM generate_series(1, 150) n;
INSERT INTO categories (name, slug, parent_category_id) SELECT 'Cat ' || n, CASE WHEN n % 6 > 0 THEN 'cat-' || n ELSE '' END, CASE WHEN n > 6 THEN n % 6 + 1 END FROM generate_series(1, 30) n;
INSERT INTO topics (title, user_id, category_id, archetype, deleted_at) SELECT 'Topic about ' || n, n % 150 + 1, CASE WHEN n % 7 > 0 THEN n % 30 + 1 END, CASE WHEN n % 7 > 0 THEN 'regular' ELSE 'private_message' END, CASE WHEN n % 20 = 0 THEN timestamp '2022-01-01' END FROM generate_series(1, 200) n;
INSERT INTO posts (user_id, topic_id, post_number) SELECT (t.id * p) % 150 + 1, t.id, p FROM topics t, generate_series(1, 5) p WHERE p <= t.id % 5 + 1;
INSERT INTO post_actions (post_id, user_id, kind, deleted_at) SELECT id, (id * 7) % 150 + 1, CASE WHEN id % 5 = 0 THEN 3 ELSE 2 END, CASE WHEN id % 9 = 0 THEN timestamp '2021-01-01' END FROM posts;
--? SELECT count(DISTINCT username) > 100 FROM users
