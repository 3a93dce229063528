//! One sequence as it is played: what whoever acts knows, and the model beside it.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::RwLock;
use tokio::time::sleep;

use super::client::{Client, Got, Someone};
use super::model::{self, Answer, Hint, Late, Order, Possible, State};
use super::people::{Buyer, Cast, Vendor};
use super::steps::{Act, Pay, Sequence, Step, Verdict, Who};
use super::watch::FleetClock;

/// Tries of one act, as an app tries again when it hears nothing.
const TRIES: u64 = 4;
/// Tries of whoever waits until it is time, and the refusals that mean that it is not yet.
const TRIES_WHEN_EARLY: usize = 12;
const TOO_EARLY: [&str; 4] = ["illegal_transition", "no_delivery", "not_in_transit", "not_delivered"];
/// The buyer who places an order insists, for the key makes it safe.
const TRIES_TO_PLACE: usize = 24;

/// An order that was placed.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub(super) id: String,
    number: String,
    total: i64,
    payment: String,
    gateway_order: Option<String>,
    item: String,
    /// By the fleet's clock, in seconds; not later than it really was.
    at: i64,
}

/// What whoever acts has learnt under way.
#[derive(Debug, Clone, Default)]
struct Known {
    delivery: Option<String>,
    /// What the checkout handed to the app.
    handed: Option<Value>,
    attempts: usize,
    /// The checkout of before the last edit, and whether an edit is in doubt: then amount and checkout are.
    old_checkout: Option<String>,
    edit_in_doubt: bool,
    /// What was ordered last.
    quantity: Option<usize>,
    /// The newest code and when it came, if nothing makes it doubtful.
    code: Option<(String, i64)>,
    code_is_sure: bool,
    photos: usize,
    dispatches: usize,
    disputes: usize,
    dispute: Option<String>,
    resolved: usize,
    /// What can still be refunded: at least and at most.
    left: (i64, i64),
}

/// One sequence under way.
pub(super) struct Story {
    pub(super) sequence: Sequence,
    pub(super) placed: Option<Placed>,
    pub(super) possible: Possible,
    pub(super) log: Vec<String>,
    pub(super) wrong: Vec<String>,
    /// Acts that were judged, and how many of them had no answer.
    pub(super) acts: usize,
    /// Why there was no answer, as often as there was none.
    pub(super) unanswered: Vec<String>,
    known: Known,
    disturbed: bool,
}

/// Where it is played.
#[derive(Clone)]
pub(super) struct Stage {
    pub(super) client: Client,
    pub(super) cast: Arc<Cast>,
    pub(super) clock: FleetClock,
    pub(super) seed: u64,
}

struct Doing<'a> {
    stage: &'a Stage,
    buyer: &'a Buyer,
    vendor: &'a Vendor,
    sequence: &'a Sequence,
}

/// How an act is done.
#[derive(Clone, Copy)]
struct How {
    /// Its place among those of the same moment.
    place: usize,
    alone: bool,
    patient: bool,
}

/// What an act came to.
struct Done {
    act: Act,
    hint: Hint,
    answers: Vec<Answer>,
    unanswered: Vec<String>,
    got: Got,
    refund: i64,
}

impl Story {
    pub(super) fn new(sequence: Sequence, disturbed: bool) -> Self {
        Self {
            sequence,
            placed: None,
            possible: Possible::new(),
            log: Vec::new(),
            wrong: Vec::new(),
            acts: 0,
            unanswered: Vec::new(),
            known: Known::default(),
            disturbed,
        }
    }

    /// Plays the step of that round, if there is one.
    pub(super) async fn round(&mut self, stage: &Stage, round: usize) {
        let Some(step) = self.sequence.steps.get(round).cloned() else { return };
        let sequence = self.sequence.clone();
        let (Some(buyer), Some(vendor)) = (stage.cast.buyers.get(sequence.buyer), stage.cast.vendors.get(sequence.vendor)) else {
            return;
        };
        let doing = Doing { stage, buyer, vendor, sequence: &sequence };
        if step.acts == [Act::Place] {
            return self.place(&doing, round).await;
        }
        if self.placed.is_some() {
            self.play(&doing, &step, round).await;
        }
    }

