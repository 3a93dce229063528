//! Looking at the ledger.

use ::domain::Money;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service_kit::ApiError;
use service_kit::http::{Allowed, Data, Page, PageParams, Params, Problems};
use uuid::Uuid;

use super::cod::Finance;
use crate::App;
use crate::domain::online::CURRENCY;
use crate::store::ledger::{BalanceRow, EntryFilter, EntryPlace, EntryRow};
use crate::usecases::read_ledger;

/// As of when.
#[derive(Debug, Deserialize, garde::Validate, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AsOf {
    /// The moment, inclusive; now when left out.
    #[garde(skip)]
    #[serde(default)]
    as_of: Option<DateTime<Utc>>,
}

/// Every account.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct AccountsOut {
    /// As of this moment.
    as_of: DateTime<Utc>,
    /// `INR`.
    currency: &'static str,
    /// Each account that something was ever written to.
    accounts: Vec<AccountOut>,
    /// All of them together: zero.
    total: Money,
}

/// One account.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct AccountOut {
    /// `gateway_clearing`, `gateway_fees`, `cash_with_vendor:{vendor}`, `vendor_payable:{vendor}`, `platform_commission`,
    /// `gst_payable`, `tds_payable`, `refunds`, `quarantine` or `bank`.
    account: String,
    /// Sum of its debits.
    debit: Money,
    /// Sum of its credits.
    credit: Money,
    /// Debits less credits.
    balance: Money,
    /// How many lines.
    entries: i64,
}

impl From<BalanceRow> for AccountOut {
    fn from(row: BalanceRow) -> Self {
        Self {
            account: row.account,
            debit: Money::from_paise(row.debit),
            credit: Money::from_paise(row.credit),
            balance: Money::from_paise(row.debit - row.credit),
            entries: row.entries,
        }
    }
}

/// The balance of every account as of a moment.
#[utoipa::path(get, path = "/api/v1/payments/ledger/accounts", operation_id = "get_ledger_accounts", tag = "ledger", params(AsOf),
    responses((status = 200, description = "The accounts", body = Data<AccountsOut>), Problems))]
pub(crate) async fn accounts(
    State(app): State<App>,
    _who: Allowed<Finance>,
    Params(asked): Params<AsOf>,
) -> Result<Data<AccountsOut>, ApiError> {
    let (rows, as_of) = read_ledger::balances(&app, asked.as_of).await?;
    let total = Money::from_paise(rows.iter().map(|row| row.debit - row.credit).sum());
    let accounts = rows.into_iter().map(AccountOut::from).collect();
    Ok(Data::new(AccountsOut { as_of, currency: CURRENCY, accounts, total }))
}

/// Which lines are wanted.
#[derive(Debug, Deserialize, garde::Validate, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EntryParams {
    /// Of this account.
    #[garde(length(max = 80))]
    #[serde(default)]
    account: Option<String>,
    /// Of this kind of movement, such as `capture`.
    #[garde(length(max = 40))]
    #[serde(default)]
    kind: Option<String>,
    /// Of this movement, such as `capture:{payment}`.
    #[garde(length(max = 120))]
    #[serde(default)]
    business_key: Option<String>,
    /// At this moment or later.
    #[garde(skip)]
    #[serde(default)]
    from: Option<DateTime<Utc>>,
    /// Before this moment.
    #[garde(skip)]
    #[serde(default)]
    to: Option<DateTime<Utc>>,
    /// `next_cursor` of the page before.
    #[garde(length(max = 400))]
    #[serde(default)]
    cursor: Option<String>,
    /// How many, 1 to 100; 20 when left out.
    #[garde(inner(range(min = 1, max = 100)))]
    #[serde(default)]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
}

/// Which side of an account a line is on.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Side {
    /// Left.
    Debit,
    /// Right.
    Credit,
}

/// One line of the ledger.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct EntryOut {
    /// The movement; its lines add up to zero.
    transaction_id: Uuid,
    /// What moved, once.
    business_key: String,
    /// What kind of movement.
    kind: String,
    /// In words.
    description: String,
    /// When.
    occurred_at: DateTime<Utc>,
    /// Which line of it.
    line: i16,
    /// The account.
    account: String,
    /// Debit or credit.
    side: Side,
    /// How much, above zero.
    amount: Money,
    /// `INR`.
    currency: &'static str,
}

impl From<EntryRow> for EntryOut {
    fn from(row: EntryRow) -> Self {
        Self {
            transaction_id: row.transaction_id,
            business_key: row.business_key,
            kind: row.kind,
            description: row.description,
            occurred_at: row.occurred_at,
            line: row.line,
            account: row.account,
            side: if row.amount_paise > 0 { Side::Debit } else { Side::Credit },
            amount: Money::from_paise(row.amount_paise.abs()),
            currency: CURRENCY,
        }
    }
}

/// Lines of the ledger, newest movement first.
#[utoipa::path(get, path = "/api/v1/payments/ledger/entries", operation_id = "list_ledger_entries", tag = "ledger", params(EntryParams),
    responses((status = 200, description = "A page of lines", body = Page<EntryOut>), Problems))]
pub(crate) async fn entries(
    State(app): State<App>,
    _who: Allowed<Finance>,
    Params(asked): Params<EntryParams>,
) -> Result<Page<EntryOut>, ApiError> {
    let page = PageParams { cursor: asked.cursor, limit: asked.limit }.request::<EntryPlace>()?;
    let filter = EntryFilter {
        account: asked.account,
        kind: asked.kind,
        business_key: asked.business_key,
        from: asked.from,
        to: asked.to,
    };
    let rows = read_ledger::entries(&app, &filter, page.after, page.fetch()).await?;
    Ok(page.page(rows, |row| (row.occurred_at, row.transaction_id, row.line), EntryOut::from))
}
