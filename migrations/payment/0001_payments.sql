-- Payments of orders, what the gateway said, refunds, and the ledger.
-- Amounts are INR, NUMERIC(12,2): a whole number of paise. Columns that the founding document does not have are marked +.

CREATE TABLE payments (
    id                    UUID PRIMARY KEY,
    order_id              UUID NOT NULL,
    order_number          VARCHAR(20) NOT NULL,
    buyer_id              UUID NOT NULL,
    buyer_user_id         UUID NOT NULL,                         -- +
    vendor_id             UUID NOT NULL,

    payment_method        VARCHAR(20) NOT NULL CHECK (payment_method IN ('online', 'cod')),
    payment_type          VARCHAR(20) CHECK (payment_type IN ('upi', 'card', 'wallet', 'netbanking', 'emi', 'cash', 'other')),

    amount                NUMERIC(12,2) NOT NULL CHECK (amount > 0),
    currency              VARCHAR(3) NOT NULL DEFAULT 'INR' CHECK (currency = 'INR'),
    status                VARCHAR(20) NOT NULL CHECK (status IN
                              ('pending', 'authorized', 'captured', 'failed', 'partially_refunded', 'refunded', 'collected')),

    -- + The receipt is ours and unique at the gateway: what was created after a time-out is found by it (rule 29).
    gateway_receipt       VARCHAR(40) UNIQUE,
    -- + Who is at the gateway for this payment right now, and how often anybody went: after the first time the receipt is
    -- looked up before anything is created.
    gateway_lease_id      UUID,
    gateway_leased_until  TIMESTAMPTZ,
    gateway_attempts      INT NOT NULL DEFAULT 0 CHECK (gateway_attempts >= 0),
    razorpay_order_id     VARCHAR(255) UNIQUE,
    razorpay_payment_id   VARCHAR(255) UNIQUE,
    razorpay_signature    VARCHAR(512),
    gateway_fee           NUMERIC(12,2) CHECK (gateway_fee >= 0),                       -- + its tax included

    cod_collected_by      UUID,
    cod_collected_at      TIMESTAMPTZ,
    cod_collected_amount  NUMERIC(12,2) CHECK (cod_collected_amount >= 0),              -- +
    cod_proof_media_id    UUID,                                                         -- + instead of a URL, which would expire
    cod_proof_verified_by UUID,                                                         -- +
    cod_proof_verified_at TIMESTAMPTZ,                                                  -- +

    payment_details       JSONB,
    failure_reason        TEXT,
    refund_amount         NUMERIC(12,2) NOT NULL DEFAULT 0 CHECK (refund_amount >= 0),  -- what went back, of processed refunds
    refund_requested      NUMERIC(12,2) NOT NULL DEFAULT 0 CHECK (refund_requested >= 0), -- + asked for and not failed
    refunded_at           TIMESTAMPTZ,
    captured_at           TIMESTAMPTZ,                                                  -- +
    -- + The order ended: no new attempt counts, and money that still comes goes back (rule 15).
    order_cancelled_at    TIMESTAMPTZ,
    order_delivered_at    TIMESTAMPTZ,                                                  -- + cash is collected only after delivery
    -- + Money of this order is in quarantine (rule 28); which, says payment_strays.
    quarantined_at        TIMESTAMPTZ,
    quarantine_reason     TEXT,
    -- + When the sweeper last asked the gateway.
    polled_at             TIMESTAMPTZ,

    created_at            TIMESTAMPTZ NOT NULL,
    updated_at            TIMESTAMPTZ NOT NULL,

    CONSTRAINT payments_one_for_order UNIQUE (order_id),
    CONSTRAINT payments_online_has_receipt CHECK ((payment_method = 'online') = (gateway_receipt IS NOT NULL)),
    CONSTRAINT payments_proof_verified_by_whom CHECK ((cod_proof_verified_by IS NULL) = (cod_proof_verified_at IS NULL)),
    CONSTRAINT payments_refunds_within_amount CHECK (refund_requested <= amount AND refund_amount <= refund_requested),
    CONSTRAINT payments_captured_has_gateway_payment CHECK (payment_method <> 'online'
        OR status NOT IN ('captured', 'partially_refunded', 'refunded') OR (razorpay_payment_id IS NOT NULL AND captured_at IS NOT NULL)),
    CONSTRAINT payments_collected_has_cash CHECK (status <> 'collected' OR (payment_method = 'cod' AND cod_collected_at IS NOT NULL)),
    CONSTRAINT payments_cash_is_whole CHECK (cod_collected_amount IS NULL OR cod_collected_amount = amount)
);
CREATE INDEX payments_by_vendor ON payments (vendor_id, created_at DESC, id DESC);
CREATE INDEX payments_by_buyer ON payments (buyer_id, created_at DESC, id DESC);
CREATE INDEX payments_newest ON payments (created_at DESC, id DESC);
-- What the sweeper asks the gateway about.
CREATE INDEX payments_open_online ON payments (coalesce(polled_at, created_at))
    WHERE payment_method = 'online' AND status IN ('pending', 'authorized', 'failed') AND razorpay_order_id IS NOT NULL;

