CREATE TABLE notification_templates (
    id                   uuid         PRIMARY KEY,
    template_name        varchar(100) NOT NULL CHECK (template_name ~ '^[a-z][a-z0-9_]*$'),
    template_type        varchar(20)  NOT NULL CHECK (template_type IN ('email', 'whatsapp', 'sms', 'push', 'in_app')),
    language             varchar(10)  NOT NULL CHECK (language IN ('en', 'hi', 'te')),
    version              integer      NOT NULL CHECK (version >= 1),
    category             varchar(20)  NOT NULL
                         CHECK (category IN ('security', 'order', 'payment', 'account', 'promotion')),
    subject              varchar(255),
    body                 text         NOT NULL CHECK (body <> ''),
    html_body            text,
    -- [{"name": …, "sample": …}] in the order of a WhatsApp template's slots.
    variables            jsonb        NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(variables) = 'array'),
    whatsapp_template_id varchar(100),
    whatsapp_language    varchar(10),
    -- Payloads of the quick-reply buttons, in their order.
    whatsapp_buttons     jsonb        NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(whatsapp_buttons) = 'array'),
    -- India's DLT registration, and the provider's own id of the template.
    dlt_template_id      varchar(30),
    sms_template_id      varchar(100),
    is_active            boolean      NOT NULL DEFAULT true,
    -- Checked in with the code, or written by staff.
    seeded               boolean      NOT NULL,
    created_by           uuid,
    created_at           timestamptz  NOT NULL,
    updated_at           timestamptz  NOT NULL,
    CONSTRAINT notification_templates_version UNIQUE (template_name, template_type, language, version),
    CONSTRAINT notification_templates_whatsapp_is_whole CHECK (
        (template_type = 'whatsapp') = (whatsapp_template_id IS NOT NULL AND whatsapp_language IS NOT NULL)),
    CONSTRAINT notification_templates_with_a_title CHECK (
        template_type NOT IN ('email', 'push', 'in_app') OR subject <> ''),
    CONSTRAINT notification_templates_html_is_mail CHECK (html_body IS NULL OR template_type = 'email')
);
CREATE UNIQUE INDEX notification_templates_one_active
    ON notification_templates (template_name, template_type, language) WHERE is_active;

CREATE TABLE notifications (
    id                  uuid         PRIMARY KEY,
    recipient_id        uuid         NOT NULL,
    recipient_type      varchar(20)  NOT NULL CHECK (recipient_type IN ('buyer', 'vendor', 'admin')),
    notification_type   varchar(100) NOT NULL,
    channel             varchar(20)  NOT NULL CHECK (channel IN ('email', 'whatsapp', 'sms', 'push', 'in_app')),
    category            varchar(20)  NOT NULL
                        CHECK (category IN ('security', 'order', 'payment', 'account', 'promotion')),
    template_id         uuid         NOT NULL REFERENCES notification_templates (id),
    -- Rule 39: what makes it the same message. Cause, recipient, channel and template.
    dedupe_key          text         NOT NULL CONSTRAINT notifications_once UNIQUE,
    -- The part of it that all channels share: event or request.
    cause               text         NOT NULL,
    order_id            uuid,
    subject             varchar(255),
    body                text         NOT NULL,
    html_body           text,
    data                jsonb        NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(data) = 'object'),
    status              varchar(20)  NOT NULL DEFAULT 'pending'
                        CHECK (status IN ('pending', 'sending', 'sent', 'delivered', 'read', 'failed')),
    attempts            integer      NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    sent_at             timestamptz,
    delivered_at        timestamptz,
    read_at             timestamptz,
    failed_at           timestamptz,
    failed_reason       text,
    provider            varchar(50),
    provider_message_id varchar(255),
    -- The message whose failing for good led to this one (rule 40).
    fallback_of         uuid         REFERENCES notifications (id),
    created_at          timestamptz  NOT NULL,
    updated_at          timestamptz  NOT NULL,
    CONSTRAINT notifications_sent_has_a_time CHECK (status NOT IN ('sent', 'delivered', 'read') OR sent_at IS NOT NULL),
    CONSTRAINT notifications_failed_has_a_reason CHECK (
        (status = 'failed') = (failed_at IS NOT NULL AND failed_reason IS NOT NULL)),
    CONSTRAINT notifications_read_has_a_time CHECK (status <> 'read' OR read_at IS NOT NULL)
);
CREATE INDEX notifications_of_recipient ON notifications (recipient_id, created_at DESC, id DESC);
CREATE INDEX notifications_unread ON notifications (recipient_id) WHERE channel = 'in_app' AND read_at IS NULL;
CREATE INDEX notifications_by_provider_id ON notifications (provider_message_id) WHERE provider_message_id IS NOT NULL;
CREATE INDEX notifications_of_order ON notifications (order_id) WHERE order_id IS NOT NULL;

-- What is said of a message may come before we know that the message went out.
CREATE TABLE provider_statuses (
    provider_message_id varchar(255) PRIMARY KEY,
    status              varchar(20)  NOT NULL CHECK (status IN ('sent', 'delivered', 'read', 'failed')),
    error_code          integer,
    error               text,
    at                  timestamptz  NOT NULL,
    updated_at          timestamptz  NOT NULL
);
CREATE INDEX provider_statuses_by_age ON provider_statuses (updated_at);

-- What the vendor was told of an order, so that a cancellation reaches exactly those who heard of it, in any order of arrival.
CREATE TABLE orders_known (
    order_id       uuid        PRIMARY KEY,
    vendor_told_at timestamptz,
    cancelled_at   timestamptz,
    updated_at     timestamptz NOT NULL
);
