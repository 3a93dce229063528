-- Who people are: users, what they are as buyers and staff, where they want things delivered, and their sign-ins.

CREATE TABLE users (
    id                 uuid        PRIMARY KEY,
    firebase_uid       text        NOT NULL CHECK (length(firebase_uid) BETWEEN 1 AND 128),
    -- Absent once erased, and for staff who sign in by e-mail.
    phone              text        CHECK (phone ~ '^\+91[6-9][0-9]{9}$'),
    email              text        CHECK (length(email) BETWEEN 3 AND 255),
    full_name          text        NOT NULL CHECK (length(full_name) <= 255),
    user_type          text        NOT NULL CHECK (user_type IN ('buyer', 'vendor', 'admin')),
    status             text        NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended', 'deleted')),
    profile_photo_url  text        CHECK (length(profile_photo_url) <= 512),
    preferred_language text        NOT NULL DEFAULT 'en' CHECK (preferred_language IN ('en', 'hi', 'te')),
    -- The vendor's record in vendor-management, and what was last heard of it.
    vendor_id          uuid,
    vendor_status      text        CHECK (vendor_status IN ('pending', 'active', 'suspended', 'blocked')),
    vendor_revision    bigint      NOT NULL DEFAULT 0 CHECK (vendor_revision >= 0),
    -- Refresh tokens of sign-ins before this are void.
    tokens_valid_since timestamptz,
    -- What Firebase should know of this user is numbered; `synced_revision` is what it knows.
    sync_revision      bigint      NOT NULL DEFAULT 1 CHECK (sync_revision >= 1),
    synced_revision    bigint      NOT NULL DEFAULT 0 CHECK (synced_revision >= 0),
    sync_leased_until  timestamptz,
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL,
    last_login_at      timestamptz,
    deleted_at         timestamptz,
    CONSTRAINT users_firebase_uid_key UNIQUE (firebase_uid),
    CONSTRAINT users_phone_key UNIQUE (phone),
    CONSTRAINT users_vendor_id_key UNIQUE (vendor_id),
    CONSTRAINT users_vendor_id_of_vendors CHECK (vendor_id IS NULL OR user_type = 'vendor'),
    CONSTRAINT users_can_be_reached
        CHECK (status = 'deleted' OR phone IS NOT NULL OR (user_type = 'admin' AND email IS NOT NULL)),
    CONSTRAINT users_deleted_has_a_time CHECK ((status = 'deleted') = (deleted_at IS NOT NULL)),
    CONSTRAINT users_deleted_is_erased
        CHECK (status <> 'deleted'
               OR (phone IS NULL AND email IS NULL AND full_name = '' AND profile_photo_url IS NULL)),
    CONSTRAINT users_synced_follows CHECK (synced_revision <= sync_revision)
);
CREATE UNIQUE INDEX users_one_admin_per_email ON users (lower(email)) WHERE user_type = 'admin' AND email IS NOT NULL;
CREATE INDEX users_newest_first ON users (created_at DESC, id DESC);
CREATE INDEX users_by_type_and_status ON users (user_type, status, created_at DESC, id DESC);
CREATE INDEX users_to_sync ON users (id) WHERE synced_revision < sync_revision;

CREATE TABLE buyer_profiles (
    id                       uuid          PRIMARY KEY,
    user_id                  uuid          NOT NULL REFERENCES users (id),
    business_name            text          CHECK (length(business_name) BETWEEN 1 AND 255),
    business_type            text          CHECK (business_type IN ('individual_builder', 'contractor', 'other')),
    preferred_payment_method text          CHECK (preferred_payment_method IN ('online', 'cod', 'both')),
    total_orders             integer       NOT NULL DEFAULT 0 CHECK (total_orders >= 0),
    total_spent              numeric(12,2) NOT NULL DEFAULT 0 CHECK (total_spent >= 0),
    created_at               timestamptz   NOT NULL,
    updated_at               timestamptz   NOT NULL,
    CONSTRAINT buyer_profiles_user_id_key UNIQUE (user_id)
);

