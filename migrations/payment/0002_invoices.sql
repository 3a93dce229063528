-- GST invoices and credit notes. What was issued is never changed: triggers refuse UPDATE, DELETE and TRUNCATE.
-- Numbers are consecutive in their series and financial year. The counter's row is locked by the transaction that writes
-- the document, so a number is given exactly when its document is: no gap, no duplicate.

CREATE TABLE invoice_series (
    -- `platform`, or the supplier's id when each supplier has a series (INVOICE_SERIES).
    scope          TEXT   NOT NULL CHECK (scope <> ''),
    kind           TEXT   NOT NULL CHECK (kind IN ('invoice', 'credit_note')),
    financial_year TEXT   NOT NULL CHECK (financial_year ~ '^[0-9]{2}-[0-9]{2}$'),
    last_serial    BIGINT NOT NULL CHECK (last_serial BETWEEN 1 AND 9999999),
    PRIMARY KEY (scope, kind, financial_year)
);

CREATE TABLE invoices (
    id              UUID          PRIMARY KEY,
    kind            TEXT          NOT NULL CHECK (kind IN ('invoice', 'credit_note')),
    scope           TEXT          NOT NULL,
    financial_year  TEXT          NOT NULL,
    serial          BIGINT        NOT NULL CHECK (serial > 0),
    -- Rule 46(b) of the CGST Rules.
    number          VARCHAR(16)   NOT NULL CHECK (number ~ '^[A-Za-z0-9/-]{1,16}$'),
    issued_at       TIMESTAMPTZ   NOT NULL,

    order_id        UUID          NOT NULL,
    order_number    VARCHAR(20)   NOT NULL,
    payment_id      UUID          NOT NULL REFERENCES payments (id),
    buyer_id        UUID          NOT NULL,
    vendor_id       UUID          NOT NULL,

    -- Of a credit note: the invoice it corrects, the refund that made it, and why.
    corrects        UUID          REFERENCES invoices (id),
    refund_id       UUID          REFERENCES payment_refunds (id),
    reason          TEXT,

    -- As they were when it was issued.
    supplier        JSONB         NOT NULL CHECK (jsonb_typeof(supplier) = 'object'),
    recipient       JSONB         NOT NULL CHECK (jsonb_typeof(recipient) = 'object'),
    deliver_to      JSONB         NOT NULL CHECK (jsonb_typeof(deliver_to) = 'object'),
    place_of_supply TEXT          NOT NULL CHECK (place_of_supply ~ '^[0-9]{2}$'),
    gst_scheme      TEXT          NOT NULL CHECK (gst_scheme IN ('regular', 'composition', 'unregistered')),
    reverse_charge  BOOLEAN       NOT NULL DEFAULT false,

    taxable         NUMERIC(12,2) NOT NULL CHECK (taxable >= 0),
    cgst            NUMERIC(12,2) NOT NULL CHECK (cgst >= 0),
    sgst            NUMERIC(12,2) NOT NULL CHECK (sgst >= 0),
    igst            NUMERIC(12,2) NOT NULL CHECK (igst >= 0),
    total           NUMERIC(12,2) NOT NULL CHECK (total > 0),
    currency        TEXT          NOT NULL DEFAULT 'INR' CHECK (currency = 'INR'),

    CONSTRAINT invoices_number_once UNIQUE (scope, number),
    CONSTRAINT invoices_serial_once UNIQUE (scope, kind, financial_year, serial),
    CONSTRAINT invoices_one_note_for_a_refund UNIQUE (refund_id),
    CONSTRAINT invoices_total_adds_up CHECK (total = taxable + cgst + sgst + igst),
    CONSTRAINT invoices_taxed_one_way CHECK (igst = 0 OR (cgst = 0 AND sgst = 0)),
    CONSTRAINT invoices_note_says_of_what CHECK (
        (kind = 'credit_note') = (corrects IS NOT NULL) AND (corrects IS NULL) = (refund_id IS NULL)
        AND (corrects IS NULL) = (reason IS NULL))
);
CREATE UNIQUE INDEX invoices_one_for_an_order ON invoices (order_id) WHERE kind = 'invoice';
CREATE INDEX invoices_of_order ON invoices (order_id, issued_at);

CREATE TABLE invoice_lines (
    invoice_id  UUID          NOT NULL REFERENCES invoices (id),
    -- A credit note's line has the number of the invoice's line that it corrects.
    line_no     SMALLINT      NOT NULL CHECK (line_no >= 1),
    description TEXT          NOT NULL CHECK (description <> ''),
    tax_code    TEXT          NOT NULL,
    quantity    NUMERIC(12,3) CHECK (quantity > 0),
    unit        TEXT,
    unit_price  NUMERIC(12,2) CHECK (unit_price >= 0),
    discount    NUMERIC(12,2) NOT NULL CHECK (discount >= 0),
    taxable     NUMERIC(12,2) NOT NULL CHECK (taxable >= 0),
    gst_rate    NUMERIC(5,2)  NOT NULL CHECK (gst_rate BETWEEN 0 AND 100),
    cgst        NUMERIC(12,2) NOT NULL CHECK (cgst >= 0),
    sgst        NUMERIC(12,2) NOT NULL CHECK (sgst >= 0),
    igst        NUMERIC(12,2) NOT NULL CHECK (igst >= 0),
    PRIMARY KEY (invoice_id, line_no),
    CONSTRAINT invoice_lines_taxed_one_way CHECK (igst = 0 OR (cgst = 0 AND sgst = 0))
);

-- Where a document's PDF lies. It can be made again from the rows above at any time.
CREATE TABLE invoice_files (
    invoice_id UUID        PRIMARY KEY REFERENCES invoices (id),
    object_key TEXT        NOT NULL CHECK (object_key <> ''),
    sha256     TEXT        NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    stored_at  TIMESTAMPTZ NOT NULL
);

CREATE TRIGGER invoices_append_only BEFORE UPDATE OR DELETE ON invoices FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER invoice_lines_append_only BEFORE UPDATE OR DELETE ON invoice_lines FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER invoices_no_truncate BEFORE TRUNCATE ON invoices FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER invoice_lines_no_truncate BEFORE TRUNCATE ON invoice_lines FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
