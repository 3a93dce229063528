//! Playing batches: rounds in step, weather between them, and the reckoning when everything is quiet.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context as _, Result};
use chrono::{Days, NaiveDate};
use domain::business_time;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::types::Uuid;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::books::{Books, Broken};
use super::client::Got;
use super::steps::{Batch, Weather};
use super::story::{Stage, Story};
use super::tools;
use super::watch::Watch;
use crate::commands;
use crate::demo::list;
use crate::home::Home;
use crate::process::Running;

/// Everybody looks at the clock ten times a second.
const CLOCK_IS_SEEN: Duration = Duration::from_millis(350);

/// A run, as far as it has come.
pub(super) struct Run {
    pub(super) home: Home,
    pub(super) stage: Stage,
    pub(super) watch: Watch,
    /// What there was of everything.
    pub(super) stock: BTreeMap<Uuid, i64>,
    /// Rows reported already: each is told once.
    pub(super) told: BTreeSet<(String, String)>,
    pub(super) settled_until: Option<NaiveDate>,
    pub(super) settlements: usize,
    pub(super) kills: usize,
    /// Who was killed since the last reckoning.
    pub(super) killed: BTreeSet<String>,
    pub(super) reckonings: usize,
}

/// What a reckoning found.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// What was left moving.
    pub(super) left: Vec<String>,
    pub(super) broken: Vec<Broken>,
    /// Sequences that the model does not agree with, each with its log.
    pub(super) stories: Vec<String>,
    /// Their numbers.
    pub(super) failed: Vec<usize>,
}

impl Findings {
    pub(super) fn is_empty(&self) -> bool {
        self.left.is_empty() && self.broken.is_empty() && self.stories.is_empty()
    }
}

impl Run {
    /// Plays a batch up to the moment when nobody acts any more.
    pub(super) async fn play(&mut self, batch: &Batch) -> Result<Vec<Story>> {
        let mut stories: Vec<Story> =
            batch.sequences.iter().map(|sequence| Story::new(sequence.clone(), batch.is_disturbed())).collect();
        for round in 0..batch.rounds() {
            let mut killed = Vec::new();
            for (_, weather) in batch.weather.iter().filter(|(at, _)| *at == round) {
                match weather {
                    Weather::Kill(name) => killed.push(*name),
                    other => self.happens(*other).await.with_context(|| format!("{other:?}"))?,
                }
            }
            let mut playing = JoinSet::new();
            for mut story in stories {
                let stage = self.stage.clone();
                playing.spawn(async move {
                    story.round(&stage, round).await;
                    story
                });
            }
            for name in killed {
                sleep(Duration::from_millis(40)).await;
                self.kill(name);
            }
            stories = playing.join_all().await;
        }
        self.happens(Weather::Calm).await?;
        stories.sort_by_key(|story| story.sequence.number);
        Ok(stories)
    }

    async fn happens(&mut self, weather: Weather) -> Result<()> {
        let client = &self.stage.client;
        match weather {
            Weather::Clock(minutes) => self.later(&format!("+{minutes}m")).await,
            Weather::Kill(name) => {
                self.kill(name);
                Ok(())
            }
            Weather::Fault(system, operation, kind, value, count) => {
                let mut fault = json!({ "system": system, "operation": operation, "kind": kind });
                if value > 0 {
                    fault["value"] = value.into();
                }
                if count > 0 {
                    fault["count"] = count.into();
                }
                client.must(Method::POST, "/faults", Some(&fault)).await.map(drop)
            }
            Weather::Calm => {
                client.control(Method::DELETE, "/faults", None).await?;
                client.must(Method::POST, "/razorpay/webhooks/release", None).await?;
                client.must(Method::POST, "/whatsapp/webhooks/release", None).await.map(drop)
            }
            Weather::Settle => self.settle().await,
        }
    }

    fn kill(&mut self, name: &str) {
        let file = self.home.state.join("run").join(format!("{name}.pid"));
        if let Some(running) = Running::read(&file) {
            running.signal(rustix::process::Signal::KILL);
            self.kills += 1;
            self.killed.insert(name.to_owned());
        }
    }

    /// Moves the clock; everybody's hour may be over.
    async fn later(&self, step: &str) -> Result<()> {
        commands::clock::set(&self.home, step)?;
        sleep(CLOCK_IS_SEEN).await;
        self.stage.cast.renew(&self.stage.client).await
    }

