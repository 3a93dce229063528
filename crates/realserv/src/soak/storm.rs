//! Many clients at the same few orders at once: they pay, refund, cancel and deliver them without regard for each other.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Result;
use tokio::sync::RwLock;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::dice::Dice;
use super::play::{Findings, Run, told};
use super::steps::{Act, Pay, Sequence, Size, Verdict, Who};
use super::story::{Stage, Story};

/// Clients at once.
const CLIENTS: usize = 64;
/// Orders they share at any time.
const ORDERS: usize = 8;
/// After so many acts an order is left alone and another takes its place.
const ACTS: usize = 60;

/// How often each act is chosen.
const ACTING: [(usize, Act); 26] = [
    (3, Act::Edit(3)),
    (2, Act::PayOld),
    (10, Act::Pay(Pay::Captured)),
    (4, Act::Pay(Pay::Authorized)),
    (2, Act::Pay(Pay::Failed)),
    (10, Act::Verify),
    (1, Act::VerifyForged),
    (8, Act::Confirm),
    (3, Act::Prepare),
    (2, Act::Cancel(Who::Buyer)),
    (1, Act::Cancel(Who::Vendor)),
    (1, Act::Cancel(Who::Staff)),
    (6, Act::Dispatch),
    (1, Act::Fail),
    (3, Act::SendCode),
    (5, Act::EnterCode),
    (3, Act::Photo),
    (3, Act::Approve),
    (5, Act::Collect),
    (6, Act::Refund(25)),
    (3, Act::Refund(100)),
    (1, Act::Refund(130)),
    (2, Act::Dispute),
    (2, Act::Resolve(Verdict::Part)),
    (1, Act::Resolve(Verdict::Whole)),
    (2, Act::PlaceAgain),
];

struct Pool {
    orders: Vec<RwLock<Arc<RwLock<Story>>>>,
    past: RwLock<Vec<Arc<RwLock<Story>>>>,
    placed: AtomicUsize,
    turns: AtomicUsize,
    size: Size,
}

/// Lets them loose for so long, then reckons; gives what was found, and how many orders and acts it took.
pub(super) async fn storm(run: &mut Run, seed: u64, size: Size, lasts: Duration) -> Result<(Findings, usize, usize)> {
    let stage = run.stage.clone();
    let mut pool =
        Pool { orders: Vec::new(), past: RwLock::default(), placed: AtomicUsize::new(0), turns: AtomicUsize::new(0), size };
    for _ in 0..ORDERS {
        let order = pool.fresh(&stage, seed).await;
        pool.orders.push(RwLock::new(order));
    }
    let pool = Arc::new(pool);
    let until = Instant::now() + lasts;
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let (pool, stage) = (Arc::clone(&pool), stage.clone());
        let dice = Dice::for_part(seed, u64::try_from(client).unwrap_or(0) + 1);
        clients.spawn(async move { pool.client(&stage, seed, dice, until).await });
    }
    clients.join_all().await;
    let mut all: Vec<Arc<RwLock<Story>>> = pool.past.read().await.clone();
    for order in &pool.orders {
        all.push(Arc::clone(&*order.read().await));
    }
    let (mut findings, _) = run.reckon(&mut []).await?;
    let mut acts = 0;
    for story in &all {
        let story = story.read().await;
        acts += story.acts;
        if !story.wrong.is_empty() {
            findings.stories.push(told(&story));
        }
    }
    Ok((findings, all.len(), acts))
}

impl Pool {
    async fn client(&self, stage: &Stage, seed: u64, mut dice: Dice, until: Instant) {
        while Instant::now() < until {
            let Some(place) = self.orders.get(dice.below(self.orders.len())) else { return };
            let story = Arc::clone(&*place.read().await);
            if story.read().await.acts >= ACTS
                && let Ok(mut place) = place.try_write()
                && Arc::ptr_eq(&place, &story)
            {
                let fresh = self.fresh(stage, seed).await;
                self.past.write().await.push(std::mem::replace(&mut *place, fresh));
                continue;
            }
            if let Some(act) = dice.weighted(&ACTING) {
                let turn = self.turns.fetch_add(1, Ordering::Relaxed);
                Story::meddle(&story, stage, act, turn).await;
            }
        }
    }

    /// Another order for all of them.
    async fn fresh(&self, stage: &Stage, seed: u64) -> Arc<RwLock<Story>> {
        let number = self.placed.fetch_add(1, Ordering::Relaxed);
        let mut dice = Dice::for_part(seed, 1000 + u64::try_from(number).unwrap_or(0));
        let sequence = Sequence {
            number,
            again: 0,
            buyer: dice.below(self.size.buyers),
            vendor: dice.below(self.size.vendors),
            goods: dice.below(2),
            quantity: 1 + dice.below(4),
            cash: dice.percent(30),
            steps: vec![super::steps::Step { acts: vec![Act::Place], patient: false }],
        };
        let mut story = Story::new(sequence, true);
        story.begin(stage).await;
        Arc::new(RwLock::new(story))
    }
}
