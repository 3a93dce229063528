//! How much may go back (endpoints: never more than came in, under any concurrency).

use ::domain::{Money, MoneyError, PaymentState};

/// What a payment's refunds add up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refundable {
    /// Where the payment stands.
    pub status: PaymentState,
    /// What came in.
    pub amount: Money,
    /// What was asked back and has not failed.
    pub requested: Money,
    /// What went back.
    pub refunded: Money,
}

/// Why nothing goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefundRefusal {
    /// No money came in.
    #[error("the payment is {0}: no money came in")]
    NoMoney(PaymentState),
    /// More than is left.
    #[error("only {left} can still go back")]
    TooMuch {
        /// What is left.
        left: Money,
    },
    /// An amount must be above zero.
    #[error("the amount must be above zero")]
    NotPositive,
    /// Arithmetic out of range.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl Refundable {
    /// What can still go back.
    ///
    /// # Errors
    /// Arithmetic out of range.
    pub fn left(&self) -> Result<Money, MoneyError> {
        if self.status.money_came_in() { self.amount.checked_sub(self.requested) } else { Ok(Money::ZERO) }
    }

    /// The amount that goes back: the one asked for, or all that is left.
    ///
    /// # Errors
    /// [`RefundRefusal`].
    pub fn request(&self, wanted: Option<Money>) -> Result<Money, RefundRefusal> {
        if !self.status.money_came_in() {
            return Err(RefundRefusal::NoMoney(self.status));
        }
        let left = self.left()?;
        let amount = wanted.unwrap_or(left);
        if left.is_zero() || amount > left {
            return Err(RefundRefusal::TooMuch { left });
        }
        if amount.is_zero() || amount.is_negative() {
            return Err(RefundRefusal::NotPositive);
        }
        Ok(amount)
    }

    /// State and sum once this much more has gone back.
    ///
    /// # Errors
    /// Arithmetic out of range.
    pub fn processed(&self, amount: Money) -> Result<(PaymentState, Money), MoneyError> {
        let refunded = self.refunded.checked_add(amount)?;
        let whole = refunded >= self.amount;
        Ok((if whole { PaymentState::Refunded } else { PaymentState::PartiallyRefunded }, refunded))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captured(amount: i64, requested: i64, refunded: i64) -> Refundable {
        let money = Money::from_paise;
        Refundable {
            status: PaymentState::Captured,
            amount: money(amount),
            requested: money(requested),
            refunded: money(refunded),
        }
    }

    #[test]
    fn all_that_is_left_goes_back_when_no_amount_is_named() {
        assert_eq!(captured(1_000, 300, 300).request(None), Ok(Money::from_paise(700)));
    }

    #[test]
    fn no_more_than_is_left_and_no_less_than_a_paisa() {
        assert_eq!(
            captured(1_000, 300, 0).request(Some(Money::from_paise(701))),
            Err(RefundRefusal::TooMuch { left: Money::from_paise(700) })
        );
        assert_eq!(captured(1_000, 0, 0).request(Some(Money::ZERO)), Err(RefundRefusal::NotPositive));
        assert_eq!(captured(1_000, 0, 0).request(Some(Money::from_paise(-5))), Err(RefundRefusal::NotPositive));
        assert_eq!(captured(1_000, 1_000, 0).request(None), Err(RefundRefusal::TooMuch { left: Money::ZERO }));
    }

    #[test]
    fn nothing_goes_back_before_it_came() {
        let pending = Refundable { status: PaymentState::Pending, ..captured(1_000, 0, 0) };
        assert_eq!(pending.request(None), Err(RefundRefusal::NoMoney(PaymentState::Pending)));
    }

    #[test]
    fn the_last_part_makes_it_whole() {
        let half = captured(1_000, 1_000, 400);
        assert_eq!(half.processed(Money::from_paise(100)).unwrap().0, PaymentState::PartiallyRefunded);
        assert_eq!(half.processed(Money::from_paise(600)).unwrap(), (PaymentState::Refunded, Money::from_paise(1_000)));
    }
}
