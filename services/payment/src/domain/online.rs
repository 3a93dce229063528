//! The one machine of an online payment (rule 27): the buyer's verify call, the webhook and the sweeper all bring
//! observations of the gateway's payments, in any order, any number of times, with the same end.
//!
//! A payment only moves forward: pending, failed, authorized, captured. What a failed attempt was may still be captured
//! later. What went back is the business of [`super::refund`].

use ::domain::{Money, PaymentState};

/// The only currency we take.
pub const CURRENCY: &str = "INR";

/// Where one payment of the gateway's stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GatewayState {
    /// Begun, or a state we do not know: says nothing.
    Open,
    /// The attempt did not work; may still turn into authorized.
    Failed,
    /// The bank holds the money for us.
    Authorized,
    /// The money is ours.
    Captured,
    /// The gateway gave all of it back.
    Refunded,
}

/// What somebody saw of a payment at the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// The gateway's payment; an order may have several, one for each attempt.
    pub gateway_payment: String,
    /// Where that one stands.
    pub state: GatewayState,
    /// Its amount.
    pub amount: Money,
    /// Its currency.
    pub currency: String,
    /// Why it failed.
    pub reason: Option<String>,
    /// Whether it pays an order of the gateway's that was replaced: then it is never what the order waits for.
    pub retired: bool,
}

/// What our payment knows before an observation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Our state.
    pub status: PaymentState,
    /// What is due.
    pub due: Money,
    /// The gateway's payment whose money we took.
    pub gateway_payment: Option<String>,
    /// Whether the order has ended.
    pub order_cancelled: bool,
}

/// What an observation means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// Known already, older than what we know, or of no consequence.
    Nothing,
    /// An attempt failed, and none did better.
    Failed {
        /// Why.
        reason: String,
    },
    /// The bank holds the money: it may be captured.
    Authorized,
    /// The money is ours.
    Captured {
        /// The order has ended: all of it goes back (rule 15).
        late: bool,
    },
    /// Paid a second time by another payment: that one goes back.
    Duplicate,
    /// Paid on an order of the gateway's that was replaced: it goes back, whatever it amounts to.
    Retired,
    /// Not what is due (rule 28): held until finance decides.
    Quarantined {
        /// What differs.
        reason: String,
    },
}

/// What the end of an order means for its payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It was known.
    Known,
    /// No money came in: nothing counts any more, and what still comes goes back.
    Void,
    /// Money came in: all that is left of it goes back.
    GiveBack,
}

impl Standing {
    /// Takes in one observation.
    #[must_use]
    pub fn apply(self, seen: &Observation) -> (Self, Meaning) {
        if seen.retired {
            let ours = self.gateway_payment.as_deref() == Some(seen.gateway_payment.as_str());
            let meaning = if ours { Meaning::Nothing } else { Self::on_retired(seen) };
            return (self, meaning);
        }
        match seen.state {
            GatewayState::Open | GatewayState::Refunded => (self, Meaning::Nothing),
            GatewayState::Failed => self.failed(seen),
            GatewayState::Authorized | GatewayState::Captured => match self.difference(seen) {
                Some(reason) => (self, Meaning::Quarantined { reason }),
                None if seen.state == GatewayState::Authorized => self.authorized(),
                None => self.captured(seen),
            },
        }
    }

    /// Takes in the end of the order.
    #[must_use]
    pub fn cancel(mut self) -> (Self, Ending) {
        if self.order_cancelled {
            return (self, Ending::Known);
        }
        self.order_cancelled = true;
        if self.status.money_came_in() {
            return (self, Ending::GiveBack);
        }
        self.status = PaymentState::Failed;
        (self, Ending::Void)
    }

    /// Whether money that the bank holds may be taken: not for an order that has ended.
    #[must_use]
    pub fn may_capture(&self, seen: &Observation) -> bool {
        seen.state == GatewayState::Authorized
            && !seen.retired
            && !self.order_cancelled
            && !self.status.money_came_in()
            && self.difference(seen).is_none()
    }

    /// What the bank only holds for a replaced order is not taken and comes free by itself; what was taken goes back.
    fn on_retired(seen: &Observation) -> Meaning {
        match seen.state {
            GatewayState::Captured if seen.currency == CURRENCY => Meaning::Retired,
            GatewayState::Captured => {
                Meaning::Quarantined { reason: format!("paid in {} on an order that was replaced", seen.currency) }
            }
            _ => Meaning::Nothing,
        }
    }

