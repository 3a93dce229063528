-- Read copies: who can be reached, and how. Written from events of the user service and of vendor-management.

CREATE TABLE contacts (
    user_id            uuid        PRIMARY KEY,
    user_type          text        NOT NULL CHECK (user_type IN ('buyer', 'vendor', 'admin')),
    status             text        NOT NULL CHECK (status IN ('active', 'suspended', 'deleted')),
    full_name          text        NOT NULL,
    phone              text        CHECK (phone ~ '^\+[1-9][0-9]{7,14}$'),
    email              text        CHECK (email <> ''),
    preferred_language text        NOT NULL CHECK (preferred_language IN ('en', 'hi', 'te')),
    buyer_id           uuid,
    vendor_id          uuid,
    -- Switched off when a provider says that the address is none.
    email_usable       boolean     NOT NULL DEFAULT true,
    phone_usable       boolean     NOT NULL DEFAULT true,
    -- People install WhatsApp: not on it is true for a while only.
    whatsapp_off_until timestamptz,
    -- The number of the user's event this is, so that an older fact never overwrites a newer.
    sequence           bigint      NOT NULL CHECK (sequence >= 1),
    updated_at         timestamptz NOT NULL
);
CREATE UNIQUE INDEX contacts_by_buyer ON contacts (buyer_id) WHERE buyer_id IS NOT NULL;

-- A business and the person behind it.
CREATE TABLE vendor_contacts (
    vendor_id     uuid        PRIMARY KEY,
    user_id       uuid        NOT NULL,
    business_name text        NOT NULL,
    revision      bigint      NOT NULL,
    updated_at    timestamptz NOT NULL
);

CREATE TABLE fcm_tokens (
    id          uuid         PRIMARY KEY,
    user_id     uuid         NOT NULL,
    token       varchar(512) NOT NULL CHECK (token <> ''),
    device_type varchar(20)  CHECK (device_type IN ('ios', 'android', 'web')),
    device_info jsonb        CHECK (jsonb_typeof(device_info) = 'object'),
    is_active   boolean      NOT NULL DEFAULT true,
    created_at  timestamptz  NOT NULL,
    updated_at  timestamptz  NOT NULL,
    CONSTRAINT fcm_tokens_once UNIQUE (user_id, token)
);
-- A device belongs to whoever signed in on it last.
CREATE UNIQUE INDEX fcm_tokens_one_owner ON fcm_tokens (token) WHERE is_active;
CREATE INDEX fcm_tokens_of_user ON fcm_tokens (user_id) WHERE is_active;

-- Whoever has no row has the defaults below.
CREATE TABLE user_notification_preferences (
    id                       uuid        PRIMARY KEY,
    user_id                  uuid        NOT NULL UNIQUE,
    email_enabled            boolean     NOT NULL DEFAULT true,
    email_order_updates      boolean     NOT NULL DEFAULT true,
    email_payment_updates    boolean     NOT NULL DEFAULT true,
    email_promotions         boolean     NOT NULL DEFAULT false,
    whatsapp_enabled         boolean     NOT NULL DEFAULT true,
    whatsapp_order_updates   boolean     NOT NULL DEFAULT true,
    whatsapp_payment_updates boolean     NOT NULL DEFAULT true,
    whatsapp_promotions      boolean     NOT NULL DEFAULT false,
    sms_enabled              boolean     NOT NULL DEFAULT false,
    sms_order_updates        boolean     NOT NULL DEFAULT false,
    sms_payment_updates      boolean     NOT NULL DEFAULT false,
    sms_promotions           boolean     NOT NULL DEFAULT false,
    push_enabled             boolean     NOT NULL DEFAULT true,
    push_order_updates       boolean     NOT NULL DEFAULT true,
    push_payment_updates     boolean     NOT NULL DEFAULT true,
    push_promotions          boolean     NOT NULL DEFAULT false,
    updated_at               timestamptz NOT NULL
);
