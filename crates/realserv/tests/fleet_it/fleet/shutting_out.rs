//! Rule 9, measured: how long somebody who was suspended is still let in, by each of the seven.

use crate::{
    stage::{PATIENCE, Stage},
    town::Town,
};
use realserv::demo::api::{Api, Person, text};
use reqwest::Method;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};
use tokio::{task::JoinSet, time::sleep};

/// Suspensions measured.
const ROUNDS: usize = 24;
/// The rule says five seconds; a machine that builds meanwhile is given more. What was measured is printed.
const AT_MOST: Duration = Duration::from_secs(20);
/// Those that are killed in turn. The user service is the one that tells.
const MORTALS: [&str; 6] = ["order", "payment", "catalog", "vendor-management", "notification", "integration"];

/// A place that asks who is there.
#[derive(Clone)]
struct Door {
    service: &'static str,
    method: Method,
    path: String,
    body: Option<Value>,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_user_is_out_of_all_seven_in_time_also_where_one_was_down() {
    let stage = Stage::start("fleet-shut", &[("SIGN_IN_PER_ADDRESS", "100000")]).await;
    let town = Town::on(stage).await;
    let (mut always_up, mut was_down) = (Times::default(), Times::default());
    for round in 0..ROUNDS {
        // Every second time one of them dies just before.
        let victim = (round % 2 == 1).then(|| MORTALS[round / 2 % MORTALS.len()]);
        for (service, seen) in suspension(&town, round, victim).await {
            let times = if victim == Some(service) { &mut was_down } else { &mut always_up };
            times.0.entry(service).or_default().push(seen);
        }
    }
    println!("from PUT …/status to the first refusal, {ROUNDS} suspensions:\n{}", always_up.table());
    println!("killed just before, from the first answer after its restart to the first refusal:\n{}", was_down.table());
    for (what, times) in [("up", &always_up), ("killed", &was_down)] {
        assert!(times.worst() < AT_MOST, "{what}: somebody suspended was let in for {:?}", times.worst());
    }
}

/// Somebody new is suspended; how long each service went on letting them in.
async fn suspension(town: &Town, round: usize, victim: Option<&'static str>) -> Vec<(&'static str, Duration)> {
    let phone: &'static str = format!("+9198480{:05}", 70_000 + round).leak();
    let (who, user) = town.registered("Vimala", phone, "vendor").await;
    let vendor = text(&user, "/vendor_id").unwrap();
    let doors = doors(&who, &vendor);
    for door in &doors {
        let answered = knock(town, door, &who).await;
        assert!(
            answered.is_some_and(|status| !matches!(status, 401 | 403)),
            "{} refuses a good token: {answered:?}",
            door.service
        );
    }
    if let Some(victim) = victim {
        town.stage.signal(victim, Signal::KILL).await;
    }
    let since = Instant::now();
    let suspended = json!({ "status": "suspended", "reason": "papers are not in order" });
    town.api.put(&format!("/api/v1/users/{}/status", who.id), &town.omar, &suspended).await.unwrap();
    let mut watched = JoinSet::new();
    for door in doors {
        let since = (victim != Some(door.service)).then_some(since);
        watched.spawn(until_refused(town.stage.url_of(door.service), door, who.clone(), since));
    }
    let seen = watched.join_all().await;
    if let Some(victim) = victim {
        town.stage.ready(victim).await;
    }
    seen
}

fn doors(who: &Person, vendor: &str) -> Vec<Door> {
    let door = |service, method, path: String, body| Door { service, method, path, body };
    vec![
        door("user", Method::GET, "/api/v1/auth/me".to_owned(), None),
        door("order", Method::GET, format!("/api/v1/orders/vendor/{vendor}"), None),
        door("payment", Method::GET, format!("/api/v1/payments/order/{vendor}"), None),
        door("catalog", Method::GET, format!("/api/v1/inventory/vendor/{vendor}"), None),
        door("vendor-management", Method::GET, format!("/api/v1/vendors/{vendor}"), None),
        door("notification", Method::GET, format!("/api/v1/notifications/preferences/{}", who.id), None),
        door("integration", Method::POST, "/api/v1/location/geocode".to_owned(), Some(json!({ "address": "Gachibowli" }))),
    ]
}

async fn knock(town: &Town, door: &Door, who: &Person) -> Option<u16> {
    let behind = Api::new(town.stage.url_of(door.service), String::new()).unwrap();
    behind.call(door.method.clone(), &door.path, Some(who), door.body.as_ref()).await.ok().map(|(status, _)| status)
}

/// Knocks until refused. Without a beginning the first answer is it: before that nobody was let in.
async fn until_refused(url: String, door: Door, who: Person, since: Option<Instant>) -> (&'static str, Duration) {
    let behind = Api::new(url, String::new()).unwrap();
    let (mut since, begun) = (since, Instant::now());
    loop {
        let answer = behind.call(door.method.clone(), &door.path, Some(&who), door.body.as_ref()).await;
        if let Ok((status, _)) = answer {
            let first = *since.get_or_insert_with(Instant::now);
            if matches!(status, 401 | 403) {
                return (door.service, first.elapsed());
            }
        }
        assert!(begun.elapsed() < PATIENCE, "{} still lets a suspended user in", door.service);
        sleep(Duration::from_millis(20)).await;
    }
}

/// What was measured, by service.
#[derive(Default)]
struct Times(BTreeMap<&'static str, Vec<Duration>>);

impl Times {
    fn worst(&self) -> Duration {
        self.0.values().flatten().copied().max().unwrap_or_default()
    }

    fn table(&self) -> String {
        let mut lines: Vec<String> = self.0.iter().map(|(service, times)| line(service, times.clone())).collect();
        lines.push(line("all", self.0.values().flatten().copied().collect()));
        lines.join("\n")
    }
}

fn line(name: &str, mut times: Vec<Duration>) -> String {
    times.sort();
    let of = |percent: usize| times[(times.len() * percent).div_ceil(100).max(1) - 1].as_millis();
    format!("  {name:<18} n {:>3}  p50 {:>5} ms  p99 {:>5} ms  worst {:>5} ms", times.len(), of(50), of(99), of(100))
}
