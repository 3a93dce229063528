//! PostgreSQL habits every service shares: pool, migrations, outbox, inbox, idempotency records, jobs.
