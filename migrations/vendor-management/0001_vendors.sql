-- Vendors and their papers. One row a vendor; the user service knows the person behind it.

CREATE TABLE vendors (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL CONSTRAINT vendors_one_a_user UNIQUE,

    -- Business details; empty until onboarding.
    business_name varchar(255) NOT NULL DEFAULT '',
    business_type varchar(50) NOT NULL DEFAULT 'material_supplier'
        CHECK (business_type IN ('material_supplier', 'labor_contractor', 'both')),
    gst_scheme text NOT NULL DEFAULT 'unregistered' CHECK (gst_scheme IN ('regular', 'composition', 'unregistered')),
    gstin varchar(15),
    pan varchar(10),
    -- State of supply, as GST code.
    state_code varchar(2) NOT NULL,
    -- Categories of the catalogue by slug, as declared by the vendor.
    categories text[] NOT NULL DEFAULT '{}',

    -- Contact.
    owner_name varchar(255) NOT NULL,
    business_phone varchar(15) NOT NULL,
    business_email varchar(255),
    business_address text,

    -- Service area: an array of PIN codes, and/or a radius around the warehouse.
    service_areas jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(service_areas) = 'array'),
    service_radius_km numeric(5,2) CHECK (service_radius_km > 0),
    warehouse_latitude numeric(10,7) CHECK (warehouse_latitude BETWEEN -90 AND 90),
    warehouse_longitude numeric(10,7) CHECK (warehouse_longitude BETWEEN -180 AND 180),

    -- Standing.
    status varchar(20) NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'active', 'suspended', 'blocked')),
    kyc_status varchar(20) NOT NULL DEFAULT 'pending' CHECK (kyc_status IN ('pending', 'submitted', 'approved', 'rejected')),
    is_accepting_orders boolean NOT NULL DEFAULT true,
    commission_rate numeric(5,2) NOT NULL CHECK (commission_rate BETWEEN 0 AND 100),

    -- Banking.
    bank_account_number varchar(20),
    bank_ifsc varchar(11),
    bank_account_holder_name varchar(255),
    bank_name varchar(100),

    -- Metrics.
    total_orders integer NOT NULL DEFAULT 0 CHECK (total_orders >= 0),
    total_revenue numeric(12,2) NOT NULL DEFAULT 0,
    average_rating numeric(3,2) CHECK (average_rating BETWEEN 1 AND 5),

    -- The number of the last change; travels with every fact, so that read copies never go back.
    revision bigint NOT NULL DEFAULT 1 CHECK (revision >= 1),
    onboarded_at timestamptz,
    approved_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,

    CONSTRAINT vendors_gstin_fits_scheme CHECK (onboarded_at IS NULL OR (gst_scheme = 'unregistered') = (gstin IS NULL)),
    CONSTRAINT vendors_gstin_holds_pan_and_state
        CHECK (gstin IS NULL OR (pan IS NOT NULL AND substr(gstin, 3, 10) = pan AND substr(gstin, 1, 2) = state_code)),
    CONSTRAINT vendors_onboarded_is_whole CHECK (
        onboarded_at IS NULL
        OR (business_name <> '' AND pan IS NOT NULL AND bank_account_number IS NOT NULL AND bank_ifsc IS NOT NULL
            AND bank_account_holder_name IS NOT NULL)),
    CONSTRAINT vendors_location_is_a_pair CHECK ((warehouse_latitude IS NULL) = (warehouse_longitude IS NULL)),
    CONSTRAINT vendors_radius_has_a_centre CHECK (service_radius_km IS NULL OR warehouse_latitude IS NOT NULL),
    CONSTRAINT vendors_approved_once_known CHECK ((kyc_status = 'approved') = (approved_at IS NOT NULL)),
    CONSTRAINT vendors_active_is_approved CHECK (status <> 'active' OR kyc_status = 'approved')
);

CREATE INDEX vendors_by_age ON vendors (created_at DESC, id DESC);
CREATE INDEX vendors_by_standing ON vendors (status, kyc_status, created_at DESC);
CREATE INDEX vendors_by_pincode ON vendors USING gin (service_areas) WHERE status = 'active' AND is_accepting_orders;

CREATE TABLE vendor_kyc_documents (
    id uuid PRIMARY KEY,
    vendor_id uuid NOT NULL REFERENCES vendors (id),
    document_type varchar(50) NOT NULL
        CHECK (document_type IN ('pan', 'gstin', 'aadhaar', 'business_license', 'bank_statement', 'cancelled_cheque')),
    -- The file in the integration service: files are private, their URLs short-lived.
    media_id uuid NOT NULL,
    -- SHA-256 of the content when it was handed in.
    content_sha256 text NOT NULL CHECK (content_sha256 ~ '^[0-9a-f]{64}$'),
    -- Of an Aadhaar only the last four digits are ever kept.
    document_number varchar(50) CHECK (document_type <> 'aadhaar' OR document_number ~ '^[0-9]{4}$'),
    verification_status varchar(20) NOT NULL DEFAULT 'pending'
        CHECK (verification_status IN ('pending', 'verified', 'rejected')),
    verified_by uuid,
    verified_at timestamptz,
    rejection_reason text,
    uploaded_at timestamptz NOT NULL,
    -- Set when a newer paper of the same type was handed in.
    superseded_at timestamptz,
    CONSTRAINT kyc_rejection_has_a_reason CHECK ((verification_status = 'rejected') = (rejection_reason IS NOT NULL)),
    CONSTRAINT kyc_decision_has_a_person
        CHECK ((verification_status = 'pending') = (verified_by IS NULL) AND (verified_by IS NULL) = (verified_at IS NULL))
);

CREATE UNIQUE INDEX kyc_one_of_a_type ON vendor_kyc_documents (vendor_id, document_type) WHERE superseded_at IS NULL;
CREATE INDEX kyc_by_vendor ON vendor_kyc_documents (vendor_id, uploaded_at);
