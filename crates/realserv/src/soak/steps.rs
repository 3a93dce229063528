//! What can happen in a run, and how chance makes sequences of it.

use std::fmt;

use super::dice::Dice;

/// Who cancels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    Buyer,
    Vendor,
    Staff,
}

/// How a payment at the gateway goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pay {
    Captured,
    /// First refused, then taken, on the same payment.
    Late,
    /// The bank holds the money.
    Authorized,
    Failed,
    Abandoned,
}

impl Pay {
    pub(super) const fn outcome(self) -> &'static str {
        match self {
            Self::Captured | Self::Late => "captured",
            Self::Authorized => "authorized",
            Self::Failed => "failed",
            Self::Abandoned => "abandoned",
        }
    }
}

/// How a dispute is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Whole,
    Part,
    Rejected,
}

/// One thing somebody does about one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    Place,
    /// The same request with the same key.
    PlaceAgain,
    /// Another request with the same key.
    PlaceOther,
    /// So much of the thing ordered instead.
    Edit(u8),
    Pay(Pay),
    /// At the checkout of before the last edit.
    PayOld,
    Verify,
    VerifyForged,
    Confirm,
    Prepare,
    Cancel(Who),
    Dispatch,
    Fail,
    SendCode,
    EnterCode,
    EnterWrongCode,
    Photo,
    Approve,
    Collect,
    /// So much of a hundred of the total.
    Refund(u8),
    Dispute,
    Resolve(Verdict),
    Read,
    ReadAsStranger,
}

/// One step of a sequence: what happens at the same moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) acts: Vec<Act>,
    /// Whoever acts waits a little until it is time, as people do who wait to be told.
    pub(super) patient: bool,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let acts: Vec<String> = self.acts.iter().map(|act| format!("{act:?}")).collect();
        f.write_str(&acts.join(" ‖ "))
    }
}

/// What one order goes through.
#[derive(Debug, Clone)]
pub(super) struct Sequence {
    /// Which of the run.
    pub(super) number: usize,
    /// The so-manieth time that it is played.
    pub(super) again: usize,
    pub(super) buyer: usize,
    pub(super) vendor: usize,
    /// Which of the vendor's goods; the last is scarce.
    pub(super) goods: usize,
    pub(super) quantity: usize,
    pub(super) cash: bool,
    pub(super) steps: Vec<Step>,
}

/// What happens to all at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weather {
    /// The clock of the fleet goes on by so many minutes.
    Clock(i64),
    /// SIGKILL; the supervisor starts it again.
    Kill(&'static str),
    /// A fault of an outside system: system, operation, kind, value, how often (0: until it is cleared).
    Fault(&'static str, &'static str, &'static str, u64, u64),
    /// All faults end, and what was withheld is sent.
    Calm,
    /// A day goes by and its settlements are made, approved and paid.
    Settle,
}

/// Sequences that run side by side, and the weather of each round.
#[derive(Debug, Clone)]
pub(super) struct Batch {
    pub(super) number: usize,
    pub(super) sequences: Vec<Sequence>,
    pub(super) weather: Vec<(usize, Weather)>,
}

impl Batch {
    pub(super) fn rounds(&self) -> usize {
        self.sequences.iter().map(|sequence| sequence.steps.len()).max().unwrap_or(0)
    }

    /// Whether anything but time disturbs it, so that answers may be missing.
    pub(super) fn is_disturbed(&self) -> bool {
        self.weather.iter().any(|(_, weather)| matches!(weather, Weather::Kill(_) | Weather::Fault(..)))
    }
}

/// How many play.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub(super) buyers: usize,
    pub(super) vendors: usize,
    pub(super) goods: usize,
    pub(super) sequences: usize,
}

/// The batch of that number in the run of that seed.
pub(super) fn batch(seed: u64, number: usize, size: Size) -> Batch {
    let part = u64::try_from(number).unwrap_or(0);
    let mut dice = Dice::for_part(seed, part);
    let sequences: Vec<Sequence> =
        (0..size.sequences).map(|place| sequence(&mut dice, number * size.sequences + place, size)).collect();
    let mut batch = Batch { number, sequences, weather: Vec::new() };
    batch.weather = weather(&mut dice, number, batch.rounds());
    batch
}

