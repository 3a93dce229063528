-- What vendors earn: the orders that may be settled (from events), the settlements and their lines.

CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE SEQUENCE settlement_numbers;

CREATE TABLE settlements (
    id uuid PRIMARY KEY,
    settlement_number varchar(20) NOT NULL UNIQUE,
    vendor_id uuid NOT NULL REFERENCES vendors (id),

    -- Indian days, both inclusive.
    period_start_date date NOT NULL,
    period_end_date date NOT NULL,

    total_orders integer NOT NULL CHECK (total_orders >= 0),
    gross_revenue numeric(12,2) NOT NULL CHECK (gross_revenue >= 0),
    commission_amount numeric(12,2) NOT NULL CHECK (commission_amount >= 0),
    net_amount numeric(12,2) NOT NULL,

    cod_collected numeric(12,2) NOT NULL DEFAULT 0 CHECK (cod_collected >= 0),
    cod_to_remit numeric(12,2) NOT NULL DEFAULT 0 CHECK (cod_to_remit BETWEEN 0 AND cod_collected),

    adjustments_amount numeric(12,2) NOT NULL DEFAULT 0,
    commission_returned numeric(12,2) NOT NULL DEFAULT 0 CHECK (commission_returned >= 0),
    carried_over numeric(12,2) NOT NULL DEFAULT 0 CHECK (carried_over <= 0),
    deductions_amount numeric(12,2) NOT NULL DEFAULT 0 CHECK (deductions_amount >= 0),
    payout_amount numeric(12,2) NOT NULL,

    -- 'closed': approved with nothing to pay out; what the vendor owes went into the next settlement.
    status varchar(20) NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'approved', 'paid', 'closed')),
    approved_by uuid,
    approved_at timestamptz,
    payment_method varchar(20) CHECK (payment_method IN ('bank_transfer', 'upi')),
    payment_reference varchar(100),
    paid_at timestamptz,
    paid_by uuid,
    notes text,

    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,

    CONSTRAINT settlements_period_runs_forward CHECK (period_end_date >= period_start_date),
    CONSTRAINT settlements_periods_apart
        EXCLUDE USING gist (vendor_id WITH =, daterange(period_start_date, period_end_date, '[]') WITH &&),
    CONSTRAINT settlements_net_adds_up CHECK (net_amount = gross_revenue - commission_amount),
    CONSTRAINT settlements_payout_adds_up
        CHECK (payout_amount = net_amount - cod_to_remit + adjustments_amount - deductions_amount),
    CONSTRAINT settlements_approved_by_somebody
        CHECK ((status = 'pending') = (approved_by IS NULL) AND (approved_by IS NULL) = (approved_at IS NULL)),
    CONSTRAINT settlements_paid_with_reference CHECK (
        (status = 'paid') = (payment_reference IS NOT NULL) AND (status = 'paid') = (paid_by IS NOT NULL)
        AND (status = 'paid') = (payment_method IS NOT NULL)),
    CONSTRAINT settlements_paid_or_closed_at CHECK ((status IN ('paid', 'closed')) = (paid_at IS NOT NULL)),
    CONSTRAINT settlements_payment_is_positive CHECK (status <> 'paid' OR payout_amount > 0),
    CONSTRAINT settlements_closed_is_not CHECK (status <> 'closed' OR payout_amount <= 0)
);

CREATE INDEX settlements_by_vendor ON settlements (vendor_id, period_end_date DESC, id DESC);
CREATE INDEX settlements_by_age ON settlements (created_at DESC, id DESC);