    /// A day goes by; its settlements are made twice at once, approved by one and paid by another.
    async fn settle(&mut self) -> Result<()> {
        let today = business_time::ist_date(self.stage.clock.now());
        self.later("+1440m").await?;
        let from = self.settled_until.and_then(|day| day.checked_add_days(Days::new(1))).unwrap_or(today);
        let body = json!({ "period_start": from, "period_end": today });
        let [approver, payer] = &self.stage.cast.finance;
        let path = "/api/v1/settlements/generate";
        let (one, two) =
            tokio::join!(self.insist(approver, Method::POST, path, &body), self.insist(payer, Method::POST, path, &body));
        let made = list(&one.data()["settlements"]);
        anyhow::ensure!(!matches!(&one, Got::Said(400.., _)), "settlements were refused: {one:?}");
        anyhow::ensure!(!matches!(&two, Got::Said(400.., _)), "settlements were refused: {two:?}");
        self.settled_until = Some(today);
        self.settlements += made.len();
        for settlement in made {
            let id = settlement["id"].as_str().unwrap_or_default();
            let approved = self.insist(approver, Method::PUT, &format!("/api/v1/settlements/{id}/approve"), &json!({})).await;
            if approved.data()["status"] == "approved" {
                let body = json!({ "payment_method": "bank_transfer", "payment_reference": format!("UTR-{id}") });
                let paid = self.insist(payer, Method::PUT, &format!("/api/v1/settlements/{id}/mark-paid"), &body).await;
                anyhow::ensure!(paid.data()["status"] == "paid", "a settlement was not paid: {paid:?}");
            }
        }
        Ok(())
    }

    /// Asks until somebody answers.
    async fn insist(&self, who: &super::client::Someone, method: Method, path: &str, body: &Value) -> Got {
        let mut got = Got::Nothing(String::new());
        for _ in 0..40 {
            got = self.stage.client.ask(who, method.clone(), path, None, Some(body)).await;
            if got.answer() != super::model::Answer::Unknown {
                break;
            }
            sleep(Duration::from_millis(500)).await;
        }
        got
    }

    /// Waits until everything is quiet, and holds the books against each other and against the model.
    pub(super) async fn reckon(&mut self, stories: &mut [Story]) -> Result<(Findings, BTreeMap<String, usize>)> {
        self.reckonings += 1;
        let killed = std::mem::take(&mut self.killed);
        // Now and then it is left to the leases' own time.
        if !self.reckonings.is_multiple_of(4) {
            sleep(Duration::from_secs(2)).await;
            for service in &killed {
                self.watch.free_leases(service).await?;
            }
        }
        let mut findings = Findings { left: self.watch.quiet().await?, ..Findings::default() };
        self.stage.cast.renew(&self.stage.client).await?;
        let books = Books::read(&self.watch).await?;
        let orders = books.statuses();
        for story in stories.iter_mut() {
            let late = story.lateness(&self.stage.clock);
            if let Some(placed) = story.placed.clone() {
                match books.stands(&placed.id) {
                    Some(found) => story.compare(found, late),
                    None => story.wrong.push(format!("{} was promised and is not there", placed.id)),
                }
            }
            if !story.wrong.is_empty() {
                findings.stories.push(told(story));
                findings.failed.push(story.sequence.number);
                story.wrong.clear();
            }
        }
        let complaints = tools::complaints(&self.home).await?;
        for broken in books.check(&self.watch, &self.stock).await?.into_iter().chain(complaints) {
            if self.told.insert((broken.rule.clone(), broken.row.clone())) {
                findings.broken.push(broken);
            }
        }
        Ok((findings, orders))
    }
}

/// A sequence and what is wrong with it.
pub(super) fn told(story: &Story) -> String {
    let sequence = &story.sequence;
    let steps: Vec<String> = sequence.steps.iter().map(ToString::to_string).collect();
    let order = story.placed.as_ref().map_or("not placed", |placed| placed.id.as_str());
    let way = if sequence.cash { "cash" } else { "online" };
    format!(
        "sequence {} ({way}, order {order})\n    steps: {}\n    went:\n      {}\n    wrong: {}",
        sequence.number,
        steps.join(" → "),
        story.log.join("\n      "),
        story.wrong.join("\n           ")
    )
}
