-- Orders with their lines and history, the saga that places them, and their story across the services.
-- Ids come from the code; business times from the service's clock; leases run on the database's own clock.

CREATE SEQUENCE order_numbers;

CREATE TABLE orders (
    id                  uuid          PRIMARY KEY,
    order_number        text          NOT NULL CHECK (order_number ~ '^ORD[0-9]{6,}$'),
    buyer_id            uuid          NOT NULL,
    buyer_user_id       uuid          NOT NULL,
    vendor_id           uuid          NOT NULL,
    vendor_user_id      uuid          NOT NULL,
    order_type          text          NOT NULL CHECK (order_type IN ('material', 'labor', 'mixed')),

    delivery_address_id uuid          NOT NULL,
    delivery_address    jsonb         NOT NULL CHECK (jsonb_typeof(delivery_address) = 'object'),
    delivery_date       date,
    delivery_slot       text          CHECK (delivery_slot IN ('morning', 'afternoon', 'evening')),
    distance_metres     integer       NOT NULL CHECK (distance_metres >= 0),

    subtotal            numeric(12,2) NOT NULL CHECK (subtotal >= 0),
    delivery_charge     numeric(12,2) NOT NULL CHECK (delivery_charge >= 0),
    delivery_tax_code   text          NOT NULL,
    delivery_gst_rate   numeric(5,2)  NOT NULL CHECK (delivery_gst_rate >= 0),
    delivery_cgst       numeric(12,2) NOT NULL CHECK (delivery_cgst >= 0),
    delivery_sgst       numeric(12,2) NOT NULL CHECK (delivery_sgst >= 0),
    delivery_igst       numeric(12,2) NOT NULL CHECK (delivery_igst >= 0),
    tax                 numeric(12,2) NOT NULL CHECK (tax >= 0),
    discount            numeric(12,2) NOT NULL CHECK (discount >= 0),
    total               numeric(12,2) NOT NULL CHECK (total >= 0),
    currency            text          NOT NULL DEFAULT 'INR' CHECK (currency = 'INR'),
    supplier_state      text          NOT NULL CHECK (supplier_state ~ '^[0-9]{2}$'),
    gst_scheme          text          NOT NULL CHECK (gst_scheme IN ('regular', 'composition', 'unregistered')),
    commission_rate     numeric(5,2)  NOT NULL CHECK (commission_rate BETWEEN 0 AND 100),

    payment_method      text          NOT NULL CHECK (payment_method IN ('online', 'cod')),
    payment_status      text          NOT NULL
                        CHECK (payment_status IN ('pending', 'paid', 'failed', 'partially_refunded', 'refunded')),
    payment_id          uuid,
    refunded            numeric(12,2) NOT NULL DEFAULT 0 CHECK (refunded >= 0),

    status              text          NOT NULL CHECK (status IN ('pending', 'paid', 'confirmed', 'preparing', 'in_transit',
                                                                 'delivered', 'completed', 'cancelled')),
    buyer_notes         text,
    vendor_notes        text,
    cancelled_by        uuid,
    cancelled_by_kind   text          CHECK (cancelled_by_kind IN ('buyer', 'vendor', 'admin', 'system')),
    cancellation_code   text          CHECK (cancellation_code IN ('buyer_request', 'vendor_rejected', 'admin', 'payment_timeout',
                                                                   'vendor_timeout', 'out_of_stock', 'payment_unavailable',
                                                                   'stock_unavailable')),
    cancellation_reason text,

    created_at          timestamptz   NOT NULL,
    updated_at          timestamptz   NOT NULL,
    awaiting_since      timestamptz,
    paid_at             timestamptz,
    confirmed_at        timestamptz,
    delivered_at        timestamptz,
    completed_at        timestamptz,
    cancelled_at        timestamptz,
    revision            bigint        NOT NULL DEFAULT 1 CHECK (revision >= 1),

    CONSTRAINT orders_number_once UNIQUE (order_number),
    CONSTRAINT orders_total_adds_up CHECK (total = subtotal + delivery_charge + tax - discount),
    CONSTRAINT orders_refund_within_total CHECK (refunded <= total),
    CONSTRAINT orders_delivery_taxed_one_way CHECK (delivery_igst = 0 OR (delivery_cgst = 0 AND delivery_sgst = 0)),
    CONSTRAINT orders_cash_is_never_waiting_as_paid CHECK (status <> 'paid' OR payment_method = 'online'),
    CONSTRAINT orders_online_moves_on_with_money CHECK (
        payment_method = 'cod' OR status IN ('pending', 'cancelled') OR payment_status NOT IN ('pending', 'failed')),
    CONSTRAINT orders_cancelled_is_explained CHECK (
        (status = 'cancelled') = (cancelled_at IS NOT NULL)
        AND (cancelled_at IS NULL) = (cancellation_code IS NULL)
        AND (cancelled_at IS NULL) = (cancellation_reason IS NULL)
        AND (cancelled_at IS NULL) = (cancelled_by_kind IS NULL)),
    CONSTRAINT orders_confirmed_has_a_time CHECK (
        status NOT IN ('confirmed', 'preparing', 'in_transit', 'delivered', 'completed') OR confirmed_at IS NOT NULL),
    CONSTRAINT orders_delivered_has_a_time CHECK ((status IN ('delivered', 'completed')) = (delivered_at IS NOT NULL)),
    CONSTRAINT orders_completed_has_a_time CHECK ((status = 'completed') = (completed_at IS NOT NULL)),
    CONSTRAINT orders_completed_has_the_money CHECK (
        status <> 'completed' OR payment_status IN ('paid', 'partially_refunded', 'refunded'))
);
CREATE INDEX orders_of_buyer ON orders (buyer_id, created_at DESC, id DESC);
CREATE INDEX orders_of_vendor ON orders (vendor_id, created_at DESC, id DESC);
CREATE INDEX orders_of_vendor_by_status ON orders (vendor_id, status, created_at DESC, id DESC);
CREATE INDEX orders_newest ON orders (created_at DESC, id DESC);
CREATE INDEX orders_newest_by_status ON orders (status, created_at DESC, id DESC);
CREATE INDEX orders_by_number_prefix ON orders (order_number text_pattern_ops);
CREATE INDEX orders_completed ON orders (vendor_id, completed_at) WHERE completed_at IS NOT NULL;

