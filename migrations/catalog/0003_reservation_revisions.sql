-- An order's lines may change before it is paid. Each change has a number, so that a late one does not undo a later one.
ALTER TABLE stock_reservations ADD COLUMN revision bigint NOT NULL DEFAULT 1 CHECK (revision >= 1);
