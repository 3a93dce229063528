//! Nothing is left undone at the end of a test.

use chrono::DateTime;
use domain::Clock;
use domain::events::Envelope;
use pg_kit::outbox;
use sqlx::{PgPool, Row};

/// Takes every waiting event as published and returns them in the order of their appending.
///
/// # Panics
/// When the database fails.
#[expect(clippy::expect_used, reason = "test code")]
pub async fn drain_outbox(pool: &PgPool) -> Vec<Envelope> {
    let mut conn = pool.acquire().await.expect("a connection");
    outbox::drain(&mut conn, DateTime::UNIX_EPOCH).await.expect("the outbox can be read")
}

/// Fails when events wait in the outbox, due jobs were not run, or jobs failed for good.
///
/// # Panics
/// When something is left, and when the database fails.
#[expect(clippy::expect_used, clippy::panic, reason = "test code")]
pub async fn assert_nothing_left(pool: &PgPool, clock: &dyn Clock) {
    let mut conn = pool.acquire().await.expect("a connection");
    let rows = sqlx::query(
        "SELECT 'unpublished event ' || event_type AS what, count(*) AS count FROM outbox
          WHERE published_at IS NULL GROUP BY 1
         UNION ALL
         SELECT 'due job ' || kind, count(*) FROM jobs
          WHERE state = 'pending' AND run_at <= $1 GROUP BY 1
         UNION ALL
         SELECT 'failed job ' || kind || ': ' || coalesce(last_error, ''), count(*) FROM jobs
          WHERE state = 'failed' GROUP BY 1
         ORDER BY 1",
    )
    .bind(clock.now())
    .fetch_all(&mut *conn)
    .await
    .expect("the kit's tables can be read");
    let left: Vec<String> =
        rows.iter().map(|row| format!("{} × {}", row.get::<i64, _>("count"), row.get::<String, _>("what"))).collect();
    if !left.is_empty() {
        panic!("left undone at the end of the test: {}", left.join("; "));
    }
}