fn sequence(dice: &mut Dice, number: usize, size: Size) -> Sequence {
    let cash = dice.percent(35);
    let buyer = dice.below(size.buyers);
    let vendor = dice.below(size.vendors);
    let goods = dice.below(size.goods);
    let quantity = 1 + dice.below(4);
    let mut steps = vec![Step { acts: vec![Act::Place], patient: false }];
    // Some go their way with few disturbances, so that far ends are reached; others do anything at any time.
    let (on_the_way, together, more) = dice.of(&[(90, 10, 5), (80, 20, 4), (45, 40, 3)]).unwrap_or((80, 20, 4));
    // What comes next when all went well so far.
    let mut next = 0;
    for _ in 0..more + dice.below(9) {
        // Changing one's mind comes before paying.
        if next == 0 && dice.percent(15) {
            steps.push(Step { acts: vec![Act::Edit(1 + u8::try_from(dice.below(6)).unwrap_or(0))], patient: false });
        }
        let natural = dice.percent(on_the_way);
        let first = if natural { way_on(dice, cash, &mut next) } else { anything(dice, cash) };
        let mut acts = vec![first];
        if dice.percent(together) {
            acts.push(anything(dice, cash));
        }
        let patient = natural && acts.len() == 1;
        steps.push(Step { acts, patient });
    }
    Sequence { number, again: 0, buyer, vendor, goods, quantity, cash, steps }
}

/// The way of an order to its end.
const ONLINE: [Act; 9] = [
    Act::Pay(Pay::Captured),
    Act::Verify,
    Act::Confirm,
    Act::Prepare,
    Act::Dispatch,
    Act::SendCode,
    Act::EnterCode,
    Act::Dispute,
    Act::Resolve(Verdict::Part),
];
const CASH: [Act; 7] = [Act::Confirm, Act::Prepare, Act::Dispatch, Act::SendCode, Act::EnterCode, Act::Collect, Act::Refund(40)];

fn way_on(dice: &mut Dice, cash: bool, next: &mut usize) -> Act {
    let way: &[Act] = if cash { &CASH } else { &ONLINE };
    let mut take = || {
        let act = way.get(*next).copied().unwrap_or(Act::Read);
        *next += 1;
        act
    };
    match take() {
        // May be skipped (rule 12).
        Act::Prepare if dice.percent(50) => take(),
        Act::Pay(_) => Act::Pay(dice.weighted(&PAYING).unwrap_or(Pay::Captured)),
        act => act,
    }
}

fn anything(dice: &mut Dice, cash: bool) -> Act {
    let both = [
        (3, Act::Confirm),
        (3, Act::Prepare),
        (3, Act::Cancel(Who::Buyer)),
        (2, Act::Cancel(Who::Vendor)),
        (2, Act::Cancel(Who::Staff)),
        (3, Act::Dispatch),
        (2, Act::Fail),
        (2, Act::SendCode),
        (2, Act::EnterCode),
        (1, Act::EnterWrongCode),
        (2, Act::Photo),
        (2, Act::Approve),
        (2, Act::Refund(25)),
        (2, Act::Refund(100)),
        (1, Act::Refund(130)),
        (2, Act::Dispute),
        (1, Act::Resolve(Verdict::Whole)),
        (1, Act::Resolve(Verdict::Part)),
        (1, Act::Resolve(Verdict::Rejected)),
        (2, Act::Read),
        (1, Act::ReadAsStranger),
        (2, Act::PlaceAgain),
        (1, Act::PlaceOther),
        (3, Act::Edit(2)),
        (3, Act::Edit(5)),
    ];
    let online = [
        (3, Act::PayOld),
        (6, Act::Verify),
        (1, Act::VerifyForged),
        (4, Act::Pay(Pay::Captured)),
        (2, Act::Pay(Pay::Authorized)),
    ];
    let of_cash = [(6, Act::Collect)];
    let kind: &[(usize, Act)] = if cash { &of_cash } else { &online };
    let all: Vec<(usize, Act)> = both.iter().chain(kind).copied().collect();
    dice.weighted(&all).unwrap_or(Act::Read)
}

