use domain::events::StockReserved;
use futures::future::join_all;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::reservations::cement;
use crate::support::{CEMENT, Catalogue, MASON, STEEL, order};

fn line(item: Uuid, quantity: &str) -> Value {
    json!({"item_type": "material", "item_id": item, "quantity": quantity})
}

#[tokio::test]
async fn other_lines_are_kept_instead_and_what_the_order_has_counts_as_free_for_it() {
    let catalogue = Catalogue::seeded().await;
    let vendor = catalogue.vendor().await;
    let (bags, rods) = (catalogue.offer(&vendor, CEMENT, "100").await, catalogue.offer(&vendor, STEEL, "50").await);
    catalogue.offer_labor(&vendor, MASON, 1).await;
    let (cement_id, steel, mason) = (catalogue.id(CEMENT).await, catalogue.id(STEEL).await, catalogue.id(MASON).await);
    let _ = catalogue.reserve(order(1), vendor.vendor_id, &cement(cement_id, "90")).await.data(200);
    catalogue.service.said().await;
    let mason_line = json!({"item_type": "labor", "item_id": mason, "quantity": "8", "unit": "hour"});
    let lines = json!([line(cement_id, "95"), line(steel, "5"), mason_line]);
    let done = catalogue.replace(order(1), 2, &lines).await;
    assert_eq!((&done.data(200)["status"], &done.data(200)["revision"]), (&json!("active"), &json!(2)));
    assert_eq!(catalogue.stock(&bags).await.1, "95");
    assert_eq!(catalogue.stock(&rods).await.1, "5");
    let said = catalogue.service.said().await;
    let reserved: Vec<StockReserved> = said.iter().filter_map(|said| said.parse().ok()).collect();
    assert_eq!((reserved.len(), reserved[0].lines.len()), (1, 3), "the event names everything that is kept now");
    // The mason is taken, and free again once the order does without one.
    assert_eq!(catalogue.reserve(order(2), vendor.vendor_id, &json!([mason_line])).await.code(409), "out_of_stock");
    let _ = catalogue.replace(order(1), 3, &json!([line(steel, "7")])).await.data(200);
    assert_eq!(catalogue.reserve(order(2), vendor.vendor_id, &json!([mason_line])).await.status, 200);
    assert_eq!((catalogue.stock(&bags).await.1, catalogue.stock(&rods).await.1), ("0".to_owned(), "7".to_owned()));
    catalogue.finish().await;
}

#[tokio::test]
async fn when_there_is_not_enough_of_the_new_lines_the_old_ones_stand_untouched() {
    let catalogue = Catalogue::seeded().await;
    let vendor = catalogue.vendor().await;
    let (bags, rods) = (catalogue.offer(&vendor, CEMENT, "100").await, catalogue.offer(&vendor, STEEL, "50").await);
    let (cement_id, steel) = (catalogue.id(CEMENT).await, catalogue.id(STEEL).await);
    let _ = catalogue.reserve(order(1), vendor.vendor_id, &cement(cement_id, "90")).await.data(200);
    let refused = catalogue.replace(order(1), 2, &json!([line(cement_id, "40"), line(steel, "50.001")])).await;
    assert_eq!(refused.code(409), "out_of_stock");
    let short = json!([{"item_id": steel, "wanted": "50.001", "available": "50"}]);
    assert_eq!(refused.body["error"]["details"], short, "as a reservation is refused");
    assert_eq!((catalogue.stock(&bags).await.1, catalogue.stock(&rods).await.1), ("90".to_owned(), "0".to_owned()));
    // The number was not used up by the refusal.
    let done = catalogue.replace(order(1), 2, &json!([line(steel, "50")])).await;
    assert_eq!(done.data(200)["revision"], 2);
    assert_eq!(catalogue.end(order(1), "commit").await.data(200)["revision"], 2);
    assert_eq!((catalogue.stock(&bags).await.0, catalogue.stock(&rods).await.0), ("100".to_owned(), "0".to_owned()));
    catalogue.finish().await;
}