    /// Places the order of a sequence that many will act on.
    pub(super) async fn begin(&mut self, stage: &Stage) {
        self.round(stage, 0).await;
    }

    /// One act of one of many at once, without the model's judgement of states: only answers that are never legal are wrong.
    pub(super) async fn meddle(story: &RwLock<Self>, stage: &Stage, act: Act, turn: usize) {
        let now = story.read().await.seen();
        let (Some(buyer), Some(vendor)) =
            (stage.cast.buyers.get(now.sequence.buyer), stage.cast.vendors.get(now.sequence.vendor))
        else {
            return;
        };
        let doing = Doing { stage, buyer, vendor, sequence: &now.sequence };
        let Some(got) = now.attempt(&doing, act, turn).await else { return };
        let answer = judged(act, &got);
        let said = match &answer {
            Answer::Done | Answer::Shown(_) => "done".to_owned(),
            Answer::Refused(code) => code.clone(),
            Answer::Unknown => String::new(),
        };
        let refund = now.hint(&doing, act, false).refund.0;
        let unanswered = if answer == Answer::Unknown { vec![short(&got)] } else { Vec::new() };
        let done = Done { act, hint: Hint::default(), answers: vec![answer], unanswered, refund, got };
        let mut story = story.write().await;
        story.acts += 1;
        story.unanswered.extend(done.unanswered.iter().map(|why| format!("{act:?}: {why}")));
        if !said.is_empty() && !model::ever(act).contains(&said) {
            let wrong = format!("{act:?} was answered {}", short(&done.got));
            story.wrong.push(wrong);
        }
        if let Some(wrong) = story.differs(&done) {
            story.wrong.push(wrong);
        }
        story.log.push(format!("{act:?} → {}", short(&done.got)));
        story.learn(&doing, &done);
    }

    /// As much of it as somebody needs who is about to act.
    fn seen(&self) -> Self {
        let mut seen = Self::new(self.sequence.clone(), self.disturbed);
        seen.placed.clone_from(&self.placed);
        seen.known.clone_from(&self.known);
        seen
    }

    async fn place(&mut self, doing: &Doing<'_>, round: usize) {
        let at = doing.stage.clock.seconds();
        let body = doing.body(doing.sequence.quantity);
        let mut got = Got::Nothing(String::new());
        for turn in 0..TRIES_TO_PLACE {
            got = doing.ask(&doing.buyer.who, Method::POST, "/api/v1/orders", Some(&doing.key()), Some(&body)).await;
            // A refusal that is kept with the key stays what it is.
            let last_word = code(&got).is_some_and(|code| matches!(code, "payment_unavailable" | "stock_unavailable"));
            if got.answer() != Answer::Unknown || last_word {
                break;
            }
            self.unanswered.push(format!("Place: {}", short(&got)));
            sleep(Duration::from_millis(200 + 50 * u64::try_from(turn).unwrap_or(0))).await;
        }
        self.acts += 1;
        self.log.push(format!("{round}: Place → {}", short(&got)));
        match got.answer() {
            Answer::Done => match read_placed(got.data(), at) {
                Some(placed) => {
                    self.known.left = (placed.total, placed.total);
                    self.placed = Some(placed);
                    self.possible = Possible::from([State::placed(doing.sequence.cash)]);
                }
                None => self.wrong.push(format!("an order without what an order has: {}", got.data())),
            },
            // On a machine that is busy enough somebody gives up also in calm weather; whoever gives up leaves nothing.
            Answer::Unknown => {}
            Answer::Refused(code) if code == "out_of_stock" && doing.sequence.goods == 2 => {}
            other => self.wrong.push(format!("an order was refused: {other:?}, {}", short(&got))),
        }
    }

