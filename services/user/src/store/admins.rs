//! `admin_profiles`.

use chrono::{DateTime, Utc};
use domain::{AdminRole, Phone, UserId, UserStatus};
use pg_kit::DbError;
use sqlx::PgConnection;
use uuid::Uuid;

use super::users;
use crate::domain::User;

/// Staff with what they may do.
#[derive(Debug, Clone)]
pub(crate) struct Admin {
    pub(crate) user_id: UserId,
    pub(crate) role: AdminRole,
    pub(crate) permissions: Vec<String>,
}

pub(crate) async fn insert(conn: &mut PgConnection, id: Uuid, admin: &Admin, now: DateTime<Utc>) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO admin_profiles (id, user_id, role, permissions, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5)",
        id,
        admin.user_id as UserId,
        admin.role.as_str(),
        serde_json::json!(admin.permissions),
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn find(conn: &mut PgConnection, user_id: UserId) -> Result<Option<Admin>, DbError> {
    let row = sqlx::query!(
        r#"SELECT user_id as "user_id: UserId", role as "role: AdminRole", permissions FROM admin_profiles WHERE user_id = $1"#,
        user_id as UserId,
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| Ok(Admin { user_id: row.user_id, role: row.role, permissions: serde_json::from_value(row.permissions)? }))
        .transpose()
}

/// Staff, newest first, with their users.
pub(crate) async fn list(
    conn: &mut PgConnection,
    role: Option<AdminRole>,
    after: Option<(DateTime<Utc>, UserId)>,
    limit: i64,
) -> Result<Vec<(User, Vec<String>)>, DbError> {
    let (at, id) = after.unzip();
    let found = users::users!(
        "WHERE a.id IS NOT NULL AND ($1::text IS NULL OR a.role = $1)
           AND ($2::timestamptz IS NULL OR (u.created_at, u.id) < ($2, $3::uuid))
         ORDER BY u.created_at DESC, u.id DESC LIMIT $4",
        role.as_ref().map(AdminRole::as_str),
        at,
        id.map(Uuid::from),
        limit
    )
    .fetch_all(&mut *conn)
    .await?;
    let ids: Vec<Uuid> = found.iter().map(|user| user.id.into()).collect();
    let rows =
        sqlx::query!(r#"SELECT user_id as "user_id: UserId", permissions FROM admin_profiles WHERE user_id = ANY($1)"#, &ids,)
            .fetch_all(conn)
            .await?;
    let mut permissions = std::collections::HashMap::new();
    for row in rows {
        permissions.insert(row.user_id, serde_json::from_value::<Vec<String>>(row.permissions)?);
    }
    Ok(found
        .into_iter()
        .map(|user| {
            let own = permissions.remove(&user.id).unwrap_or_default();
            (user, own)
        })
        .collect())
}

pub(crate) async fn by_email(conn: &mut PgConnection, email: &str) -> Result<Option<User>, DbError> {
    Ok(users::users!("WHERE u.user_type = 'admin' AND lower(u.email) = lower($1)", email).fetch_optional(conn).await?)
}

/// Waits for whoever else is about to take a super admin away, until the end of the transaction.
pub(crate) async fn lock_super_admins(conn: &mut PgConnection) -> Result<(), DbError> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtext('user: super admins')) IS NULL as done").fetch_one(conn).await?;
    Ok(())
}

/// How many super admins may work, besides this one.
pub(crate) async fn other_super_admins(conn: &mut PgConnection, than: UserId) -> Result<i64, DbError> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) as "count!" FROM admin_profiles a JOIN users u ON u.id = a.user_id
            WHERE a.role = $1 AND u.status = $2 AND a.user_id <> $3"#,
        AdminRole::SuperAdmin.as_str(),
        UserStatus::Active.as_str(),
        than as UserId,
    )
    .fetch_one(conn)
    .await?)
}

/// Any super admin who may work.
pub(crate) async fn some_super_admin(
    conn: &mut PgConnection,
) -> Result<Option<(UserId, Option<Phone>, Option<String>)>, DbError> {
    let row = sqlx::query!(
        r#"SELECT u.id as "id: UserId", u.phone as "phone: Phone", u.email
             FROM admin_profiles a JOIN users u ON u.id = a.user_id
            WHERE a.role = $1 AND u.status = $2 ORDER BY u.created_at LIMIT 1"#,
        AdminRole::SuperAdmin.as_str(),
        UserStatus::Active.as_str(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| (row.id, row.phone, row.email)))
}

/// Another role and other permissions; sign-ins so far are void and Firebase is to be told.
pub(crate) async fn set_role(conn: &mut PgConnection, from: AdminRole, to: &Admin, now: DateTime<Utc>) -> Result<bool, DbError> {
    let changed = sqlx::query!(
        "WITH changed AS (
             UPDATE admin_profiles SET role = $3, permissions = $4, updated_at = $5 WHERE user_id = $1 AND role = $2
             RETURNING user_id
         )
         UPDATE users SET tokens_valid_since = $5, sync_revision = sync_revision + 1, updated_at = $5
          WHERE id IN (SELECT user_id FROM changed)",
        to.user_id as UserId,
        from.as_str(),
        to.role.as_str(),
        serde_json::json!(to.permissions),
        now,
    )
    .execute(conn)
    .await?
    .rows_affected();
    Ok(changed == 1)
}