const PAYING: [(usize, Pay); 5] =
    [(70, Pay::Captured), (8, Pay::Late), (10, Pay::Authorized), (8, Pay::Failed), (4, Pay::Abandoned)];

const FAULTS: [Weather; 16] = [
    Weather::Fault("razorpay", "create_order", "status", 503, 3),
    Weather::Fault("razorpay", "create_order", "timeout_after_effect", 4000, 2),
    Weather::Fault("razorpay", "create_order", "latency", 700, 8),
    Weather::Fault("razorpay", "create_refund", "status", 502, 3),
    Weather::Fault("razorpay", "create_refund", "timeout_after_effect", 4000, 2),
    Weather::Fault("razorpay", "capture", "timeout_after_effect", 4000, 2),
    Weather::Fault("razorpay", "capture", "status", 503, 3),
    Weather::Fault("razorpay", "get_payment", "status", 500, 3),
    Weather::Fault("razorpay", "refund_processing", "latency", 1500, 6),
    Weather::Fault("razorpay", "refund_processing", "status", 400, 2),
    Weather::Fault("razorpay", "webhooks", "duplicate_webhooks", 3, 0),
    Weather::Fault("razorpay", "webhooks", "shuffle_webhooks", 900, 0),
    Weather::Fault("razorpay", "webhooks", "withhold_webhooks", 0, 0),
    Weather::Fault("routes", "route_matrix", "latency", 600, 6),
    Weather::Fault("twilio", "send", "status", 503, 3),
    Weather::Fault("whatsapp", "send", "timeout_after_effect", 3000, 3),
];

/// Who can be killed. The outside and what stands under the services belong to somebody else.
pub(super) const VICTIMS: [&str; 8] =
    ["order", "payment", "catalog", "vendor-management", "notification", "user", "integration", "gateway"];

/// Minutes that the clock jumps: within a code's half hour, past it, past the payment's, the reminder's and the vendor's.
const CLOCK: [(usize, Option<i64>); 6] =
    [(50, None), (20, Some(5)), (12, Some(16)), (8, Some(32)), (5, Some(61)), (5, Some(125))];

fn weather(dice: &mut Dice, number: usize, rounds: usize) -> Vec<(usize, Weather)> {
    let mut all = Vec::new();
    // Every fourth batch is undisturbed: there every answer has to be the one that the rules say.
    if number % 4 != 0 {
        for _ in 0..dice.below(3) {
            all.extend(dice.of(&FAULTS).map(|fault| (dice.below(rounds.max(2) - 1), fault)));
        }
        if dice.percent(55) {
            all.extend(dice.of(&VICTIMS).map(|name| (dice.below(rounds), Weather::Kill(name))));
        }
        if !all.is_empty() && dice.percent(50) {
            all.push((dice.below(rounds), Weather::Calm));
        }
    }
    for _ in 0..2 {
        if let Some(minutes) = dice.weighted(&CLOCK).flatten() {
            all.push((1 + dice.below(rounds.max(2) - 1), Weather::Clock(minutes)));
        }
    }
    if number % 5 == 4 {
        all.push((0, Weather::Settle));
    }
    all.sort_by_key(|(round, _)| *round);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size { buyers: 5, vendors: 3, goods: 3, sequences: 20 };

    #[test]
    fn a_seed_makes_the_same_batches_again() {
        let told = |seed| format!("{:?}", (0..6).map(|number| batch(seed, number, SIZE)).collect::<Vec<_>>());
        assert_eq!(told(42), told(42));
        assert_ne!(told(42), told(43));
    }

    #[test]
    fn every_act_comes_up_sooner_or_later() {
        let all: Vec<Act> = (0..60)
            .flat_map(|number| batch(3, number, SIZE).sequences)
            .flat_map(|sequence| sequence.steps)
            .flat_map(|step| step.acts)
            .collect();
        for act in [Act::PlaceOther, Act::Pay(Pay::Abandoned), Act::VerifyForged, Act::Refund(130), Act::ReadAsStranger] {
            assert!(all.contains(&act), "{act:?}");
        }
    }
}
