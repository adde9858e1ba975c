-- Names and values beyond ASCII: umlauts, Cyrillic, Chinese, Arabic, combining marks and emoji.
CREATE TYPE "состояние" AS ENUM ('новый', 'готово', '完了 ✅');
CREATE TABLE "Straße" ("Schlüssel" serial PRIMARY KEY, "Größe" numeric(6, 2) NOT NULL CHECK ("Größe" > 0), "Maß" text NOT NULL CHECK ("Maß" IN ('groß', 'mäßig', '小さい')));
CREATE TABLE "注文" ("番号" int PRIMARY KEY, "通り" int NOT NULL REFERENCES "Straße", "状態" "состояние" NOT NULL, "メモ" text);
CREATE TABLE "🚀" ("📅" date, "👤" int REFERENCES "注文", "💬" varchar(40), PRIMARY KEY ("👤", "📅"));
INSERT INTO "Straße" ("Größe", "Maß") SELECT n * 1.5, (ARRAY['groß', 'mäßig', '小さい'])[n % 3 + 1] FROM generate_series(1, 45) n;
INSERT INTO "注文" SELECT n, n % 45 + 1, (ARRAY['новый', 'готово', '完了 ✅'])[n % 3 + 1]::"состояние",
    (ARRAY['急ぎです', 'مرحبا بالعالم', E'e\u0301te\u0301', 'Ünïcödé', '👩‍👩‍👧‍👦 family', NULL])[n % 6 + 1]
FROM generate_series(1, 120) n;
INSERT INTO "🚀" SELECT date '2024-01-01' + n, "番号", (ARRAY['👍', '👎', 'naïve', 'Привет'])[("番号" + n) % 4 + 1] FROM "注文", generate_series(1, 2) n WHERE "番号" % 2 = 0;
--? SELECT count(*) > 0 FROM "注文" WHERE "状態" = '完了 ✅'
