//! Reminds a vendor on WhatsApp that an order waits (rule 16).

use std::collections::BTreeMap;

use clients::notification::SendIn;
use domain::{NotificationChannel, OrderId};

use super::Refusal;
use crate::App;
use crate::store::orders::{self, Reader};

/// The template the vendor gets.
const TEMPLATE: &str = "order_reminder";

/// Reminds, if the order still waits.
pub(crate) async fn remind_vendor(app: &App, order_id: OrderId) -> Result<(), Refusal> {
    let order = {
        let mut conn = app.kit.pool.acquire().await?;
        orders::find(&mut conn, order_id, Reader::Service).await?.ok_or(Refusal::NotFound)?
    };
    if !order.awaits_vendor() {
        return Ok(());
    }
    let left = app.config.order_vendor_timeout_minutes.saturating_sub(app.config.order_vendor_reminder_minutes);
    let message = SendIn {
        user_id: order.vendor_user_id,
        template: TEMPLATE.to_owned(),
        variables: BTreeMap::from([
            ("order_number".to_owned(), order.order_number.to_string()),
            ("total".to_owned(), order.total.to_string()),
            ("minutes_left".to_owned(), left.to_string()),
        ]),
        order_id: Some(order_id),
        dedupe_key: Some(format!("{TEMPLATE}:{order_id}")),
    };
    app.neighbours.notification.send(NotificationChannel::Whatsapp, &message).await?;
    Ok(())
}
