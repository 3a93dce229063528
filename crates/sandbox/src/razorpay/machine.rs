//! How payments, orders and refunds move. Every move gives the events it causes.

use super::{
    error::RazorpayError,
    events::{self, Outgoing},
    model::{LinkStatus, OrderStatus, Payment, PaymentStatus, RazorpayState, Refund, RefundStatus},
};
use crate::random;

/// A payer's try.
pub(super) struct Attempt {
    pub(super) method: String,
    /// Other than what is due only to see what a difference does.
    pub(super) amount: Option<i64>,
    pub(super) currency: Option<String>,
    pub(super) email: String,
    pub(super) contact: String,
}

type Moved = Result<Vec<Outgoing>, RazorpayError>;

impl RazorpayState {
    /// A payer begins to pay an order.
    pub(super) fn attempt(&mut self, order_id: &str, attempt: Attempt, now: i64) -> Result<String, RazorpayError> {
        let order = self.orders.get_mut(order_id).ok_or_else(RazorpayError::unknown_id)?;
        if order.status == OrderStatus::Paid {
            return Err(RazorpayError::bad("Payment already done for this order."));
        }
        order.attempts += 1;
        order.status = OrderStatus::Attempted;
        let payment = Payment {
            id: format!("pay_{}", random::alphanumeric(14)),
            order_id: order.id.clone(),
            amount: attempt.amount.unwrap_or(order.amount - order.amount_paid),
            currency: attempt.currency.unwrap_or_else(|| order.currency.clone()),
            status: PaymentStatus::Created,
            method: attempt.method,
            amount_refunded: 0,
            captured: false,
            email: attempt.email,
            contact: attempt.contact,
            notes: order.notes.clone(),
            fee: None,
            tax: None,
            failure: false,
            reference: random::digits(12),
            created_at: now,
        };
        let id = payment.id.clone();
        self.payments.insert(payment);
        Ok(id)
    }

    fn payment_mut(&mut self, id: &str) -> Result<&mut Payment, RazorpayError> {
        self.payments.get_mut(id).ok_or_else(RazorpayError::unknown_id)
    }

    /// The bank said yes; legal after it said no.
    pub(super) fn authorize(&mut self, id: &str, now: i64) -> Moved {
        let payment = self.payment_mut(id)?;
        if !matches!(payment.status, PaymentStatus::Created | PaymentStatus::Failed) {
            return Err(RazorpayError::bad("The payment has already been authorized."));
        }
        payment.status = PaymentStatus::Authorized;
        payment.failure = false;
        Ok(vec![events::payment("payment.authorized", payment, now)])
    }

    /// The bank said no.
    pub(super) fn fail(&mut self, id: &str, now: i64) -> Moved {
        let payment = self.payment_mut(id)?;
        if payment.status != PaymentStatus::Created {
            return Err(RazorpayError::bad("Only a created payment can fail."));
        }
        payment.status = PaymentStatus::Failed;
        payment.failure = true;
        Ok(vec![events::payment("payment.failed", payment, now)])
    }

    /// The money is taken, and the order or link with it is paid.
    pub(super) fn capture(&mut self, id: &str, now: i64) -> Moved {
        let payment = self.payments.get_mut(id).ok_or_else(RazorpayError::unknown_id)?;
        match payment.status {
            PaymentStatus::Authorized => {}
            PaymentStatus::Captured | PaymentStatus::Refunded => {
                return Err(RazorpayError::bad("This payment has already been captured"));
            }
            PaymentStatus::Created | PaymentStatus::Failed => {
                return Err(RazorpayError::bad("Only payments which have been authorized and not yet captured can be captured"));
            }
        }
        let order = self.orders.get_mut(&payment.order_id).ok_or_else(RazorpayError::unknown_id)?;
        if order.status == OrderStatus::Paid {
            return Err(RazorpayError::bad("The order is already paid"));
        }
        let charge = payment.amount / 50;
        let tax = charge * 18 / 100;
        payment.status = PaymentStatus::Captured;
        payment.captured = true;
        payment.fee = Some(charge + tax);
        payment.tax = Some(tax);
        order.amount_paid += payment.amount;
        let mut outgoing = vec![events::payment("payment.captured", payment, now)];
        if order.amount_paid >= order.amount || payment.currency != order.currency {
            order.status = OrderStatus::Paid;
            outgoing.push(events::order_paid(order, payment, now));
        }
        if let Some(link_id) = order.link_id.clone() {
            outgoing.extend(self.pay_link(&link_id, id, now));
        }
        Ok(outgoing)
    }

    fn pay_link(&mut self, link_id: &str, payment_id: &str, now: i64) -> Option<Outgoing> {
        let link = self.links.get_mut(link_id)?;
        link.status = LinkStatus::Paid;
        link.payment_id = Some(payment_id.to_owned());
        link.updated_at = now;
        let link = link.clone();
        Some(self.link_event("payment_link.paid", &link, now))
    }

    /// Takes the amount off what can still be refunded and notes the refund, pending.
    pub(super) fn open_refund(&mut self, refund: Refund, uncaptured: bool, now: i64) -> Moved {
        let payment = self.payment_mut(&refund.payment_id)?;
        if payment.status == PaymentStatus::Refunded {
            return Err(RazorpayError::bad("The payment has been fully refunded already"));
        }
        if payment.status != PaymentStatus::Captured && !uncaptured {
            return Err(RazorpayError::bad("The payment status should be captured for action to be taken"));
        }
        if refund.amount > payment.amount - payment.amount_refunded {
            return Err(RazorpayError::bad("The total refund amount is greater than the refund payment amount"));
        }
        payment.amount_refunded += refund.amount;
        if payment.amount_refunded == payment.amount {
            payment.status = PaymentStatus::Refunded;
        }
        let outgoing = vec![events::refund("refund.created", &refund, payment, now)];
        self.refunds.insert(refund);
        Ok(outgoing)
    }

    /// Ends a pending refund; one that failed gives the amount back to what can be refunded.
    pub(super) fn settle_refund(&mut self, id: &str, status: RefundStatus, now: i64) -> Moved {
        let refund = self.refunds.get_mut(id).ok_or_else(RazorpayError::unknown_id)?;
        if refund.status != RefundStatus::Pending {
            return Err(RazorpayError::bad("The refund is not pending"));
        }
        refund.status = status;
        let payment = self.payments.get_mut(&refund.payment_id).ok_or_else(RazorpayError::unknown_id)?;
        let name = match status {
            RefundStatus::Pending => return Ok(Vec::new()),
            RefundStatus::Processed => "refund.processed",
            RefundStatus::Failed => {
                payment.amount_refunded -= refund.amount;
                if payment.captured {
                    payment.status = PaymentStatus::Captured;
                }
                "refund.failed"
            }
        };
        Ok(vec![events::refund(name, refund, payment, now)])
    }
}
