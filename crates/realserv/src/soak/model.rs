//! The reference model: where an order may stand, and which answers are legal there. It knows the rules, not the code.
//!
//! What people see of a fleet lags behind what they did, so the model holds every state an order may be in at the
//! moment. An answer that none of them allows is a defect; an answer that some allow leaves those.

use std::collections::BTreeSet;

use super::steps::{Act, Pay, Verdict, Who};

/// Rule 12.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Order {
    Pending,
    Paid,
    Confirmed,
    Preparing,
    InTransit,
    Delivered,
    Completed,
    Cancelled,
}

/// What the gateway has of the buyer's money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Gate {
    Nothing,
    Authorized,
    Captured,
}

/// Rule 36, and the end that an order's cancellation brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Delivery {
    None,
    Pending,
    InTransit,
    Failed,
    Delivered,
    Ended,
}

/// One possible state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct State {
    pub(super) cash: bool,
    pub(super) order: Order,
    pub(super) gate: Gate,
    /// The payment service knows of the money.
    pub(super) money: bool,
    /// The vendor said yes at some time.
    pub(super) confirmed: bool,
    pub(super) delivery: Delivery,
}

/// What time allows.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Late {
    /// Half an hour has gone by (rule 15).
    pub(super) payment: bool,
    /// Two hours have gone by (rule 16).
    pub(super) vendor: bool,
}

/// What whoever acts knows besides.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Hint {
    /// The newest code, still valid, not tried wrongly: only the right answer will do.
    pub(super) code_is_right: bool,
    /// There is a photo of this attempt; unknown when neither.
    pub(super) photo: Option<bool>,
    /// There is an open dispute; unknown when neither.
    pub(super) dispute_open: Option<bool>,
    /// The checkout may be that of before an edit: its money never counts.
    pub(super) old_checkout: bool,
    /// There may not be enough of it.
    pub(super) scarce: bool,
    /// More than one payment was begun at the gateway.
    pub(super) many_attempts: bool,
    /// In paise, when something is to be refunded: how much is asked for, and what is left at least and at most.
    pub(super) refund: (i64, i64, i64),
}

/// An answer, as far as the model judges it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    Done,
    /// Refused with this code.
    Refused(String),
    /// None, or one that leaves open what happened.
    Unknown,
    /// The order was shown with this status.
    Shown(Order),
}

/// What is expected where an order stands.
enum Expected {
    Done(State),
    Refused(&'static str),
}

/// All states an order may be in.
pub(super) type Possible = BTreeSet<State>;

impl State {
    /// A fresh order.
    pub(super) const fn placed(cash: bool) -> Self {
        let (gate, delivery) = (Gate::Nothing, Delivery::None);
        Self { cash, order: Order::Pending, gate, money: false, confirmed: false, delivery }
    }

    /// What happens by itself, sooner or later.
    fn must(self) -> Vec<Self> {
        use Order as O;
        let mut next = Vec::new();
        let under_way = matches!(self.order, O::Confirmed | O::Preparing | O::InTransit);
        if self.gate == Gate::Captured && !self.money {
            next.push(Self { money: true, ..self });
        }
        if self.gate == Gate::Authorized && !self.money && self.order != O::Cancelled {
            next.push(Self { gate: Gate::Captured, ..self });
        }
        if self.money && !self.cash && self.order == O::Pending {
            next.push(Self { order: O::Paid, ..self });
        }
        if self.confirmed && self.order != O::Cancelled && self.delivery == Delivery::None {
            next.push(Self { delivery: Delivery::Pending, ..self });
        }
        let alive = matches!(self.delivery, Delivery::Pending | Delivery::InTransit | Delivery::Failed);
        if self.order == O::Cancelled && alive {
            next.push(Self { delivery: Delivery::Ended, ..self });
        }
        let was_on_its_way = matches!(self.delivery, Delivery::InTransit | Delivery::Failed | Delivery::Delivered);
        if was_on_its_way && matches!(self.order, O::Confirmed | O::Preparing) {
            next.push(Self { order: O::InTransit, ..self });
        }
        if self.delivery == Delivery::Delivered && under_way {
            next.push(Self { order: O::Delivered, ..self });
        }
        if self.order == O::Delivered && self.money {
            next.push(Self { order: O::Completed, ..self });
        }
        next
    }

    /// What may happen by itself.
    fn may(self, late: Late) -> Vec<Self> {
        use Order as O;
        let mut next = self.must();
        if late.payment && !self.cash && self.order == O::Pending {
            next.push(Self { order: O::Cancelled, ..self });
        }
        let awaits_vendor = self.order == O::Paid || (self.cash && self.order == O::Pending);
        if late.vendor && awaits_vendor {
            next.push(Self { order: O::Cancelled, ..self });
        }
        if self.order == O::Cancelled && self.gate == Gate::Authorized {
            next.push(Self { gate: Gate::Captured, ..self });
        }
        if self.order == O::Cancelled && self.confirmed && self.delivery == Delivery::None {
            next.push(Self { delivery: Delivery::Pending, ..self });
        }
        next
    }

