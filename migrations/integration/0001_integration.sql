-- WhatsApp conversations and messages, files, what is known of places, and read copies of users and vendors.
-- Ids come from the code; business times from the service's clock; leases run on the database's own clock.

-- Who has which phone, from the user service's events. An older fact never overwrites a newer one.
CREATE TABLE user_contacts (
    user_id      uuid PRIMARY KEY,
    firebase_uid text        NOT NULL,
    phone        text        NOT NULL,
    user_type    text        NOT NULL CHECK (user_type IN ('buyer', 'vendor', 'admin')),
    status       text        NOT NULL CHECK (status IN ('active', 'suspended', 'deleted')),
    vendor_id    uuid,
    full_name    text        NOT NULL,
    language     text        NOT NULL,
    sequence     bigint      NOT NULL,
    updated_at   timestamptz NOT NULL
);
CREATE INDEX user_contacts_by_phone ON user_contacts (phone, updated_at DESC);

-- What is known of vendors, from vendor-management's events.
CREATE TABLE vendors (
    vendor_id         uuid PRIMARY KEY,
    user_id           uuid             NOT NULL,
    business_name     text             NOT NULL,
    status            text             NOT NULL CHECK (status IN ('pending', 'active', 'suspended', 'blocked')),
    phone             text             NOT NULL,
    latitude          double precision CHECK (latitude BETWEEN -90 AND 90),
    longitude         double precision CHECK (longitude BETWEEN -180 AND 180),
    service_radius_km double precision CHECK (service_radius_km >= 0),
    service_pincodes  text[]           NOT NULL DEFAULT '{}',
    revision          bigint           NOT NULL,
    updated_at        timestamptz      NOT NULL,
    CONSTRAINT vendors_place_is_whole CHECK ((latitude IS NULL) = (longitude IS NULL))
);
CREATE INDEX vendors_by_user ON vendors (user_id);

CREATE TABLE whatsapp_conversations (
    id                 uuid PRIMARY KEY,
    -- Unknown until the phone belongs to a user of ours.
    user_id            uuid,
    -- People who go by a username may show no phone; older webhooks bring no business-scoped user id.
    phone_number       text        CONSTRAINT conversations_one_per_phone UNIQUE CHECK (phone_number ~ '^\+[0-9]{6,15}$'),
    bsuid              text        CONSTRAINT conversations_one_per_bsuid UNIQUE CHECK (bsuid <> ''),
    profile_name       text,
    conversation_state text        NOT NULL DEFAULT 'idle'
                       CHECK (conversation_state IN ('idle', 'awaiting_code', 'awaiting_reason', 'delivered')),
    context            jsonb       NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(context) = 'object'),
    last_message_at    timestamptz,
    last_message_from  text        CHECK (last_message_from IN ('user', 'bot')),
    last_inbound_at    timestamptz,
    -- Whoever answers holds this: the messages of one phone are answered one after the other.
    lease_id           uuid,
    leased_until       timestamptz,
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL
);
CREATE INDEX conversations_of_user ON whatsapp_conversations (user_id) WHERE user_id IS NOT NULL;

CREATE TABLE whatsapp_messages (
    id                  uuid PRIMARY KEY,
    conversation_id     uuid        NOT NULL REFERENCES whatsapp_conversations (id),
    position            bigint      GENERATED ALWAYS AS IDENTITY,
    -- Meta's id; of an outbound message known once it was accepted.
    whatsapp_message_id text        CONSTRAINT messages_once UNIQUE,
    direction           text        NOT NULL CHECK (direction IN ('inbound', 'outbound')),
    message_type        text        NOT NULL,
    message_text        text,
    -- Meta's media id of a file that came in, the link of one that went out.
    media_url           text,
    content             jsonb       NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(content) = 'object'),
    status              text        NOT NULL CHECK (status IN ('received', 'answered', 'queued', 'sending', 'sent', 'delivered', 'read', 'failed')),
    detected_intent     text,
    confidence          numeric(3,2) CHECK (confidence BETWEEN 0 AND 1),
    -- The inbound message that this one answers: one reply a message.
    in_reply_to         uuid        CONSTRAINT messages_one_reply UNIQUE REFERENCES whatsapp_messages (id),
    -- A key of the caller's for messages asked for by others: sent once.
    dedupe_key          text        CONSTRAINT messages_dedupe_key UNIQUE,
    -- What has been done for an inbound message so far, so that a second try does not do it again.
    progress            jsonb       NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(progress) = 'object'),
    attempts            integer     NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    error               text,
    sent_at             timestamptz,
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL,
    CONSTRAINT messages_status_fits_direction
        CHECK ((direction = 'inbound') = (status IN ('received', 'answered'))),
    CONSTRAINT messages_inbound_has_an_id CHECK (direction = 'outbound' OR whatsapp_message_id IS NOT NULL),
    CONSTRAINT messages_only_outbound_replies CHECK (in_reply_to IS NULL OR direction = 'outbound')
);
CREATE INDEX messages_of_conversation ON whatsapp_messages (conversation_id, position DESC);
CREATE INDEX messages_unanswered ON whatsapp_messages (conversation_id, sent_at, position) WHERE status = 'received';

