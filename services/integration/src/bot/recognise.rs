//! From words to what is wanted, or to a question back. Pure, and explainable: each word is a sign of something, explains
//! nothing, or is unknown; what is unknown takes confidence away, and certain signs forbid acting (rule 44).

use domain::{Money, OrderNumber};

use super::intent::Intent;
use super::vocabulary::{Guard, Meaning, Vocabulary};
use super::words::{self, Read};

/// What somebody said, with what bears on its meaning.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heard<'a> {
    pub(crate) text: &'a str,
    /// Somebody else's words passed on.
    pub(crate) forwarded: bool,
    /// We wait for the buyer's six digits.
    pub(crate) code_awaited: bool,
    /// Confidence from which we act.
    pub(crate) limit: f32,
}

/// What is wanted.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Recognised {
    pub(crate) intent: Intent,
    pub(crate) order: Option<OrderNumber>,
    pub(crate) code: Option<String>,
    /// Why, of a rejection.
    pub(crate) reason: Option<String>,
    pub(crate) amount: Option<Money>,
    pub(crate) confidence: f32,
}

/// Why we ask back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// No word of it means anything to us.
    NotUnderstood,
    /// It may mean this.
    Unsure,
    /// It says not to.
    Negation,
    /// It asks.
    Question,
    /// Two orders in one message.
    TwoOrders,
    /// Two wishes in one message.
    TwoThings,
    /// Something with an order's number, which is none.
    UnclearNumber,
    /// More or less than before.
    Relative,
    /// Not now.
    Later,
    /// A unit we do not know.
    Unit,
    /// Not all of it.
    Part,
    /// Only if.
    Condition,
    /// Somebody else's words.
    Forwarded,
    /// Six digits that nobody waits for.
    CodeNotAwaited,
    /// Stock and prices are not changed here yet.
    Stock,
}

/// A question back.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ask {
    pub(crate) doubt: Doubt,
    /// What it most likely was.
    pub(crate) likely: Option<Intent>,
    pub(crate) order: Option<OrderNumber>,
    pub(crate) confidence: f32,
}

/// What we make of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Understood {
    Wanted(Recognised),
    Ask(Ask),
}

/// Understands words.
pub(crate) fn recognise(heard: &Heard<'_>) -> Understood {
    let read = words::read(heard.text);
    let mut signs = Signs::of(&read);
    let reason = signs.cut_reason(&read);
    if let Some(doubt) = forbidden_at_all(heard, &read) {
        return ask(doubt, &signs, &read);
    }
    let Some(intent) = intent(&signs, &read) else {
        let doubt = match signs.intents.as_slice() {
            [] if signs.guards.contains(&Guard::Negation) => Doubt::Negation,
            [] => Doubt::NotUnderstood,
            _ => Doubt::TwoThings,
        };
        return ask(doubt, &signs, &read);
    };
    if intent == Intent::Stock && (signs.unknown > 0 || !read.numbers.is_empty() || !signs.guards.is_empty()) {
        return ask(Doubt::Stock, &signs, &read);
    }
    if intent.acts()
        && let Some(doubt) = forbidden(&signs, heard, intent, &read)
    {
        return ask(doubt, &signs, &read);
    }
    let confidence = confidence(&signs, &read, intent);
    if confidence < heard.limit && (intent.acts() || confidence < 0.5) {
        return ask(Doubt::Unsure, &signs, &read);
    }
    Understood::Wanted(Recognised {
        intent,
        order: read.orders.into_iter().next(),
        code: read.code,
        reason: reason.filter(|_| intent == Intent::Reject),
        amount: (intent == Intent::CodCollected).then(|| words::amount(&read.numbers)).flatten(),
        confidence,
    })
}

/// The signs in a message.
#[derive(Debug, Default)]
struct Signs {
    /// Each intent once, with the weight of its best phrase.
    intents: Vec<(Intent, f32)>,
    guards: Vec<Guard>,
    /// Words of intents.
    explained: usize,
    unknown: usize,
    /// Where a rejection's reason begins.
    reason_from: Option<usize>,
}

impl Signs {
    fn of(read: &Read) -> Self {
        let vocabulary = Vocabulary::get();
        let all: Vec<&str> = read.words.iter().map(String::as_str).collect();
        let mut signs = Self::default();
        let mut at = 0;
        while at < all.len() {
            let Some(hit) = vocabulary.hit(&all[at..]) else {
                signs.unknown += 1;
                at += 1;
                continue;
            };
            at += hit.words;
            match hit.meaning {
                Meaning::Filler => {}
                Meaning::Guard(guard) => signs.guards.push(guard),
                Meaning::Intent(intent) => {
                    signs.explained += hit.words;
                    match signs.intents.iter_mut().find(|(known, _)| *known == intent) {
                        Some((_, weight)) => *weight = weight.max(hit.weight),
                        None => signs.intents.push((intent, hit.weight)),
                    }
                    // What follows a clear "reject" is the reason, in whatever words.
                    let clear = signs.unknown == 0 && signs.guards.is_empty() && signs.intents.len() == 1;
                    if intent == Intent::Reject && clear {
                        signs.reason_from = Some(at);
                        signs.look_at_reason(&all[at..]);
                        return signs;
                    }
                }
            }
        }
        signs
    }

