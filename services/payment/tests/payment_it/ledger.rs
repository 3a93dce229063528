//! The ledger.

use chrono::{NaiveDate, TimeDelta};
use domain::events::{SettlementApproved, SettlementDeduction, SettlementFacts, SettlementPaid};
use domain::{AdminRole, Clock as _, Money, ServiceName, SettlementNumber, VendorId};
use serde_json::json;
use sqlx::Executor as _;

use crate::support::{new_id, world};

fn settlement(vendor_id: VendorId) -> SettlementFacts {
    let money = Money::from_rupees;
    SettlementFacts {
        settlement_id: new_id(),
        settlement_number: SettlementNumber::from_sequence(1),
        vendor_id,
        period_start: NaiveDate::from_ymd_opt(2026, 11, 1).unwrap(),
        period_end: NaiveDate::from_ymd_opt(2026, 11, 15).unwrap(),
        order_ids: Vec::new(),
        gross_revenue: money(15_000),
        commission_amount: money(1_500),
        net_amount: money(13_500),
        cod_to_remit: money(5_000),
        adjustments: Money::ZERO,
        commission_returned: Money::ZERO,
        carried_over: Money::ZERO,
        deductions: Vec::new(),
        payout_amount: money(8_500),
    }
}

/// Rule 33's example, with money that really came in.
#[tokio::test]
async fn a_settlement_closes_the_vendors_accounts_whatever_order_its_events_come_in() {
    for paid_first in [false, true] {
        let w = world().await;
        w.captured(&w.terms(10_000)).await;
        w.collected(&w.terms(5_000)).await;
        let facts = settlement(w.vendor.vendor_id);
        let approved = SettlementApproved { settlement: facts.clone() };
        let paid = SettlementPaid { settlement: facts, payment_reference: Some("UTR1".into()), paid_at: w.clock.now() };
        for _ in 0..2 {
            if paid_first {
                w.deliver(ServiceName::VendorManagement, &paid).await;
            }
            w.deliver(ServiceName::VendorManagement, &approved).await;
            w.deliver(ServiceName::VendorManagement, &paid).await;
        }
        assert_eq!(w.balance(&w.payable()).await, 0);
        assert_eq!(w.balance(&format!("cash_with_vendor:{}", w.vendor.vendor_id)).await, 0);
        assert_eq!(w.balance("platform_commission").await, -150_000);
        assert_eq!(w.balance("bank").await, -850_000);
        w.said().await;
        w.service.finish().await;
    }
}

#[tokio::test]
async fn deductions_and_returned_commission_go_to_their_accounts() {
    let w = world().await;
    let mut facts = settlement(w.vendor.vendor_id);
    facts.commission_returned = Money::from_rupees(50);
    facts.deductions = vec![
        SettlementDeduction { kind: "tds".into(), amount: Money::from_rupees(15) },
        SettlementDeduction { kind: "tcs".into(), amount: Money::from_rupees(75) },
        SettlementDeduction { kind: "gst_on_commission".into(), amount: Money::from_rupees(270) },
    ];
    w.deliver(ServiceName::VendorManagement, &SettlementApproved { settlement: facts }).await;
    assert_eq!(w.balance("tds_payable").await, -1_500);
    assert_eq!(w.balance("gst_payable").await, -34_500);
    assert_eq!(w.balance("platform_commission").await, -145_000);
    w.service.finish().await;
}

#[tokio::test]
async fn the_tables_refuse_change_removal_and_imbalance() {
    let w = world().await;
    w.captured(&w.terms(10_000)).await;
    for statement in [
        "UPDATE ledger_entries SET amount_paise = amount_paise + 1",
        "UPDATE ledger_transactions SET description = 'x'",
        "DELETE FROM ledger_entries",
        "DELETE FROM ledger_transactions",
        "TRUNCATE ledger_entries, ledger_transactions",
        "INSERT INTO ledger_transactions (id, business_key, kind, description, occurred_at, created_at)
         VALUES (gen_random_uuid(), 'empty:1', 'test', 'without lines', now(), now())",
        "INSERT INTO ledger_entries (transaction_id, line, account, amount_paise)
         SELECT id, 9, 'bank', 1 FROM ledger_transactions LIMIT 1",
        "WITH t AS (INSERT INTO ledger_transactions (id, business_key, kind, description, occurred_at, created_at)
                    VALUES (gen_random_uuid(), 'half:1', 'test', 'one side', now(), now()) RETURNING id)
         INSERT INTO ledger_entries (transaction_id, line, account, amount_paise) SELECT id, 1, 'bank', 5 FROM t",
    ] {
        assert!(w.db.pool.execute(statement).await.is_err(), "{statement}");
    }
    assert_eq!(w.balance(&w.payable()).await, -1_000_000);
    w.said().await;
    w.service.finish().await;
}

#[tokio::test]
async fn the_tables_refuse_more_refund_than_money() {
    let w = world().await;
    let (id, _) = w.captured(&w.terms(100)).await;
    let id: uuid::Uuid = id.parse().unwrap();
    let refused = sqlx::query("UPDATE payments SET refund_requested = 100.01 WHERE id = $1").bind(id).execute(&w.db.pool).await;
    assert!(refused.is_err());
    w.said().await;
    w.service.finish().await;
}

