//! A placed order that cannot be made whole: it is cancelled with its reason, its request refused, its stock freed. The
//! event tells catalog and payment the same, should a call of ours still be on its way.

use clients::ServiceError;
use domain::{Actor, OrderId, OrderStatus, Quantity, ServiceName};
use pg_kit::{DbError, idempotency};
use serde::Deserialize;
use serde_json::Value;
use service_kit::http::error::{ErrorBody, ErrorEnvelope};
use uuid::Uuid;

use super::moves::By;
use super::open_order::{advance_to_done, placed_answer};
use super::place_order::{Answer, OPERATION};
use super::{LineRefusal, Refusal};
use crate::App;
use crate::config::CrashPoint;
use crate::domain::{CancelCode, Line, SagaStep};
use crate::store::orders::{self, Reader};
use crate::store::sagas;

/// What catalog says of a thing there is not enough of.
#[derive(Deserialize)]
struct Short {
    item_id: Uuid,
    available: Quantity,
}

/// Why an order could not be made whole: what the buyer is told, and what the order keeps.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Failure {
    status: u16,
    code: String,
    message: String,
    details: Option<Value>,
    reason_code: CancelCode,
}

impl Failure {
    fn new(status: u16, code: &str, message: impl Into<String>, reason_code: CancelCode) -> Self {
        Self { status, code: code.to_owned(), message: message.into(), details: None, reason_code }
    }

    /// The stock could not be kept.
    pub(crate) fn of_stock(error: &ServiceError, lines: &[Line]) -> Self {
        match error {
            ServiceError::Refused { code, .. } if code == "reservation_ended" => Self::cancelled(),
            ServiceError::Refused { code, message, details, .. } if code == "out_of_stock" => {
                Self::out_of_stock(message, details.as_ref(), lines)
            }
            ServiceError::Refused { message, details, .. } if !error.is_transient() => Self {
                details: details.clone(),
                ..Self::new(422, "items_refused", message.clone(), CancelCode::StockUnavailable)
            },
            _ => Self::stock_unavailable(),
        }
    }

    /// Says what is short by the names and lines of the order, in the shape a refusal before the order has.
    fn out_of_stock(message: &str, details: Option<&Value>, lines: &[Line]) -> Self {
        let short: Vec<Short> = details.and_then(|details| Vec::deserialize(details).ok()).unwrap_or_default();
        let refused: Vec<LineRefusal> = lines
            .iter()
            .enumerate()
            .filter_map(|(index, line)| {
                let short = short.iter().find(|short| short.item_id == line.what.item_id)?;
                let (left, name) = (short.available, &line.what.item_name);
                Some(LineRefusal {
                    field: format!("items[{index}]"),
                    code: "out_of_stock".to_owned(),
                    message: format!("only {left} left of {name}"),
                })
            })
            .collect();
        let message = if refused.is_empty() {
            message.to_owned()
        } else {
            refused.iter().map(|line| line.message.as_str()).collect::<Vec<_>>().join("; ")
        };
        let details = if refused.is_empty() { details.cloned() } else { serde_json::to_value(refused).ok() };
        Self { details, ..Self::new(409, "out_of_stock", message, CancelCode::OutOfStock) }
    }

    /// The payment could not be opened.
    pub(crate) fn of_payment(error: &ServiceError) -> Self {
        match error {
            ServiceError::Refused { code, .. } if code == "order_cancelled" => Self::cancelled(),
            ServiceError::Refused { code, message, details, .. } if code == "cod_limit_reached" => {
                Self { details: details.clone(), ..Self::new(409, code, message.clone(), CancelCode::PaymentUnavailable) }
            }
            _ => Self::payment_unavailable(),
        }
    }

    /// It took too long.
    pub(crate) fn too_late(step: SagaStep) -> Self {
        if step == SagaStep::Placed { Self::stock_unavailable() } else { Self::payment_unavailable() }
    }

    /// Somebody cancelled it while it was being placed.
    pub(crate) fn cancelled() -> Self {
        Self::new(409, "order_cancelled", "the order was cancelled while it was being placed", CancelCode::StockUnavailable)
    }

    /// The stock of an edit could not be kept.
    pub(crate) fn of_edit_stock(error: &ServiceError, lines: &[Line]) -> Self {
        match error {
            ServiceError::Refused { code, message, details, .. } if code == "out_of_stock" => {
                Self::out_of_stock(message, details.as_ref(), lines)
            }
            ServiceError::Refused { message, details, .. } if !error.is_transient() => Self {
                details: details.clone(),
                ..Self::new(409, "not_editable", format!("nothing was changed: {message}"), CancelCode::StockUnavailable)
            },
            _ => Self::edit_unavailable("stock_unavailable"),
        }
    }

