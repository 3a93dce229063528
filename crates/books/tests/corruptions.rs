//! A whole story, settled and paid out, is clean; each thing in it that is changed by hand is named with its rule.
#![expect(clippy::unwrap_used, reason = "tests")]

use books::{
    AdjustmentFact, CopyFact, Facts, GatewayPayment, GatewayRefund, LineFact, Movement, OrderFact, Pair, PaymentFact, RefundFact,
    SettlementFact, StrayFact, check,
};
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

const ONLINE: Uuid = Uuid::from_u128(1);
const CASH: Uuid = Uuid::from_u128(2);
const PAID_ONLINE: Uuid = Uuid::from_u128(11);
const PAID_CASH: Uuid = Uuid::from_u128(12);
const REFUND: Uuid = Uuid::from_u128(21);
const VENDOR: Uuid = Uuid::from_u128(31);
const BUYER: Uuid = Uuid::from_u128(32);
const SETTLEMENT: Uuid = Uuid::from_u128(41);

fn order(id: Uuid, number: &str, method: &str, total: i64, refunded: i64) -> OrderFact {
    OrderFact {
        id,
        number: number.to_owned(),
        buyer_id: BUYER,
        vendor_id: VENDOR,
        method: method.to_owned(),
        status: "completed".to_owned(),
        payment_status: if refunded == 0 { "paid" } else { "partially_refunded" }.to_owned(),
        total,
        lines_total: Some(total),
        refunded,
        commission_rate: 1_000,
        changed_at: None,
    }
}

fn payment(id: Uuid, of: &OrderFact) -> PaymentFact {
    let online = of.method == "online";
    PaymentFact {
        id,
        order_id: of.id,
        number: of.number.clone(),
        buyer_id: BUYER,
        vendor_id: VENDOR,
        method: of.method.clone(),
        amount: of.total,
        status: if of.refunded > 0 { "partially_refunded" } else { "collected" }.to_owned(),
        gateway_orders: if online { vec!["order_1".to_owned()] } else { Vec::new() },
        gateway_payment: online.then(|| "pay_1".to_owned()),
        fee: online.then_some(23_600),
        refunded: of.refunded,
        refund_requested: of.refunded,
        cod_collected: (!online).then_some(of.total),
        cancelled: false,
        changed_at: None,
    }
}

fn movement(key: String, entries: &[(&str, i64)]) -> Movement {
    Movement { key, entries: entries.iter().map(|(account, paise)| ((*account).to_owned(), *paise)).collect() }
}

fn line(of: &OrderFact, refunded_before: i64) -> LineFact {
    let amount = of.total - refunded_before;
    LineFact {
        settlement_id: SETTLEMENT,
        order_id: of.id,
        order_total: of.total,
        refunded_before,
        commission_rate: 1_000,
        commission: amount / 10,
        net: amount - amount / 10,
        cod_collected: if of.method == "cod" { of.total } else { 0 },
    }
}

fn copy(of: &OrderFact) -> CopyFact {
    let cod_collected = if of.method == "cod" { of.total } else { 0 };
    CopyFact { order_id: of.id, total: of.total, refunded: of.refunded, cod_collected, changed_at: None }
}

