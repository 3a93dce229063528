//! Many at once.

use crate::{
    books::{Books, End},
    stage::Stage,
    town::{BAGS, Buyer, Town},
};
use realserv::demo::api::text;
use rustix::process::Signal;
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, sleep},
};

/// So many ask at the same moment; more would only wait for the machine.
const AT_THE_DOOR: usize = 64;

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_gets_what_it_was_promised_and_nothing_more() {
    let town = Town::on(Stage::start("fleet-crowd", &[]).await).await;
    let books = Books::of(&town.stage);
    two_hundred_buyers_after_the_last_fifty_bags_leave_fifty_sold(&town, &books).await;
    a_service_told_to_stop_loses_no_order(&town, &books).await;
    books.stock_adds_up().await;
    books.ledger_is_balanced().await;
}

async fn two_hundred_buyers_after_the_last_fifty_bags_leave_fifty_sold(town: &Town, books: &Books) {
    let scarce = town.offer("ACC OPC 53", 50).await;
    let buyers = [
        town.bhavana.clone(),
        town.buyer("Bilal", "+919848054322").await,
        town.buyer("Bina", "+919848054323").await,
        town.buyer("Bharat", "+919848054324").await,
    ];
    let (mut race, door) = (JoinSet::new(), Arc::new(Semaphore::new(AT_THE_DOOR)));
    for runner in 0..200_usize {
        let Buyer { person, .. } = &buyers[runner % buyers.len()];
        let (api, who, body) = (town.api.clone(), person.clone(), town.wants(&buyers[runner % buyers.len()], &scarce, 1));
        let door = Arc::clone(&door);
        race.spawn(async move {
            let _inside = door.acquire().await.unwrap();
            Town::insists(&api, &who, &format!("race-{runner}"), &body).await
        });
    }
    let (won, lost): (Vec<_>, Vec<_>) = race.join_all().await.into_iter().partition(Result::is_ok);
    let other: BTreeSet<String> = lost
        .into_iter()
        .filter_map(Result::err)
        .map(|error| error.to_string())
        .filter(|text| !text.contains("out_of_stock"))
        .collect();
    assert_eq!((won.len(), &other), (50, &BTreeSet::new()));
    let ends = books.settled().await;
    for order in won {
        let id = text(&order.unwrap(), "/id").unwrap();
        assert_eq!(ends.get(&id.parse().unwrap()), Some(&End::Whole));
    }
    let (stock, kept): (i64, i64) = sqlx::query_as(
        "SELECT stock_quantity::bigint, reserved_quantity::bigint FROM vendor_inventory WHERE material_id = $1::uuid",
    )
    .bind(&scarce)
    .fetch_one(&books.catalog)
    .await
    .unwrap();
    assert_eq!((stock, kept), (50, 50));
    assert_eq!(ends.values().filter(|end| **end == End::Whole).count(), 50);
}

/// Sixteen buyers order all the time while the order service is told to stop and started again, twice.
async fn a_service_told_to_stop_loses_no_order(town: &Town, books: &Books) {
    let before = books.settled().await;
    let until = Instant::now() + Duration::from_secs(4);
    let mut asked = JoinSet::new();
    for client in 0..16 {
        let (api, who) = (town.api.clone(), town.bhavana.person.clone());
        let body = town.wants(&town.bhavana, &town.cement, 1);
        asked.spawn(async move {
            let mut answers = Vec::new();
            while Instant::now() < until {
                let key = format!("stop-{client}-{}", answers.len());
                answers.push(Town::insists(&api, &who, &key, &body).await);
            }
            answers
        });
    }
    for _ in 0..2 {
        sleep(Duration::from_millis(1300)).await;
        town.stage.signal("order", Signal::TERM).await;
        town.stage.ready("order").await;
    }
    let answers: Vec<_> = asked.join_all().await.into_iter().flatten().collect();
    let asked = answers.len();
    let mut accepted = BTreeSet::new();
    for answer in answers {
        // Who finds nobody tries again with the same key, so that in the end all are served.
        accepted.insert(text(&answer.unwrap(), "/id").unwrap());
    }
    assert_eq!(accepted.len(), asked, "an order for each key");
    let ends = books.settled().await;
    for id in &accepted {
        assert_eq!(ends.get(&id.parse().unwrap()), Some(&End::Whole), "{id} was accepted");
    }
    let whole = ends.iter().filter(|(id, end)| !before.contains_key(id) && **end == End::Whole).count();
    assert_eq!(whole, asked, "an order that nobody was told of");
    let left: i64 = sqlx::query_scalar(
        "SELECT (stock_quantity - reserved_quantity)::bigint FROM vendor_inventory WHERE material_id = $1::uuid",
    )
    .bind(&town.cement)
    .fetch_one(&books.catalog)
    .await
    .unwrap();
    assert_eq!(left, BAGS - i64::try_from(asked).unwrap());
}