    async fn play(&mut self, doing: &Doing<'_>, step: &Step, round: usize) {
        let done: Vec<Done> = match step.acts.as_slice() {
            [one] => self.perform(doing, *one, How { place: 0, alone: true, patient: step.patient }).await.into_iter().collect(),
            [one, two, ..] => {
                let how = |place| How { place, alone: false, patient: false };
                let (first, second) = tokio::join!(self.perform(doing, *one, how(0)), self.perform(doing, *two, how(1)));
                first.into_iter().chain(second).collect()
            }
            [] => Vec::new(),
        };
        let late = self.late(doing);
        for one in &done {
            self.log.push(format!("{round}: {:?} → {}", one.act, short(&one.got)));
            self.acts += 1;
            self.unanswered.extend(one.unanswered.iter().map(|why| format!("{:?}: {why}", one.act)));
        }
        let next = self.judge(&done, late);
        if next.is_empty() {
            let told: Vec<String> = done
                .iter()
                .map(|one| {
                    let legal = model::legal(&self.possible, one.act, one.hint, late);
                    format!("{:?} was answered {:?}, legal were {legal:?}", one.act, one.answers)
                })
                .collect();
            self.wrong.push(format!("{}; possible was {:?}", told.join(" and "), self.possible));
        } else {
            self.possible = next;
        }
        for one in &done {
            self.learn(doing, one);
        }
        if let Some(wrong) = done.iter().find_map(|one| self.differs(one)) {
            self.wrong.push(wrong);
        }
    }

    /// Where the order may stand after these answers, in whatever order the tries behind them took effect.
    fn judge(&self, done: &[Done], late: Late) -> Possible {
        let after = |possible: &Possible, one: &Done, turn: usize| match one.answers.get(turn) {
            Some(answer) => model::after(possible, one.act, one.hint, answer, late),
            None => Possible::new(),
        };
        let (Some(first), second) = (done.first(), done.get(1)) else { return self.possible.clone() };
        let tries = second.map_or(0, |second| second.answers.len());
        // Row by row: after so many tries of the first act, and in it after so many of the second.
        let mut row: Vec<Possible> = vec![self.possible.clone()];
        for turn in 0..tries {
            let next = second.map(|second| after(&row[turn], second, turn)).unwrap_or_default();
            row.push(next);
        }
        for turn in 0..first.answers.len() {
            let mut below: Vec<Possible> = vec![after(&row[0], first, turn)];
            for other in 0..tries {
                let mut next = after(&row[other + 1], first, turn);
                next.extend(second.map(|second| after(&below[other], second, other)).unwrap_or_default());
                below.push(next);
            }
            row = below;
        }
        row.pop().unwrap_or_default()
    }

    fn late(&self, doing: &Doing<'_>) -> Late {
        let age = self.placed.as_ref().map_or(0, |placed| doing.stage.clock.seconds() - placed.at);
        Late { payment: age >= 30 * 60 - 5, vendor: age >= 2 * 3600 - 5 }
    }

    /// What another answer for the same request would give away.
    fn differs(&self, done: &Done) -> Option<String> {
        let placed = self.placed.as_ref()?;
        let id = done.got.data().get("id").and_then(Value::as_str);
        let another = done.act == Act::PlaceAgain && id.is_some_and(|id| id != placed.id);
        another.then(|| format!("the same key made another order: {id:?} instead of {}", placed.id))
    }

    fn hint(&self, doing: &Doing<'_>, act: Act, alone: bool) -> Hint {
        let known = &self.known;
        let total = self.placed.as_ref().map_or(0, |placed| placed.total);
        let asked = if let Act::Refund(percent) = act { refund_of(total, percent) } else { 0 };
        let fresh = known.code.as_ref().is_some_and(|(_, at)| doing.stage.clock.seconds() - at < 29 * 60);
        let many_attempts = known.attempts > 1 || !alone;
        let scarce = doing.sequence.goods == 2;
        if !alone {
            return Hint { many_attempts, old_checkout: true, scarce, refund: (asked, 0, total), ..Hint::default() };
        }
        let photo = match (known.photos, known.dispatches) {
            (0, _) => Some(false),
            (_, 1) => Some(true),
            _ => None,
        };
        let dispute_open = match (known.disputes, known.resolved) {
            (0, _) => Some(false),
            (_, 0) if known.dispute.is_some() => Some(true),
            _ => None,
        };
        Hint {
            code_is_right: known.code_is_sure && fresh,
            photo,
            dispute_open,
            old_checkout: false,
            scarce,
            many_attempts,
            refund: (asked, known.left.0, known.left.1),
        }
    }

