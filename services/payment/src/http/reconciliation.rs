//! Comparing the books of some days.

use ::domain::{Money, business_time};
use ::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use books::{Facts, Mismatch, Row};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use service_kit::ApiError;
use service_kit::http::{Allowed, Data, Params, Problems};

use super::cod::Finance;
use crate::App;
use crate::domain::online::CURRENCY;
use crate::usecases::reconcile::{Reconciled, reconcile};

/// Longest range, in days: all of it is held in memory.
const LONGEST: i64 = 31;

/// In which form it is answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Form {
    /// The whole of it.
    #[default]
    Json,
    /// The mismatches, one a line.
    Csv,
}

/// Which days, by the calendar of India.
#[derive(Debug, Deserialize, garde::Validate, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReconciliationParams {
    /// One day; today when neither this nor `from` is given.
    #[garde(skip)]
    #[serde(default)]
    day: Option<NaiveDate>,
    /// The first of several days, instead of `day`.
    #[garde(skip)]
    #[serde(default)]
    from: Option<NaiveDate>,
    /// The last of them, inclusive; today when left out. At most 31 days in all.
    #[garde(skip)]
    #[serde(default)]
    to: Option<NaiveDate>,
    /// `json` or `csv`.
    #[garde(skip)]
    #[serde(default)]
    #[param(inline)]
    format: Form,
}

impl ReconciliationParams {
    fn days(&self, today: NaiveDate) -> Result<(NaiveDate, NaiveDate), ApiError> {
        let (first, last) = match (self.day, self.from) {
            (Some(_), Some(_)) => return Err(ApiError::invalid_field("day", "give either a day or from and to")),
            (Some(day), None) => (day, day),
            (None, Some(from)) => (from, self.to.unwrap_or(today)),
            (None, None) => (today, today),
        };
        if last < first {
            return Err(ApiError::invalid_field("to", "must not be before from"));
        }
        if (last - first).num_days() >= LONGEST {
            return Err(ApiError::invalid_field("to", "at most 31 days at once"));
        }
        Ok((first, last))
    }
}

/// A row that is named.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RowOut {
    /// The table; `gateway` for what is at the gateway.
    table: &'static str,
    /// Its key: an id, a ledger movement's business key, or the gateway's id.
    key: String,
}

impl From<Row> for RowOut {
    fn from(row: Row) -> Self {
        Self { table: row.table, key: row.key }
    }
}

/// Two things that do not agree.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct MismatchOut {
    /// Which sides: `order_itself`, `order_payment`, `payment_refunds`, `payment_gateway`, `payment_ledger`,
    /// `ledger_itself`, `payment_cash`, `order_settlement`, `settlement_itself` or `settlement_ledger`.
    pair: &'static str,
    /// The number of the rule that is broken.
    rule: u8,
    /// The row that is held to be wrong.
    row: RowOut,
    /// The row that says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    against: Option<RowOut>,
    /// The order concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    order_number: Option<String>,
    /// What does not agree.
    what: String,
    /// What it should be.
    expected: String,
    /// What it is.
    found: String,
}

impl From<Mismatch> for MismatchOut {
    fn from(mismatch: Mismatch) -> Self {
        Self {
            pair: mismatch.pair.as_str(),
            rule: mismatch.rule,
            row: mismatch.row.into(),
            against: mismatch.against.map(RowOut::from),
            order_number: mismatch.order_number,
            what: mismatch.what,
            expected: mismatch.expected,
            found: mismatch.found,
        }
    }
}

/// How much was compared.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ComparedOut {
    /// Orders.
    orders: usize,
    /// Payments.
    payments: usize,
    /// Refunds.
    refunds: usize,
    /// Payments at the gateway.
    gateway_payments: usize,
    /// Movements of the ledger.
    movements: usize,
    /// Lines of settlements.
    settlement_lines: usize,
}

/// What the compared payments add up to.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TotalsOut {
    /// Came in online.
    captured: Money,
    /// Came in as cash.
    collected: Money,
    /// Went back of these.
    refunded: Money,
    /// Held or given back because it was not what an order waited for.
    put_aside: Money,
    /// `INR`.
    currency: &'static str,
}

