-- Checks between columns of one row: order, sums, products, shares that make a hundred, differences, several at once.
CREATE TABLE project (
    id serial PRIMARY KEY,
    opens date NOT NULL, closes date, due date NOT NULL,
    low int NOT NULL, middle int NOT NULL, high int NOT NULL,
    price numeric(10, 2) NOT NULL CHECK (price > 0), discount numeric(10, 2) NOT NULL CHECK (discount >= 0),
    red int NOT NULL, green int NOT NULL, blue int NOT NULL,
    gross numeric(10, 2) NOT NULL, tax numeric(10, 2) NOT NULL, net numeric(10, 2) NOT NULL,
    width int NOT NULL CHECK (width > 0), height int NOT NULL CHECK (height > 0),
    booked timestamptz NOT NULL, done timestamptz,
    home text NOT NULL, away text NOT NULL,
    CHECK (opens <= closes), CHECK (opens < due AND due <= opens + 400),
    CONSTRAINT sorted CHECK (low <= middle AND middle <= high),
    CHECK (discount <= price),
    CONSTRAINT shares CHECK (red + green + blue = 100),
    CONSTRAINT tax_adds_up CHECK (gross = net + tax),
    CONSTRAINT area CHECK (width * height <= 5000),
    CONSTRAINT not_too_long CHECK (done - booked <= interval '30 days' AND done >= booked),
    CONSTRAINT two_teams CHECK (home <> away)
);
INSERT INTO project (opens, closes, due, low, middle, high, price, discount, red, green, blue, gross, tax, net, width, height, booked, done, home, away)
SELECT date '2023-01-01' + n, CASE WHEN n % 4 > 0 THEN date '2023-01-01' + n + n % 50 END, date '2023-02-01' + n + n % 100, n % 20, n % 20 + n % 7, n % 20 + n % 7 + n % 5,
    20 + n, n % 15, n % 50, n % 30, 100 - n % 50 - n % 30, n * 12, n * 2, n * 10, n % 50 + 1, (n * 3) % 90 + 1,
    timestamptz '2023-01-01 08:00+00' + n * interval '5 hours', CASE WHEN n % 3 > 0 THEN timestamptz '2023-01-01 08:00+00' + n * interval '5 hours' + (n % 29) * interval '1 day' END,
    (ARRAY['Lions', 'Tigers', 'Bears', 'Wolves'])[n % 4 + 1], (ARRAY['Lions', 'Tigers', 'Bears', 'Wolves'])[(n + n / 4 % 3 + 1) % 4 + 1]
FROM generate_series(1, 200) n;
