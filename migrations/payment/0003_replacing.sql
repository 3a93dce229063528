-- An order whose items are edited before it is paid gets another amount and, online, another order at the gateway.

-- Which edit of the order the amount is from; 0 as it was placed.
ALTER TABLE payments ADD COLUMN revision BIGINT NOT NULL DEFAULT 0 CHECK (revision >= 0);
-- When PaymentOpened was said: once, however often the gateway's order is replaced.
ALTER TABLE payments ADD COLUMN opened_at TIMESTAMPTZ;
UPDATE payments SET opened_at = created_at WHERE razorpay_order_id IS NOT NULL;

-- Orders at the gateway that nobody is handed any more. Money that still comes in on one of them never counts: it goes back.
CREATE TABLE retired_gateway_orders (
    gateway_receipt   VARCHAR(40) PRIMARY KEY,
    payment_id        UUID NOT NULL REFERENCES payments (id),
    -- Empty while it is not known whether the gateway made it: it is looked up by the receipt (rule 29).
    razorpay_order_id VARCHAR(255) UNIQUE,
    amount            NUMERIC(12,2) NOT NULL CHECK (amount > 0),
    revision          BIGINT NOT NULL CHECK (revision >= 0),
    retired_at        TIMESTAMPTZ NOT NULL,
    polled_at         TIMESTAMPTZ
);
CREATE INDEX retired_gateway_orders_of ON retired_gateway_orders (payment_id);
CREATE INDEX retired_gateway_orders_due ON retired_gateway_orders (retired_at);

ALTER TABLE payment_strays DROP CONSTRAINT payment_strays_kind_check;
ALTER TABLE payment_strays ADD CONSTRAINT payment_strays_kind_check CHECK (kind IN ('quarantined', 'duplicate', 'retired'));
-- Money in quarantine is in the books once the gateway has taken it; then finance decides, once.
ALTER TABLE payment_strays
    ADD COLUMN captured_at      TIMESTAMPTZ,
    ADD COLUMN resolution       VARCHAR(20) CHECK (resolution IN ('released', 'refunded')),
    ADD COLUMN resolved_by      UUID,
    ADD COLUMN resolved_at      TIMESTAMPTZ,
    ADD COLUMN resolution_notes TEXT,
    ADD CONSTRAINT payment_strays_resolved_once CHECK ((resolution IS NULL) = (resolved_at IS NULL));
CREATE INDEX payment_strays_waiting ON payment_strays (created_at DESC) WHERE kind = 'quarantined' AND resolution IS NULL;

ALTER TABLE payment_refunds DROP CONSTRAINT payment_refunds_refund_reason_check;
ALTER TABLE payment_refunds ADD CONSTRAINT payment_refunds_refund_reason_check CHECK (refund_reason IN
    ('cancellation', 'late_capture', 'dispute', 'return', 'goodwill', 'duplicate_payment', 'retired_order', 'quarantined'));

ALTER TABLE payment_transactions DROP CONSTRAINT payment_transactions_transaction_type_check;
ALTER TABLE payment_transactions ADD CONSTRAINT payment_transactions_transaction_type_check CHECK (transaction_type IN
    ('order_created', 'authorization', 'capture', 'failure', 'refund', 'collection', 'quarantine', 'duplicate', 'void',
     'replacement', 'retired', 'release', 'link'));

-- Links that were made for a payment; one at a time is good.
CREATE TABLE payment_links (
    id                 UUID PRIMARY KEY,
    payment_id         UUID NOT NULL REFERENCES payments (id),
    revision           BIGINT NOT NULL,
    -- Ours, unique at the gateway: what was made after a time-out is found by it (rule 29).
    reference_id       VARCHAR(40) NOT NULL UNIQUE,
    amount             NUMERIC(12,2) NOT NULL CHECK (amount > 0),
    expires_at         TIMESTAMPTZ NOT NULL,
    gateway_link_id    VARCHAR(255) UNIQUE,
    -- The order that the gateway keeps behind it, as far as it told.
    razorpay_order_id  VARCHAR(255),
    url                TEXT,
    -- Gone: the order was edited, paid or cancelled. Money on it is no longer what the order waits for.
    retired_at         TIMESTAMPTZ,
    -- Whether the gateway was told to take it back.
    cancelled_at       TIMESTAMPTZ,
    created_at         TIMESTAMPTZ NOT NULL,
    CONSTRAINT payment_links_made_has_url CHECK ((gateway_link_id IS NULL) = (url IS NULL))
);
CREATE UNIQUE INDEX payment_links_one_good ON payment_links (payment_id) WHERE retired_at IS NULL;
CREATE INDEX payment_links_of ON payment_links (payment_id, created_at);