CREATE TABLE order_items (
    id               uuid          PRIMARY KEY,
    order_id         uuid          NOT NULL REFERENCES orders (id),
    line_no          smallint      NOT NULL CHECK (line_no >= 1),
    item_type        text          NOT NULL CHECK (item_type IN ('material', 'labor')),
    item_id          uuid          NOT NULL,
    inventory_id     uuid          NOT NULL,
    item_name        text          NOT NULL CHECK (item_name <> ''),
    item_description text,
    quantity         numeric(12,3) NOT NULL CHECK (quantity > 0),
    unit             text          NOT NULL CHECK (unit IN ('kg', 'tonne', 'bag', 'cubic_meter', 'cubic_feet', 'square_meter',
                                                            'piece', 'litre', 'hour', 'day')),
    unit_price       numeric(12,2) NOT NULL CHECK (unit_price >= 0),
    total_price      numeric(12,2) NOT NULL CHECK (total_price >= 0),
    discount         numeric(12,2) NOT NULL CHECK (discount >= 0),
    taxable          numeric(12,2) NOT NULL CHECK (taxable >= 0),
    tax_code         text          NOT NULL,
    gst_rate         numeric(5,2)  NOT NULL CHECK (gst_rate BETWEEN 0 AND 100),
    cgst             numeric(12,2) NOT NULL CHECK (cgst >= 0),
    sgst             numeric(12,2) NOT NULL CHECK (sgst >= 0),
    igst             numeric(12,2) NOT NULL CHECK (igst >= 0),
    item_snapshot    jsonb         NOT NULL,
    created_at       timestamptz   NOT NULL,
    CONSTRAINT order_items_line_once UNIQUE (order_id, line_no),
    CONSTRAINT order_items_taxable_adds_up CHECK (taxable = total_price - discount),
    CONSTRAINT order_items_taxed_one_way CHECK (igst = 0 OR (cgst = 0 AND sgst = 0))
);

-- A status is reached at most once: the machine has no way back.
CREATE TABLE order_status_history (
    id              uuid        PRIMARY KEY,
    order_id        uuid        NOT NULL REFERENCES orders (id),
    previous_status text        CHECK (previous_status <> new_status),
    new_status      text        NOT NULL CHECK (new_status IN ('pending', 'paid', 'confirmed', 'preparing', 'in_transit',
                                                               'delivered', 'completed', 'cancelled')),
    notes           text,
    changed_by      uuid,
    changed_by_kind text        NOT NULL CHECK (changed_by_kind IN ('buyer', 'vendor', 'admin', 'system')),
    changed_via     text        NOT NULL CHECK (changed_via IN ('web', 'mobile', 'whatsapp', 'system')),
    created_at      timestamptz NOT NULL,
    CONSTRAINT order_status_history_once UNIQUE (order_id, new_status)
);

-- Rule 19. What is not `done` or `undone` is finished or undone by whoever holds the lease.
CREATE TABLE order_sagas (
    order_id       uuid        PRIMARY KEY REFERENCES orders (id),
    step           text        NOT NULL CHECK (step IN ('placed', 'stock_reserved', 'done', 'undoing', 'undone')),
    attempts       integer     NOT NULL DEFAULT 1 CHECK (attempts >= 1),
    last_error     text,
    deadline       timestamptz NOT NULL,
    leased_until   timestamptz NOT NULL,
    correlation_id uuid        NOT NULL,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL
);
CREATE INDEX order_sagas_open ON order_sagas (leased_until) WHERE step NOT IN ('done', 'undone');

-- The order's story, from the events of every service. One row for each event and order, whatever comes twice.
CREATE TABLE order_timeline (
    event_id    uuid        NOT NULL,
    order_id    uuid        NOT NULL REFERENCES orders (id),
    occurred_at timestamptz NOT NULL,
    source      text        NOT NULL CHECK (source <> ''),
    event_type  text        NOT NULL CHECK (event_type <> ''),
    summary     text        NOT NULL CHECK (summary <> ''),
    actor_kind  text        NOT NULL CHECK (actor_kind IN ('buyer', 'vendor', 'admin', 'system')),
    actor_id    uuid,
    channel     text        NOT NULL CHECK (channel IN ('web', 'mobile', 'whatsapp', 'system')),
    PRIMARY KEY (order_id, event_id)
);
CREATE INDEX order_timeline_in_order ON order_timeline (order_id, occurred_at, event_id);