    fn difference(&self, seen: &Observation) -> Option<String> {
        if seen.currency != CURRENCY {
            return Some(format!("paid in {} instead of {CURRENCY}", seen.currency));
        }
        (seen.amount != self.due).then(|| format!("paid {} instead of {}", seen.amount, self.due))
    }

    fn failed(mut self, seen: &Observation) -> (Self, Meaning) {
        if self.status != PaymentState::Pending {
            return (self, Meaning::Nothing);
        }
        self.status = PaymentState::Failed;
        let reason = seen.reason.clone().unwrap_or_else(|| "the payment did not go through".to_owned());
        (self, Meaning::Failed { reason })
    }

    fn authorized(mut self) -> (Self, Meaning) {
        let forward = matches!(self.status, PaymentState::Pending | PaymentState::Failed) && !self.order_cancelled;
        if !forward {
            return (self, Meaning::Nothing);
        }
        self.status = PaymentState::Authorized;
        (self, Meaning::Authorized)
    }

    fn captured(mut self, seen: &Observation) -> (Self, Meaning) {
        if self.status.money_came_in() {
            let same = self.gateway_payment.as_deref() == Some(seen.gateway_payment.as_str());
            return (self, if same { Meaning::Nothing } else { Meaning::Duplicate });
        }
        self.status = PaymentState::Captured;
        self.gateway_payment = Some(seen.gateway_payment.clone());
        let late = self.order_cancelled;
        (self, Meaning::Captured { late })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    const DUE: Money = Money::from_paise(1_180_000);

    fn standing() -> Standing {
        Standing { status: PaymentState::Pending, due: DUE, gateway_payment: None, order_cancelled: false }
    }

    fn seen(id: &str, state: GatewayState, amount: Money, currency: &str) -> Observation {
        Observation { gateway_payment: id.to_owned(), state, amount, currency: currency.to_owned(), reason: None, retired: false }
    }

    /// What can happen to a payment from outside.
    #[derive(Debug, Clone)]
    enum Happening {
        Seen(Observation),
        Cancelled,
    }

    /// The end: our state, whose money we took, and what was put aside.
    type End = (PaymentState, Option<String>, bool, BTreeSet<String>);

    fn play(happenings: &[Happening]) -> End {
        let mut standing = standing();
        let (mut aside, mut captures) = (BTreeSet::new(), 0);
        for happening in happenings {
            match happening {
                Happening::Cancelled => standing = standing.cancel().0,
                Happening::Seen(observation) => {
                    let before = standing.status;
                    let (after, meaning) = standing.apply(observation);
                    match meaning {
                        Meaning::Quarantined { .. } | Meaning::Retired => drop(aside.insert(observation.gateway_payment.clone())),
                        Meaning::Captured { late } => {
                            captures += 1;
                            assert_eq!(late, after.order_cancelled);
                        }
                        Meaning::Nothing => assert_eq!(before, after.status),
                        _ => {}
                    }
                    assert!(!before.money_came_in() || after.status == before, "money never goes away by an observation");
                    standing = after;
                }
            }
        }
        assert!(captures <= 1, "captured {captures} times");
        (standing.status, standing.gateway_payment, standing.order_cancelled, aside)
    }

    /// One payment that may pay, one that only fails, one of a wrong amount, one of a wrong currency.
    fn happening() -> impl Strategy<Value = Happening> {
        let state = prop_oneof![
            Just(GatewayState::Open),
            Just(GatewayState::Failed),
            Just(GatewayState::Authorized),
            Just(GatewayState::Captured),
            Just(GatewayState::Refunded),
        ];
        let good = state.clone().prop_map(|state| seen("pay_good", state, DUE, "INR"));
        let bad = Just(seen("pay_failed", GatewayState::Failed, DUE, "INR"));
        let foreign = state.clone().prop_map(|state| seen("pay_foreign", state, DUE, "USD"));
        let replaced = state.clone().prop_map(|state| Observation { retired: true, ..seen("pay_replaced", state, DUE, "INR") });
        let less = state.clone().prop_map(|state| seen("pay_less", state, Money::from_paise(1), "INR"));
        prop_oneof![
            1 => replaced.prop_map(Happening::Seen),
            6 => good.prop_map(Happening::Seen),
            2 => bad.prop_map(Happening::Seen),
            1 => less.prop_map(Happening::Seen),
            1 => foreign.prop_map(Happening::Seen),
            1 => Just(Happening::Cancelled),
        ]
    }

    fn with_shuffled_duplicates() -> impl Strategy<Value = (Vec<Happening>, Vec<Happening>)> {
        prop::collection::vec(happening(), 0..8).prop_flat_map(|once| {
            let again = prop::collection::vec(prop::sample::select(pad(&once)), 0..6);
            let whole = (Just(once.clone()), again).prop_map(|(mut all, more)| {
                if !all.is_empty() {
                    all.extend(more);
                }
                all
            });
            (Just(once), whole.prop_shuffle())
        })
    }

    /// `select` wants something to choose from.
    fn pad(happenings: &[Happening]) -> Vec<Happening> {
        if happenings.is_empty() { vec![Happening::Cancelled] } else { happenings.to_vec() }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]
        #[test]
        fn observations_in_any_order_and_any_number_end_in_the_same_state((once, shuffled) in with_shuffled_duplicates()) {
            prop_assert_eq!(play(&once), play(&shuffled));
        }
    }