/// Rule 33's example, with a refund of 500.00 before the settlement.
fn story() -> Facts {
    let (online, cash) = (order(ONLINE, "ORD000001", "online", 1_000_000, 50_000), order(CASH, "ORD000002", "cod", 500_000, 0));
    let (payable, held) = (format!("vendor_payable:{VENDOR}"), format!("cash_with_vendor:{VENDOR}"));
    let (payable, held) = (payable.as_str(), held.as_str());
    let (commission, gross) = (145_000, 1_450_000);
    let payout = gross - commission - 500_000;
    Facts {
        payments: vec![payment(PAID_ONLINE, &online), payment(PAID_CASH, &cash)],
        refunds: vec![RefundFact {
            id: REFUND,
            payment_id: PAID_ONLINE,
            amount: 50_000,
            reason: "goodwill".to_owned(),
            status: "processed".to_owned(),
            gateway_payment: Some("pay_1".to_owned()),
            gateway_refund: Some("rfnd_1".to_owned()),
        }],
        gateway: Some(vec![GatewayPayment {
            id: "pay_1".to_owned(),
            order_id: Some("order_1".to_owned()),
            amount: 1_000_000,
            currency: "INR".to_owned(),
            status: "captured".to_owned(),
            fee: Some(23_600),
            refunded: 50_000,
            created_at: None,
            refunds: vec![GatewayRefund { id: "rfnd_1".to_owned(), amount: 50_000, status: "processed".to_owned() }],
        }]),
        movements: vec![
            movement(format!("capture:{PAID_ONLINE}"), &[("gateway_clearing", 1_000_000), (payable, -1_000_000)]),
            movement("gateway_fee:pay_1".to_owned(), &[("gateway_fees", 23_600), ("gateway_clearing", -23_600)]),
            movement(format!("cod_collected:{PAID_CASH}"), &[(held, 500_000), (payable, -500_000)]),
            movement(format!("refund_requested:{REFUND}"), &[(payable, 50_000), ("refunds", -50_000)]),
            movement(format!("refund_processed:{REFUND}"), &[("refunds", 50_000), ("gateway_clearing", -50_000)]),
            movement(
                format!("settlement_approved:{SETTLEMENT}"),
                &[(payable, commission), ("platform_commission", -commission), (payable, 500_000), (held, -500_000)],
            ),
            movement(format!("settlement_paid:{SETTLEMENT}"), &[(payable, payout), ("bank", -payout)]),
        ],
        lines: vec![line(&online, 50_000), line(&cash, 0)],
        settlements: Some(vec![SettlementFact {
            id: SETTLEMENT,
            number: "STL000001".to_owned(),
            vendor_id: VENDOR,
            status: "paid".to_owned(),
            gross,
            commission,
            net: gross - commission,
            cod_to_remit: 500_000,
            adjustments: 0,
            commission_returned: 0,
            deductions: Vec::new(),
            deductions_total: 0,
            payout,
            changed_at: None,
        }]),
        copies: vec![copy(&online), copy(&cash)],
        orders: vec![online, cash],
        ..Facts::default()
    }
}

#[test]
fn a_settled_story_is_clean_and_its_accounts_are_even() {
    let facts = story();
    assert_eq!(check(&facts), Vec::new());
    let balances = books::balances(&facts);
    let of = |name: &str| balances.iter().find(|balance| balance.account.starts_with(name)).unwrap().paise;
    assert_eq!((of("vendor_payable"), of("cash_with_vendor"), of("refunds")), (0, 0, 0));
    assert_eq!(balances.iter().map(|balance| balance.paise).sum::<i64>(), 0);
}

#[test]
fn only_of_released_money_may_the_order_have_taken_another_amount_than_the_gateway() {
    let stray = |kind: &str, resolution: Option<&str>| {
        let mut facts = story();
        facts.strays.push(StrayFact {
            gateway_payment: "pay_1".to_owned(),
            payment_id: PAID_ONLINE,
            kind: kind.to_owned(),
            amount: 1_100_000,
            currency: "INR".to_owned(),
            taken: true,
            resolution: resolution.map(str::to_owned),
        });
        theirs(&mut facts).amount = 1_100_000;
        let named = |found: &books::Mismatch| found.row.table == "payments" && found.rule == 28 && found.what == "amount";
        check(&facts).iter().any(named)
    };
    assert!(!stray("quarantined", Some("released")));
    assert!(stray("retired", None), "the same money went back and pays the order");
    assert!(stray("quarantined", Some("refunded")));
}

/// What is done, to which table's row by which key, and the rule that it breaks.
type Case = (&'static str, fn(&mut Facts), &'static str, String, u8);

fn settlement(facts: &mut Facts) -> &mut SettlementFact {
    &mut facts.settlements.as_mut().unwrap()[0]
}

fn theirs(facts: &mut Facts) -> &mut GatewayPayment {
    &mut facts.gateway.as_mut().unwrap()[0]
}