    /// Does it, again while nobody answers. Nothing when it cannot be done yet: a code that never came.
    async fn perform(&self, doing: &Doing<'_>, act: Act, how: How) -> Option<Done> {
        let hint = self.hint(doing, act, how.alone);
        let (mut answers, mut unanswered) = (Vec::new(), Vec::new());
        let mut got = Got::Nothing("not asked".into());
        let (mut silent, mut early) = (0, 0);
        while silent < TRIES && early < TRIES_WHEN_EARLY {
            got = self.attempt(doing, act, how.place).await?;
            let answer = judged(act, &got);
            answers.push(answer.clone());
            match &answer {
                Answer::Unknown => {
                    unanswered.push(short(&got));
                    silent += 1;
                    sleep(Duration::from_millis(250 * silent)).await;
                }
                Answer::Refused(code) if how.patient && TOO_EARLY.contains(&code.as_str()) => {
                    early += 1;
                    sleep(Duration::from_millis(150)).await;
                }
                _ => break,
            }
        }
        Some(Done { act, hint, answers, unanswered, refund: hint.refund.0, got })
    }

    async fn attempt(&self, doing: &Doing<'_>, act: Act, place: usize) -> Option<Got> {
        let placed = self.placed.as_ref()?;
        let order = format!("/api/v1/orders/{}", placed.id);
        let (buyer, vendor, staff) = (&doing.buyer.who, &doing.vendor.who, &doing.stage.cast.operations);
        Some(match act {
            Act::Place => return None,
            Act::Pay(_) | Act::PayOld | Act::Verify | Act::VerifyForged | Act::Collect | Act::Refund(_)
                if self.known.edit_in_doubt =>
            {
                return None;
            }
            // As much as before changes nothing, and the checkout stays: that is another act than the model's.
            Act::Edit(quantity) if self.known.edit_in_doubt || usize::from(quantity) == self.quantity() => return None,
            Act::Edit(quantity) => {
                let path = format!("{order}/items/{}", placed.item);
                doing.put(buyer, &path, &json!({ "quantity": quantity.to_string() })).await
            }
            Act::PayOld => doing.pay(self.known.old_checkout.as_ref()?, Pay::Captured).await,
            Act::PlaceAgain => doing.place_again(doing.sequence.quantity).await,
            Act::PlaceOther => doing.place_again(doing.sequence.quantity + 5).await,
            Act::Pay(how) => doing.pay(placed.gateway_order.as_ref()?, how).await,
            Act::Verify => doing.verify(self.known.handed.as_ref()?).await,
            Act::VerifyForged => {
                let mut forged = self.known.handed.clone()?;
                forged["razorpay_signature"] = "00".repeat(32).into();
                doing.verify(&forged).await
            }
            Act::Confirm => doing.post(vendor, &format!("{order}/confirm"), &json!({})).await,
            Act::Prepare => doing.put(vendor, &format!("{order}/status"), &json!({ "status": "preparing" })).await,
            Act::Cancel(who) => {
                let who = [buyer, vendor, staff][match who {
                    Who::Buyer => 0,
                    Who::Vendor => 1,
                    Who::Staff => 2,
                }];
                doing.post(who, &format!("{order}/cancel"), &json!({ "reason": "not wanted any more" })).await
            }
            Act::Read => doing.get(buyer, &order).await,
            Act::ReadAsStranger => doing.get(&doing.stranger()?.who, &order).await,
            Act::Collect => {
                let path = format!("/api/v1/payments/cod/{}/mark-collected", placed.payment);
                doing.put(vendor, &path, &json!({ "amount": rupees(placed.total) })).await
            }
            Act::Refund(percent) => {
                let path = format!("/api/v1/payments/{}/refund", placed.payment);
                let body = json!({ "amount": rupees(refund_of(placed.total, percent)), "reason": "goodwill" });
                let key = format!("refund-{}-{}-{place}-{percent}", placed.id, self.acts);
                doing.ask(&doing.stage.cast.finance[0], Method::POST, &path, Some(&key), Some(&body)).await
            }
            Act::Dispute => {
                let body = json!({ "dispute_type": "quality", "description": "some of it is broken" });
                doing.post(buyer, &format!("{order}/disputes"), &body).await
            }
            Act::Resolve(verdict) => self.resolve(doing, verdict).await?,
            _ => self.deliver(doing, act).await?,
        })
    }

