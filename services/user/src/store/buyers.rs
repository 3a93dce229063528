//! `buyer_profiles`.

use chrono::{DateTime, Utc};
use domain::{BuyerId, Money, UserId};
use pg_kit::DbError;
use sqlx::PgConnection;

use crate::domain::Buyer;

/// An empty profile.
pub(crate) async fn insert(conn: &mut PgConnection, id: BuyerId, user_id: UserId, now: DateTime<Utc>) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO buyer_profiles (id, user_id, created_at, updated_at) VALUES ($1, $2, $3, $3)",
        id as BuyerId,
        user_id as UserId,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn find(conn: &mut PgConnection, id: BuyerId) -> Result<Option<Buyer>, DbError> {
    Ok(sqlx::query_as!(
        Buyer,
        r#"SELECT b.id as "id: BuyerId", b.user_id as "user_id: UserId", b.business_name, b.business_type,
                  b.preferred_payment_method, b.total_orders, b.total_spent as "total_spent: Money", b.created_at,
                  b.updated_at
             FROM buyer_profiles b JOIN users u ON u.id = b.user_id
            WHERE b.id = $1 AND u.status <> 'deleted'"#,
        id as BuyerId,
    )
    .fetch_optional(conn)
    .await?)
}

/// The profile, held until the end of the transaction: everything that changes a buyer's addresses holds it.
pub(crate) async fn lock(conn: &mut PgConnection, id: BuyerId) -> Result<Option<Buyer>, DbError> {
    Ok(sqlx::query_as!(
        Buyer,
        r#"SELECT b.id as "id: BuyerId", b.user_id as "user_id: UserId", b.business_name, b.business_type,
                  b.preferred_payment_method, b.total_orders, b.total_spent as "total_spent: Money", b.created_at,
                  b.updated_at
             FROM buyer_profiles b JOIN users u ON u.id = b.user_id
            WHERE b.id = $1 AND u.status <> 'deleted'
              FOR UPDATE OF b"#,
        id as BuyerId,
    )
    .fetch_optional(conn)
    .await?)
}

pub(crate) async fn update(conn: &mut PgConnection, buyer: &Buyer, now: DateTime<Utc>) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE buyer_profiles SET business_name = $2, business_type = $3, preferred_payment_method = $4, updated_at = $5
          WHERE id = $1",
        buyer.id as BuyerId,
        buyer.business_name,
        buyer.business_type,
        buyer.preferred_payment_method,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Counts a completed order; false when there is no such buyer.
pub(crate) async fn count_order(conn: &mut PgConnection, id: BuyerId, spent: Money, now: DateTime<Utc>) -> Result<bool, DbError> {
    let counted = sqlx::query!(
        "UPDATE buyer_profiles SET total_orders = total_orders + 1, total_spent = total_spent + $2, updated_at = $3
          WHERE id = $1",
        id as BuyerId,
        spent as Money,
        now,
    )
    .execute(conn)
    .await?
    .rows_affected();
    Ok(counted == 1)
}

/// Takes away what is personal.
pub(crate) async fn erase(conn: &mut PgConnection, id: BuyerId, now: DateTime<Utc>) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE buyer_profiles SET business_name = NULL, business_type = NULL, preferred_payment_method = NULL,
                updated_at = $2
          WHERE id = $1",
        id as BuyerId,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}