/// The books of some days.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ReconciliationOut {
    /// The first day.
    from: NaiveDate,
    /// The last day, inclusive.
    to: NaiveDate,
    /// When they were compared. What changed within the minute before is not held against anybody.
    as_of: DateTime<Utc>,
    /// Whether all agrees.
    clean: bool,
    /// How much was compared.
    compared: ComparedOut,
    /// What it adds up to.
    totals: TotalsOut,
    /// What does not agree.
    mismatches: Vec<MismatchOut>,
}

/// Compares orders, payments, the gateway, the ledger, cash and settlements of some days pair by pair. Each mismatch names
/// its row and the rule that it breaks. Settlements as a whole are compared by the operator's command; here their lines are.
#[utoipa::path(get, path = "/api/v1/payments/reconciliation", operation_id = "get_reconciliation", tag = "ledger",
    params(ReconciliationParams),
    responses((status = 200, description = "What was compared, and what does not agree",
               content((Data<ReconciliationOut> = "application/json"), (String = "text/csv"))), Problems))]
pub(crate) async fn reconciliation(
    State(app): State<App>,
    _who: Allowed<Finance>,
    Params(asked): Params<ReconciliationParams>,
) -> Result<Response, ApiError> {
    let (from, to) = asked.days(business_time::ist_date(app.kit.clock.now()))?;
    let range = (business_time::start_of_ist_day(from), business_time::end_of_ist_day(to));
    let Reconciled { facts, mismatches, as_of } = reconcile(&app, range.0, range.1).await?;
    let totals = totals(&facts);
    let mismatches: Vec<MismatchOut> = mismatches.into_iter().map(MismatchOut::from).collect();
    if asked.format == Form::Csv {
        let disposition = format!("attachment; filename=\"reconciliation-{from}-{to}.csv\"");
        let headers = [(CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (CONTENT_DISPOSITION, disposition)];
        return Ok((headers, csv_of(&mismatches)?).into_response());
    }
    let out = ReconciliationOut { from, to, as_of, clean: mismatches.is_empty(), compared: compared(&facts), totals, mismatches };
    Ok(Data::new(out).into_response())
}

fn compared(facts: &Facts) -> ComparedOut {
    ComparedOut {
        orders: facts.orders.len(),
        payments: facts.payments.len(),
        refunds: facts.refunds.len(),
        gateway_payments: facts.gateway.as_ref().map_or(0, Vec::len),
        movements: facts.movements.len(),
        settlement_lines: facts.lines.len(),
    }
}

fn totals(facts: &Facts) -> TotalsOut {
    let came_in = |method: &str| {
        let paid = facts.payments.iter().filter(|payment| payment.method == method);
        let paid = paid.filter(|p| matches!(p.status.as_str(), "captured" | "collected" | "partially_refunded" | "refunded"));
        Money::from_paise(paid.map(|payment| payment.amount).sum())
    };
    let aside = facts.strays.iter().filter(|stray| stray.currency == CURRENCY).map(|stray| stray.amount).sum();
    TotalsOut {
        captured: came_in("online"),
        collected: came_in("cod"),
        refunded: Money::from_paise(facts.payments.iter().map(|payment| payment.refunded).sum()),
        put_aside: Money::from_paise(aside),
        currency: CURRENCY,
    }
}

/// With a head, also when there is nothing below it.
fn csv_of(mismatches: &[MismatchOut]) -> Result<Vec<u8>, ApiError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let head = ["pair", "rule", "table", "key", "against_table", "against_key", "order_number", "what", "expected", "found"];
    writer.write_record(head).map_err(ApiError::internal)?;
    for mismatch in mismatches {
        let against = mismatch.against.as_ref();
        let row = [
            mismatch.pair,
            &mismatch.rule.to_string(),
            mismatch.row.table,
            &mismatch.row.key,
            against.map_or("", |row| row.table),
            against.map_or("", |row| row.key.as_str()),
            mismatch.order_number.as_deref().unwrap_or_default(),
            &mismatch.what,
            &mismatch.expected,
            &mismatch.found,
        ];
        writer.write_record(row).map_err(ApiError::internal)?;
    }
    writer.into_inner().map_err(|error| ApiError::internal(error.into_error()))
}