#[tokio::test]
async fn the_same_revision_is_the_same_answer_and_an_older_one_comes_too_late() {
    let catalogue = Catalogue::seeded().await;
    let vendor = catalogue.vendor().await;
    let bags = catalogue.offer(&vendor, CEMENT, "100").await;
    let id = catalogue.id(CEMENT).await;
    assert_eq!(catalogue.replace(order(1), 2, &cement(id, "20")).await.code(404), "not_found");
    let _ = catalogue.reserve(order(1), vendor.vendor_id, &cement(id, "20")).await.data(200);
    let _ = catalogue.replace(order(1), 3, &cement(id, "30")).await.data(200);
    catalogue.service.said().await;
    assert_eq!(catalogue.replace(order(1), 3, &cement(id, "30")).await.data(200)["revision"], 3);
    assert_eq!(catalogue.service.said_types().await, Vec::<String>::new(), "nothing is told twice");
    assert_eq!(catalogue.replace(order(1), 3, &cement(id, "31")).await.code(409), "reservation_differs");
    let late = catalogue.replace(order(1), 2, &cement(id, "25")).await;
    assert_eq!((late.code(409), &late.body["error"]["details"]["revision"]), ("reservation_superseded", &json!(3)));
    // So does the first request of all, when it is sent again.
    let first = catalogue.reserve(order(1), vendor.vendor_id, &cement(id, "20")).await;
    assert_eq!(first.code(409), "reservation_superseded");
    assert_eq!(catalogue.replace(order(1), 0, &cement(id, "20")).await.code(422), "validation_failed");
    assert_eq!(catalogue.stock(&bags).await.1, "30");
    for how in ["release", "release"] {
        let _ = catalogue.end(order(1), how).await.data(200);
    }
    let ended = catalogue.replace(order(1), 4, &cement(id, "20")).await;
    assert_eq!((ended.code(409), &ended.body["error"]["details"]["status"]), ("reservation_ended", &json!("released")));
    let buyer = catalogue.service.people.buyer();
    let path = format!("/internal/v1/reservations/{}", order(1));
    let body = json!({"revision": 5, "lines": cement(id, "1")});
    assert_eq!(catalogue.service.put(&path, &buyer.token, &body).await.status, 403);
    catalogue.finish().await;
}

/// One order's edits and its end, all sent at once by several who do not wait for each other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edits_in_any_order_beside_ends_and_other_orders_leave_the_newest_and_add_up() {
    let catalogue = Catalogue::seeded().await;
    let id = catalogue.id(CEMENT).await;
    let steel = catalogue.id(STEEL).await;
    let mut runner = TestRunner::new(proptest::test_runner::Config::default());
    let edit = (0..3_u8, 2..6_i64, 0..40_u32, 0..40_u32);
    let race = (prop::collection::vec(edit, 4..14), prop::option::of(0..3_u8));
    for case in 0..12_u128 {
        let vendor = catalogue.vendor().await;
        catalogue.offer(&vendor, CEMENT, "60").await;
        catalogue.offer(&vendor, STEEL, "60").await;
        let (edits, ends) = race.new_tree(&mut runner).unwrap().current();
        let at = |n: u8| order(1000 * case + u128::from(n) + 10);
        for n in 0..3 {
            let _ = catalogue.reserve(at(n), vendor.vendor_id, &cement(id, "10")).await.data(200);
        }
        let answers = join_all(edits.iter().map(|&(n, revision, bags, rods)| {
            let catalogue = &catalogue;
            let lines = json!([line(id, &(bags + 1).to_string()), line(steel, &(rods + 1).to_string())]);
            async move { (n, revision, catalogue.replace(at(n), revision, &lines).await) }
        }));
        let end = async {
            if let Some(n) = ends {
                let _ = catalogue.end(at(n), "release").await.data(200);
            }
        };
        let (answers, ()) = tokio::join!(answers, end);
        for n in 0..3 {
            let taken = answers.iter().filter(|(order, _, answer)| *order == n && answer.status == 200);
            let newest = taken.map(|(_, revision, _)| *revision).max().unwrap_or(1);
            let stands: (String, i64) = sqlx::query_as("SELECT status, revision FROM stock_reservations WHERE order_id = $1")
                .bind(at(n).as_uuid())
                .fetch_one(&catalogue.service.db.pool)
                .await
                .unwrap();
            let status = if ends == Some(n) { "released" } else { "active" };
            assert_eq!(stands, (status.to_owned(), newest), "{edits:?} {ends:?}");
        }
        for (_, _, answer) in &answers {
            assert!([200, 409].contains(&answer.status), "{}", answer.body);
        }
    }
    catalogue.finish().await;
}