-- The read copy of what may be settled. Fed by events in any order: a column is empty until its event has come.
CREATE TABLE settlement_orders (
    order_id uuid PRIMARY KEY,
    vendor_id uuid NOT NULL,
    order_number varchar(20) NOT NULL,
    payment_method text NOT NULL CHECK (payment_method IN ('online', 'cod')),
    total numeric(12,2) NOT NULL CHECK (total >= 0),
    commission_rate numeric(5,2) CHECK (commission_rate BETWEEN 0 AND 100),
    subtotal numeric(12,2),
    tax numeric(12,2),
    order_date timestamptz,
    completed_at timestamptz,
    -- The highest total of refunds that any event has told.
    refunded numeric(12,2) NOT NULL DEFAULT 0 CHECK (refunded BETWEEN 0 AND total),
    cod_collected numeric(12,2) NOT NULL DEFAULT 0 CHECK (cod_collected >= 0),
    -- Cash that the vendor handed over outside a settlement.
    cod_remitted numeric(12,2) NOT NULL DEFAULT 0 CHECK (cod_remitted BETWEEN 0 AND cod_collected),
    settlement_id uuid REFERENCES settlements (id),
    updated_at timestamptz NOT NULL,
    CONSTRAINT settlement_orders_completed_is_whole CHECK (
        (completed_at IS NULL) = (commission_rate IS NULL) AND (completed_at IS NULL) = (order_date IS NULL)
        AND (completed_at IS NULL) = (subtotal IS NULL) AND (completed_at IS NULL) = (tax IS NULL)),
    CONSTRAINT settlement_orders_settled_is_completed CHECK (settlement_id IS NULL OR completed_at IS NOT NULL)
);

CREATE INDEX settlement_orders_waiting ON settlement_orders (vendor_id, completed_at)
    WHERE settlement_id IS NULL AND completed_at IS NOT NULL;
CREATE INDEX settlement_orders_by_vendor ON settlement_orders (vendor_id);

-- Disputes by id, in whatever order their two events come; an unresolved one holds its order back.
CREATE TABLE settlement_holds (
    dispute_id uuid PRIMARY KEY,
    order_id uuid NOT NULL,
    raised_at timestamptz,
    resolved_at timestamptz
);
CREATE INDEX settlement_holds_open ON settlement_holds (order_id) WHERE resolved_at IS NULL;

CREATE TABLE settlement_line_items (
    id uuid PRIMARY KEY,
    settlement_id uuid NOT NULL REFERENCES settlements (id),
    -- An order is in exactly one settlement.
    order_id uuid NOT NULL CONSTRAINT settlement_lines_order_once UNIQUE REFERENCES settlement_orders (order_id),
    order_number varchar(20) NOT NULL,
    order_date timestamptz NOT NULL,
    completed_at timestamptz NOT NULL,
    -- What the buyer was charged, what went back before, and what is left of it.
    order_total numeric(12,2) NOT NULL CHECK (order_total >= 0),
    refunded_before numeric(12,2) NOT NULL CHECK (refunded_before >= 0),
    order_amount numeric(12,2) NOT NULL CHECK (order_amount >= 0),
    commission_rate numeric(5,2) NOT NULL,
    commission_amount numeric(12,2) NOT NULL CHECK (commission_amount >= 0),
    net_amount numeric(12,2) NOT NULL,
    cod_collected numeric(12,2) NOT NULL DEFAULT 0 CHECK (cod_collected >= 0),
    cod_to_remit numeric(12,2) NOT NULL DEFAULT 0 CHECK (cod_to_remit >= 0),
    created_at timestamptz NOT NULL,
    CONSTRAINT settlement_lines_amount_adds_up CHECK (order_amount = order_total - refunded_before),
    CONSTRAINT settlement_lines_net_adds_up CHECK (net_amount = order_amount - commission_amount)
);
CREATE INDEX settlement_lines_by_settlement ON settlement_line_items (settlement_id, completed_at, id);