    /// The payment of an edit could not be replaced.
    pub(crate) fn of_edit_payment(error: &ServiceError) -> Self {
        match error {
            ServiceError::Refused { code, message, details, .. } if !error.is_transient() => {
                let code = if code == "cod_limit_reached" { code } else { "not_editable" };
                let message = format!("nothing was changed: {message}");
                Self { details: details.clone(), ..Self::new(409, code, message, CancelCode::PaymentUnavailable) }
            }
            _ => Self::edit_unavailable("payment_unavailable"),
        }
    }

    /// The order was paid, confirmed or cancelled while it was edited.
    pub(crate) fn edit_overtaken(status: OrderStatus) -> Self {
        let message = format!("nothing was changed: the order is {status} now");
        Self::new(409, "not_editable", message, CancelCode::StockUnavailable)
    }

    /// Somebody who is needed for an edit does not answer.
    pub(crate) fn edit_unavailable(code: &str) -> Self {
        Self::new(503, code, "the items could not be changed at the moment; nothing was changed", CancelCode::StockUnavailable)
    }

    /// As a refusal.
    pub(crate) fn spoken(self) -> (u16, String, String, Option<Value>) {
        (self.status, self.code, self.message, self.details)
    }

    fn stock_unavailable() -> Self {
        let message = "the stock could not be reserved at the moment; nothing was ordered. This Idempotency-Key keeps this \
            answer: order again in a moment with a new one";
        Self::new(503, "stock_unavailable", message, CancelCode::StockUnavailable)
    }

    fn payment_unavailable() -> Self {
        let message = "the payment could not be opened at the moment; nothing was ordered. This Idempotency-Key keeps this \
            answer: order again in a moment with a new one";
        Self::new(503, "payment_unavailable", message, CancelCode::PaymentUnavailable)
    }

    /// The refusal as it is stored with the key: the same key gets it again, a new key tries anew.
    fn answer(&self) -> Result<Answer, DbError> {
        let error = ErrorBody {
            code: self.code.clone(),
            message: self.message.clone(),
            details: self.details.clone(),
            correlation_id: context::current().correlation_id,
        };
        Ok(Answer { status: self.status, body: serde_json::to_value(ErrorEnvelope { error })? })
    }
}

/// Cancels the order and answers its request, then frees its stock. An order that moved on meanwhile is whole: it is
/// finished instead.
pub(crate) async fn undo_order(app: &App, order_id: OrderId, failure: Failure) -> Result<Option<Answer>, Refusal> {
    let system = Actor::system(ServiceName::Order);
    let by = By { app, actor: &system, now: app.kit.clock.now() };
    let mut tx = app.kit.pool.begin().await?;
    let order = orders::lock(&mut tx, order_id, Reader::Service).await?.ok_or(Refusal::NotFound)?;
    let step = sagas::lock(&mut tx, order_id).await?;
    if !matches!(step, SagaStep::Placed | SagaStep::StockReserved) {
        return Ok(None);
    }
    let answer = match order.status {
        OrderStatus::Pending => {
            by.cancel(&mut tx, order, failure.reason_code, &failure.message).await?;
            failure.answer()?
        }
        OrderStatus::Cancelled => Failure::cancelled().answer()?,
        _ => {
            advance_to_done(&by, &mut tx, order_id, step).await?;
            let answer = placed_answer(&by, &mut tx, order, None).await?;
            tx.commit().await?;
            return Ok(Some(answer));
        }
    };
    sagas::advance(&mut tx, order_id, step, SagaStep::Undoing, app.config.lease_seconds(), by.now).await?;
    idempotency::complete_for_resource(&mut tx, OPERATION, order_id.into(), answer.status, &answer.body, by.now).await?;
    tx.commit().await?;
    tracing::warn!(%order_id, code = failure.code, "an order could not be placed and was cancelled");
    app.crash_point(CrashPoint::Undoing);
    if let Err(error) = free_stock(app, order_id).await {
        tracing::warn!(%order_id, %error, "the stock of a cancelled order is freed later");
    }
    Ok(Some(answer))
}

/// Frees the stock of an order that is being undone, and closes its saga. Also keeps a reservation that is still on its
/// way from being made.
pub(crate) async fn free_stock(app: &App, order_id: OrderId) -> Result<(), Refusal> {
    match app.neighbours.catalog.release(order_id).await {
        Ok(_) => {}
        // A final refusal: there is nothing of ours to free.
        Err(error @ ServiceError::Refused { .. }) if !error.is_transient() => {
            tracing::warn!(%order_id, %error, "catalog has nothing to free for a cancelled order");
        }
        Err(error) => return Err(error.into()),
    }
    app.crash_point(CrashPoint::ReleaseCalled);
    let mut conn = app.kit.pool.acquire().await?;
    let (lease, now) = (app.config.lease_seconds(), app.kit.clock.now());
    sagas::advance(&mut conn, order_id, SagaStep::Undoing, SagaStep::Undone, lease, now).await?;
    Ok(())
}