    /// Nothing more happens here by itself, time apart.
    pub(super) fn is_at_rest(self) -> bool {
        self.must().is_empty()
    }

    fn expected(self, act: Act, hint: Hint) -> Vec<Expected> {
        match act {
            Act::Place | Act::PlaceAgain | Act::Read => vec![Expected::Done(self)],
            Act::PlaceOther => vec![Expected::Refused("idempotency_key_reused")],
            Act::ReadAsStranger => vec![Expected::Refused("not_found")],
            Act::Edit(_) => self.edit(hint),
            Act::PayOld => vec![Expected::Done(self), Expected::Refused("paid_already")],
            Act::Pay(how) => self.pay(how, hint),
            Act::Verify => self.verify(hint),
            Act::VerifyForged => vec![Expected::Refused("signature_mismatch")],
            Act::Confirm => self.confirm(),
            Act::Prepare => match self.order {
                Order::Confirmed | Order::Preparing => vec![Expected::Done(Self { order: Order::Preparing, ..self })],
                _ => vec![Expected::Refused("illegal_transition")],
            },
            Act::Cancel(who) => self.cancel(who),
            Act::Dispatch | Act::Fail => self.carry(act),
            Act::SendCode | Act::EnterCode | Act::EnterWrongCode | Act::Photo | Act::Approve => self.prove(act, hint),
            Act::Collect => self.collect(),
            Act::Refund(_) => self.refund(hint),
            Act::Dispute | Act::Resolve(_) => self.dispute(act, hint),
        }
    }

    /// Before payment everything is priced anew, and the checkout is another one.
    fn edit(self, hint: Hint) -> Vec<Expected> {
        if self.order != Order::Pending || self.money {
            return vec![Expected::Refused("not_editable")];
        }
        let mut all = vec![Expected::Done(Self { gate: Gate::Nothing, ..self })];
        if self.gate != Gate::Nothing {
            all.push(Expected::Refused("not_editable"));
        }
        if hint.scarce {
            all.push(Expected::Refused("out_of_stock"));
        }
        all
    }

    fn pay(self, how: Pay, hint: Hint) -> Vec<Expected> {
        let mut all = if hint.old_checkout { vec![Expected::Done(self)] } else { Vec::new() };
        if self.gate == Gate::Captured {
            all.push(Expected::Refused("paid_already"));
            return all;
        }
        let gate = match how {
            Pay::Captured | Pay::Late => Gate::Captured,
            Pay::Authorized => Gate::Authorized,
            Pay::Failed | Pay::Abandoned => self.gate,
        };
        all.push(Expected::Done(Self { gate, ..self }));
        all
    }

    fn verify(self, hint: Hint) -> Vec<Expected> {
        let mut all = vec![Expected::Done(self)];
        if self.gate != Gate::Nothing {
            all.push(Expected::Done(Self { gate: Gate::Captured, money: true, ..self }));
        }
        if hint.many_attempts {
            all.push(Expected::Refused("gateway_refused"));
        }
        if hint.old_checkout {
            all.extend(["not_found", "payment_replaced"].map(Expected::Refused));
        }
        all
    }

    fn confirm(self) -> Vec<Expected> {
        let ready = if self.cash { Order::Pending } else { Order::Paid };
        if self.order == ready || self.order == Order::Confirmed {
            return vec![Expected::Done(Self { order: Order::Confirmed, confirmed: true, ..self })];
        }
        vec![Expected::Refused("illegal_transition")]
    }

    fn cancel(self, who: Who) -> Vec<Expected> {
        let may = match self.order {
            Order::Pending | Order::Paid | Order::Confirmed | Order::Cancelled => true,
            Order::Preparing => who != Who::Buyer,
            _ => false,
        };
        if may {
            return vec![Expected::Done(Self { order: Order::Cancelled, ..self })];
        }
        vec![Expected::Refused("illegal_transition")]
    }

    fn carry(self, act: Act) -> Vec<Expected> {
        let to = if act == Act::Dispatch { Delivery::InTransit } else { Delivery::Failed };
        let moved = Expected::Done(Self { delivery: to, ..self });
        match self.delivery {
            Delivery::None => vec![Expected::Refused("no_delivery")],
            Delivery::Ended => vec![Expected::Refused("order_cancelled")],
            Delivery::Delivered if self.order == Order::Cancelled => {
                vec![Expected::Refused("order_cancelled"), Expected::Refused("illegal_transition")]
            }
            Delivery::Delivered => vec![Expected::Refused("illegal_transition")],
            Delivery::Pending if act == Act::Fail => vec![Expected::Refused("illegal_transition")],
            Delivery::Pending | Delivery::InTransit | Delivery::Failed => vec![moved],
        }
    }

