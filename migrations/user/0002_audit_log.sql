-- Who did what to which thing, from every service. Rows are added and never changed; a month that is old enough is
-- dropped as a whole.

CREATE TABLE audit_log (
    event_id       uuid        NOT NULL,
    occurred_at    timestamptz NOT NULL,
    service        text        NOT NULL,
    action         text        NOT NULL CHECK (action <> ''),
    entity_type    text        NOT NULL CHECK (entity_type <> ''),
    entity_id      uuid        NOT NULL,
    actor_kind     text        NOT NULL,
    actor_user_id  uuid,
    channel        text        NOT NULL,
    before         jsonb,
    after          jsonb,
    ip_address     text,
    correlation_id uuid        NOT NULL,
    recorded_at    timestamptz NOT NULL,
    PRIMARY KEY (event_id, occurred_at)
) PARTITION BY RANGE (occurred_at);
CREATE INDEX audit_log_newest_first ON audit_log (occurred_at DESC, event_id DESC);
CREATE INDEX audit_log_of_entity ON audit_log (entity_id, occurred_at DESC);
CREATE INDEX audit_log_of_actor ON audit_log (actor_user_id, occurred_at DESC) WHERE actor_user_id IS NOT NULL;

CREATE FUNCTION audit_log_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_log is append-only: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION audit_log_refuse();
CREATE TRIGGER audit_log_not_emptied BEFORE TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION audit_log_refuse();

-- Makes the partition of the month of `moment` unless it is there. Months are UTC.
CREATE FUNCTION audit_log_ensure_month(moment timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    first date := date_trunc('month', moment AT TIME ZONE 'UTC')::date;
    name  text := 'audit_log_' || to_char(first, 'YYYY_MM');
BEGIN
    IF to_regclass(name) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('audit_log partitions'));
    IF to_regclass(name) IS NULL THEN
        EXECUTE format('CREATE TABLE %I PARTITION OF audit_log FOR VALUES FROM (%L) TO (%L)', name,
                       first::timestamp AT TIME ZONE 'UTC', (first + interval '1 month') AT TIME ZONE 'UTC');
        EXECUTE format('CREATE TRIGGER audit_log_not_emptied BEFORE TRUNCATE ON %I
                        FOR EACH STATEMENT EXECUTE FUNCTION audit_log_refuse()', name);
    END IF;
END $$;

-- Drops the months that ended before `moment`; answers how many.
CREATE FUNCTION audit_log_drop_before(moment timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    dropped integer := 0;
    name    text;
BEGIN
    FOR name IN
        SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
         WHERE i.inhparent = 'audit_log'::regclass
           AND (to_date(right(c.relname::text, 7), 'YYYY_MM') + interval '1 month') AT TIME ZONE 'UTC' <= moment
         ORDER BY c.relname
    LOOP
        EXECUTE format('DROP TABLE %I', name);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $$;