    fn quantity(&self) -> usize {
        self.known.quantity.unwrap_or(self.sequence.quantity)
    }

    async fn resolve(&self, doing: &Doing<'_>, verdict: Verdict) -> Option<Got> {
        let dispute = self.known.dispute.as_ref()?;
        let total = self.placed.as_ref()?.total;
        let body = match verdict {
            Verdict::Whole => json!({ "resolution": "refund_full" }),
            Verdict::Part => json!({ "resolution": "refund_partial", "amount": rupees(total / 5) }),
            Verdict::Rejected => json!({ "resolution": "rejected" }),
        };
        Some(doing.put(&doing.stage.cast.operations, &format!("/api/v1/disputes/{dispute}/resolve"), &body).await)
    }

    /// What is done about a delivery, once there is one.
    async fn deliver(&self, doing: &Doing<'_>, act: Act) -> Option<Got> {
        let vendor = &doing.vendor.who;
        let delivery = match &self.known.delivery {
            Some(id) => id.clone(),
            None => {
                let found = doing.get(vendor, &format!("/api/v1/deliveries/order/{}", self.placed.as_ref()?.id)).await;
                match (found.answer(), found.data().get("id").and_then(Value::as_str)) {
                    (_, Some(id)) => id.to_owned(),
                    (Answer::Refused(code), _) if code == "not_found" => {
                        return Some(Got::Said(404, json!({ "error": { "code": "no_delivery" } })));
                    }
                    _ => return Some(found),
                }
            }
        };
        let path = format!("/api/v1/deliveries/{delivery}");
        Some(match act {
            Act::Dispatch => doing.put(vendor, &format!("{path}/status"), &json!({ "status": "in_transit" })).await,
            Act::Fail => {
                doing.put(vendor, &format!("{path}/status"), &json!({ "status": "failed", "notes": "nobody there" })).await
            }
            Act::SendCode => {
                let got = doing.post(vendor, &format!("{path}/generate-otp"), &json!({})).await;
                doing.code(got, &self.placed.as_ref()?.number).await
            }
            Act::EnterCode => {
                let code = self.known.code.as_ref().map(|(code, _)| code.clone())?;
                doing.post(vendor, &format!("{path}/verify-otp"), &json!({ "code": code })).await
            }
            Act::EnterWrongCode => {
                let right = self.known.code.as_ref().map_or("", |(code, _)| code.as_str());
                let wrong = if right == "000000" { "111111" } else { "000000" };
                doing.post(vendor, &format!("{path}/verify-otp"), &json!({ "code": wrong })).await
            }
            Act::Photo => {
                let body = json!({ "media_id": doing.vendor.photo, "proof_type": "photo" });
                doing.post(vendor, &format!("{path}/upload-proof"), &body).await
            }
            Act::Approve => doing.post(&doing.stage.cast.operations, &format!("{path}/approve-proof"), &json!({})).await,
            _ => return None,
        })
    }

