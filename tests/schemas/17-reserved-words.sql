-- Reserved words as the names of tables, columns, constraints and types.
CREATE TYPE "check" AS ENUM ('on', 'off');
CREATE TABLE "select" ("from" int PRIMARY KEY, "where" text NOT NULL, "order" int NOT NULL CHECK ("order" >= 0), "check" "check");
CREATE TABLE "table" (
    "primary" serial PRIMARY KEY, "references" int REFERENCES "select" ("from"), "default" date NOT NULL, "end" date,
    "user" text DEFAULT CURRENT_USER, "not" boolean, "null" int, "limit" int, "offset" int,
    CONSTRAINT "unique" UNIQUE ("references", "default"),
    CONSTRAINT "constraint" CHECK ("end" >= "default"),
    CONSTRAINT "and" CHECK ("limit" IS NULL OR "offset" < "limit")
);
CREATE INDEX "index" ON "table" ("user", "end" DESC);
CREATE TABLE "group" ("all" int, "any" int, "case" text, PRIMARY KEY ("all", "any"), FOREIGN KEY ("all") REFERENCES "table");
INSERT INTO "select" SELECT n, 'word ' || n % 7, n % 10, CASE WHEN n % 3 > 0 THEN 'on' ELSE 'off' END::"check" FROM generate_series(1, 40) n;
INSERT INTO "table" ("references", "default", "end", "not", "limit", "offset")
SELECT n % 40 + 1, date '2024-01-01' + n, date '2024-01-05' + n + n % 9, n % 2 = 0, CASE WHEN n % 4 > 0 THEN 10 + n % 5 END, n % 10
FROM generate_series(1, 120) n;
INSERT INTO "group" SELECT "primary", n, (ARRAY['when', 'then', 'else'])[n] FROM "table", generate_series(1, 3) n WHERE "primary" % 2 = 0;
