-- Checks that hold under a condition: if shipped then a date, one of three, both or neither, per kind its own fields.
CREATE TABLE shipment (
    id serial PRIMARY KEY,
    status text NOT NULL CHECK (status IN ('new', 'sent', 'received', 'lost')),
    sent_at timestamptz, received_at timestamptz, reason text,
    method text NOT NULL, card text, iban text, voucher int,
    gift boolean NOT NULL, greeting text,
    latitude numeric(8, 5), longitude numeric(8, 5),
    weight numeric(8, 2) NOT NULL, express boolean NOT NULL,
    CONSTRAINT sent CHECK (status = 'new' OR sent_at IS NOT NULL),
    CONSTRAINT not_sent CHECK (NOT (status = 'new' AND sent_at IS NOT NULL)),
    CONSTRAINT received CHECK ((status = 'received') = (received_at IS NOT NULL)),
    CONSTRAINT in_order CHECK (received_at IS NULL OR received_at > sent_at),
    CONSTRAINT lost_why CHECK (CASE WHEN status = 'lost' THEN reason IS NOT NULL ELSE reason IS NULL END),
    CONSTRAINT one_payment CHECK (num_nonnulls(card, iban, voucher) = 1),
    CONSTRAINT payment CHECK ((method = 'card' AND card IS NOT NULL) OR (method = 'bank' AND iban IS NOT NULL) OR (method = 'voucher' AND voucher IS NOT NULL)),
    CONSTRAINT greeted CHECK (gift OR greeting IS NULL),
    CONSTRAINT both_or_neither CHECK ((latitude IS NULL) = (longitude IS NULL)),
    CONSTRAINT express_is_light CHECK (NOT express OR weight < 20)
);
INSERT INTO shipment (status, sent_at, received_at, reason, method, card, iban, voucher, gift, greeting, latitude, longitude, weight, express)
SELECT s, CASE WHEN s <> 'new' THEN timestamptz '2024-01-01 00:00+00' + n * interval '3 hours' END,
    CASE WHEN s = 'received' THEN timestamptz '2024-01-03 00:00+00' + n * interval '3 hours' END, CASE WHEN s = 'lost' THEN 'reason ' || n % 3 END,
    m, CASE m WHEN 'card' THEN '4111 **** ' || n % 7 END, CASE m WHEN 'bank' THEN 'AT61190430023457' || lpad(n::text, 4, '0') END, CASE m WHEN 'voucher' THEN n END,
    n % 5 = 0, CASE WHEN n % 10 = 0 THEN 'Happy birthday' END, CASE WHEN n % 3 = 0 THEN 48.1 + n / 1000.0 END, CASE WHEN n % 3 = 0 THEN 16.3 + n / 1000.0 END,
    CASE WHEN n % 4 = 0 THEN n % 19 ELSE n % 90 END, n % 4 = 0
FROM (SELECT n, (ARRAY['new', 'sent', 'received', 'received', 'lost'])[n % 5 + 1] s, (ARRAY['card', 'bank', 'voucher'])[n % 3 + 1] m FROM generate_series(1, 240) n) x;
