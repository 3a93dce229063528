//! Settlements (rules 32, 33, 35).

use bus::Outcome;
use domain::events::{CodCollected, DisputeRaised, DisputeResolved, SettlementGenerated};
use domain::{AdminRole, DisputeNumber, PaymentMethod, ServiceName};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Fine as _, World, payment};

const GENERATE: &str = "/api/v1/settlements/generate";

async fn worked_example(world: &World) -> Value {
    let (online, cash) = (world.order(PaymentMethod::Online, "10000.00"), world.order(PaymentMethod::Cod, "5000.00"));
    world.tell(&CodCollected { payment: payment(&cash), collected_at: world.now() }).await;
    world.complete(&online, "2026-11-10T06:00:00Z").await;
    world.complete(&cash, "2026-11-15T18:29:59Z").await;
    world.settle("2026-11-09", "2026-11-15").await.unwrap()
}

fn figures(settlement: &Value, names: &[&str]) -> Vec<String> {
    names.iter().map(|name| settlement[*name].as_str().unwrap_or("?").to_owned()).collect()
}

const SUMS: [&str; 5] = ["gross_revenue", "commission_amount", "net_amount", "cod_to_remit", "payout_amount"];

#[tokio::test(flavor = "multi_thread")]
async fn the_worked_example_of_rule_33_is_settled() {
    let world = World::selling().await;
    world.service.said().await;
    let settlement = worked_example(&world).await;
    assert_eq!(figures(&settlement, &SUMS), ["15000.00", "1500.00", "13500.00", "5000.00", "8500.00"]);
    assert_eq!(settlement["settlement_number"], "STL000001");
    let said = world.service.said().await;
    assert_eq!(said.len(), 1);
    let event: SettlementGenerated = said[0].parse().unwrap();
    assert_eq!((event.settlement.order_ids.len(), event.settlement.payout_amount.to_string()), (2, "8500.00".to_owned()));
    let path = format!("/api/v1/settlements/{}", settlement["id"].as_str().unwrap());
    let whole = world.service.get(&path, &world.vendor()).await;
    assert_eq!(whole.data(200)["lines"].as_array().unwrap().len(), 2);
    assert_eq!(whole.data(200)["currency"], "INR");
    let stranger = world.register("+919848099999").await;
    assert_eq!(world.service.get(&path, &stranger.token).await.code(404), "not_found");
    assert_eq!(world.service.get(&path, &world.buyer()).await.code(403), "forbidden");
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn again_and_at_the_same_time_the_settlements_are_the_same() {
    let world = World::selling().await;
    world.service.said().await;
    for total in ["100.05", "200.00", "300.00"] {
        let order = world.order(PaymentMethod::Online, total);
        world.complete(&order, "2026-11-10T06:00:00Z").await;
    }
    let (body, finance) = (json!({"period_start": "2026-11-09", "period_end": "2026-11-15"}), world.staff(AdminRole::Finance));
    let all = futures::future::join_all((0..8).map(|_| world.service.post(GENERATE, &finance, &body))).await;
    let ids: std::collections::BTreeSet<String> = all
        .iter()
        .flat_map(|answer| answer.data(200)["settlements"].as_array().unwrap())
        .map(|s| s["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 1);
    assert!(all.iter().all(|answer| answer.data(200)["settlements"].as_array().unwrap().len() == 1));
    assert_eq!(all[0].data(200)["settlements"][0]["commission_amount"], "60.01");
    assert_eq!(world.service.said_types().await, ["SettlementGenerated"]);
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_for_one_and_runs_for_all_and_for_other_days_at_the_same_time_take_no_order_twice() {
    let world = World::selling().await;
    for _ in 0..20 {
        let order = world.order(PaymentMethod::Online, "100.00");
        world.complete(&order, "2026-11-10T06:00:00Z").await;
    }
    let finance = world.staff(AdminRole::Finance);
    let one = json!({"vendor_id": world.vendor.vendor_id, "period_start": "2026-11-09", "period_end": "2026-11-15"});
    let all = json!({"period_start": "2026-11-09", "period_end": "2026-11-15"});
    let other = json!({"period_start": "2026-11-10", "period_end": "2026-11-14"});
    let runs = (0..12).map(|n| world.service.post(GENERATE, &finance, [&one, &all, &other][n % 3]));
    let answers = futures::future::join_all(runs).await;
    assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 409)), "{answers:?}");
    let (lines, orders, settlements): (i64, i64, i64) =
        sqlx::query_as("SELECT count(*), count(DISTINCT order_id), count(DISTINCT settlement_id) FROM settlement_line_items")
            .fetch_one(&world.service.db.pool)
            .await
            .unwrap();
    assert_eq!((lines, orders, settlements), (20, 20, 1));
    assert_eq!(world.service.said_types().await.iter().filter(|t| *t == "SettlementGenerated").count(), 1);
    // The table itself takes no order a second time.
    let again = sqlx::query(
        "INSERT INTO settlement_line_items SELECT gen_random_uuid(), settlement_id, order_id, order_number, order_date, completed_at,
                order_total, refunded_before, order_amount, commission_rate, commission_amount, net_amount, cod_collected,
                cod_to_remit, created_at FROM settlement_line_items LIMIT 1",
    )
    .execute(&world.service.db.pool)
    .await;
    assert!(again.unwrap_err().to_string().contains("settlement_lines_order_once"));
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unfinished_backward_and_overlapping_periods_are_refused() {
    let world = World::selling().await;
    let order = world.order(PaymentMethod::Online, "100.00");
    world.complete(&order, "2026-11-10T06:00:00Z").await;
    let ask = |start: &str, end: &str| {
        let body = json!({"vendor_id": world.vendor.vendor_id, "period_start": start, "period_end": end});
        let (service, token) = (&world.service, world.staff(AdminRole::Finance));
        async move { service.post(GENERATE, &token, &body).await }
    };
    let unfinished = ask("2026-11-09", "2026-11-16").await;
    assert_eq!(unfinished.code(422), "period_unfinished");
    assert_eq!(unfinished.body["error"]["details"]["over_at"], "2026-11-16T18:30:00Z");
    assert_eq!(ask("2026-11-15", "2026-11-09").await.code(422), "validation_failed");
    ask("2026-11-09", "2026-11-12").await.fine(200);
    let overlapping = ask("2026-11-12", "2026-11-15").await;
    assert_eq!(overlapping.code(409), "period_overlaps");
    assert_eq!(overlapping.body["error"]["details"]["settlement_number"], "STL000001");
    let all = json!({"period_start": "2026-11-10", "period_end": "2026-11-15"});
    let later = world.order(PaymentMethod::Online, "100.00");
    world.complete(&later, "2026-11-13T06:00:00Z").await;
    let run = world.service.post(GENERATE, &world.staff(AdminRole::Finance), &all).await;
    assert_eq!(run.data(200)["settlements"], json!([]));
    assert_eq!(run.data(200)["refused"][0]["code"], "period_overlaps");
    assert_eq!(world.service.post(GENERATE, &world.staff(AdminRole::Operations), &all).await.code(403), "forbidden");
    world.service.said().await;
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_nothing_no_settlement_is_made_and_an_order_of_the_next_day_waits() {
    let world = World::selling().await;
    assert_eq!(world.settle("2026-11-02", "2026-11-08").await, None);
    // Half past midnight of the sixteenth in India.
    let order = world.order(PaymentMethod::Online, "100.00");
    world.complete(&order, "2026-11-15T19:00:00Z").await;
    assert_eq!(world.settle("2026-11-09", "2026-11-15").await, None);
    world.at("2026-11-17T00:00:00Z");
    assert_eq!(world.settle("2026-11-16", "2026-11-16").await.unwrap()["total_orders"], 1);
    world.service.said().await;
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disputed_order_waits_and_comes_in_later_whatever_order_the_news_come_in() {
    let world = World::selling().await;
    let (free, held) = (world.order(PaymentMethod::Online, "100.00"), world.order(PaymentMethod::Online, "200.00"));
    let raised = DisputeRaised {
        dispute_id: Uuid::from_u128(7).into(),
        dispute_number: DisputeNumber::from_sequence(1),
        order_id: held.order_id,
        order_number: held.order_number.clone(),
        buyer_user_id: held.buyer_user_id,
        vendor_id: held.vendor_id,
        raised_by: held.buyer_user_id,
        dispute_type: "quality".into(),
    };
    let resolved = DisputeResolved {
        dispute_id: raised.dispute_id,
        dispute_number: raised.dispute_number.clone(),
        order_id: held.order_id,
        order_number: held.order_number.clone(),
        buyer_user_id: held.buyer_user_id,
        vendor_id: held.vendor_id,
        resolution: "rejected".into(),
        refund_amount: None,
    };
    assert_eq!(world.tell(&raised).await, Outcome::Done);
    world.complete(&free, "2026-11-10T06:00:00Z").await;
    world.complete(&held, "2026-11-10T06:00:00Z").await;
    let earnings = format!("/api/v1/earnings/vendor/{}", world.vendor.vendor_id);
    assert_eq!(world.service.get(&earnings, &world.vendor()).await.data(200)["on_hold"], "180.00");
    assert_eq!(world.settle("2026-11-09", "2026-11-12").await.unwrap()["gross_revenue"], "100.00");
    assert_eq!(world.tell(&resolved).await, Outcome::Done);
    // A second dispute whose end is told first holds nothing.
    let other = DisputeResolved { dispute_id: Uuid::from_u128(8).into(), ..resolved };
    world.tell(&other).await;
    world.tell(&DisputeRaised { dispute_id: other.dispute_id, ..raised }).await;
    assert_eq!(world.settle("2026-11-13", "2026-11-15").await.unwrap()["gross_revenue"], "200.00");
    world.service.said().await;
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_payout_is_approved_and_paid_by_different_people() {
    let world = World::selling().await;
    let order = world.order(PaymentMethod::Online, "60000.00");
    world.complete(&order, "2026-11-10T06:00:00Z").await;
    let settlement = world.settle("2026-11-09", "2026-11-15").await.unwrap();
    world.service.said().await;
    let path = format!("/api/v1/settlements/{}", settlement["id"].as_str().unwrap());
    let (farah, feroz) = (world.staff(AdminRole::Finance), world.staff(AdminRole::Finance));
    let payment = json!({"payment_method": "bank_transfer", "payment_reference": "UTR1"});
    let early = world.service.put(&format!("{path}/mark-paid"), &feroz, &payment).await;
    assert_eq!(early.code(409), "illegal_transition");
    assert_eq!(world.service.put(&format!("{path}/approve"), &farah, &json!({})).await.data(200)["status"], "approved");
    world.service.put(&format!("{path}/approve"), &feroz, &json!({})).await.fine(200);
    let alone = world.service.put(&format!("{path}/mark-paid"), &farah, &payment).await;
    assert_eq!(alone.code(403), "second_person_required");
    assert_eq!(world.service.put(&format!("{path}/mark-paid"), &feroz, &json!({})).await.code(422), "validation_failed");
    assert_eq!(world.service.put(&format!("{path}/mark-paid"), &feroz, &payment).await.data(200)["status"], "paid");
    world.service.put(&format!("{path}/mark-paid"), &feroz, &payment).await.fine(200);
    let other = json!({"payment_reference": "UTR2"});
    assert_eq!(world.service.put(&format!("{path}/mark-paid"), &feroz, &other).await.code(409), "already_paid");
    let wanted = ["SettlementApproved", "AuditRecorded", "SettlementPaid", "AuditRecorded"];
    assert_eq!(world.service.said_types().await, wanted);
    let earnings = world.service.get(&format!("/api/v1/earnings/vendor/{}", world.vendor.vendor_id), &world.vendor()).await;
    assert_eq!(
        figures(earnings.data(200), &["gross", "commission", "paid_out", "due"]),
        ["60000.00", "6000.00", "54000.00", "0.00"]
    );
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_payout_may_be_paid_by_who_approved_it() {
    let world = World::selling().await;
    let settlement = worked_example(&world).await;
    let path = format!("/api/v1/settlements/{}", settlement["id"].as_str().unwrap());
    let finance = world.staff(AdminRole::Finance);
    world.service.put(&format!("{path}/approve"), &finance, &json!({})).await.fine(200);
    let payment = json!({"payment_reference": "UTR1"});
    assert_eq!(world.service.put(&format!("{path}/mark-paid"), &finance, &payment).await.data(200)["status"], "paid");
    let listed = world.service.get("/api/v1/settlements?status=paid", &finance).await;
    assert_eq!(listed.data(200).as_array().unwrap().len(), 1);
    world.service.said().await;
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_negative_payout_closes_without_a_payment_and_is_carried_over_once() {
    let world = World::selling().await;
    let cash = world.order(PaymentMethod::Cod, "5000.00");
    world.complete(&cash, "2026-11-10T06:00:00Z").await;
    let first = world.settle("2026-11-09", "2026-11-12").await.unwrap();
    assert_eq!(first["payout_amount"], "-500.00");
    world.service.said().await;
    let path = format!("/api/v1/settlements/{}", first["id"].as_str().unwrap());
    let finance = world.staff(AdminRole::Finance);
    assert_eq!(world.service.put(&format!("{path}/approve"), &finance, &json!({})).await.data(200)["status"], "closed");
    let said = world.service.said().await;
    assert_eq!(
        said.iter().map(|e| e.r#type.as_str()).collect::<Vec<_>>(),
        ["SettlementApproved", "SettlementPaid", "AuditRecorded"]
    );
    assert_eq!(said[1].data["payment_reference"], Value::Null);
    let pay = world.service.put(&format!("{path}/mark-paid"), &finance, &json!({"payment_reference": "UTR1"})).await;
    assert_eq!(pay.code(409), "illegal_transition");
    let online = world.order(PaymentMethod::Online, "1000.00");
    world.complete(&online, "2026-11-13T06:00:00Z").await;
    let second = world.settle("2026-11-13", "2026-11-13").await.unwrap();
    assert_eq!(
        figures(&second, &["net_amount", "carried_over", "adjustments", "payout_amount"]),
        ["900.00", "-500.00", "-500.00", "400.00"]
    );
    let whole = world.service.get(&format!("/api/v1/settlements/{}", second["id"].as_str().unwrap()), &world.vendor()).await;
    assert_eq!(whole.data(200)["adjustment_lines"][0]["source_settlement_number"], "STL000001");
    assert_eq!(world.settle("2026-11-14", "2026-11-15").await, None);
    world.service.said().await;
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn statutory_deductions_are_lines_of_their_own_when_switched_on() {
    let world = World::selling_with(&[
        "--settlement-deduct-tds",
        "true",
        "--settlement-deduct-tcs",
        "true",
        "--settlement-deduct-gst-on-commission",
        "true",
    ])
    .await;
    let order = world.order(PaymentMethod::Online, "1000.00");
    world.complete(&order, "2026-11-10T06:00:00Z").await;
    let settlement = world.settle("2026-11-09", "2026-11-15").await.unwrap();
    // TDS 1.00, TCS 2.50 + 2.50, GST on the commission of 100.00: 18.00.
    assert_eq!(figures(&settlement, &["net_amount", "deductions", "payout_amount"]), ["900.00", "24.00", "876.00"]);
    let said = world.service.said().await;
    let event: SettlementGenerated = said.last().unwrap().parse().unwrap();
    let told: Vec<String> = event.settlement.deductions.iter().map(|d| format!("{} {}", d.kind, d.amount)).collect();
    assert_eq!(told, ["gst_on_commission 18.00", "tcs 5.00", "tds 1.00"]);
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_completion_told_twice_is_one_order() {
    let world = World::selling().await;
    let order = world.order(PaymentMethod::Online, "100.00");
    let envelope = world.service.envelope(ServiceName::Order, &crate::support::completed(&order, "2026-11-10T06:00:00Z"));
    assert_eq!(world.service.deliver_envelope(envelope.clone()).await, Outcome::Done);
    assert_eq!(world.service.deliver_envelope(envelope).await, Outcome::Duplicate);
    let vendor = world.service.get(&format!("/api/v1/vendors/{}", world.vendor.vendor_id), &world.vendor()).await;
    assert_eq!(vendor.data(200)["total_orders"], 1);
    world.service.said().await;
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_orders_of_five_hundred_vendors_are_settled_in_under_ten_seconds() {
    let world = World::selling().await;
    world.service.said().await;
    let pool = &world.service.db.pool;
    sqlx::raw_sql(
        "INSERT INTO vendors (id, user_id, owner_name, business_phone, state_code, commission_rate, created_at, updated_at)
         SELECT gen_random_uuid(), gen_random_uuid(), 'Vendor ' || n, '+919848012345', '36', 10, now(), now() FROM generate_series(1, 500) n;
         INSERT INTO settlement_orders (order_id, vendor_id, order_number, payment_method, total, commission_rate, subtotal, tax,
                                        order_date, completed_at, cod_collected, updated_at)
         SELECT gen_random_uuid(), v.id, 'ORD' || lpad((1000 + row_number() OVER ())::text, 6, '0'),
                CASE WHEN n % 4 = 0 THEN 'cod' ELSE 'online' END, 1000 + n, 10, 1000 + n, 0, '2026-11-10', '2026-11-10',
                CASE WHEN n % 4 = 0 THEN 1000 + n ELSE 0 END, now()
           FROM vendors v, generate_series(1, 20) n WHERE v.owner_name LIKE 'Vendor %';",
    )
    .execute(pool)
    .await
    .unwrap();
    let (body, finance) = (json!({"period_start": "2026-11-09", "period_end": "2026-11-15"}), world.staff(AdminRole::Finance));
    let began = std::time::Instant::now();
    let run = world.service.post(GENERATE, &finance, &body).await;
    let took = began.elapsed();
    assert_eq!(run.data(200)["settlements"].as_array().unwrap().len(), 500);
    assert!(took.as_secs() < 10, "{took:?}");
    println!("500 settlements of 10,000 orders took {took:?}");
    // Twenty orders of 1,001 to 1,020 at 10 %, every fourth in cash.
    let first = &run.data(200)["settlements"][0];
    assert_eq!(figures(first, &SUMS), ["20210.00", "2021.00", "18189.00", "5060.00", "13129.00"]);
    assert_eq!(world.service.said().await.len(), 500);
    world.service.finish().await;
}
