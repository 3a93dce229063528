//! `delivery_addresses`. Whoever changes them holds the buyer's row: see `buyers::lock`.

use chrono::{DateTime, Utc};
use domain::{AddressId, BuyerId, Phone, Pincode, StateCode};
use pg_kit::DbError;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::{Address, AddressText};

struct Row {
    id: AddressId,
    buyer_id: BuyerId,
    label: Option<String>,
    address_line1: String,
    address_line2: Option<String>,
    landmark: Option<String>,
    city: String,
    state: String,
    state_code: StateCode,
    pincode: Pincode,
    latitude: Option<f64>,
    longitude: Option<f64>,
    contact_name: Option<String>,
    contact_phone: Option<Phone>,
    is_default: bool,
    revision: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Row> for Address {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            buyer_id: row.buyer_id,
            text: AddressText {
                label: row.label,
                address_line1: row.address_line1,
                address_line2: row.address_line2,
                landmark: row.landmark,
                city: row.city,
                state: row.state,
                state_code: row.state_code,
                pincode: row.pincode,
                point: row.latitude.zip(row.longitude),
                contact_name: row.contact_name,
                contact_phone: row.contact_phone,
            },
            is_default: row.is_default,
            revision: row.revision,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// Selects whole addresses; what follows says which.
macro_rules! addresses {
    ($rest:literal $(, $arg:expr)*) => {
        sqlx::query_as!(
            Row,
            r#"SELECT id as "id: AddressId", buyer_id as "buyer_id: BuyerId", label, address_line1, address_line2,
                      landmark, city, state, state_code as "state_code: StateCode", pincode as "pincode: Pincode",
                      latitude::float8 as "latitude?", longitude::float8 as "longitude?", contact_name,
                      contact_phone as "contact_phone: Phone", is_default, revision, created_at, updated_at
                 FROM delivery_addresses "# + $rest
            $(, $arg)*
        )
    };
}

pub(crate) async fn of_buyer(conn: &mut PgConnection, buyer: BuyerId) -> Result<Vec<Address>, DbError> {
    let rows =
        addresses!("WHERE buyer_id = $1 ORDER BY is_default DESC, created_at, id", buyer as BuyerId).fetch_all(conn).await?;
    Ok(rows.into_iter().map(Address::from).collect())
}

/// One address of a buyer.
pub(crate) async fn find(conn: &mut PgConnection, buyer: BuyerId, id: AddressId) -> Result<Option<Address>, DbError> {
    let row = addresses!("WHERE buyer_id = $1 AND id = $2", buyer as BuyerId, id as AddressId).fetch_optional(conn).await?;
    Ok(row.map(Address::from))
}

/// Whoever's they are: for other services and for jobs.
pub(crate) async fn by_ids(conn: &mut PgConnection, ids: &[AddressId]) -> Result<Vec<Address>, DbError> {
    let ids: Vec<Uuid> = ids.iter().map(AddressId::as_uuid).collect();
    let rows = addresses!("WHERE id = ANY($1) ORDER BY id", &ids).fetch_all(conn).await?;
    Ok(rows.into_iter().map(Address::from).collect())
}

pub(crate) async fn insert(conn: &mut PgConnection, address: &Address) -> Result<(), DbError> {
    let text = &address.text;
    let (latitude, longitude) = text.point.unzip();
    sqlx::query!(
        "INSERT INTO delivery_addresses (id, buyer_id, label, address_line1, address_line2, landmark, city, state,
                                         state_code, pincode, latitude, longitude, contact_name, contact_phone,
                                         is_default, revision, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::float8, $12::float8, $13, $14, $15, $16, $17, $17)",
        address.id as AddressId,
        address.buyer_id as BuyerId,
        text.label,
        text.address_line1,
        text.address_line2,
        text.landmark,
        text.city,
        text.state,
        text.state_code.as_str(),
        text.pincode.as_str(),
        latitude,
        longitude,
        text.contact_name,
        text.contact_phone.as_ref().map(Phone::as_str),
        address.is_default,
        address.revision,
        address.created_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes what the address says and whether it is the default, if it is still at the revision before.
pub(crate) async fn update(conn: &mut PgConnection, address: &Address) -> Result<bool, DbError> {
    let text = &address.text;
    let (latitude, longitude) = text.point.unzip();
    let changed = sqlx::query!(
        "UPDATE delivery_addresses
            SET label = $2, address_line1 = $3, address_line2 = $4, landmark = $5, city = $6, state = $7, state_code = $8,
                pincode = $9, latitude = $10::float8, longitude = $11::float8, contact_name = $12, contact_phone = $13,
                is_default = $14, revision = $15::bigint, updated_at = $16
          WHERE id = $1 AND revision = $15::bigint - 1",
        address.id as AddressId,
        text.label,
        text.address_line1,
        text.address_line2,
        text.landmark,
        text.city,
        text.state,
        text.state_code.as_str(),
        text.pincode.as_str(),
        latitude,
        longitude,
        text.contact_name,
        text.contact_phone.as_ref().map(Phone::as_str),
        address.is_default,
        address.revision,
        address.updated_at,
    )
    .execute(conn)
    .await?
    .rows_affected();
    Ok(changed == 1)
}

/// No default for the moment; the same transaction makes another one.
pub(crate) async fn clear_default(conn: &mut PgConnection, buyer: BuyerId) -> Result<(), DbError> {
    sqlx::query!("UPDATE delivery_addresses SET is_default = false WHERE buyer_id = $1 AND is_default", buyer as BuyerId)
        .execute(conn)
        .await?;
    Ok(())
}

/// The address that was changed last becomes the default one.
pub(crate) async fn promote_newest(conn: &mut PgConnection, buyer: BuyerId) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE delivery_addresses SET is_default = true
          WHERE id = (SELECT id FROM delivery_addresses WHERE buyer_id = $1 ORDER BY updated_at DESC, id DESC LIMIT 1)",
        buyer as BuyerId,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Removes an address; `None` when there is none, otherwise whether it was the default one.
pub(crate) async fn delete(conn: &mut PgConnection, buyer: BuyerId, id: AddressId) -> Result<Option<bool>, DbError> {
    Ok(sqlx::query_scalar!(
        "DELETE FROM delivery_addresses WHERE buyer_id = $1 AND id = $2 RETURNING is_default",
        buyer as BuyerId,
        id as AddressId,
    )
    .fetch_optional(conn)
    .await?)
}

/// Removes all of a buyer's.
pub(crate) async fn delete_all(conn: &mut PgConnection, buyer: BuyerId) -> Result<(), DbError> {
    sqlx::query!("DELETE FROM delivery_addresses WHERE buyer_id = $1", buyer as BuyerId).execute(conn).await?;
    Ok(())
}

/// Writes coordinates found for a revision; false when the address was changed, located or removed since.
pub(crate) async fn locate(conn: &mut PgConnection, id: AddressId, revision: i64, point: (f64, f64)) -> Result<bool, DbError> {
    let changed = sqlx::query!(
        "UPDATE delivery_addresses SET latitude = $3::float8, longitude = $4::float8
          WHERE id = $1 AND revision = $2 AND latitude IS NULL",
        id as AddressId,
        revision,
        point.0,
        point.1,
    )
    .execute(conn)
    .await?
    .rows_affected();
    Ok(changed == 1)
}
