//! Which moves are legal, for whom (rule 12).

use domain::{ActorKind, OrderStatus, PaymentMethod};

/// A move that the rules do not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an order cannot go from {from} to {to} that way")]
pub struct IllegalTransition {
    /// Where it stands.
    pub from: OrderStatus,
    /// Where it was to go.
    pub to: OrderStatus,
}

/// Says whether this actor may move an order of this kind so.
///
/// The vendor and staff may confirm, prepare and cancel; staff may also say that it is on its way. `paid`, `delivered`
/// and `completed` come from events alone: money, proof (rule 38) and both together (rule 17).
///
/// # Errors
/// [`IllegalTransition`] naming from and to.
pub fn check(method: PaymentMethod, from: OrderStatus, to: OrderStatus, by: ActorKind) -> Result<(), IllegalTransition> {
    if legal(method, from, to, by) { Ok(()) } else { Err(IllegalTransition { from, to }) }
}

fn legal(method: PaymentMethod, from: OrderStatus, to: OrderStatus, by: ActorKind) -> bool {
    use OrderStatus as S;
    let online = method == PaymentMethod::Online;
    let system = by == ActorKind::System;
    let vendor_side = matches!(by, ActorKind::Vendor | ActorKind::Admin);
    match (from, to) {
        (S::Pending, S::Paid) => online && system,
        (S::Paid, S::Confirmed) => online && vendor_side,
        (S::Pending, S::Confirmed) => !online && vendor_side,
        (S::Confirmed, S::Preparing) => vendor_side,
        (S::Confirmed | S::Preparing, S::InTransit) => system || by == ActorKind::Admin,
        (S::InTransit, S::Delivered) | (S::Delivered, S::Completed) => system,
        (_, S::Cancelled) => may_cancel(from, by),
        _ => false,
    }
}

const fn may_cancel(from: OrderStatus, by: ActorKind) -> bool {
    use OrderStatus as S;
    match by {
        ActorKind::Buyer => matches!(from, S::Pending | S::Paid | S::Confirmed),
        ActorKind::Vendor | ActorKind::Admin => matches!(from, S::Pending | S::Paid | S::Confirmed | S::Preparing),
        ActorKind::System => matches!(from, S::Pending | S::Paid),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EVERYBODY: [ActorKind; 4] = [ActorKind::Buyer, ActorKind::Vendor, ActorKind::Admin, ActorKind::System];

    fn somebody_may(method: PaymentMethod, from: OrderStatus, to: OrderStatus) -> bool {
        EVERYBODY.iter().any(|by| check(method, from, to, *by).is_ok())
    }

    #[test]
    fn an_online_order_goes_the_way_of_rule_12_and_preparing_may_be_skipped() {
        use OrderStatus::*;
        let way = [Pending, Paid, Confirmed, Preparing, InTransit, Delivered, Completed];
        for pair in way.windows(2) {
            assert!(somebody_may(PaymentMethod::Online, pair[0], pair[1]), "{pair:?}");
        }
        assert!(somebody_may(PaymentMethod::Online, Confirmed, InTransit));
        assert!(!somebody_may(PaymentMethod::Online, Pending, Confirmed), "an unpaid online order is not confirmed");
    }

    #[test]
    fn a_cash_order_is_never_paid_before_it_is_confirmed() {
        use OrderStatus::*;
        assert!(somebody_may(PaymentMethod::Cod, Pending, Confirmed));
        assert!(!somebody_may(PaymentMethod::Cod, Pending, Paid));
        assert!(!somebody_may(PaymentMethod::Cod, Paid, Confirmed));
    }

    #[test]
    fn each_may_cancel_as_far_as_rule_12_says_and_nobody_from_in_transit_on() {
        use OrderStatus::*;
        let until = |by: ActorKind| -> Vec<OrderStatus> {
            OrderStatus::ALL.iter().copied().filter(|from| check(PaymentMethod::Online, *from, Cancelled, by).is_ok()).collect()
        };
        assert_eq!(until(ActorKind::Buyer), [Pending, Paid, Confirmed]);
        assert_eq!(until(ActorKind::Vendor), [Pending, Paid, Confirmed, Preparing]);
        assert_eq!(until(ActorKind::Admin), [Pending, Paid, Confirmed, Preparing]);
        assert_eq!(until(ActorKind::System), [Pending, Paid]);
    }

    #[test]
    fn a_buyer_only_ever_cancels() {
        for from in OrderStatus::ALL {
            for to in OrderStatus::ALL.iter().filter(|to| **to != OrderStatus::Cancelled) {
                assert!(check(PaymentMethod::Cod, *from, *to, ActorKind::Buyer).is_err(), "{from} {to}");
            }
        }
    }

    #[test]
    fn only_events_make_an_order_paid_delivered_or_completed() {
        for from in OrderStatus::ALL {
            for to in [OrderStatus::Paid, OrderStatus::Delivered, OrderStatus::Completed] {
                for by in [ActorKind::Buyer, ActorKind::Vendor, ActorKind::Admin] {
                    assert!(check(PaymentMethod::Online, *from, to, by).is_err());
                }
            }
        }
    }

    fn anything() -> impl Strategy<Value = (PaymentMethod, OrderStatus, ActorKind)> {
        (prop::sample::select(PaymentMethod::ALL), prop::sample::select(OrderStatus::ALL), prop::sample::select(ActorKind::ALL))
    }

    proptest! {
        #[test]
        fn whoever_moves_an_order_it_never_comes_back_to_where_it_was(steps in prop::collection::vec(anything(), 1..40)) {
            let method = steps[0].0;
            let mut seen = vec![OrderStatus::Pending];
            for (_, to, by) in steps {
                let from = *seen.last().unwrap();
                if check(method, from, to, by).is_ok() {
                    prop_assert!(!seen.contains(&to));
                    seen.push(to);
                }
            }
        }

        #[test]
        fn completed_and_cancelled_are_ends((method, to, by) in anything()) {
            prop_assert!(check(method, OrderStatus::Completed, to, by).is_err());
            prop_assert!(check(method, OrderStatus::Cancelled, to, by).is_err());
        }
    }
}
