-- Tables and columns that differ only in their capitals, beside each other, in schemas, in keys, checks and indexes.
CREATE SCHEMA app;
CREATE SCHEMA "App";
CREATE TABLE app.item (id int PRIMARY KEY, "Id" int NOT NULL, "ID" text, note text, UNIQUE ("Id"), CHECK ("Id" > id), CHECK ("ID" <> note));
CREATE TABLE "App".item (id int PRIMARY KEY, item_id int REFERENCES app.item, "Item_id" int REFERENCES app.item ("Id"));
CREATE TABLE "App"."Item" (
    id int PRIMARY KEY REFERENCES "App".item, price numeric(8, 2) NOT NULL, "Price" numeric(8, 2) GENERATED ALWAYS AS (price * 2) STORED
);
CREATE UNIQUE INDEX item_label ON app.item ("ID", "Id") WHERE "Id" > 50;
CREATE INDEX ON "App".item ("Item_id");
INSERT INTO app.item SELECT n, n + 40, 'label ' || n, 'note ' || n % 3 FROM generate_series(1, 60) n;
INSERT INTO "App".item SELECT n, 1 + n % 60, 41 + n % 50 FROM generate_series(1, 90) n;
INSERT INTO "App"."Item" SELECT n, n * 1.25 FROM generate_series(1, 70) n;