    fn prove(self, act: Act, hint: Hint) -> Vec<Expected> {
        let delivered = Self { delivery: Delivery::Delivered, ..self };
        let not_there = || vec![Expected::Refused("not_in_transit")];
        match (self.delivery, act) {
            (Delivery::None, _) => vec![Expected::Refused("no_delivery")],
            (Delivery::InTransit, Act::SendCode) => vec![Expected::Done(self), Expected::Refused("otp_limit_reached")],
            (Delivery::InTransit, Act::EnterCode) if hint.code_is_right => vec![Expected::Done(delivered)],
            (Delivery::InTransit, Act::EnterCode) => {
                let mut all = vec![Expected::Done(delivered)];
                all.extend(WRONG_CODE.map(Expected::Refused));
                all
            }
            (Delivery::InTransit, Act::EnterWrongCode) => WRONG_CODE.map(Expected::Refused).into(),
            (Delivery::InTransit, Act::Approve) => match hint.photo {
                Some(true) => vec![Expected::Done(delivered)],
                Some(false) => vec![Expected::Refused("no_photo")],
                None => vec![Expected::Done(delivered), Expected::Refused("no_photo")],
            },
            (Delivery::Delivered, Act::EnterCode | Act::Approve) => {
                vec![Expected::Done(self), Expected::Refused("not_in_transit")]
            }
            (Delivery::Pending, Act::Photo) => not_there(),
            (_, Act::Photo) => vec![Expected::Done(self)],
            _ => not_there(),
        }
    }

    fn collect(self) -> Vec<Expected> {
        match self.order {
            _ if !self.cash => vec![Expected::Refused("not_found")],
            Order::Delivered | Order::Completed => vec![Expected::Done(Self { money: true, ..self })],
            // An edit may change the amount while the vendor names the old one; what is delivered is edited no more.
            Order::Cancelled => {
                ["order_cancelled", "not_delivered", "amount_differs"].into_iter().map(Expected::Refused).collect()
            }
            _ => ["not_delivered", "amount_differs"].into_iter().map(Expected::Refused).collect(),
        }
    }

    fn refund(self, hint: Hint) -> Vec<Expected> {
        if !self.money {
            return vec![Expected::Refused("nothing_to_refund")];
        }
        let (asked, least, most) = hint.refund;
        let mut all = Vec::new();
        if asked <= most {
            all.push(Expected::Done(self));
        }
        if asked > least || self.order == Order::Cancelled {
            all.push(Expected::Refused("refund_exceeds_payment"));
        }
        all
    }

