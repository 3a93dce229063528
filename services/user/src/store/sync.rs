//! Who tells Firebase about a user: one at a time, under a lease on the database's own clock.

use domain::UserId;
use pg_kit::DbError;
use sqlx::PgConnection;

/// Longer than one try of telling Firebase may take.
pub(crate) const LEASE_SECONDS: f64 = 30.0;

/// Takes the lease; false while somebody else holds it, or when there is no such user.
pub(crate) async fn lease(conn: &mut PgConnection, id: UserId) -> Result<bool, DbError> {
    let taken = sqlx::query!(
        "UPDATE users SET sync_leased_until = clock_timestamp() + make_interval(secs => $2)
          WHERE id = $1 AND (sync_leased_until IS NULL OR sync_leased_until <= clock_timestamp())",
        id as UserId,
        LEASE_SECONDS,
    )
    .execute(conn)
    .await?
    .rows_affected();
    Ok(taken == 1)
}

/// Gives the lease back.
pub(crate) async fn release(conn: &mut PgConnection, id: UserId) -> Result<(), DbError> {
    sqlx::query!("UPDATE users SET sync_leased_until = NULL WHERE id = $1", id as UserId).execute(conn).await?;
    Ok(())
}

/// Firebase knows this revision now; gives the lease back. True when there is nothing newer to tell.
pub(crate) async fn settle(conn: &mut PgConnection, id: UserId, revision: i64) -> Result<bool, DbError> {
    let current = sqlx::query_scalar!(
        r#"UPDATE users SET synced_revision = GREATEST(synced_revision, $2), sync_leased_until = NULL
            WHERE id = $1 RETURNING synced_revision = sync_revision as "current!""#,
        id as UserId,
        revision,
    )
    .fetch_optional(conn)
    .await?;
    Ok(current.unwrap_or(true))
}

/// Users of whom Firebase does not know the newest, and whom nobody is just telling it about.
pub(crate) async fn behind(conn: &mut PgConnection, limit: i64) -> Result<Vec<UserId>, DbError> {
    Ok(sqlx::query_scalar!(
        r#"SELECT id as "id: UserId" FROM users
            WHERE synced_revision < sync_revision
              AND (sync_leased_until IS NULL OR sync_leased_until <= clock_timestamp())
            ORDER BY id LIMIT $1"#,
        limit,
    )
    .fetch_all(conn)
    .await?)
}
