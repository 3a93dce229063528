//! Replacing what is due: an order's items were edited before it was paid.

use ::domain::{Money, PaymentState};

/// What a payment waits for: the amount, and which edit of the order it is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// How much.
    pub amount: Money,
    /// 0 as placed, then rising.
    pub revision: i64,
}

/// What a wish for another amount means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replacing {
    /// Known, or older than what is known: nothing changes.
    Known,
    /// Newer: it takes the place of what was due.
    Newer,
}

/// Why nothing is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReplaceRefusal {
    /// The order has ended.
    #[error("the order has been cancelled")]
    OrderCancelled,
    /// Money is held or taken.
    #[error("the payment is {0}: its amount stays")]
    UnderWay(PaymentState),
    /// The same edit with another amount.
    #[error("this revision is known with another amount")]
    Differs,
}

impl Due {
    /// Decides on another amount, whatever order the wishes come in and however often.
    ///
    /// # Errors
    /// [`ReplaceRefusal`].
    pub fn replace(self, status: PaymentState, cancelled: bool, wanted: Self) -> Result<Replacing, ReplaceRefusal> {
        if cancelled {
            return Err(ReplaceRefusal::OrderCancelled);
        }
        if wanted.revision <= self.revision {
            let same = wanted.revision < self.revision || wanted.amount == self.amount;
            return if same { Ok(Replacing::Known) } else { Err(ReplaceRefusal::Differs) };
        }
        if status == PaymentState::Authorized || status.money_came_in() {
            return Err(ReplaceRefusal::UnderWay(status));
        }
        Ok(Replacing::Newer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(rupees: i32, revision: i64) -> Due {
        Due { amount: Money::from_rupees(rupees), revision }
    }

    #[test]
    fn a_newer_edit_takes_the_place_and_an_older_one_changes_nothing() {
        let now = due(500, 2);
        assert_eq!(now.replace(PaymentState::Pending, false, due(700, 3)), Ok(Replacing::Newer));
        assert_eq!(now.replace(PaymentState::Failed, false, due(700, 5)), Ok(Replacing::Newer));
        assert_eq!(now.replace(PaymentState::Pending, false, due(900, 1)), Ok(Replacing::Known));
        assert_eq!(now.replace(PaymentState::Captured, false, due(500, 2)), Ok(Replacing::Known), "again, after it was paid");
        assert_eq!(now.replace(PaymentState::Pending, false, due(501, 2)), Err(ReplaceRefusal::Differs));
    }

    #[test]
    fn money_that_is_held_or_taken_keeps_its_amount() {
        for status in [
            PaymentState::Authorized,
            PaymentState::Captured,
            PaymentState::Collected,
            PaymentState::PartiallyRefunded,
            PaymentState::Refunded,
        ] {
            assert_eq!(due(500, 0).replace(status, false, due(700, 1)), Err(ReplaceRefusal::UnderWay(status)));
        }
        assert_eq!(due(500, 0).replace(PaymentState::Failed, true, due(700, 1)), Err(ReplaceRefusal::OrderCancelled));
    }
}
