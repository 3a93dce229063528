//! The comparison takes time in proportion to what it compares.

use std::time::{Duration, Instant};

use books::{Facts, GatewayPayment, Movement, OrderFact, PaymentFact, RefundFact, StrayFact, check};
use uuid::Uuid;

const MANY: u128 = 30_000;
/// Paise.
const TOTAL: i64 = 1_180_000;
const FEE: i64 = 23_600;
const VENDOR: Uuid = Uuid::from_u128(1);

fn id(kind: u128, number: u128) -> Uuid {
    Uuid::from_u128(kind << 96 | number)
}

/// An order that was paid online, with a second payment that went back.
fn add(facts: &mut Facts, gateway: &mut Vec<GatewayPayment>, number: u128) {
    let (order, payment) = (id(2, number), id(3, number));
    facts.orders.push(OrderFact {
        id: order,
        number: format!("ORD{number}"),
        buyer_id: VENDOR,
        vendor_id: VENDOR,
        method: "online".to_owned(),
        status: "paid".to_owned(),
        payment_status: "paid".to_owned(),
        total: TOTAL,
        lines_total: None,
        refunded: 0,
        commission_rate: 1_000,
        changed_at: None,
    });
    facts.payments.push(PaymentFact {
        id: payment,
        order_id: order,
        number: format!("ORD{number}"),
        buyer_id: VENDOR,
        vendor_id: VENDOR,
        method: "online".to_owned(),
        amount: TOTAL,
        status: "captured".to_owned(),
        gateway_orders: vec![format!("order_{number}")],
        gateway_payment: Some(format!("pay_{number}")),
        fee: Some(FEE),
        refunded: 0,
        refund_requested: 0,
        cod_collected: None,
        cancelled: false,
        changed_at: None,
    });
    let (twice, refund) = (format!("pay_twice_{number}"), id(4, number));
    facts.strays.push(StrayFact {
        gateway_payment: twice.clone(),
        payment_id: payment,
        kind: "duplicate".to_owned(),
        amount: TOTAL,
        currency: "INR".to_owned(),
        taken: true,
        resolution: None,
    });
    facts.refunds.push(RefundFact {
        id: refund,
        payment_id: payment,
        amount: TOTAL,
        reason: "duplicate_payment".to_owned(),
        status: "processed".to_owned(),
        gateway_payment: Some(twice.clone()),
        gateway_refund: None,
    });
    for (theirs, refunded) in [(format!("pay_{number}"), 0), (twice.clone(), TOTAL)] {
        gateway.push(GatewayPayment {
            id: theirs.clone(),
            order_id: Some(format!("order_{number}")),
            amount: TOTAL,
            currency: "INR".to_owned(),
            status: "captured".to_owned(),
            fee: Some(FEE),
            refunded,
            created_at: None,
            refunds: Vec::new(),
        });
        movement(facts, format!("gateway_fee:{theirs}"), ("gateway_fees", "gateway_clearing"), FEE);
    }
    movement(facts, format!("capture:{payment}"), ("gateway_clearing", &format!("vendor_payable:{VENDOR}")), TOTAL);
    movement(facts, format!("duplicate_capture:{twice}"), ("gateway_clearing", "refunds"), TOTAL);
    movement(facts, format!("refund_processed:{refund}"), ("refunds", "gateway_clearing"), TOTAL);
}

fn movement(facts: &mut Facts, key: String, (debit, credit): (&str, &str), paise: i64) {
    facts.movements.push(Movement { key, entries: vec![(debit.to_owned(), paise), (credit.to_owned(), -paise)] });
}

#[test]
fn thirty_thousand_orders_are_compared_without_each_being_held_against_all() {
    let (mut facts, mut gateway) = (Facts::default(), Vec::new());
    for number in 0..MANY {
        add(&mut facts, &mut gateway, number);
    }
    facts.gateway = Some(gateway);
    let begun = Instant::now();
    assert_eq!(check(&facts), Vec::new());
    // It is a second or two; each against all were minutes.
    assert!(begun.elapsed() < Duration::from_secs(20), "took {:?}", begun.elapsed());
}