    /// What the answer tells whoever acted, for later.
    fn learn(&mut self, doing: &Doing<'_>, done: &Done) {
        let known = &mut self.known;
        let worked = done.answers.last() == Some(&Answer::Done);
        let doubtful = done.answers.contains(&Answer::Unknown);
        let data = done.got.data();
        match done.act {
            Act::Pay(_) if worked || doubtful => {
                known.attempts += 1;
                let signed = data.get("razorpay_signature").is_some_and(Value::is_string);
                if signed {
                    known.handed = Some(data.clone());
                }
            }
            Act::Edit(quantity) if worked => {
                known.quantity = Some(usize::from(quantity));
                if let (Some(placed), Some(now)) = (&mut self.placed, read_placed(data, 0)) {
                    known.left = (now.total, now.total);
                    if now.gateway_order.is_some() && now.gateway_order != placed.gateway_order {
                        known.old_checkout = placed.gateway_order.take();
                        known.handed = None;
                        known.attempts = 0;
                    }
                    *placed = Placed { at: placed.at, ..now };
                }
            }
            Act::Edit(_) if done.answers.last() == Some(&Answer::Unknown) => known.edit_in_doubt = true,
            Act::Dispatch if worked || doubtful => known.dispatches += 1,
            Act::Photo if worked || doubtful => known.photos += 1,
            Act::SendCode => {
                known.code_is_sure = false;
                if let Some(code) = data.get("code").and_then(Value::as_str) {
                    known.code = Some((code.to_owned(), doing.stage.clock.seconds()));
                    known.code_is_sure = worked && !doubtful;
                }
            }
            Act::EnterWrongCode => known.code_is_sure = false,
            Act::EnterCode if doubtful => known.code_is_sure = false,
            Act::Dispute if worked || doubtful => {
                known.disputes += 1;
                known.resolved = 0;
                known.dispute = data.get("id").and_then(Value::as_str).map(str::to_owned).or(known.dispute.take());
            }
            Act::Resolve(_) => {
                known.resolved += 1;
                known.left.0 = 0;
            }
            Act::Cancel(_) if worked || doubtful => known.left.0 = 0,
            Act::Refund(_) if worked && !doubtful => {
                known.left = ((known.left.0 - done.refund).max(0), known.left.1 - done.refund);
            }
            Act::Refund(_) if doubtful => known.left.0 = (known.left.0 - done.refund).max(0),
            _ => {}
        }
        if let Some(id) = data.get("delivery_id").or_else(|| data.get("id")).and_then(Value::as_str) {
            if matches!(done.act, Act::Dispatch | Act::Fail | Act::SendCode | Act::Photo) {
                known.delivery = Some(id.to_owned());
            }
        }
        // A refund may fail, and a cancellation may give back more than was known: then anything up to the whole may be left.
        if self.disturbed {
            let total = self.placed.as_ref().map_or(0, |placed| placed.total);
            self.known.left = (0, total);
        }
    }

    /// Everything has come to rest: where the order stands must be one of the states that the model has come to.
    pub(super) fn compare(&mut self, found: (Order, bool, model::Delivery, bool), late: Late) {
        let all = model::closure(&self.possible, late);
        // Delivered and wholly refunded is an end as well: there is nothing to complete.
        let rests = |state: &State| state.is_at_rest() || (found.3 && state.order == Order::Delivered);
        let fits = |state: &&State| (state.order, state.money, state.delivery) == (found.0, found.1, found.2) && rests(state);
        let fitting: Possible = all.iter().filter(fits).copied().collect();
        if fitting.is_empty() {
            let ends: Vec<String> = all
                .iter()
                .filter(|state| state.is_at_rest())
                .map(|state| format!("{:?}, money {}, delivery {:?}", state.order, state.money, state.delivery))
                .collect();
            self.wrong.push(format!("the order stands at {found:?}, the model knows only {ends:?}"));
        } else {
            self.possible = fitting;
        }
    }

    /// What time allows at this moment.
    pub(super) fn lateness(&self, clock: &FleetClock) -> Late {
        let age = self.placed.as_ref().map_or(0, |placed| clock.seconds() - placed.at);
        Late { payment: age >= 30 * 60 - 5, vendor: age >= 2 * 3600 - 5 }
    }
}