fn cases() -> Vec<Case> {
    let (online, cash) = (ONLINE.to_string(), CASH.to_string());
    let (paid, collected) = (PAID_ONLINE.to_string(), PAID_CASH.to_string());
    let settled = format!("STL000001 {SETTLEMENT}");
    let key = |kind: &str, id: Uuid| format!("{kind}:{id}");
    vec![
        ("order total", |f| f.orders[0].total += 1, "orders", online.clone(), 25),
        (
            "order total with its lines",
            |f| (f.orders[0].total, f.orders[0].lines_total) = (7, Some(7)),
            "orders",
            online.clone(),
            28,
        ),
        ("order payment status", |f| f.orders[0].payment_status = "paid".into(), "orders", online.clone(), 13),
        ("order refunded", |f| f.orders[1].refunded = 1, "orders", cash.clone(), 13),
        ("order vendor", |f| f.orders[0].vendor_id = BUYER, "orders", online.clone(), 1),
        ("order gone", |f| drop(f.orders.remove(1)), "payments", collected.clone(), 19),
        ("order not completed", |f| f.orders[1].status = "delivered".into(), "settlement_line_items", cash.clone(), 32),
        ("order cancelled", |f| f.orders[0].status = "cancelled".into(), "payments", paid.clone(), 15),
        ("order rate", |f| f.orders[0].commission_rate = 900, "settlement_line_items", online.clone(), 33),
        ("payment amount", |f| f.payments[0].amount += 1, "payments", paid.clone(), 28),
        ("payment status", |f| f.payments[0].status = "pending".into(), "payments", paid.clone(), 17),
        ("payment gone", |f| drop(f.payments.remove(1)), "orders", cash.clone(), 19),
        ("payment fee", |f| f.payments[0].fee = Some(1), "payments", paid.clone(), 30),
        ("payment refunds", |f| f.payments[0].refunded = 0, "payments", paid.clone(), 30),
        ("cash", |f| f.payments[1].cod_collected = Some(1), "payments", collected, 27),
        ("refund amount", |f| f.refunds[0].amount -= 1, "payment_refunds", REFUND.to_string(), 30),
        ("refund gone", |f| drop(f.refunds.remove(0)), "payments", paid.clone(), 30),
        ("gateway amount", |f| theirs(f).amount += 1, "gateway", "pay_1".into(), 28),
        ("gateway currency", |f| theirs(f).currency = "USD".into(), "gateway", "pay_1".into(), 28),
        ("gateway status", |f| theirs(f).status = "failed".into(), "gateway", "pay_1".into(), 27),
        ("gateway order", |f| theirs(f).order_id = Some("order_2".into()), "gateway", "pay_1".into(), 27),
        ("gateway refund", |f| theirs(f).refunded = 60_000, "gateway", "pay_1".into(), 30),
        ("gateway refund gone", |f| theirs(f).refunds[0].id = "rfnd_2".into(), "payment_refunds", REFUND.to_string(), 29),
        ("gateway payment gone", |f| f.gateway = Some(Vec::new()), "payments", paid, 27),
        ("entry", |f| f.movements[0].entries[0].1 += 1, "ledger_transactions", key("capture", PAID_ONLINE), 30),
        (
            "entry account",
            |f| f.movements[2].entries[0].0 = "bank".into(),
            "ledger_transactions",
            key("cod_collected", PAID_CASH),
            30,
        ),
        ("movement gone", |f| drop(f.movements.remove(3)), "payment_refunds", REFUND.to_string(), 30),
        ("movement twice", |f| f.movements.push(f.movements[0].clone()), "ledger_transactions", key("capture", PAID_ONLINE), 30),
        (
            "movement of nothing",
            |f| f.movements.push(movement("capture:x".into(), &[("bank", 1), ("refunds", -1)])),
            "ledger_transactions",
            "capture:x".into(),
            30,
        ),
        (
            "settlement movement",
            |f| f.movements[5].entries.truncate(2),
            "ledger_transactions",
            key("settlement_approved", SETTLEMENT),
            30,
        ),
        ("payout movement gone", |f| drop(f.movements.pop()), "settlements", settled.clone(), 30),
        ("line commission", |f| f.lines[0].commission += 1, "settlement_line_items", online.clone(), 33),
        ("line total", |f| f.lines[0].order_total += 1, "settlement_line_items", online.clone(), 33),
        ("line refunded before", |f| f.lines[0].refunded_before = 60_000, "settlement_line_items", online.clone(), 33),
        ("line cash", |f| f.lines[1].cod_collected = 0, "settlement_line_items", cash.clone(), 33),
        ("line twice", |f| f.lines.push(f.lines[0].clone()), "settlement_line_items", online.clone(), 32),
        ("settlement gross", |f| settlement(f).gross += 1, "settlements", settled.clone(), 33),
        ("settlement payout", |f| settlement(f).payout += 1, "settlements", settled.clone(), 33),
        ("settlement deductions", |f| settlement(f).deductions_total = 1, "settlements", settled.clone(), 35),
        ("settlement adjustments", |f| settlement(f).adjustments = 1, "settlements", settled, 34),
        ("copy of the order", |f| f.copies[0].total += 1, "settlement_orders", online.clone(), 33),
        ("copy of its refunds", |f| f.copies[0].refunded = 0, "settlement_orders", online, 34),
        ("copy of its cash", |f| f.copies[1].cod_collected = 0, "settlement_orders", cash, 33),
        (
            "adjustment",
            |f| {
                f.adjustments.push(AdjustmentFact {
                    settlement_id: None,
                    amount: -1,
                    commission_returned: 0,
                    refund_id: Some(REFUND),
                    refund_amount: Some(49_999),
                });
            },
            "settlement_adjustments",
            REFUND.to_string(),
            34,
        ),
    ]
}