    #[test]
    fn what_failed_may_still_be_captured() {
        let (standing, meaning) = standing().apply(&seen("pay_1", GatewayState::Failed, DUE, "INR"));
        assert!(matches!(meaning, Meaning::Failed { .. }));
        let (standing, meaning) = standing.apply(&seen("pay_1", GatewayState::Captured, DUE, "INR"));
        assert_eq!((standing.status, meaning), (PaymentState::Captured, Meaning::Captured { late: false }));
    }

    #[test]
    fn a_capture_for_an_ended_order_is_late() {
        let (standing, ending) = standing().cancel();
        assert_eq!((standing.status, ending), (PaymentState::Failed, Ending::Void));
        let (standing, meaning) = standing.apply(&seen("pay_1", GatewayState::Captured, DUE, "INR"));
        assert_eq!(meaning, Meaning::Captured { late: true });
        assert_eq!(standing.cancel().1, Ending::Known);
    }

    #[test]
    fn money_on_a_replaced_order_never_counts_even_when_it_is_the_right_amount() {
        for state in [GatewayState::Failed, GatewayState::Authorized, GatewayState::Captured] {
            let on_old = Observation { retired: true, ..seen("pay_1", state, DUE, "INR") };
            let (after, meaning) = standing().apply(&on_old);
            assert_eq!(after.status, PaymentState::Pending);
            assert_eq!(meaning == Meaning::Retired, state == GatewayState::Captured, "{meaning:?}");
            assert!(!standing().may_capture(&on_old), "what the bank holds for it is left to come free");
        }
    }

    #[test]
    fn money_that_pays_the_order_stays_though_its_order_at_the_gateway_was_replaced_meanwhile() {
        let (paid, _) = standing().apply(&seen("pay_1", GatewayState::Captured, DUE, "INR"));
        let again = Observation { retired: true, ..seen("pay_1", GatewayState::Captured, DUE, "INR") };
        assert_eq!(paid.clone().apply(&again), (paid.clone(), Meaning::Nothing));
        let another = Observation { retired: true, ..seen("pay_2", GatewayState::Captured, DUE, "INR") };
        assert_eq!(paid.apply(&another).1, Meaning::Retired);
    }

    #[test]
    fn money_held_for_an_ended_order_is_not_taken() {
        let held = seen("pay_1", GatewayState::Authorized, DUE, "INR");
        assert!(standing().may_capture(&held));
        let (ended, _) = standing().cancel();
        assert!(!ended.may_capture(&held));
        assert_eq!(ended.apply(&held).1, Meaning::Nothing);
    }

    #[test]
    fn a_second_payment_for_a_paid_order_is_a_duplicate_and_the_first_stays() {
        let (standing, _) = standing().apply(&seen("pay_1", GatewayState::Captured, DUE, "INR"));
        let (standing, meaning) = standing.apply(&seen("pay_2", GatewayState::Captured, DUE, "INR"));
        assert_eq!(meaning, Meaning::Duplicate);
        assert_eq!(standing.gateway_payment.as_deref(), Some("pay_1"));
    }

    #[test]
    fn another_amount_or_currency_is_never_paid() {
        for (amount, currency) in [(Money::from_paise(1_179_999), "INR"), (Money::from_paise(1_180_001), "INR"), (DUE, "USD")] {
            let (after, meaning) = standing().apply(&seen("pay_1", GatewayState::Captured, amount, currency));
            assert!(matches!(meaning, Meaning::Quarantined { .. }));
            assert_eq!(after.status, PaymentState::Pending);
        }
    }
}
