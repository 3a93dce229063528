-- Support tickets with their messages and clocks, disputes, and the place of each entry in an order's story.

CREATE SEQUENCE ticket_numbers;
CREATE SEQUENCE dispute_numbers;

CREATE TABLE support_tickets (
    id                         uuid        PRIMARY KEY,
    ticket_number              text        NOT NULL CHECK (ticket_number ~ '^TKT[0-9]{6,}$'),
    order_id                   uuid        REFERENCES orders (id),
    created_by                 uuid        NOT NULL,
    created_by_kind            text        NOT NULL CHECK (created_by_kind IN ('buyer', 'vendor', 'admin')),
    assigned_to                uuid,

    category                   text        NOT NULL CHECK (category IN ('order_issue', 'payment_issue', 'delivery_issue',
                                                                        'quality_issue', 'other')),
    subject                    text        NOT NULL CHECK (subject <> ''),
    description                text        NOT NULL CHECK (description <> ''),
    attachments                uuid[]      NOT NULL DEFAULT '{}',
    priority                   text        NOT NULL CHECK (priority IN ('low', 'medium', 'high', 'urgent')),
    status                     text        NOT NULL CHECK (status IN ('open', 'in_progress', 'waiting_customer', 'resolved',
                                                                      'closed')),
    resolved_at                timestamptz,
    resolved_by                uuid,
    resolution_notes           text,

    -- Business time is counted while `clock_running_since` is set; what was counted before it is `clock_used_seconds`.
    clock_used_seconds         bigint      NOT NULL DEFAULT 0 CHECK (clock_used_seconds >= 0),
    clock_running_since        timestamptz,
    first_response_at          timestamptz,
    first_response_due_at      timestamptz,
    first_response_breached_at timestamptz,
    resolution_due_at          timestamptz,
    resolution_breached_at     timestamptz,
    -- The earlier of the times due that are not missed yet: what the sweeper looks at.
    next_breach_at             timestamptz,
    escalated_at               timestamptz,

    created_at                 timestamptz NOT NULL,
    updated_at                 timestamptz NOT NULL,
    revision                   bigint      NOT NULL DEFAULT 1 CHECK (revision >= 1),

    CONSTRAINT support_tickets_number_once UNIQUE (ticket_number),
    CONSTRAINT support_tickets_resolved_is_explained CHECK (
        (status IN ('resolved', 'closed')) = (resolved_at IS NOT NULL) AND (resolved_at IS NULL) = (resolution_notes IS NULL)),
    CONSTRAINT support_tickets_clock_runs_while_we_work CHECK (
        (status IN ('open', 'in_progress')) = (clock_running_since IS NOT NULL)),
    CONSTRAINT support_tickets_due_while_running CHECK ((clock_running_since IS NOT NULL) = (resolution_due_at IS NOT NULL)),
    CONSTRAINT support_tickets_missed_is_escalated CHECK (
        (escalated_at IS NULL) = (first_response_breached_at IS NULL AND resolution_breached_at IS NULL))
);
CREATE INDEX support_tickets_newest ON support_tickets (created_at DESC, id DESC);
CREATE INDEX support_tickets_newest_by_status ON support_tickets (status, created_at DESC, id DESC);
CREATE INDEX support_tickets_of_assignee ON support_tickets (assigned_to, created_at DESC, id DESC) WHERE assigned_to IS NOT NULL;
CREATE INDEX support_tickets_of_order ON support_tickets (order_id, created_at DESC, id DESC) WHERE order_id IS NOT NULL;
CREATE INDEX support_tickets_to_sweep ON support_tickets (next_breach_at) WHERE next_breach_at IS NOT NULL;

CREATE TABLE ticket_messages (
    id          uuid        PRIMARY KEY,
    ticket_id   uuid        NOT NULL REFERENCES support_tickets (id),
    sender_id   uuid        NOT NULL,
    sender_type text        NOT NULL CHECK (sender_type IN ('buyer', 'vendor', 'admin')),
    message     text        NOT NULL CHECK (message <> ''),
    attachments uuid[]      NOT NULL DEFAULT '{}',
    is_internal boolean     NOT NULL DEFAULT false,
    created_at  timestamptz NOT NULL,
    CONSTRAINT ticket_messages_notes_are_staffs CHECK (NOT is_internal OR sender_type = 'admin')
);
CREATE INDEX ticket_messages_in_order ON ticket_messages (ticket_id, created_at, id);

CREATE TABLE disputes (
    id                  uuid          PRIMARY KEY,
    dispute_number      text          NOT NULL CHECK (dispute_number ~ '^DSP[0-9]{6,}$'),
    order_id            uuid          NOT NULL REFERENCES orders (id),
    raised_by           uuid          NOT NULL,
    raised_by_kind      text          NOT NULL CHECK (raised_by_kind IN ('buyer', 'vendor')),
    raised_against      uuid          NOT NULL CHECK (raised_against <> raised_by),
    dispute_type        text          NOT NULL CHECK (dispute_type IN ('quality', 'quantity', 'delivery', 'payment', 'other')),
    description         text          NOT NULL CHECK (description <> ''),
    evidence_media_ids  uuid[]        NOT NULL DEFAULT '{}',
    status              text          NOT NULL CHECK (status IN ('open', 'under_review', 'resolved', 'closed')),
    resolved_by         uuid,
    resolution          text          CHECK (resolution IN ('refund_full', 'refund_partial', 'rejected', 'replacement')),
    resolution_notes    text,
    refund_amount       numeric(12,2) CHECK (refund_amount > 0),
    resolved_at         timestamptz,
    created_at          timestamptz   NOT NULL,
    updated_at          timestamptz   NOT NULL,
    CONSTRAINT disputes_number_once UNIQUE (dispute_number),
    CONSTRAINT disputes_resolved_is_decided CHECK (
        (status IN ('resolved', 'closed')) = (resolved_at IS NOT NULL)
        AND (resolved_at IS NULL) = (resolution IS NULL) AND (resolved_at IS NULL) = (resolved_by IS NULL)),
    CONSTRAINT disputes_refund_has_an_amount CHECK (
        (refund_amount IS NOT NULL) = (resolution IS NOT NULL AND resolution IN ('refund_full', 'refund_partial')))
);
-- One open dispute an order.
CREATE UNIQUE INDEX disputes_one_open_an_order ON disputes (order_id) WHERE status IN ('open', 'under_review');
CREATE INDEX disputes_of_order ON disputes (order_id, created_at DESC, id DESC);
CREATE INDEX disputes_newest ON disputes (created_at DESC, id DESC);
CREATE INDEX disputes_newest_by_status ON disputes (status, created_at DESC, id DESC);
CREATE INDEX disputes_of_raiser ON disputes (raised_by, created_at DESC, id DESC);
CREATE INDEX disputes_of_other_party ON disputes (raised_against, created_at DESC, id DESC);

-- In the order in which entries were written: an event that comes late stands where a reader of the stream has not been
-- yet. Writers hold the order's row, so positions of one order appear in their order.
ALTER TABLE order_timeline ADD COLUMN position bigint GENERATED ALWAYS AS IDENTITY;
CREATE INDEX order_timeline_as_written ON order_timeline (order_id, position);
