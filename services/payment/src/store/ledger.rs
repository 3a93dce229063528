//! The ledger: written once, read as of any time.

use ::domain::{IdGen, VendorId};
use chrono::{DateTime, Utc};
use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;

use super::Stored;
use crate::domain::ledger::{Account, Imbalance, Posting};

/// Why a movement was not written down.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LedgerError {
    /// It does not add up.
    #[error("ledger movement {key}: {imbalance}")]
    Imbalance { key: String, imbalance: Imbalance },
    /// The same movement was written down with other lines.
    #[error("ledger movement {0} is there with other lines")]
    Differs(String),
    /// The database.
    #[error(transparent)]
    Sqlx(#[from] sqlx::Error),
}

/// Writes a movement down in the caller's transaction; false when it is there already. Nothing moved is nothing written.
pub(crate) async fn post(
    conn: &mut PgConnection,
    ids: &dyn IdGen,
    posting: &Posting,
    now: DateTime<Utc>,
) -> Result<bool, LedgerError> {
    posting.check().map_err(|imbalance| LedgerError::Imbalance { key: posting.business_key.clone(), imbalance })?;
    if posting.lines.is_empty() {
        return Ok(false);
    }
    let inserted = sqlx::query_scalar!(
        "INSERT INTO ledger_transactions (id, business_key, kind, description, occurred_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (business_key) DO NOTHING RETURNING id",
        ids.uuid(),
        posting.business_key,
        posting.kind,
        posting.description,
        now
    )
    .fetch_optional(&mut *conn)
    .await?;
    let accounts: Vec<String> = posting.lines.iter().map(|(account, _)| account.to_string()).collect();
    let amounts: Vec<i64> = posting.lines.iter().map(|(_, paise)| *paise).collect();
    let Some(id) = inserted else {
        return compare(conn, &posting.business_key, accounts, amounts).await;
    };
    sqlx::query!(
        "INSERT INTO ledger_entries (transaction_id, line, account, amount_paise)
         SELECT $1, line, account, amount
           FROM unnest($2::text[], $3::bigint[]) WITH ORDINALITY AS lines (account, amount, line)",
        id,
        &accounts,
        &amounts
    )
    .execute(conn)
    .await?;
    Ok(true)
}

async fn compare(conn: &mut PgConnection, key: &str, accounts: Vec<String>, amounts: Vec<i64>) -> Result<bool, LedgerError> {
    let known = sqlx::query!(
        "SELECT account, amount_paise FROM ledger_entries JOIN ledger_transactions ON id = transaction_id
          WHERE business_key = $1 ORDER BY line",
        key
    )
    .fetch_all(conn)
    .await?;
    let same = known.len() == accounts.len()
        && known
            .iter()
            .zip(accounts.iter().zip(&amounts))
            .all(|(row, (account, amount))| row.account == *account && row.amount_paise == *amount);
    if same { Ok(false) } else { Err(LedgerError::Differs(key.to_owned())) }
}

/// Cash in a vendor's hands, in paise.
pub(crate) async fn cash_with(conn: &mut PgConnection, vendor: VendorId) -> Stored<i64> {
    sqlx::query_scalar!(
        r#"SELECT coalesce(sum(amount_paise), 0)::bigint as "held!" FROM ledger_entries WHERE account = $1"#,
        Account::CashWithVendor(vendor).to_string()
    )
    .fetch_one(conn)
    .await
}

/// What an account adds up to.
#[derive(Debug, Clone)]
pub(crate) struct BalanceRow {
    pub account: String,
    pub debit: i64,
    pub credit: i64,
    pub entries: i64,
}

/// Every account as of a moment.
pub(crate) async fn balances(conn: &mut PgConnection, as_of: DateTime<Utc>) -> Stored<Vec<BalanceRow>> {
    sqlx::query_as!(
        BalanceRow,
        r#"SELECT account, coalesce(sum(amount_paise) FILTER (WHERE amount_paise > 0), 0)::bigint as "debit!",
                  coalesce(-sum(amount_paise) FILTER (WHERE amount_paise < 0), 0)::bigint as "credit!", count(*) as "entries!"
             FROM ledger_entries JOIN ledger_transactions ON id = transaction_id
            WHERE occurred_at <= $1 GROUP BY account ORDER BY account"#,
        as_of
    )
    .fetch_all(conn)
    .await
}

/// One line of the ledger with its movement.
#[derive(Debug, Clone)]
pub(crate) struct EntryRow {
    pub transaction_id: Uuid,
    pub business_key: String,
    pub kind: String,
    pub description: String,
    pub occurred_at: DateTime<Utc>,
    pub line: i16,
    pub account: String,
    pub amount_paise: i64,
}

/// Which lines are wanted.
#[derive(Debug, Clone, Default)]
pub(crate) struct EntryFilter {
    pub account: Option<String>,
    pub kind: Option<String>,
    pub business_key: Option<String>,
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
}

/// Where a line stands, newest first: time, movement, line.
pub(crate) type EntryPlace = (DateTime<Utc>, Uuid, i16);

/// Lines after a place, newest movement first.
pub(crate) async fn entries(
    conn: &mut PgConnection,
    filter: &EntryFilter,
    after: Option<EntryPlace>,
    limit: i64,
) -> Stored<Vec<EntryRow>> {
    let (at, id, line) = after.map_or((None, None, None), |(at, id, line)| (Some(at), Some(id), Some(line)));
    sqlx::query_as!(
        EntryRow,
        r#"SELECT transaction_id, business_key, kind, description, occurred_at, line, account, amount_paise
             FROM ledger_entries JOIN ledger_transactions ON id = transaction_id
            WHERE ($1::text IS NULL OR account = $1) AND ($2::text IS NULL OR kind = $2)
              AND ($3::text IS NULL OR business_key = $3)
              AND ($4::timestamptz IS NULL OR occurred_at >= $4) AND ($5::timestamptz IS NULL OR occurred_at < $5)
              AND ($6::timestamptz IS NULL OR (occurred_at, transaction_id) < ($6, $7::uuid)
                   OR ((occurred_at, transaction_id) = ($6, $7::uuid) AND line > $8::smallint))
            ORDER BY occurred_at DESC, transaction_id DESC, line LIMIT $9"#,
        filter.account,
        filter.kind,
        filter.business_key,
        filter.from,
        filter.to,
        at,
        id,
        line,
        limit
    )
    .fetch_all(conn)
    .await
}

/// What the whole ledger adds up to, in paise, and how many movements do not add up in themselves. Both are zero. It reads
/// all of it, so that it may take longer than a request: two minutes in a transaction of its own.
pub(crate) async fn imbalance(conn: &mut PgConnection) -> Stored<(i64, i64)> {
    let mut tx = conn.begin().await?;
    sqlx::raw_sql("SET LOCAL statement_timeout = '120s'").execute(&mut *tx).await?;
    let row = sqlx::query!(
        r#"SELECT coalesce(sum(total), 0)::bigint as "total!", count(*) FILTER (WHERE total <> 0) as "unbalanced!"
             FROM (SELECT sum(amount_paise) AS total FROM ledger_entries GROUP BY transaction_id) AS movements"#
    )
    .fetch_one(&mut *tx)
    .await?;
    tx.rollback().await?;
    Ok((row.total, row.unbalanced))
}
