-- Several schemas with equal table names, mixed case, reserved words, quotes, spaces, and a name of 63 bytes.
CREATE SCHEMA "Sales Dept";
CREATE SCHEMA archive;
CREATE TABLE "Sales Dept"."Order" ("Order" int PRIMARY KEY, "select" text, "a ""quoted"" one" text, "Größe" int);
CREATE TABLE archive."Order" (id int PRIMARY KEY, "Order" int REFERENCES "Sales Dept"."Order");
CREATE TABLE public."user" (id int PRIMARY KEY, "table" int REFERENCES archive."Order");
CREATE TABLE public."Typ; Type: TABLE; Schema: x" (id int PRIMARY KEY, "semi;colon" text);
CREATE TABLE public.a23456789_123456789_123456789_123456789_123456789_123456789_abc (id serial PRIMARY KEY, "%s" int);
CREATE INDEX "Index On" ON "Sales Dept"."Order" ("Größe");
CREATE UNIQUE INDEX ON "Sales Dept"."Order" ("a ""quoted"" one");
INSERT INTO "Sales Dept"."Order" VALUES (1, 'x', 'y', 3), (2, 'x', 'z', 4);
INSERT INTO archive."Order" VALUES (1, 2), (2, NULL);
INSERT INTO public."user" VALUES (1, 1);
INSERT INTO public."Typ; Type: TABLE; Schema: x" VALUES (1, 'a;b');
INSERT INTO a23456789_123456789_123456789_123456789_123456789_123456789_abc ("%s") VALUES (5);
