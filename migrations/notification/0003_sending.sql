-- Messages are their own queue: a batch is claimed in one statement and its results are written down in one, instead of a job
-- beside every message.

ALTER TABLE notifications
    -- When it goes out, while it waits.
    ADD COLUMN due_at         timestamptz,
    -- Until when whoever hands it over may take, by the database's clock. Found later, nobody knows whether it went out.
    ADD COLUMN leased_until   timestamptz,
    -- The piece of work it belongs to.
    ADD COLUMN correlation_id uuid,
    ADD COLUMN causation_id   uuid,
    ADD COLUMN traceparent    text;

UPDATE notifications
   SET due_at = coalesce((SELECT run_at FROM jobs WHERE dedupe_key = 'send/' || notifications.id AND state = 'pending'), updated_at)
 WHERE status = 'pending';
UPDATE notifications SET leased_until = clock_timestamp() + interval '1 minute' WHERE status = 'sending';
UPDATE jobs SET state = 'cancelled', finished_at = clock_timestamp(), lease_id = NULL, leased_until = NULL
 WHERE kind = 'send' AND state = 'pending';

ALTER TABLE notifications
    ADD CONSTRAINT notifications_waiting_is_due CHECK ((status = 'pending') = (due_at IS NOT NULL)),
    ADD CONSTRAINT notifications_sending_is_leased CHECK ((status = 'sending') = (leased_until IS NOT NULL));
CREATE INDEX notifications_due ON notifications (due_at) WHERE status = 'pending';
CREATE INDEX notifications_leased ON notifications (leased_until) WHERE status = 'sending';

-- Staff is told together, a business through its person, and a provider names the address it gave up.
CREATE INDEX contacts_by_vendor ON contacts (vendor_id) WHERE vendor_id IS NOT NULL;
CREATE INDEX contacts_admins ON contacts (user_id) WHERE user_type = 'admin';
CREATE INDEX contacts_by_email ON contacts (lower(email)) WHERE email IS NOT NULL;
CREATE INDEX contacts_by_phone ON contacts (phone) WHERE phone IS NOT NULL;
