-- Bank account, PAN and GSTIN are kept sealed. Data keys, each wrapped by the master key (AWS KMS, or a local one), seal them;
-- a keyed hash beside each lets it be found. What older rows hold in the clear the service seals when it starts.

CREATE TABLE data_keys (
    id uuid PRIMARY KEY,
    -- The master key that wrapped it.
    master_key_id text NOT NULL,
    wrapped bytea NOT NULL,
    -- From then on it seals: a little after it was made, so that every process has it at hand by then.
    active_from timestamptz NOT NULL,
    created_at timestamptz NOT NULL
);

ALTER TABLE vendors
    ADD COLUMN gstin_sealed bytea,
    ADD COLUMN gstin_hash bytea CHECK (octet_length(gstin_hash) = 32),
    ADD COLUMN pan_sealed bytea,
    ADD COLUMN pan_hash bytea CHECK (octet_length(pan_hash) = 32),
    ADD COLUMN bank_account_sealed bytea,
    ADD COLUMN bank_account_hash bytea CHECK (octet_length(bank_account_hash) = 32),
    -- The data key that sealed them.
    ADD COLUMN data_key_id uuid REFERENCES data_keys (id),
    DROP CONSTRAINT vendors_gstin_fits_scheme,
    DROP CONSTRAINT vendors_gstin_holds_pan_and_state,
    DROP CONSTRAINT vendors_onboarded_is_whole;

-- Not validated: rows from before are brought into line by the service, everything written from now on has to be.
ALTER TABLE vendors
    ADD CONSTRAINT vendors_nothing_in_the_clear
        CHECK (gstin IS NULL AND pan IS NULL AND bank_account_number IS NULL) NOT VALID,
    ADD CONSTRAINT vendors_gstin_fits_scheme
        CHECK (onboarded_at IS NULL OR (gst_scheme = 'unregistered') = (gstin_sealed IS NULL)) NOT VALID,
    ADD CONSTRAINT vendors_onboarded_is_whole CHECK (
        onboarded_at IS NULL
        OR (business_name <> '' AND pan_sealed IS NOT NULL AND bank_account_sealed IS NOT NULL AND bank_ifsc IS NOT NULL
            AND bank_account_holder_name IS NOT NULL)) NOT VALID,
    ADD CONSTRAINT vendors_sealed_is_hashed CHECK (
        (gstin_sealed IS NULL) = (gstin_hash IS NULL) AND (pan_sealed IS NULL) = (pan_hash IS NULL)
        AND (bank_account_sealed IS NULL) = (bank_account_hash IS NULL)
        AND ((pan_sealed IS NULL AND gstin_sealed IS NULL AND bank_account_sealed IS NULL) OR data_key_id IS NOT NULL));

CREATE INDEX vendors_by_gstin ON vendors (gstin_hash);
CREATE INDEX vendors_by_pan ON vendors (pan_hash);
CREATE INDEX vendors_by_bank_account ON vendors (bank_account_hash);
CREATE INDEX vendors_by_data_key ON vendors (data_key_id);

-- The number on a paper is compared with the vendor's own and kept masked.
UPDATE vendor_kyc_documents SET document_number = repeat('X', char_length(document_number) - 4) || right(document_number, 4)
 WHERE document_type IN ('pan', 'gstin') AND char_length(document_number) > 4;
ALTER TABLE vendor_kyc_documents
    ADD CONSTRAINT kyc_numbers_are_masked CHECK (
        document_type NOT IN ('pan', 'gstin') OR document_number ~ '^X{6,11}[0-9A-Z]{4}$');
