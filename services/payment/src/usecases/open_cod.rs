//! Opening a cash payment.

use ::domain::events::PaymentOpened;
use ::domain::{Actor, Money, PaymentMethod};
use clients::payment::OpenPaymentIn;

use super::PaymentError;
use super::open_payment::{Written, write_down};
use crate::App;
use crate::store::ledger;
use crate::store::payments::PaymentRow;

/// Opens a cash payment, once for an order. Refused while the vendor holds too much cash (rule 31); a payment that is
/// open stays open whatever the vendor holds. The flag says whether it is new.
pub(crate) async fn open_cod(app: &App, actor: &Actor, terms: &OpenPaymentIn) -> Result<(PaymentRow, bool), PaymentError> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await.map_err(PaymentError::from)?;
    let Written { payment, new } = write_down(app, &mut tx, terms, PaymentMethod::Cod, now).await?;
    if new {
        let held = Money::from_paise(ledger::cash_with(&mut tx, payment.vendor_id).await?);
        let limit = app.config.cod_exposure_limit;
        if held > limit {
            return Err(PaymentError::CodLimitReached { held, limit });
        }
        let opened = PaymentOpened { payment: payment.facts(), gateway_order_id: None };
        pg_kit::outbox::append(&mut tx, now, &*app.kit.ids, actor, &opened).await?;
    }
    tx.commit().await?;
    Ok((payment, new))
}
