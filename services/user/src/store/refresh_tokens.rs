//! `refresh_tokens`: whose a token is, by its hash.

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, Utc};
use domain::UserId;
use pg_kit::DbError;
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::PgConnection;

fn hash(token: &SecretString) -> Vec<u8> {
    digest(&SHA256, token.expose_secret().as_bytes()).as_ref().to_vec()
}

/// Notes whose a token is; writes once a day at most.
pub(crate) async fn note(
    conn: &mut PgConnection,
    token: &SecretString,
    user_id: UserId,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO refresh_tokens (token_hash, user_id, seen_at) VALUES ($1, $2, $3)
         ON CONFLICT (token_hash) DO UPDATE SET seen_at = excluded.seen_at
          WHERE refresh_tokens.seen_at <= excluded.seen_at - interval '1 day'",
        hash(token),
        user_id as UserId,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Whose it is, if it was seen here.
pub(crate) async fn owner(conn: &mut PgConnection, token: &SecretString) -> Result<Option<UserId>, DbError> {
    Ok(sqlx::query_scalar!(r#"SELECT user_id as "user_id: UserId" FROM refresh_tokens WHERE token_hash = $1"#, hash(token))
        .fetch_optional(conn)
        .await?)
}

/// Forgets those not seen since `moment`.
pub(crate) async fn purge(conn: &mut PgConnection, moment: DateTime<Utc>) -> Result<u64, DbError> {
    Ok(sqlx::query!("DELETE FROM refresh_tokens WHERE seen_at < $1", moment).execute(conn).await?.rows_affected())
}