#[tokio::test]
async fn balances_are_those_of_the_moment_asked_for() {
    let w = world().await;
    w.captured(&w.terms(10_000)).await;
    let then = w.clock.now();
    w.clock.advance(TimeDelta::minutes(10));
    w.captured(&w.terms(500)).await;
    let at = then.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    let answer = w.get(&format!("/api/v1/payments/ledger/accounts?as_of={at}"), &w.finance.token).await;
    let payable = answer.data(200)["accounts"].as_array().unwrap().iter().find(|a| a["account"] == w.payable().as_str());
    assert_eq!(payable.unwrap()["balance"], "-10000.00");
    assert_eq!(w.balance(&w.payable()).await, -1_050_000);
    w.said().await;
    w.service.finish().await;
}

#[tokio::test]
async fn entries_come_page_by_page_each_once() {
    let w = world().await;
    for _ in 0..3 {
        w.captured(&w.terms(1_000)).await;
        w.clock.advance(TimeDelta::seconds(1));
    }
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/api/v1/payments/ledger/entries?limit=5{cursor}");
        let answer = w.get(&path, &w.finance.token).await;
        for entry in answer.data(200).as_array().unwrap() {
            seen.push(format!("{}#{}", entry["business_key"], entry["line"]));
        }
        match answer.body["page"]["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let all = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!((all, seen.len()), (12, 12), "capture and fee, two lines each, three times");
    let path = format!("/api/v1/payments/ledger/entries?kind=capture&account={}", w.payable());
    let captures = w.get(&path, &w.finance.token).await;
    assert_eq!(captures.data(200).as_array().unwrap().len(), 3);
    assert_eq!(captures.data(200)[0]["side"], json!("credit"));
    w.said().await;
    w.service.finish().await;
}

#[tokio::test]
async fn only_finance_looks_into_the_ledger() {
    let w = world().await;
    for path in ["/api/v1/payments/ledger/accounts", "/api/v1/payments/ledger/entries", "/api/v1/payments"] {
        for token in [&w.buyer.token, &w.vendor.token, &w.people.admin(AdminRole::Support).token] {
            assert_eq!(w.get(path, token).await.code(403), "forbidden");
        }
        let _ = w.get(path, &w.people.admin(AdminRole::SuperAdmin).token).await.data(200);
        assert_eq!(w.get(path, "nonsense").await.status, 401);
    }
    w.service.finish().await;
}

#[tokio::test]
async fn cash_that_was_netted_lets_the_vendor_take_cash_orders_again() {
    let w = world().await;
    w.collected(&w.terms(50_001)).await;
    assert_eq!(w.open_cod(&w.terms(100)).await.code(409), "cod_limit_reached");
    let mut facts = settlement(w.vendor.vendor_id);
    (facts.commission_amount, facts.cod_to_remit) = (Money::ZERO, Money::from_rupees(50_001));
    w.deliver(ServiceName::VendorManagement, &SettlementApproved { settlement: facts }).await;
    let _ = w.open_cod(&w.terms(100)).await.data(201);
    w.said().await;
    w.service.finish().await;
}

#[tokio::test]
async fn a_refund_after_the_settlement_says_all_that_an_adjustment_needs_and_the_vendor_owes_it() {
    let w = world().await;
    let terms = w.terms(10_000);
    let (id, _) = w.captured(&terms).await;
    let mut facts = settlement(w.vendor.vendor_id);
    (facts.commission_amount, facts.cod_to_remit) = (Money::from_rupees(1_000), Money::ZERO);
    facts.payout_amount = Money::from_rupees(9_000);
    w.deliver(ServiceName::VendorManagement, &SettlementApproved { settlement: facts.clone() }).await;
    let paid = SettlementPaid { settlement: facts, payment_reference: Some("UTR1".into()), paid_at: w.clock.now() };
    w.deliver(ServiceName::VendorManagement, &paid).await;
    assert_eq!(w.balance(&w.payable()).await, 0);
    w.said().await;
    for (key, amount) in [("key-of-part-one", "600.00"), ("key-of-part-two", "400.00")] {
        let _ = w.refund(&id, key, &json!({"amount": amount, "reason": "return"})).await.data(201);
    }
    w.refunds_done(&id).await;
    let said = w.said().await;
    let done: Vec<_> = said.iter().filter(|event| event.r#type == "RefundProcessed").map(|event| &event.data).collect();
    assert_eq!(done.len(), 2);
    let totals: Vec<_> = done.iter().map(|data| data["refunded_total"].as_str().unwrap()).collect();
    assert!(totals.contains(&"1000.00"), "{totals:?}");
    for data in done {
        assert_eq!((data["order_id"].clone(), data["vendor_id"].clone()), (json!(terms.order_id), json!(terms.vendor_id)));
        assert!(data["refund_id"].is_string() && data["refund_amount"].is_string() && data["amount"] == "10000.00", "{data}");
    }
    assert_eq!(w.balance(&w.payable()).await, 100_000, "the vendor owes it until the next settlement");
    w.service.finish().await;
}

#[tokio::test]
async fn adding_the_whole_ledger_up_may_take_longer_than_a_request() {
    let w = world().await;
    w.captured(&w.terms(11_800)).await;
    // A ledger so large that it is not read within the five seconds of a request.
    let large = "ALTER TABLE ledger_entries RENAME TO kept_entries;
                 CREATE VIEW ledger_entries AS SELECT kept_entries.* FROM kept_entries, pg_sleep(6);
                 GRANT SELECT ON ledger_entries TO PUBLIC";
    sqlx::raw_sql(large).execute(&w.db.pool).await.unwrap();
    payment::watch_ledger_now(&w.app).await.unwrap();
    w.said().await;
    w.service.finish().await;
}
