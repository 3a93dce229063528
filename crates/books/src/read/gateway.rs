//! The gateway's payments, by its API.

use chrono::{DateTime, Utc};
use domain::Money;
use razorpay::{Payment, PaymentStatus, Razorpay, RazorpayError, RefundStatus};

use crate::facts::{GatewayPayment, GatewayRefund, PaymentFact};

/// Every payment begun in `[from, to]`, with the refunds of those that have any.
///
/// # Errors
/// The gateway cannot be asked.
pub async fn begun_between(
    razorpay: &Razorpay,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<GatewayPayment>, RazorpayError> {
    let mut all = Vec::new();
    for payment in razorpay.list_payments(from, to).await? {
        all.push(with_refunds(razorpay, payment).await?);
    }
    Ok(all)
}

/// Adds the payments that ours name and that are not there yet: they were begun before. One that the gateway does not
/// know stays away.
///
/// # Errors
/// The gateway cannot be asked.
pub async fn with_missing(
    razorpay: &Razorpay,
    mut all: Vec<GatewayPayment>,
    ours: &[PaymentFact],
) -> Result<Vec<GatewayPayment>, RazorpayError> {
    let named = ours.iter().filter_map(|payment| payment.gateway_payment.as_deref());
    let missing: Vec<&str> = named.filter(|id| all.iter().all(|known| known.id != *id)).collect();
    for id in missing {
        match razorpay.fetch_payment(id).await {
            Ok(payment) => all.push(with_refunds(razorpay, payment).await?),
            Err(RazorpayError::Refused(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}

async fn with_refunds(razorpay: &Razorpay, payment: Payment) -> Result<GatewayPayment, RazorpayError> {
    let refunds = if payment.amount_refunded.is_zero() { Vec::new() } else { razorpay.fetch_refunds(&payment.id).await? };
    let refunds = refunds.into_iter().map(|refund| GatewayRefund {
        id: refund.id,
        amount: refund.amount.paise(),
        status: match refund.status {
            RefundStatus::Pending => "pending".to_owned(),
            RefundStatus::Processed => "processed".to_owned(),
            RefundStatus::Failed => "failed".to_owned(),
            RefundStatus::Other(other) => other,
        },
    });
    Ok(GatewayPayment {
        refunds: refunds.collect(),
        order_id: payment.order_id,
        amount: payment.amount.paise(),
        currency: payment.currency,
        status: match payment.status {
            PaymentStatus::Created => "created".to_owned(),
            PaymentStatus::Authorized => "authorized".to_owned(),
            PaymentStatus::Captured => "captured".to_owned(),
            PaymentStatus::Refunded => "refunded".to_owned(),
            PaymentStatus::Failed => "failed".to_owned(),
            PaymentStatus::Other(other) => other,
        },
        fee: payment.fee.map(Money::paise),
        refunded: payment.amount_refunded.paise(),
        created_at: payment.created_at,
        id: payment.id,
    })
}
