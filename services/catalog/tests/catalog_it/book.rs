//! The book of movements, and what is said when something does not agree with it.

use serde_json::json;
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::imports::import;
use crate::reservations::cement;
use crate::support::{CEMENT, Catalogue, MASON, order};

async fn sql(catalogue: &Catalogue, text: String) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(text)).execute(&catalogue.service.db.pool).await.map(drop)
}

#[tokio::test]
async fn every_change_of_stock_is_in_the_book_and_the_book_is_never_changed() {
    let catalogue = Catalogue::seeded().await;
    let vendor = catalogue.vendor().await;
    let offer = catalogue.offer(&vendor, CEMENT, "100").await;
    let id = catalogue.id(CEMENT).await;
    let _ = catalogue.change(&vendor, &offer["id"], "1", &json!({"stock_quantity": "90.5"})).await.data(200);
    let _ = catalogue.change(&vendor, &offer["id"], "2", &json!({"is_available": true})).await.data(200);
    let _ = catalogue.reserve(order(1), vendor.vendor_id, &cement(id, "20")).await.data(200);
    for _ in 0..2 {
        let _ = catalogue.end(order(1), "commit").await.data(200);
    }
    assert_eq!(import(&catalogue, &vendor, "sku,stock_quantity\nCEM-ULT-OPC53,75\n").await.0, 200);
    let moved: Vec<(String, String, Option<Uuid>)> =
        sqlx::query_as("SELECT kind, trim_scale(quantity)::text, order_id FROM stock_movements ORDER BY position")
            .fetch_all(&catalogue.service.db.pool)
            .await
            .unwrap();
    let moved: Vec<(&str, &str)> = moved.iter().map(|(kind, quantity, _)| (kind.as_str(), quantity.as_str())).collect();
    assert_eq!(moved, [("opening", "100"), ("counted", "-9.5"), ("committed", "-20"), ("counted", "4.5")]);
    for change in ["UPDATE stock_movements SET quantity = 1", "DELETE FROM stock_movements", "TRUNCATE stock_movements"] {
        let refused = sql(&catalogue, change.to_owned()).await.unwrap_err();
        assert!(refused.to_string().contains("append only"), "{refused}");
    }
    catalogue.finish().await;
}

