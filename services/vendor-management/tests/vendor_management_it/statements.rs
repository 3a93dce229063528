//! A settlement's statement as CSV and as PDF.

use domain::{AdminRole, Money, PaymentMethod};
use serde_json::json;

use crate::support::World;

async fn bytes(world: &World, path: &str, token: &str) -> (u16, String, Vec<u8>) {
    let client = outbound::http_client(outbound::HttpSettings::default()).unwrap();
    let answer = client.get(format!("{}{path}", world.service.base_url)).bearer_auth(token).send().await.unwrap();
    let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
    (answer.status().as_u16(), kind, answer.bytes().await.unwrap().to_vec())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_settlement_is_read_as_csv_whose_rows_add_up_and_as_pdf() {
    let world = World::selling_with(&["--settlement-deduct-tds", "true"]).await;
    let (online, cash) = (world.order(PaymentMethod::Online, "1000.05"), world.order(PaymentMethod::Cod, "500.00"));
    world.complete(&online, "2026-11-10T06:00:00Z").await;
    world.complete(&cash, "2026-11-10T07:00:00Z").await;
    world.settle("2026-11-09", "2026-11-11").await.unwrap();
    world.refund(&online, "100.00", "100.00").await;
    let later = world.order(PaymentMethod::Online, "2000.00");
    world.complete(&later, "2026-11-12T06:00:00Z").await;
    let settlement = world.settle("2026-11-12", "2026-11-15").await.unwrap();
    let path = format!("/api/v1/settlements/{}", settlement["id"].as_str().unwrap());
    let (status, kind, content) = bytes(&world, &format!("{path}?format=csv"), &world.vendor()).await;
    assert_eq!((status, kind.as_str()), (200, "text/csv; charset=utf-8"));
    let mut reader = csv::Reader::from_reader(&content[..]);
    let headers = reader.headers().unwrap().clone();
    let rows: Vec<std::collections::HashMap<String, String>> = reader
        .records()
        .map(|row| headers.iter().map(str::to_owned).zip(row.unwrap().iter().map(str::to_owned)).collect())
        .collect();
    let lines: Vec<&str> = rows.iter().map(|row| row["line"].as_str()).collect();
    assert_eq!(lines, ["order", "adjustment", "deduction", "payout"]);
    let amount = |index: usize| rows[index]["amount"].parse::<Money>().unwrap();
    assert_eq!(Money::total((0..3).map(amount)).unwrap(), amount(3));
    assert_eq!(json!(rows[3]["amount"]), settlement["payout_amount"]);
    assert_eq!(rows[0]["order_number"], later.order_number.to_string());
    let (status, kind, content) = bytes(&world, &format!("{path}?format=pdf"), &world.staff(AdminRole::Finance)).await;
    assert_eq!((status, kind.as_str(), &content[..5]), (200, "application/pdf", &b"%PDF-"[..]));
    let stranger = world.register("+919848099999").await;
    for format in ["csv", "pdf"] {
        let (status, _, _) = bytes(&world, &format!("{path}?format={format}"), &stranger.token).await;
        assert_eq!(status, 404);
    }
    let (status, _, _) = bytes(&world, &format!("{path}?format=xml"), &world.vendor()).await;
    assert_eq!(status, 422);
    world.service.said().await;
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_services_read_the_lines_of_settled_orders_only() {
    let world = World::selling().await;
    let (settled, waiting) = (world.order(PaymentMethod::Cod, "1000.00"), world.order(PaymentMethod::Online, "500.00"));
    world.complete(&settled, "2026-11-10T06:00:00Z").await;
    world.settle("2026-11-09", "2026-11-11").await.unwrap();
    world.complete(&waiting, "2026-11-10T06:00:00Z").await;
    let body = json!({"order_ids": [settled.order_id, waiting.order_id]});
    let token = world.service.service_token(domain::ServiceName::Payment);
    let path = "/internal/v1/settlements/lines";
    let answer = world.service.post(path, &token, &body).await;
    let lines: Vec<clients::vendor::SettlementLineFacts> = serde_json::from_value(answer.data(200).clone()).unwrap();
    assert_eq!(lines.len(), 1);
    assert_eq!((lines[0].order_id, lines[0].settlement_status.as_str()), (settled.order_id, "pending"));
    assert_eq!((lines[0].commission_amount.to_string(), lines[0].cod_collected.to_string()), ("100.00".into(), "1000.00".into()));
    assert_eq!(world.service.post(path, &world.vendor(), &body).await.code(403), "forbidden");
    world.service.said().await;
    world.service.finish().await;
}
