//! Facts of the payment service.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::domain_event;
use crate::{BuyerId, Money, OrderId, OrderNumber, PaymentId, PaymentMethod, RefundId, UserId, VendorId};

/// What every fact of a payment says about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PaymentFacts {
    /// The payment.
    pub payment_id: PaymentId,
    /// The order it pays.
    pub order_id: OrderId,
    /// Its number.
    pub order_number: OrderNumber,
    /// Who pays.
    pub buyer_id: BuyerId,
    /// The buyer as a user.
    pub buyer_user_id: UserId,
    /// Who delivers.
    pub vendor_id: VendorId,
    /// Online or cash.
    pub payment_method: PaymentMethod,
    /// What is due in all.
    pub amount: Money,
}

macro_rules! payment_events {
    ($($(#[$meta:meta])* $name:ident $type:literal { $($(#[$fmeta:meta])* $field:ident : $ty:ty),* $(,)? }),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
        pub struct $name {
            /// The payment.
            #[serde(flatten)]
            pub payment: PaymentFacts,
            $($(#[$fmeta])* pub $field: $ty),*
        }
        domain_event!($name, $type, 1, |e| e.payment.payment_id.into());
    )+};
}

payment_events! {
    /// A payment was opened: the order is whole. A vendor may be told of a cash order now.
    PaymentOpened "PaymentOpened" {
        /// The gateway's order, online.
        gateway_order_id: Option<String>,
    },
    /// Online money is ours. A vendor may be told of the order now.
    PaymentCaptured "PaymentCaptured" {
        /// The gateway's payment.
        gateway_payment_id: String,
        /// When.
        captured_at: DateTime<Utc>,
    },
    /// An attempt failed. A late capture may still come.
    PaymentFailed "PaymentFailed" {
        /// Why, in the gateway's words.
        reason: String,
    },
    /// The vendor has the cash.
    CodCollected "CodCollected" {
        /// When.
        collected_at: DateTime<Utc>,
    },
    /// Money is to go back.
    RefundRequested "RefundRequested" {
        /// The refund.
        refund_id: RefundId,
        /// How much.
        refund_amount: Money,
        /// `cancellation`, `dispute`, `return` or `late_capture`.
        reason: String,
    },
    /// Money went back.
    RefundProcessed "RefundProcessed" {
        /// The refund.
        refund_id: RefundId,
        /// How much.
        refund_amount: Money,
        /// What went back in all, this included.
        refunded_total: Money,
        /// When.
        processed_at: DateTime<Utc>,
    },
    /// Money could not go back; finance is told.
    RefundFailed "RefundFailed" {
        /// The refund.
        refund_id: RefundId,
        /// How much.
        refund_amount: Money,
        /// Why.
        reason: String,
    },
    /// The gateway's amount or currency is not ours (rule 28): nothing is marked paid until finance decides.
    PaymentQuarantined "PaymentQuarantined" {
        /// What the gateway says, in paise.
        gateway_amount_paise: i64,
        /// The gateway's currency.
        gateway_currency: String,
    },
}
