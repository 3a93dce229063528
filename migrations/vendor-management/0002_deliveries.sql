-- One delivery an order, its history, its codes and its proofs.

CREATE TABLE deliveries (
    id uuid PRIMARY KEY,
    order_id uuid NOT NULL CONSTRAINT deliveries_one_an_order UNIQUE,
    order_number varchar(20) NOT NULL,

    buyer_id uuid NOT NULL,
    -- The buyer as a user: whom messages go to.
    buyer_user_id uuid NOT NULL,
    vendor_id uuid NOT NULL,
    delivered_by uuid,

    delivery_address jsonb NOT NULL CHECK (jsonb_typeof(delivery_address) = 'object'),

    status varchar(20) NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'assigned', 'in_transit', 'delivered', 'failed')),
    failure_reason text,
    -- Set when the order was cancelled: such a delivery moves no more.
    order_cancelled_at timestamptz,

    scheduled_date date,
    scheduled_slot varchar(20) CHECK (scheduled_slot IN ('morning', 'afternoon', 'evening')),
    dispatched_at timestamptz,
    delivered_at timestamptz,

    -- The code itself is kept nowhere, its keyed hash in delivery_otp_log.
    otp_generated_at timestamptz,
    otp_expires_at timestamptz,
    otp_verified boolean NOT NULL DEFAULT false,
    otp_verified_at timestamptz,

    proven_by text CHECK (proven_by IN ('otp', 'photo')),
    delivery_photo_media_id uuid,
    delivery_notes text,

    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,

    CONSTRAINT delivered_is_proven CHECK (
        (status = 'delivered') = (delivered_at IS NOT NULL) AND (status = 'delivered') = (proven_by IS NOT NULL)),
    CONSTRAINT delivered_by_code_has_one CHECK (proven_by IS DISTINCT FROM 'otp' OR otp_verified),
    CONSTRAINT delivered_by_photo_has_one CHECK (proven_by IS DISTINCT FROM 'photo' OR delivery_photo_media_id IS NOT NULL),
    CONSTRAINT failed_has_a_reason CHECK ((status = 'failed') = (failure_reason IS NOT NULL)),
    CONSTRAINT verified_has_a_time CHECK (otp_verified = (otp_verified_at IS NOT NULL))
);

CREATE INDEX deliveries_by_vendor ON deliveries (vendor_id, created_at DESC, id DESC);
CREATE INDEX deliveries_by_age ON deliveries (created_at DESC, id DESC);

CREATE TABLE delivery_status_history (
    id uuid PRIMARY KEY,
    delivery_id uuid NOT NULL REFERENCES deliveries (id),
    previous_status varchar(20) CHECK (previous_status IN ('pending', 'assigned', 'in_transit', 'delivered', 'failed')),
    new_status varchar(20) NOT NULL CHECK (new_status IN ('pending', 'assigned', 'in_transit', 'delivered', 'failed')),
    notes text,
    latitude numeric(10,7) CHECK (latitude BETWEEN -90 AND 90),
    longitude numeric(10,7) CHECK (longitude BETWEEN -180 AND 180),
    changed_by uuid,
    changed_via varchar(20) NOT NULL CHECK (changed_via IN ('web', 'mobile', 'whatsapp', 'system')),
    -- Counts the rows of one delivery: several may fall into one moment.
    position integer NOT NULL CHECK (position >= 1),
    created_at timestamptz NOT NULL,
    CONSTRAINT delivery_history_in_order UNIQUE (delivery_id, position),
    CONSTRAINT delivery_history_place_is_a_pair CHECK ((latitude IS NULL) = (longitude IS NULL))
);

CREATE TABLE delivery_proof (
    id uuid PRIMARY KEY,
    delivery_id uuid NOT NULL REFERENCES deliveries (id),
    proof_type varchar(20) NOT NULL CHECK (proof_type IN ('photo', 'signature', 'document', 'otp', 'approval')),
    -- The file in the integration service; a code and an approval have none.
    media_id uuid,
    content_hash bytea NOT NULL CHECK (octet_length(content_hash) = 32),
    latitude numeric(10,7) CHECK (latitude BETWEEN -90 AND 90),
    longitude numeric(10,7) CHECK (longitude BETWEEN -180 AND 180),
    place_source text NOT NULL CHECK (place_source IN ('reported', 'last_position', 'delivery_address', 'unknown')),
    uploaded_by uuid NOT NULL,
    uploaded_via varchar(20) NOT NULL CHECK (uploaded_via IN ('web', 'mobile', 'whatsapp', 'system')),
    notes text,
    -- The chain: each hash covers the one before, the content, the place, the time and who.
    position integer NOT NULL CHECK (position >= 1),
    prev_hash bytea NOT NULL CHECK (octet_length(prev_hash) = 32),
    hash bytea NOT NULL CONSTRAINT delivery_proof_hash_once UNIQUE CHECK (octet_length(hash) = 32),
    uploaded_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT delivery_proof_in_order UNIQUE (delivery_id, position),
    CONSTRAINT delivery_proof_file_once UNIQUE (delivery_id, media_id),
    CONSTRAINT delivery_proof_file_fits CHECK ((proof_type IN ('otp', 'approval')) = (media_id IS NULL)),
    CONSTRAINT delivery_proof_place CHECK (
        (latitude IS NULL) = (longitude IS NULL) AND (latitude IS NULL) = (place_source = 'unknown'))
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are kept as they are', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER delivery_proof_is_kept BEFORE UPDATE OR DELETE ON delivery_proof
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER delivery_history_is_kept BEFORE UPDATE OR DELETE ON delivery_status_history
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE delivery_otp_log (
    id uuid PRIMARY KEY,
    delivery_id uuid NOT NULL REFERENCES deliveries (id),
    -- Keyed HMAC-SHA256 of the code, bound to this row; never the code.
    otp_hash bytea NOT NULL CHECK (octet_length(otp_hash) = 32),
    generated_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    -- True when the message surely did not go out: such a code does not count against the limit.
    sending_failed boolean NOT NULL DEFAULT false,
    verified boolean NOT NULL DEFAULT false,
    verified_at timestamptz,
    verification_attempts integer NOT NULL DEFAULT 0 CHECK (verification_attempts BETWEEN 0 AND 5),
    created_at timestamptz NOT NULL,
    CONSTRAINT otp_verified_has_a_time CHECK (verified = (verified_at IS NOT NULL)),
    CONSTRAINT otp_expires_later CHECK (expires_at > generated_at)
);

CREATE INDEX otp_by_delivery ON delivery_otp_log (delivery_id, generated_at DESC, id DESC);
CREATE UNIQUE INDEX otp_verified_once ON delivery_otp_log (delivery_id) WHERE verified;

-- Orders known to be cancelled, so that a confirmation which arrives afterwards opens no delivery.
CREATE TABLE cancelled_orders (
    order_id uuid PRIMARY KEY,
    reason text NOT NULL,
    cancelled_at timestamptz NOT NULL
);