impl Doing<'_> {
    fn key(&self) -> String {
        format!("soak-{}-{}-{}", self.stage.seed, self.sequence.number, self.sequence.again)
    }

    fn body(&self, quantity: usize) -> Value {
        let (material, least) = self.vendor.goods.get(self.sequence.goods).cloned().unwrap_or_default();
        let items =
            json!([{ "item_type": "material", "item_id": material, "quantity": (quantity * least as usize).to_string() }]);
        let method = if self.sequence.cash { "cod" } else { "online" };
        json!({ "vendor_id": self.vendor.id, "delivery_address_id": self.buyer.address, "items": items,
            "payment_method": method })
    }

    fn stranger(&self) -> Option<&Buyer> {
        self.stage.cast.buyers.get((self.sequence.buyer + 1) % self.stage.cast.buyers.len())
    }

    async fn ask(&self, who: &Someone, method: Method, path: &str, key: Option<&str>, body: Option<&Value>) -> Got {
        self.stage.client.ask(who, method, path, key, body).await
    }

    async fn get(&self, who: &Someone, path: &str) -> Got {
        self.ask(who, Method::GET, path, None, None).await
    }

    async fn put(&self, who: &Someone, path: &str, body: &Value) -> Got {
        self.ask(who, Method::PUT, path, None, Some(body)).await
    }

    async fn post(&self, who: &Someone, path: &str, body: &Value) -> Got {
        self.ask(who, Method::POST, path, None, Some(body)).await
    }

    async fn place_again(&self, quantity: usize) -> Got {
        let body = self.body(quantity);
        self.ask(&self.buyer.who, Method::POST, "/api/v1/orders", Some(&self.key()), Some(&body)).await
    }

    async fn verify(&self, handed: &Value) -> Got {
        let fields = ["razorpay_order_id", "razorpay_payment_id", "razorpay_signature"];
        let body: Value = fields.iter().map(|f| ((*f).to_owned(), handed[*f].clone())).collect::<serde_json::Map<_, _>>().into();
        self.post(&self.buyer.who, "/api/v1/payments/verify", &body).await
    }

    /// At the gateway's checkout.
    async fn pay(&self, gateway_order: &str, how: Pay) -> Got {
        let mut body = json!({ "outcome": how.outcome() });
        if how == Pay::Late {
            body["late"] = true.into();
        }
        let path = format!("/razorpay/orders/{gateway_order}/pay");
        match self.stage.client.control(Method::POST, &path, Some(&body)).await {
            Ok((200, paid)) => Got::Said(200, paid),
            Ok((_, _)) => Got::Said(409, json!({ "error": { "code": "paid_already" } })),
            Err(error) => Got::Nothing(error.to_string()),
        }
    }

    /// Adds the code that the buyer got to the answer.
    async fn code(&self, got: Got, order_number: &str) -> Got {
        let Got::Said(status, mut body) = got else { return got };
        let path = format!("/phones/{}/sms", self.buyer.phone);
        let inbox = self.stage.client.must(Method::GET, &path, None).await.unwrap_or_default();
        let newest_first = inbox.as_array().into_iter().flatten().rev().filter_map(|sms| sms["body"].as_str());
        let code = newest_first.filter(|body| body.contains(order_number)).find_map(six_digits);
        if let Some(code) = code {
            body["data"]["code"] = code.into();
        }
        Got::Said(status, body)
    }
}

fn judged(act: Act, got: &Got) -> Answer {
    if act == Act::Read
        && let Some(status) = got.data().get("status").and_then(Value::as_str).and_then(Order::read)
    {
        return Answer::Shown(status);
    }
    got.answer()
}

fn read_placed(order: &Value, at: i64) -> Option<Placed> {
    let text = |pointer: &str| order.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    Some(Placed {
        id: text("/id")?,
        number: text("/order_number")?,
        total: paise(&text("/total")?)?,
        payment: text("/payment/payment_id")?,
        gateway_order: text("/payment/gateway/razorpay_order_id"),
        item: text("/items/0/id")?,
        at,
    })
}

/// Reads `"1234.50"`.
pub(super) fn paise(text: &str) -> Option<i64> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (rupees, fraction) = digits.split_once('.')?;
    Some(sign * (rupees.parse::<i64>().ok()? * 100 + fraction.parse::<i64>().ok()?))
}

fn rupees(paise: i64) -> String {
    format!("{}.{:02}", paise / 100, paise % 100)
}

fn refund_of(total: i64, percent: u8) -> i64 {
    (total * i64::from(percent) / 100).max(1)
}

fn six_digits(body: &str) -> Option<String> {
    body.split(|c: char| !c.is_ascii_digit()).find(|word| word.len() == 6).map(str::to_owned)
}

fn code(got: &Got) -> Option<&str> {
    match got {
        Got::Said(_, body) => body.pointer("/error/code").and_then(Value::as_str),
        Got::Nothing(_) => None,
    }
}

/// An answer in a few words.
fn short(got: &Got) -> String {
    match got {
        Got::Said(status, body) => {
            let what = code(got).or_else(|| body.pointer("/data/status").and_then(Value::as_str)).unwrap_or("");
            let details = body.pointer("/error/details").map(Value::to_string).unwrap_or_default();
            format!("{status} {what} {details}").trim_end().to_owned()
        }
        Got::Nothing(why) => format!("no answer ({why})"),
    }
}