#[test]
fn each_thing_that_is_changed_by_hand_is_named_with_its_rule() {
    for (what, change, table, key, rule) in cases() {
        let mut facts = story();
        change(&mut facts);
        let found = check(&facts);
        let named = found.iter().any(|mismatch| {
            let rows = [Some(&mismatch.row), mismatch.against.as_ref()];
            mismatch.rule == rule && rows.into_iter().flatten().any(|row| row.table == table && row.key == key)
        });
        let said: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert!(named, "{what}: {table} {key} by rule {rule} is not among {said:#?}");
    }
}

#[test]
fn what_is_still_on_its_way_is_not_held_against_anybody() {
    let now: DateTime<Utc> = DateTime::UNIX_EPOCH + TimeDelta::days(1);
    let mut facts = story();
    facts.settled_before = Some(now - TimeDelta::seconds(60));
    facts.orders[0].payment_status = "pending".to_owned();
    (facts.orders[0].changed_at, facts.payments[0].changed_at) = (None, Some(now - TimeDelta::seconds(5)));
    assert_eq!(check(&facts), Vec::new(), "the order has not heard of it yet");
    facts.payments[0].changed_at = Some(now - TimeDelta::seconds(61));
    assert!(!check(&facts).is_empty(), "it had a minute");
}

#[test]
fn an_order_cancelled_during_an_edit_may_differ_from_a_payment_that_took_nothing_or_gives_back_all_it_took() {
    let mut order = order(ONLINE, "ORD000001", "online", 1_000_000, 0);
    (order.status, order.payment_status) = ("cancelled".to_owned(), "pending".to_owned());
    let nothing = PaymentFact {
        amount: 1_200_000,
        status: "failed".to_owned(),
        gateway_payment: None,
        fee: None,
        cancelled: true,
        ..payment(PAID_ONLINE, &order)
    };
    let returned =
        PaymentFact { status: "refunded".to_owned(), refunded: 1_200_000, refund_requested: 1_200_000, ..nothing.clone() };
    let kept = PaymentFact { refunded: 0, refund_requested: 0, status: "captured".to_owned(), ..nothing.clone() };
    let differs = |order: &OrderFact, payment: &PaymentFact| {
        let facts = Facts { orders: vec![order.clone()], payments: vec![payment.clone()], ..Facts::default() };
        check(&facts).iter().any(|found| found.pair == Pair::OrderPayment)
    };
    assert!(!differs(&order, &nothing), "it took nothing");
    let confirmed = OrderFact { status: "confirmed".to_owned(), ..order.clone() };
    assert!(differs(&confirmed, &nothing), "only of a cancelled order");
    (order.payment_status, order.refunded) = ("refunded".to_owned(), 1_000_000);
    assert!(!differs(&order, &returned), "it gave back all it took");
    (order.payment_status, order.refunded) = ("paid".to_owned(), 0);
    assert!(differs(&order, &kept), "it keeps what it took");
}