CREATE TABLE delivery_addresses (
    id            uuid          PRIMARY KEY,
    buyer_id      uuid          NOT NULL REFERENCES buyer_profiles (id),
    label         text          CHECK (length(label) BETWEEN 1 AND 50),
    address_line1 text          NOT NULL CHECK (length(address_line1) BETWEEN 1 AND 255),
    address_line2 text          CHECK (length(address_line2) BETWEEN 1 AND 255),
    landmark      text          CHECK (length(landmark) BETWEEN 1 AND 255),
    city          text          NOT NULL DEFAULT 'Hyderabad' CHECK (length(city) BETWEEN 1 AND 100),
    state         text          NOT NULL DEFAULT 'Telangana' CHECK (length(state) BETWEEN 1 AND 100),
    -- GST code of the state: it decides between CGST with SGST and IGST.
    state_code    text          NOT NULL CHECK (state_code ~ '^[0-9]{2}$'),
    pincode       text          NOT NULL CHECK (pincode ~ '^[1-9][0-9]{5}$'),
    latitude      numeric(10,7) CHECK (latitude BETWEEN -90 AND 90),
    longitude     numeric(10,7) CHECK (longitude BETWEEN -180 AND 180),
    -- Who receives there; the buyer when absent.
    contact_name  text          CHECK (length(contact_name) BETWEEN 1 AND 255),
    contact_phone text          CHECK (contact_phone ~ '^\+91[6-9][0-9]{9}$'),
    is_default    boolean       NOT NULL DEFAULT false,
    -- Counts changes, so that coordinates found for an older text are not written to a newer one.
    revision      bigint        NOT NULL DEFAULT 1,
    created_at    timestamptz   NOT NULL,
    updated_at    timestamptz   NOT NULL,
    CONSTRAINT delivery_addresses_point_is_whole CHECK ((latitude IS NULL) = (longitude IS NULL))
);
CREATE UNIQUE INDEX delivery_addresses_one_default ON delivery_addresses (buyer_id) WHERE is_default;
CREATE INDEX delivery_addresses_of_buyer ON delivery_addresses (buyer_id, created_at, id);

-- At the end of every transaction a buyer with addresses has a default one; the index above says that it is only one.
CREATE FUNCTION delivery_addresses_keep_a_default() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM delivery_addresses WHERE buyer_id = OLD.buyer_id)
       AND NOT EXISTS (SELECT FROM delivery_addresses WHERE buyer_id = OLD.buyer_id AND is_default) THEN
        RAISE EXCEPTION 'buyer % would have addresses and no default one', OLD.buyer_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'delivery_addresses_some_default';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER delivery_addresses_some_default
    AFTER UPDATE OR DELETE ON delivery_addresses DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.is_default) EXECUTE FUNCTION delivery_addresses_keep_a_default();

CREATE TABLE admin_profiles (
    id          uuid        PRIMARY KEY,
    user_id     uuid        NOT NULL REFERENCES users (id),
    role        text        NOT NULL CHECK (role IN ('super_admin', 'operations', 'support', 'finance')),
    permissions jsonb       NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(permissions) = 'array'),
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    CONSTRAINT admin_profiles_user_id_key UNIQUE (user_id)
);
CREATE INDEX admin_profiles_by_role ON admin_profiles (role);

CREATE TABLE user_sessions (
    id                uuid        PRIMARY KEY,
    user_id           uuid        NOT NULL REFERENCES users (id),
    -- Firebase names no session; the moment of the sign-in tells the sign-ins of one user apart.
    firebase_token_id text        NOT NULL CHECK (length(firebase_token_id) BETWEEN 1 AND 512),
    device_type       text        CHECK (device_type IN ('ios', 'android', 'web')),
    device_info       jsonb,
    ip_address        text        CHECK (length(ip_address) <= 45),
    user_agent        text,
    started_at        timestamptz NOT NULL,
    last_seen_at      timestamptz NOT NULL,
    expires_at        timestamptz NOT NULL,
    ended_at          timestamptz,
    CONSTRAINT user_sessions_one_per_sign_in UNIQUE (user_id, firebase_token_id)
);
CREATE INDEX user_sessions_newest_first ON user_sessions (user_id, started_at DESC);