    /// In a reason only what would turn the rejection into something else counts.
    fn look_at_reason(&mut self, reason: &[&str]) {
        let vocabulary = Vocabulary::get();
        for at in 0..reason.len() {
            match vocabulary.hit(&reason[at..]).map(|hit| hit.meaning) {
                Some(Meaning::Guard(guard @ (Guard::Condition | Guard::Part))) => self.guards.push(guard),
                Some(Meaning::Intent(intent @ (Intent::Confirm | Intent::OutForDelivery))) => self.intents.push((intent, 1.0)),
                _ => {}
            }
        }
        // "Reject not", "reject vaddu".
        if let [only] = reason
            && matches!(vocabulary.hit(&[only]).map(|hit| hit.meaning), Some(Meaning::Guard(Guard::Negation)))
        {
            self.guards.push(Guard::Negation);
        }
    }

    fn cut_reason(&mut self, read: &Read) -> Option<String> {
        let from = self.reason_from?;
        let reason = read.words[from..].join(" ");
        (!reason.is_empty()).then_some(reason)
    }

    /// What is wanted besides being polite.
    fn wishes(&self) -> Vec<Intent> {
        let polite = |intent: &Intent| matches!(intent, Intent::Greeting | Intent::Thanks);
        let all: Vec<Intent> = self.intents.iter().map(|(intent, _)| *intent).collect();
        let wishes: Vec<Intent> = all.iter().copied().filter(|intent| !polite(intent)).collect();
        if wishes.is_empty() { all.into_iter().take(1).collect() } else { wishes }
    }
}

fn intent(signs: &Signs, read: &Read) -> Option<Intent> {
    let wishes = signs.wishes();
    match wishes.as_slice() {
        [] if read.code.is_some() => Some(Intent::Code),
        // A number alone asks where that order stands.
        [] if !read.orders.is_empty() => Some(Intent::OrderStatus),
        [] => None,
        [Intent::Delivered] | [Intent::Delivered, Intent::Code] | [Intent::Code, Intent::Delivered] if read.code.is_some() => {
            Some(Intent::Code)
        }
        // A picture's caption says that it was delivered.
        [Intent::Photo, Intent::Delivered] | [Intent::Delivered, Intent::Photo] => Some(Intent::Photo),
        [Intent::OpenOrders, Intent::OrderStatus] | [Intent::OrderStatus, Intent::OpenOrders] => {
            Some(if read.orders.is_empty() { Intent::OpenOrders } else { Intent::OrderStatus })
        }
        [only] => Some(*only),
        _ => None,
    }
}

/// What forbids even looking further.
fn forbidden_at_all(heard: &Heard<'_>, read: &Read) -> Option<Doubt> {
    if heard.forwarded {
        Some(Doubt::Forwarded)
    } else if read.orders.len() > 1 {
        Some(Doubt::TwoOrders)
    } else if read.unclear_number {
        Some(Doubt::UnclearNumber)
    } else {
        None
    }
}

fn forbidden(signs: &Signs, heard: &Heard<'_>, intent: Intent, read: &Read) -> Option<Doubt> {
    let guard = signs.guards.iter().map(|guard| match guard {
        Guard::Negation => Doubt::Negation,
        Guard::Question => Doubt::Question,
        Guard::Later => Doubt::Later,
        Guard::Relative => Doubt::Relative,
        Guard::Unit => Doubt::Unit,
        Guard::Part => Doubt::Part,
        Guard::Condition => Doubt::Condition,
    });
    if let Some(doubt) = guard.min_by_key(|doubt| u8::from(*doubt != Doubt::Negation)) {
        return Some(doubt);
    }
    if read.question_mark {
        return Some(Doubt::Question);
    }
    if intent == Intent::Code && (read.code.is_none() || !heard.code_awaited) {
        return Some(if read.code.is_some() { Doubt::CodeNotAwaited } else { Doubt::Unsure });
    }
    if intent != Intent::Code && read.code.is_some() {
        return Some(Doubt::TwoThings);
    }
    // An order's number where none belongs, or a bare number that may be one.
    let loose_number = !read.numbers.is_empty() && !matches!(intent, Intent::CodCollected | Intent::Reject);
    if loose_number || (!intent.takes_order() && !read.orders.is_empty()) {
        return Some(Doubt::Unsure);
    }
    None
}

/// The weight of what was said, less what of it is unknown.
fn confidence(signs: &Signs, read: &Read, intent: Intent) -> f32 {
    let weight = signs.intents.iter().find(|(known, _)| *known == intent).map(|(_, weight)| *weight);
    let (weight, explained) = match weight {
        Some(weight) => (weight, signs.explained.max(1)),
        // Digits alone, a number alone.
        None if read.code.is_some() || !read.orders.is_empty() => (0.95, 1),
        None => (0.0, 1),
    };
    let total = explained + signs.unknown;
    let share = u16::try_from(explained).map_or(1.0, f32::from) / u16::try_from(total).map_or(1.0, f32::from);
    weight * share
}

fn ask(doubt: Doubt, signs: &Signs, read: &Read) -> Understood {
    let likely = signs.wishes().into_iter().find(|intent| !matches!(intent, Intent::Greeting | Intent::Thanks));
    let order = match read.orders.as_slice() {
        [only] => Some(only.clone()),
        // A bare small number beside a wish about an order may be the order's.
        [] if doubt == Doubt::Unsure && likely.is_some_and(Intent::takes_order) => words::bare_order(&read.numbers),
        _ => None,
    };
    Understood::Ask(Ask {
        doubt,
        likely,
        order,
        confidence: likely.map_or(0.0, |intent| confidence(signs, read, intent).min(0.79)),
    })
}