    fn dispute(self, act: Act, hint: Hint) -> Vec<Expected> {
        match act {
            Act::Resolve(verdict) => {
                let mut all = vec![Expected::Done(self), Expected::Refused("dispute_resolved")];
                if verdict != Verdict::Rejected {
                    all.extend(["nothing_to_refund", "validation_failed"].map(Expected::Refused));
                }
                all
            }
            _ if !matches!(self.order, Order::Delivered | Order::Completed) => {
                vec![Expected::Refused("order_not_delivered")]
            }
            _ => match hint.dispute_open {
                Some(true) => vec![Expected::Refused("dispute_open")],
                Some(false) => vec![Expected::Done(self)],
                None => vec![Expected::Done(self), Expected::Refused("dispute_open")],
            },
        }
    }
}

const WRONG_CODE: [&str; 4] = ["otp_wrong", "otp_locked", "otp_expired", "otp_not_requested"];

/// These states and all that may follow from them by themselves.
pub(super) fn closure(states: &Possible, late: Late) -> Possible {
    let mut all = states.clone();
    let mut fresh: Vec<State> = states.iter().copied().collect();
    while let Some(state) = fresh.pop() {
        for next in state.may(late) {
            if all.insert(next) {
                fresh.push(next);
            }
        }
    }
    all
}

/// Where an order may stand after an act was answered so; empty when that answer is illegal.
pub(super) fn after(states: &Possible, act: Act, hint: Hint, answer: &Answer, late: Late) -> Possible {
    let mut next = Possible::new();
    for state in closure(states, late) {
        if let Answer::Shown(status) = answer {
            if state.order == *status {
                next.insert(state);
            }
            continue;
        }
        if *answer == Answer::Unknown {
            next.insert(state);
        }
        for expected in state.expected(act, hint) {
            match (&expected, answer) {
                (Expected::Done(to), Answer::Done | Answer::Unknown) => drop(next.insert(*to)),
                (Expected::Refused(code), Answer::Refused(said)) if code == said => drop(next.insert(state)),
                _ => {}
            }
        }
    }
    closure(&next, late)
}

/// What would have been legal, for a report.
pub(super) fn legal(states: &Possible, act: Act, hint: Hint, late: Late) -> BTreeSet<String> {
    let said = |expected: &Expected| match expected {
        Expected::Done(_) => "done".to_owned(),
        Expected::Refused(code) => (*code).to_owned(),
    };
    closure(states, late).into_iter().flat_map(|state| state.expected(act, hint)).map(|expected| said(&expected)).collect()
}

/// What an act may be answered at all, wherever an order stands.
pub(super) fn ever(act: Act) -> BTreeSet<String> {
    let hint = Hint { many_attempts: true, old_checkout: true, scarce: true, refund: (1, 0, 1), ..Hint::default() };
    let mut all = Possible::new();
    for cash in [false, true] {
        for order in Order::ALL {
            for gate in [Gate::Nothing, Gate::Authorized, Gate::Captured] {
                for delivery in Delivery::ALL {
                    let state = State { order, gate, delivery, ..State::placed(cash) };
                    all.extend([state, State { money: true, ..state }]);
                }
            }
        }
    }
    legal(&all, act, hint, Late::default())
}

impl Delivery {
    const ALL: [Self; 6] = [Self::None, Self::Pending, Self::InTransit, Self::Failed, Self::Delivered, Self::Ended];
}

impl Order {
    const ALL: [Self; 8] = [
        Self::Pending,
        Self::Paid,
        Self::Confirmed,
        Self::Preparing,
        Self::InTransit,
        Self::Delivered,
        Self::Completed,
        Self::Cancelled,
    ];

    /// Reads it as the API and the tables write it.
    pub(super) fn read(text: &str) -> Option<Self> {
        Some(match text {
            "pending" => Self::Pending,
            "paid" => Self::Paid,
            "confirmed" => Self::Confirmed,
            "preparing" => Self::Preparing,
            "in_transit" => Self::InTransit,
            "delivered" => Self::Delivered,
            "completed" => Self::Completed,
            "cancelled" => Self::Cancelled,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(state: State) -> Possible {
        Possible::from([state])
    }

    #[test]
    fn what_was_paid_may_be_confirmed_and_what_was_not_may_not() {
        let fresh = only(State::placed(false));
        let no = Answer::Refused("illegal_transition".into());
        let (hint, late) = (Hint::default(), Late::default());
        assert!(after(&fresh, Act::Confirm, hint, &Answer::Done, late).is_empty());
        assert!(!after(&fresh, Act::Confirm, hint, &no, late).is_empty());
        let paid = after(&fresh, Act::Pay(Pay::Captured), hint, &Answer::Done, late);
        assert!(!after(&paid, Act::Confirm, hint, &Answer::Done, late).is_empty(), "once the money is known");
        assert!(!after(&paid, Act::Confirm, hint, &no, late).is_empty(), "before it is known");
    }

    #[test]
    fn an_answer_that_is_missing_leaves_both_open() {
        let cash = only(State::placed(true));
        let next = after(&cash, Act::Confirm, Hint::default(), &Answer::Unknown, Late::default());
        let statuses: BTreeSet<Order> = next.iter().map(|state| state.order).collect();
        assert_eq!(statuses, BTreeSet::from([Order::Pending, Order::Confirmed]));
    }

    #[test]
    fn time_ends_only_what_waits() {
        let late = Late { payment: true, vendor: true };
        let has_ended = |state: State| closure(&only(state), late).iter().any(|state| state.order == Order::Cancelled);
        assert!(has_ended(State::placed(false)));
        assert!(has_ended(State::placed(true)));
        assert!(!has_ended(State { order: Order::Confirmed, confirmed: true, ..State::placed(true) }));
    }

    #[test]
    fn a_delivered_order_comes_to_rest_once_the_money_is_in() {
        let state = State { order: Order::InTransit, confirmed: true, delivery: Delivery::Delivered, ..State::placed(true) };
        let rest =
            |state| closure(&only(state), Late::default()).into_iter().filter(|state| state.is_at_rest()).collect::<Vec<_>>();
        assert_eq!(rest(state).iter().map(|state| state.order).collect::<Vec<_>>(), [Order::Delivered]);
        let paid = State { money: true, ..state };
        assert_eq!(rest(paid).iter().map(|state| state.order).collect::<Vec<_>>(), [Order::Completed]);
    }
}
