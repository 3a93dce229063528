//! Opening a cash payment.

use ::domain::Actor;
use ::domain::events::PaymentOpened;
use clients::payment::OpenPaymentIn;

use super::PaymentError;
use super::open_payment::{How, Written, write_down};
use crate::App;
use crate::store::payments::PaymentRow;

/// Opens a cash payment, once for an order. Refused while the vendor holds too much cash (rule 31); a payment that is
/// open stays open whatever the vendor holds. The flag says whether it is new.
pub(crate) async fn open_cod(app: &App, actor: &Actor, terms: &OpenPaymentIn) -> Result<(PaymentRow, bool), PaymentError> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await.map_err(PaymentError::from)?;
    let payment = match write_down(app, &mut tx, terms, How::Cash { limit: app.config.cod_exposure_limit }, now).await? {
        Written::Known(payment) => return Ok((payment, false)),
        Written::New(payment) => payment,
    };
    let opened = PaymentOpened { payment: payment.facts(), gateway_order_id: None };
    pg_kit::outbox::append(&mut tx, now, &*app.kit.ids, actor, &opened).await?;
    tx.commit().await?;
    Ok((payment, true))
}