-- + Money that came in for an order and is not what the order waits for: of another amount or currency (held until finance
-- decides), or a second time (goes back by itself).
CREATE TABLE payment_strays (
    razorpay_payment_id VARCHAR(255) PRIMARY KEY,
    payment_id          UUID NOT NULL REFERENCES payments (id),
    kind                VARCHAR(20) NOT NULL CHECK (kind IN ('quarantined', 'duplicate')),
    amount_paise        BIGINT NOT NULL,
    currency            VARCHAR(3) NOT NULL,
    reason              TEXT NOT NULL,
    created_at          TIMESTAMPTZ NOT NULL
);
CREATE INDEX payment_strays_of ON payment_strays (payment_id);

-- + Orders that ended before their payment was opened: it is never opened then.
CREATE TABLE cancelled_orders (
    order_id     UUID PRIMARY KEY,
    cancelled_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE payment_transactions (
    id                     UUID PRIMARY KEY,
    payment_id             UUID NOT NULL REFERENCES payments (id),
    transaction_type       VARCHAR(30) NOT NULL CHECK (transaction_type IN
                               ('order_created', 'authorization', 'capture', 'failure', 'refund', 'collection', 'quarantine', 'duplicate', 'void')),
    amount                 NUMERIC(12,2) NOT NULL CHECK (amount >= 0),
    status                 VARCHAR(20) NOT NULL,
    source                 VARCHAR(20) NOT NULL CHECK (source IN ('api', 'verify', 'webhook', 'sweeper', 'event', 'vendor', 'admin')), -- +
    gateway_transaction_id VARCHAR(255),
    gateway_response       JSONB,
    created_at             TIMESTAMPTZ NOT NULL
);
CREATE INDEX payment_transactions_of ON payment_transactions (payment_id, created_at);

CREATE TABLE payment_webhooks (
    id                 UUID PRIMARY KEY,
    source             VARCHAR(20) NOT NULL CHECK (source IN ('razorpay')),
    -- + The gateway's id of the event, the same on every retry: what the log dedupes on.
    event_id           VARCHAR(100) NOT NULL,
    event_type         VARCHAR(50) NOT NULL,
    payload            JSONB NOT NULL,
    signature          VARCHAR(512),
    signature_verified BOOLEAN NOT NULL,
    processed          BOOLEAN NOT NULL DEFAULT false,
    processed_at       TIMESTAMPTZ,
    error_message      TEXT,
    created_at         TIMESTAMPTZ NOT NULL,
    CONSTRAINT payment_webhooks_once UNIQUE (source, event_id)
);
CREATE INDEX payment_webhooks_waiting ON payment_webhooks (created_at) WHERE NOT processed;

CREATE TABLE payment_refunds (
    id                 UUID PRIMARY KEY,
    payment_id         UUID NOT NULL REFERENCES payments (id),
    refund_amount      NUMERIC(12,2) NOT NULL CHECK (refund_amount > 0),
    refund_reason      VARCHAR(100) NOT NULL CHECK (refund_reason IN ('cancellation', 'late_capture', 'dispute', 'return', 'goodwill', 'duplicate_payment')),
    refund_notes       TEXT,
    -- + One refund for one cause: asking again for the same cause finds it.
    business_key       VARCHAR(120) NOT NULL UNIQUE,
    -- + The gateway's payment that it gives back; none for cash.
    razorpay_payment_id VARCHAR(255),
    razorpay_refund_id VARCHAR(255) UNIQUE,
    status             VARCHAR(20) NOT NULL CHECK (status IN ('pending', 'processed', 'failed')),
    attempts           INT NOT NULL DEFAULT 0,                                          -- +
    initiated_by       UUID,
    initiated_at       TIMESTAMPTZ NOT NULL,
    checked_at         TIMESTAMPTZ,                                                     -- + when it was last taken up
    processed_at       TIMESTAMPTZ,
    failed_reason      TEXT,
    created_at         TIMESTAMPTZ NOT NULL,
    CONSTRAINT payment_refunds_processed_has_time CHECK ((status = 'processed') = (processed_at IS NOT NULL))
);
CREATE INDEX payment_refunds_of ON payment_refunds (payment_id, created_at);
CREATE INDEX payment_refunds_open ON payment_refunds (coalesce(checked_at, initiated_at)) WHERE status = 'pending';

-- + The ledger: double entry, append only, in paise (rule 30). A transaction's entries add up to zero.
CREATE TABLE ledger_transactions (
    id           UUID PRIMARY KEY,
    -- What moved, once: capture:{payment}, refund_processed:{refund} …
    business_key VARCHAR(120) NOT NULL UNIQUE,
    kind         VARCHAR(40) NOT NULL,
    description  TEXT NOT NULL,
    occurred_at  TIMESTAMPTZ NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL
);
CREATE INDEX ledger_transactions_by_time ON ledger_transactions (occurred_at, id);

CREATE TABLE ledger_entries (
    transaction_id UUID NOT NULL REFERENCES ledger_transactions (id),
    line           SMALLINT NOT NULL CHECK (line > 0),
    account        VARCHAR(80) NOT NULL CHECK (account ~ '^[a-z_]+(:[0-9a-f-]{36})?$'),
    -- Debits are positive, credits negative.
    amount_paise   BIGINT NOT NULL CHECK (amount_paise <> 0),
    PRIMARY KEY (transaction_id, line)
);
CREATE INDEX ledger_entries_by_account ON ledger_entries (account) INCLUDE (amount_paise);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER ledger_transactions_append_only BEFORE UPDATE OR DELETE ON ledger_transactions
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE OR DELETE ON ledger_entries
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_transactions_no_truncate BEFORE TRUNCATE ON ledger_transactions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_entries_no_truncate BEFORE TRUNCATE ON ledger_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Checked at commit, so that a transaction's lines may be written one by one.
CREATE FUNCTION refuse_imbalance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wanted UUID;
    total  BIGINT;
BEGIN
    IF TG_TABLE_NAME = 'ledger_entries' THEN
        wanted := NEW.transaction_id;
    ELSE
        wanted := NEW.id;
    END IF;
    SELECT sum(amount_paise) INTO total FROM ledger_entries WHERE transaction_id = wanted;
    IF total IS DISTINCT FROM 0 THEN
        RAISE EXCEPTION 'ledger transaction % adds up to % paise instead of zero', wanted, coalesce(total::text, 'nothing')
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ledger_entries_balance AFTER INSERT ON ledger_entries
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_imbalance();
CREATE CONSTRAINT TRIGGER ledger_transactions_balance AFTER INSERT ON ledger_transactions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_imbalance();
