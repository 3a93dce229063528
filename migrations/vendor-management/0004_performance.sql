-- How well vendors do: one row an order, filled by events in any order, and what buyers say of them.

CREATE TABLE vendor_order_facts (
    order_id uuid PRIMARY KEY,
    vendor_id uuid NOT NULL,
    -- Since when the vendor was to answer, and when the answer was yes.
    awaiting_since timestamptz,
    confirmed_at timestamptz,
    -- The end of the slot that the buyer was promised when the vendor said yes; none when no day was asked for.
    due_by timestamptz,
    delivered_at timestamptz,
    completed_at timestamptz,
    cancelled_at timestamptz,
    -- Whether the cancellation counts against the vendor: rejected, or not answered in time (rule 16).
    cancelled_by_vendor boolean NOT NULL DEFAULT false,
    -- When the buyer disputed it first.
    disputed_at timestamptz,
    -- The moment that puts it into a span of time: the earliest that any event told.
    known_since timestamptz NOT NULL,
    CONSTRAINT vendor_order_facts_confirmed_awaited CHECK ((confirmed_at IS NULL) = (awaiting_since IS NULL)),
    CONSTRAINT vendor_order_facts_counts_when_cancelled CHECK (NOT cancelled_by_vendor OR cancelled_at IS NOT NULL)
);
CREATE INDEX vendor_order_facts_by_vendor ON vendor_order_facts (vendor_id, known_since);

CREATE TABLE vendor_ratings (
    id uuid PRIMARY KEY,
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    -- Once an order.
    order_id uuid NOT NULL CONSTRAINT vendor_ratings_once_an_order UNIQUE,
    buyer_id uuid NOT NULL,
    rating smallint NOT NULL CHECK (rating BETWEEN 1 AND 5),
    comment text CHECK (char_length(comment) BETWEEN 1 AND 1000),
    created_at timestamptz NOT NULL
);
CREATE INDEX vendor_ratings_by_vendor ON vendor_ratings (vendor_id, created_at);