/// Each row that somebody could spoil by hand, and by what name it is found.
#[tokio::test]
async fn a_row_that_was_spoilt_by_hand_is_named_with_what_it_should_say() {
    let catalogue = Catalogue::seeded().await;
    let vendor = catalogue.vendor().await;
    let bags = catalogue.offer(&vendor, CEMENT, "100").await;
    let masons = catalogue.offer_labor(&vendor, MASON, 5).await;
    let (id, mason) = (catalogue.id(CEMENT).await, catalogue.id(MASON).await);
    let both = json!([{"item_type": "material", "item_id": id, "quantity": "20"},
                      {"item_type": "labor", "item_id": mason, "quantity": "8", "unit": "hour"}]);
    for n in 1..=3 {
        let _ = catalogue.reserve(order(n), vendor.vendor_id, &both).await.data(200);
    }
    let _ = catalogue.end(order(3), "commit").await.data(200);
    let batches = json!({"batches": [{"batch_number": "B1", "expires_on": "2027-01-31", "quantity": "80"}]});
    let _ = catalogue.change(&vendor, &bags["id"], "*", &batches).await.data(200);
    let _ = catalogue.reserve(order(4), vendor.vendor_id, &cement(id, "10")).await.data(200);
    let batch: Uuid = sqlx::query_scalar("SELECT id FROM stock_batches").fetch_one(&catalogue.service.db.pool).await.unwrap();
    assert_eq!(catalogue.mismatches().await, []);

    let (offer, workers) = (bags["id"].as_str().unwrap(), masons["id"].as_str().unwrap());
    let (first, third, fourth) = (order(1).to_string(), order(3).to_string(), order(4).to_string());
    let batch = batch.to_string();
    let inventory = |set: &str| format!("UPDATE vendor_inventory SET {set} WHERE id = '{offer}'");
    let line = |n: &str, set: &str| {
        format!("UPDATE stock_reservation_lines SET {set} WHERE order_id = '{n}' AND inventory_id = '{offer}'")
    };
    for (spoil, mend, what, row, expected, found) in [
        (inventory("stock_quantity = 79"), inventory("stock_quantity = 80"), "stock", offer, "80", "79"),
        (inventory("reserved_quantity = 49"), inventory("reserved_quantity = 50"), "reserved", offer, "50", "49"),
        (
            format!("UPDATE vendor_labor_availability SET reserved_workers = 1 WHERE id = '{workers}'"),
            format!("UPDATE vendor_labor_availability SET reserved_workers = 2 WHERE id = '{workers}'"),
            "workers",
            workers,
            "2",
            "1",
        ),
        (line(&first, "quantity = 21"), line(&first, "quantity = 20"), "line", &first, "20", "21"),
        (line(&third, "quantity = 19"), line(&third, "quantity = 20"), "committed", &third, "19", "20"),
        (
            format!("UPDATE stock_batches SET reserved_quantity = 9 WHERE id = '{batch}'"),
            format!("UPDATE stock_batches SET reserved_quantity = 10 WHERE id = '{batch}'"),
            "batch_reserved",
            &batch,
            "10",
            "9",
        ),
        (
            format!("UPDATE stock_batches SET quantity = 81 WHERE id = '{batch}'"),
            format!("UPDATE stock_batches SET quantity = 80 WHERE id = '{batch}'"),
            "batches",
            offer,
            "80",
            "81",
        ),
        (
            "UPDATE stock_reservation_batches SET quantity = 11".to_owned(),
            "UPDATE stock_reservation_batches SET quantity = 10".to_owned(),
            "line_batches",
            &fourth,
            "10",
            "11",
        ),
    ] {
        sql(&catalogue, spoil.clone()).await.unwrap();
        let named = catalogue.mismatches().await;
        let row = named.iter().find(|found| found.what == what && found.row_id.to_string() == row);
        let row = row.unwrap_or_else(|| panic!("after {spoil}: {named:?}"));
        assert_eq!((row.expected.as_str(), row.found.as_str()), (expected, found), "after {spoil}");
        sql(&catalogue, mend).await.unwrap();
        assert_eq!(catalogue.mismatches().await, [], "mended after {spoil}");
    }
    // A reservation that says that it ended otherwise.
    let status = |status: &str, ended: &str| {
        format!("UPDATE stock_reservations SET status = '{status}', ended_at = {ended} WHERE order_id = '{third}'")
    };
    sql(&catalogue, status("released", "now()")).await.unwrap();
    let named = catalogue.mismatches().await;
    assert!(named.iter().any(|row| row.what == "committed" && row.row_id.to_string() == third), "{named:?}");
    sql(&catalogue, status("committed", "now()")).await.unwrap();
    catalogue.finish().await;
}

/// The operator's command, as a process of its own.
#[tokio::test]
async fn the_command_says_that_all_agrees_or_names_the_row_and_fails() {
    let catalogue = Catalogue::seeded().await;
    let vendor = catalogue.vendor().await;
    let offer = catalogue.offer(&vendor, CEMENT, "100").await;
    let id = offer["id"].as_str().unwrap();
    let ask = || {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_catalog"));
        let done = command.arg("reconcile-stock").env("DATABASE_URL", &catalogue.service.db.url).output().unwrap();
        (done.status.success(), String::from_utf8(done.stdout).unwrap())
    };
    assert_eq!(ask(), (true, "stock, reservations and movements agree\n".to_owned()));
    sql(&catalogue, format!("UPDATE vendor_inventory SET stock_quantity = 99 WHERE id = '{id}'")).await.unwrap();
    let named = format!("stock: vendor_inventory {id} (offer {id}) says 99, should say 100\n");
    assert_eq!(ask(), (false, named));
    sql(&catalogue, format!("UPDATE vendor_inventory SET stock_quantity = 100 WHERE id = '{id}'")).await.unwrap();
    catalogue.finish().await;
}
