-- Working hours and holidays beside the plain switch, and papers that expire.

ALTER TABLE vendors
    -- [{"day": "mon", "opens": "09:00", "closes": "18:00"}, …] by the clock of India; none: open whenever the switch says so.
    ADD COLUMN working_hours jsonb CHECK (jsonb_typeof(working_hours) = 'array'),
    -- Indian days on which the shop is closed.
    ADD COLUMN holidays date[] NOT NULL DEFAULT '{}',
    -- What the hours and holidays last came to; a job turns it over at the next opening and closing.
    ADD COLUMN open_by_hours boolean NOT NULL DEFAULT true,
    ADD CONSTRAINT vendors_without_hours_are_open
        CHECK (working_hours IS NOT NULL OR holidays <> '{}' OR open_by_hours);

ALTER TABLE vendor_kyc_documents
    -- The last Indian day on which it counts, when it has one.
    ADD COLUMN expires_on date,
    DROP CONSTRAINT vendor_kyc_documents_verification_status_check,
    DROP CONSTRAINT kyc_decision_has_a_person,
    ADD CONSTRAINT kyc_verification_status
        CHECK (verification_status IN ('pending', 'verified', 'rejected', 'expired')),
    ADD CONSTRAINT kyc_decision_has_a_person CHECK (
        (verified_by IS NULL) = (verified_at IS NULL)
        AND (verification_status = 'expired' OR (verification_status = 'pending') = (verified_by IS NULL))),
    ADD CONSTRAINT kyc_expired_had_a_day CHECK (verification_status <> 'expired' OR expires_on IS NOT NULL);
