-- What `outbox::append` does, for a statement that makes a change and tells of it at once. The event's number is one more
-- than the last of its aggregate, and the relay is woken when the transaction commits.
CREATE FUNCTION append_event(
    event_id uuid, event_type text, event_version smallint, occurred_at timestamptz, aggregate_id uuid,
    correlation_id uuid, causation_id uuid, traceparent text, actor jsonb, data jsonb
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    number bigint;
BEGIN
    INSERT INTO aggregate_sequences AS known (aggregate_id, last_sequence) VALUES ($5, 1)
    ON CONFLICT ON CONSTRAINT aggregate_sequences_pkey DO UPDATE SET last_sequence = known.last_sequence + 1
    RETURNING last_sequence INTO number;
    INSERT INTO outbox (event_id, event_type, event_version, occurred_at, aggregate_id, sequence, correlation_id, causation_id,
                        traceparent, actor, data)
    VALUES ($1, $2, $3, $4, $5, number, $6, $7, $8, $9, $10);
    PERFORM pg_notify('outbox', '');
    RETURN number;
END
$$;
