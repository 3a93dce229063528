//! What Razorpay does by itself as time passes.

use std::time::Duration;

use super::{
    events::Outgoing,
    model::{LinkStatus, PaymentStatus, RazorpayState, Refund, RefundStatus},
};
use crate::{random, state::Shared};

const EVERY: Duration = Duration::from_millis(500);
/// A payment the payer walked away from fails after that many seconds.
const ABANDONED: i64 = 10 * 60;
/// An authorised payment nobody captured is given back after that many seconds.
const UNCAPTURED: i64 = 5 * 24 * 60 * 60;

/// Looks for what is due, until told to stop.
pub(crate) async fn keep_sweeping(app: Shared) {
    while !app.sleeps(EVERY).await {
        let now = app.clock.now().timestamp();
        let outgoing = app.world.razorpay.lock().sweep(now);
        if !outgoing.is_empty() {
            app.emit(outgoing);
        }
    }
}

impl RazorpayState {
    fn sweep(&mut self, now: i64) -> Vec<Outgoing> {
        let mut outgoing = Vec::new();
        let due = |status: PaymentStatus, age: i64| {
            let payments =
                self.payments.newest().filter(move |payment| payment.status == status && now - payment.created_at > age);
            payments.map(|payment| payment.id.clone()).collect::<Vec<_>>()
        };
        let abandoned = due(PaymentStatus::Created, ABANDONED);
        let uncaptured = due(PaymentStatus::Authorized, UNCAPTURED);
        for id in abandoned {
            outgoing.extend(self.fail(&id, now).unwrap_or_default());
        }
        for id in uncaptured {
            outgoing.extend(self.give_back(&id, now));
        }
        let expired =
            |link: &&super::model::Link| link.status == LinkStatus::Created && link.expire_by != 0 && link.expire_by <= now;
        let links: Vec<String> = self.links.newest().filter(expired).map(|link| link.id.clone()).collect();
        for id in links {
            let Some(link) = self.links.get_mut(&id) else { continue };
            link.status = LinkStatus::Expired;
            link.expired_at = now;
            link.updated_at = now;
            let link = link.clone();
            outgoing.push(self.link_event("payment_link.expired", &link, now));
        }
        outgoing
    }

    fn give_back(&mut self, payment_id: &str, now: i64) -> Vec<Outgoing> {
        let Some(payment) = self.payments.get(payment_id) else { return Vec::new() };
        let refund = Refund {
            id: format!("rfnd_{}", random::alphanumeric(14)),
            amount: payment.amount,
            currency: payment.currency.clone(),
            payment_id: payment_id.to_owned(),
            notes: payment.notes.clone(),
            receipt: None,
            created_at: now,
            status: RefundStatus::Pending,
            speed_requested: "normal".into(),
            reference: random::digits(23),
        };
        let id = refund.id.clone();
        let mut outgoing = self.open_refund(refund, true, now).unwrap_or_default();
        outgoing.extend(self.settle_refund(&id, RefundStatus::Processed, now).unwrap_or_default());
        outgoing
    }
}