-- What Meta told of each message, ours here and the notification service's: each step once.
CREATE TABLE whatsapp_statuses (
    whatsapp_message_id text        NOT NULL,
    status              text        NOT NULL,
    at                  timestamptz NOT NULL,
    error_code          integer,
    error               text,
    PRIMARY KEY (whatsapp_message_id, status)
);
CREATE INDEX statuses_by_age ON whatsapp_statuses (at);

CREATE TABLE media_files (
    id                  uuid PRIMARY KEY,
    file_name           varchar(255) NOT NULL CHECK (file_name <> ''),
    file_type           varchar(50)  NOT NULL CHECK (file_type IN ('image/jpeg', 'image/png', 'image/webp', 'application/pdf')),
    file_size_bytes     bigint       NOT NULL CHECK (file_size_bytes BETWEEN 1 AND 15728640),
    file_category       varchar(50)  NOT NULL CHECK (file_category IN ('kyc_document', 'delivery_proof', 'cod_proof', 'product_image',
                                                                       'dispute_evidence', 'ticket_attachment', 'profile_picture')),
    sha256              text         CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    s3_bucket           varchar(100) NOT NULL,
    s3_key              varchar(512) NOT NULL,
    s3_url              varchar(512) NOT NULL,
    cdn_url             varchar(512),
    uploaded_by         uuid         NOT NULL,
    related_entity_type varchar(50)  CHECK (related_entity_type IN ('order', 'vendor', 'delivery', 'payment', 'dispute', 'ticket',
                                                                    'material', 'user')),
    related_entity_id   uuid,
    is_public           boolean      NOT NULL DEFAULT false,
    is_deleted          boolean      NOT NULL DEFAULT false,
    -- Promised by a presigned upload and not yet seen.
    is_pending          boolean      NOT NULL DEFAULT false,
    deleted_at          timestamptz,
    created_at          timestamptz  NOT NULL,
    updated_at          timestamptz  NOT NULL,
    CONSTRAINT media_one_object UNIQUE (s3_bucket, s3_key),
    CONSTRAINT media_stored_is_hashed CHECK (is_pending OR sha256 IS NOT NULL),
    CONSTRAINT media_related_is_whole CHECK ((related_entity_type IS NULL) = (related_entity_id IS NULL)),
    CONSTRAINT media_deleted_has_a_time CHECK (is_deleted = (deleted_at IS NOT NULL))
);
CREATE INDEX media_of_thing ON media_files (related_entity_id) WHERE related_entity_id IS NOT NULL;
CREATE INDEX media_of_user ON media_files (uploaded_by, created_at DESC);

-- Google's terms: coordinates are kept for less than 30 days. Distances are not kept at all.
CREATE TABLE location_cache (
    id                 uuid PRIMARY KEY,
    address_text       text          NOT NULL CONSTRAINT location_cache_once UNIQUE,
    latitude           numeric(10,7) NOT NULL CHECK (latitude BETWEEN -90 AND 90),
    longitude          numeric(10,7) NOT NULL CHECK (longitude BETWEEN -180 AND 180),
    formatted_address  text,
    place_id           varchar(255),
    address_components jsonb,
    geocoded_at        timestamptz   NOT NULL,
    expires_at         timestamptz   NOT NULL,
    created_at         timestamptz   NOT NULL,
    CONSTRAINT location_cache_within_terms CHECK (expires_at < geocoded_at + interval '30 days')
);
CREATE INDEX location_cache_by_age ON location_cache (expires_at);

CREATE TABLE service_area_polygons (
    id              uuid PRIMARY KEY,
    vendor_id       uuid          NOT NULL,
    polygon_geojson jsonb         NOT NULL CHECK (jsonb_typeof(polygon_geojson) = 'object'),
    min_latitude    numeric(10,7) NOT NULL,
    max_latitude    numeric(10,7) NOT NULL,
    min_longitude   numeric(10,7) NOT NULL,
    max_longitude   numeric(10,7) NOT NULL,
    created_at      timestamptz   NOT NULL,
    updated_at      timestamptz   NOT NULL,
    CONSTRAINT polygons_box CHECK (min_latitude <= max_latitude AND min_longitude <= max_longitude)
);
CREATE INDEX polygons_of_vendor ON service_area_polygons (vendor_id);
