//! What an order makes of the news about its payment (rules 13 and 17), in whatever order they come.

use domain::{Money, PaymentStatus};

/// The money came in. A late capture turns `failed` into `paid`; what went back already stays said.
#[must_use]
pub const fn captured(now: PaymentStatus) -> PaymentStatus {
    match now {
        PaymentStatus::Pending | PaymentStatus::Failed => PaymentStatus::Paid,
        settled => settled,
    }
}

/// An attempt failed. Money that is in stays in.
#[must_use]
pub const fn failed(now: PaymentStatus) -> PaymentStatus {
    match now {
        PaymentStatus::Pending => PaymentStatus::Failed,
        other => other,
    }
}

/// So much went back in all. An older, smaller sum changes nothing.
#[must_use]
pub fn refunded(now: PaymentStatus, total: Money, known: Money, in_all: Money) -> (PaymentStatus, Money) {
    let refunded = known.max(in_all).min(total);
    let status = if refunded.is_zero() {
        now
    } else if refunded >= total {
        PaymentStatus::Refunded
    } else {
        PaymentStatus::PartiallyRefunded
    };
    (status, refunded)
}

/// Whether the money is in and not all of it went back.
#[must_use]
pub const fn money_is_in(status: PaymentStatus) -> bool {
    matches!(status, PaymentStatus::Paid | PaymentStatus::PartiallyRefunded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, Clone, Copy)]
    enum News {
        Captured,
        Failed,
        Refunded(i64),
    }

    fn end(news: &[News]) -> (PaymentStatus, Money) {
        let total = Money::from_paise(1000);
        news.iter().fold((PaymentStatus::Pending, Money::ZERO), |(status, back), news| match news {
            News::Captured => (captured(status), back),
            News::Failed => (failed(status), back),
            News::Refunded(paise) => refunded(status, total, back, Money::from_paise(*paise)),
        })
    }

    #[test]
    fn a_late_capture_turns_failed_into_paid_and_a_late_failure_changes_nothing() {
        assert_eq!(end(&[News::Failed, News::Captured]).0, PaymentStatus::Paid);
        assert_eq!(end(&[News::Captured, News::Failed]).0, PaymentStatus::Paid);
    }

    proptest! {
        #[test]
        fn the_same_news_in_any_order_end_the_same(order in Just(vec![
            News::Failed, News::Captured, News::Captured, News::Refunded(300), News::Refunded(1000), News::Failed,
        ]).prop_shuffle()) {
            prop_assert_eq!(end(&order), (PaymentStatus::Refunded, Money::from_paise(1000)));
        }

        #[test]
        fn a_part_refund_in_any_order_ends_as_a_part_refund(order in Just(vec![
            News::Failed, News::Captured, News::Refunded(300), News::Refunded(300),
        ]).prop_shuffle()) {
            prop_assert_eq!(end(&order), (PaymentStatus::PartiallyRefunded, Money::from_paise(300)));
        }
    }
}
