-- Names of 63 bytes, two of which differ in the last byte only, also where bytes are not letters.
CREATE TABLE customer_relationship_management_contact_preference_historyaaaa (
    customer_relationship_management_contact_preference_historya_id int PRIMARY KEY,
    the_date_and_time_at_which_this_preference_was_last_changed_onx date NOT NULL,
    the_date_and_time_at_which_this_preference_was_last_changed_ony date,
    CONSTRAINT the_date_and_time_at_which_this_preference_was_last_changed_chk
        CHECK (the_date_and_time_at_which_this_preference_was_last_changed_ony
            >= the_date_and_time_at_which_this_preference_was_last_changed_onx)
);
CREATE TABLE customer_relationship_management_contact_preference_historyaaab (
    id serial PRIMARY KEY,
    ref int NOT NULL,
    CONSTRAINT customer_relationship_management_contact_preference_history_fk_
        FOREIGN KEY (ref) REFERENCES customer_relationship_management_contact_preference_historyaaaa
);
CREATE TABLE "ÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄ" (id serial PRIMARY KEY, "öööööööööööööööööööööööööööööööx" text NOT NULL UNIQUE);
INSERT INTO customer_relationship_management_contact_preference_historyaaaa
SELECT n, date '2024-01-01' + n, CASE WHEN n % 4 > 0 THEN date '2024-01-01' + n + n % 20 END FROM generate_series(1, 60) n;
INSERT INTO customer_relationship_management_contact_preference_historyaaab (ref) SELECT n % 60 + 1 FROM generate_series(1, 90) n;
INSERT INTO "ÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄ" ("öööööööööööööööööööööööööööööööx") SELECT 'Wert ' || n FROM generate_series(1, 30) n;