-- What changes a later payout: refunds after settlement, negative payouts carried over.
CREATE TABLE settlement_adjustments (
    id uuid PRIMARY KEY,
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    -- The settlement that takes it in; empty while it waits for the next one.
    settlement_id uuid REFERENCES settlements (id),
    kind text NOT NULL CHECK (kind IN ('refund', 'carry_over')),
    -- A refund's may be above zero: the last of many small ones gives back all commission that is left.
    amount numeric(12,2) NOT NULL CHECK (kind = 'refund' OR amount < 0),
    -- Of a refund.
    order_id uuid REFERENCES settlement_line_items (order_id),
    refund_id uuid CONSTRAINT settlement_adjustments_refund_once UNIQUE,
    refund_amount numeric(12,2) CHECK (refund_amount >= 0),
    commission_returned numeric(12,2) NOT NULL DEFAULT 0 CHECK (commission_returned >= 0),
    -- Of a carry-over.
    source_settlement_id uuid CONSTRAINT settlement_adjustments_carry_once UNIQUE REFERENCES settlements (id),
    created_at timestamptz NOT NULL,
    CONSTRAINT settlement_adjustments_refund_adds_up CHECK (
        (kind = 'refund') = (refund_id IS NOT NULL) AND (kind = 'refund') = (order_id IS NOT NULL)
        AND (kind = 'refund') = (refund_amount IS NOT NULL)
        AND (kind <> 'refund' OR amount = commission_returned - refund_amount)),
    CONSTRAINT settlement_adjustments_carry_has_a_source CHECK (
        (kind = 'carry_over') = (source_settlement_id IS NOT NULL) AND (kind = 'refund' OR commission_returned = 0)),
    CONSTRAINT settlement_adjustments_never_its_own CHECK (settlement_id <> source_settlement_id)
);
CREATE INDEX settlement_adjustments_waiting ON settlement_adjustments (vendor_id) WHERE settlement_id IS NULL;
CREATE INDEX settlement_adjustments_by_settlement ON settlement_adjustments (settlement_id);
CREATE INDEX settlement_adjustments_by_order ON settlement_adjustments (order_id);

-- Statutory rates as dated data; both ends are Indian days, inclusive. Which kinds are deducted at all is a setting.
CREATE TABLE deduction_rates (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('tds', 'tcs', 'gst_on_commission')),
    component text NOT NULL CHECK (component IN ('tds', 'cgst', 'sgst', 'igst', 'gst')),
    rate numeric(5,2) NOT NULL CHECK (rate BETWEEN 0 AND 100),
    legal_basis text NOT NULL,
    valid_from date NOT NULL,
    valid_to date CHECK (valid_to >= valid_from),
    CONSTRAINT deduction_rates_apart
        EXCLUDE USING gist (kind WITH =, component WITH =, daterange(valid_from, valid_to, '[]') WITH &&)
);

-- Seed rates are data; a chartered accountant confirms them before they are switched on.
INSERT INTO deduction_rates (id, kind, component, rate, legal_basis, valid_from, valid_to) VALUES
    ('01920000-0000-7000-8000-000000000001', 'tds', 'tds', 0.10, 'Income-tax Act 1961, s. 194-O', '2024-10-01', '2026-03-31'),
    ('01920000-0000-7000-8000-000000000002', 'tds', 'tds', 0.10, 'Income-tax Act 2025, s. 393(1) Table Sl. 8(v)', '2026-04-01', NULL),
    ('01920000-0000-7000-8000-000000000003', 'tcs', 'cgst', 0.25, 'CGST Act s. 52', '2024-07-10', NULL),
    ('01920000-0000-7000-8000-000000000004', 'tcs', 'sgst', 0.25, 'CGST Act s. 52', '2024-07-10', NULL),
    ('01920000-0000-7000-8000-000000000005', 'tcs', 'igst', 0.50, 'CGST Act s. 52', '2024-07-10', NULL),
    ('01920000-0000-7000-8000-000000000006', 'gst_on_commission', 'gst', 18.00, 'CGST Act s. 9', '2017-07-01', NULL);

CREATE TABLE settlement_deductions (
    id uuid PRIMARY KEY,
    settlement_id uuid NOT NULL REFERENCES settlements (id),
    order_id uuid NOT NULL REFERENCES settlement_line_items (order_id),
    kind text NOT NULL CHECK (kind IN ('tds', 'tcs', 'gst_on_commission')),
    component text NOT NULL CHECK (component IN ('tds', 'cgst', 'sgst', 'igst', 'gst')),
    legal_basis text NOT NULL,
    base_amount numeric(12,2) NOT NULL CHECK (base_amount >= 0),
    rate numeric(5,2) NOT NULL,
    amount numeric(12,2) NOT NULL CHECK (amount >= 0),
    created_at timestamptz NOT NULL,
    CONSTRAINT settlement_deductions_once UNIQUE (order_id, kind, component)
);
CREATE INDEX settlement_deductions_by_settlement ON settlement_deductions (settlement_id);
