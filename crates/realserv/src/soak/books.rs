//! Whether the seven databases and the gateway agree, once everything is quiet.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde_json::Value;
use sqlx::FromRow;
use sqlx::types::Uuid;

use super::model::{Delivery, Order};
use super::rules::{OF_ALL, OF_MONEY, OF_ORDERS, OF_OTHERS};
use super::watch::Watch;
use crate::service::SERVICES;

/// A row that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Broken {
    /// What should hold.
    pub(super) rule: String,
    /// Which row, mostly an order.
    pub(super) row: String,
    pub(super) how: String,
}

#[derive(Debug, FromRow)]
struct OrderRow {
    id: Uuid,
    vendor_id: Uuid,
    status: String,
    payment_status: String,
    payment_method: String,
    total: i64,
    refunded: i64,
}

#[derive(Debug, FromRow)]
struct PaymentRow {
    order_id: Uuid,
    vendor_id: Uuid,
    status: String,
    amount: i64,
    refund_amount: i64,
    refund_requested: i64,
    ended: bool,
    quarantined: bool,
    receipt: Option<String>,
    gateway_payment: Option<String>,
}

#[derive(Debug, FromRow)]
struct DeliveryRow {
    order_id: Uuid,
    status: String,
    ended: bool,
}

/// What the services have written down.
pub(super) struct Books {
    orders: BTreeMap<Uuid, OrderRow>,
    payments: BTreeMap<Uuid, PaymentRow>,
    deliveries: BTreeMap<Uuid, DeliveryRow>,
    reservations: BTreeMap<Uuid, String>,
    settled: BTreeMap<Uuid, (i64, i64, bool)>,
    invoiced: BTreeMap<Uuid, i64>,
    broken: BTreeSet<Broken>,
}

impl Books {
    /// Reads all of it.
    pub(super) async fn read(watch: &Watch) -> Result<Self> {
        let orders: Vec<OrderRow> = watch
            .rows(
                "order",
                "SELECT id, vendor_id, status, payment_status, payment_method, (total * 100)::bigint AS total,
                        (refunded * 100)::bigint AS refunded FROM orders",
            )
            .await?;
        let payments: Vec<PaymentRow> = watch
            .rows(
                "payment",
                "SELECT order_id, vendor_id, status::text, (amount * 100)::bigint AS amount,
                        (refund_amount * 100)::bigint AS refund_amount, (refund_requested * 100)::bigint AS refund_requested,
                        order_cancelled_at IS NOT NULL AS ended, quarantined_at IS NOT NULL AS quarantined,
                        gateway_receipt::text AS receipt, razorpay_payment_id::text AS gateway_payment FROM payments",
            )
            .await?;
        let deliveries: Vec<DeliveryRow> = watch
            .rows("vendor-management", "SELECT order_id, status::text, order_cancelled_at IS NOT NULL AS ended FROM deliveries")
            .await?;
        let reservations: Vec<(Uuid, String)> = watch.rows("catalog", "SELECT order_id, status FROM stock_reservations").await?;
        let settled: Vec<(Uuid, i64, i64, bool)> = watch
            .rows(
                "vendor-management",
                "SELECT order_id, (total * 100)::bigint, (refunded * 100)::bigint, completed_at IS NOT NULL FROM settlement_orders",
            )
            .await?;
        let invoiced: Vec<(Uuid, i64)> =
            watch.rows("payment", "SELECT order_id, (total * 100)::bigint FROM invoices WHERE kind = 'invoice'").await?;
        Ok(Self {
            orders: orders.into_iter().map(|row| (row.id, row)).collect(),
            payments: payments.into_iter().map(|row| (row.order_id, row)).collect(),
            deliveries: deliveries.into_iter().map(|row| (row.order_id, row)).collect(),
            reservations: reservations.into_iter().collect(),
            settled: settled.into_iter().map(|(id, total, back, done)| (id, (total, back, done))).collect(),
            invoiced: invoiced.into_iter().collect(),
            broken: BTreeSet::new(),
        })
    }

    /// How orders ended up.
    pub(super) fn statuses(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for order in self.orders.values() {
            *counts.entry(order.status.clone()).or_default() += 1;
        }
        counts
    }

    /// Where an order stands, as the model puts it, and whether all of its money went back.
    pub(super) fn stands(&self, order: &str) -> Option<(Order, bool, Delivery, bool)> {
        let id: Uuid = order.parse().ok()?;
        let status = Order::read(&self.orders.get(&id)?.status)?;
        let money = self.payments.get(&id).is_some_and(PaymentRow::is_in);
        let delivery = self.deliveries.get(&id).map_or(Delivery::None, |row| match row.status.as_str() {
            "delivered" => Delivery::Delivered,
            _ if row.ended => Delivery::Ended,
            "in_transit" => Delivery::InTransit,
            "failed" => Delivery::Failed,
            _ => Delivery::Pending,
        });
        Some((status, money, delivery, self.orders.get(&id)?.payment_status == "refunded"))
    }

    /// Everything that is wrong.
    pub(super) async fn check(mut self, watch: &Watch, stock: &BTreeMap<Uuid, i64>) -> Result<BTreeSet<Broken>> {
        for rule in OF_ORDERS.iter().chain(&OF_MONEY).chain(&OF_OTHERS) {
            for (row, how) in watch.rows::<(String, Option<String>)>(rule.service, rule.against).await? {
                self.add(rule.says, &row, how.unwrap_or_default());
            }
        }
        for service in SERVICES {
            for (says, against) in OF_ALL {
                for (row, how) in watch.rows::<(String, Option<String>)>(service.name, against).await? {
                    self.add(&format!("{}: {says}", service.name), &row, how.unwrap_or_default());
                }
            }
        }
        for (service, count) in watch.dead_letters().await? {
            self.add("no event is given up", &service, format!("{count} in its dead-letter queue"));
        }
        self.each_order();
        self.stock(watch, stock).await?;
        self.ledger(watch).await?;
        self.gateway(watch).await?;
        Ok(self.broken)
    }

    fn add(&mut self, rule: &str, row: &str, how: String) {
        self.broken.insert(Broken { rule: rule.to_owned(), row: row.to_owned(), how });
    }

    /// Order, payment, delivery, stock, settlement and invoice of each order beside each other.
    fn each_order(&mut self) {
        let mut found = Vec::new();
        for order in self.orders.values() {
            let mut wrong = |rule: &'static str, how: String| found.push((rule, order.id.to_string(), how));
            let payment = self.payments.get(&order.id);
            payment_agrees(order, payment, &mut wrong);
            delivery_agrees(order, self.deliveries.get(&order.id), &mut wrong);
            let kept = self.reservations.get(&order.id).map(String::as_str);
            let fits = match order.status.as_str() {
                "delivered" | "completed" => kept == Some("committed"),
                "cancelled" => matches!(kept, None | Some("released")),
                _ => kept == Some("active"),
            };
            if !fits {
                wrong(
                    "stock is kept while an order lives, and taken when it is delivered",
                    format!("{} with {kept:?}", order.status),
                );
            }
            let settled = self.settled.get(&order.id);
            if (order.status == "completed") != settled.is_some_and(|(_, _, completed)| *completed) {
                wrong("each completed order may be settled, and no other", format!("{}, {settled:?}", order.status));
            }
            if let Some((total, back, true)) = settled
                && (*total, *back) != (order.total, order.refunded)
            {
                wrong("a settlement knows the order's amounts", format!("{total} less {back}, {order:?}"));
            }
            let delivered = matches!(order.status.as_str(), "delivered" | "completed");
            let invoice = self.invoiced.get(&order.id).copied();
            if invoice != delivered.then_some(order.total) {
                wrong(
                    "each delivered order has its invoice",
                    format!("{}, {} due, invoice {invoice:?}", order.status, order.total),
                );
            }
        }
        let strange: Vec<Uuid> = self.payments.keys().filter(|id| !self.orders.contains_key(id)).copied().collect();
        for (rule, row, how) in found {
            self.add(rule, &row, how);
        }
        for id in strange {
            self.add("no payment without its order", &id.to_string(), String::new());
        }
    }

    /// Nothing appears and nothing vanishes.
    async fn stock(&mut self, watch: &Watch, initially: &BTreeMap<Uuid, i64>) -> Result<()> {
        for (id, now) in stock(watch).await? {
            if initially.get(&id).is_some_and(|before| *before != now) {
                let how = format!("{now} thousandths there or taken, {:?} at the beginning", initially.get(&id));
                self.add("stock and what was delivered of it is what there was", &id.to_string(), how);
            }
        }
        Ok(())
    }

    /// Every account is what payments, refunds and settlements make it.
    async fn ledger(&mut self, watch: &Watch) -> Result<()> {
        let mut expected: BTreeMap<String, i64> = BTreeMap::new();
        let mut move_by = |account: String, paise: i64| *expected.entry(account).or_default() += paise;
        for payment in self.payments.values().filter(|payment| payment.is_in()) {
            let from = if payment.receipt.is_some() {
                "gateway_clearing".to_owned()
            } else {
                format!("cash_with_vendor:{}", payment.vendor_id)
            };
            let back = if payment.receipt.is_some() { "gateway_clearing" } else { "bank" };
            move_by(from, payment.amount);
            move_by(format!("vendor_payable:{}", payment.vendor_id), payment.refund_requested - payment.amount);
            move_by("refunds".to_owned(), payment.refund_amount - payment.refund_requested);
            move_by(back.to_owned(), -payment.refund_amount);
        }
        let fees: Vec<(String, i64)> =
            watch.rows("payment", "SELECT 'fee', (coalesce(sum(gateway_fee), 0) * 100)::bigint FROM payments").await?;
        let strays: Vec<(String, i64)> = watch
            .rows(
                "payment",
                "SELECT CASE WHEN r.status = 'processed' THEN 'back' ELSE 'held' END, s.amount_paise FROM payment_strays s
                   LEFT JOIN payment_refunds r ON r.razorpay_payment_id = s.razorpay_payment_id WHERE s.kind IN ('duplicate', 'retired')",
            )
            .await?;
        let stray_fees: Vec<(String, i64)> = watch
            .rows(
                "payment",
                "SELECT e.account, e.amount_paise FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id
                   JOIN payment_strays s ON t.business_key = 'gateway_fee:' || s.razorpay_payment_id WHERE s.kind IN ('duplicate', 'retired')",
            )
            .await?;
        for (_, paise) in fees {
            move_by("gateway_fees".to_owned(), paise);
            move_by("gateway_clearing".to_owned(), -paise);
        }
        for (_, paise) in strays.iter().filter(|(fate, _)| fate == "held") {
            move_by("gateway_clearing".to_owned(), *paise);
            move_by("refunds".to_owned(), -paise);
        }
        for (account, paise) in stray_fees {
            move_by(account, paise);
        }
        let settlements: Vec<(Uuid, String, i64, i64, i64, i64)> = watch
            .rows(
                "vendor-management",
                "SELECT vendor_id, status::text, (commission_amount * 100)::bigint, (cod_to_remit * 100)::bigint,
                        (commission_returned * 100)::bigint, (payout_amount * 100)::bigint FROM settlements WHERE status <> 'pending'",
            )
            .await?;
        for (vendor, status, fee, cash, returned, payout) in settlements {
            move_by(format!("vendor_payable:{vendor}"), fee + cash - returned);
            move_by("platform_commission".to_owned(), returned - fee);
            move_by(format!("cash_with_vendor:{vendor}"), -cash);
            if status == "paid" {
                move_by(format!("vendor_payable:{vendor}"), payout);
                move_by("bank".to_owned(), -payout);
            }
        }
        let booked: Vec<(String, i64)> =
            watch.rows("payment", "SELECT account, sum(amount_paise)::bigint FROM ledger_entries GROUP BY 1").await?;
        let booked: BTreeMap<String, i64> = booked.into_iter().collect();
        if booked.values().sum::<i64>() != 0 {
            self.add("the ledger adds up to nothing", "all accounts", booked.values().sum::<i64>().to_string());
        }
        let accounts: BTreeSet<&String> = expected.keys().chain(booked.keys()).collect();
        for account in accounts.into_iter().cloned().collect::<Vec<_>>() {
            let (is, should) = (booked.get(&account).copied().unwrap_or(0), expected.get(&account).copied().unwrap_or(0));
            if is != should {
                let how = format!("{is} paise booked, payments, refunds and settlements make {should}");
                self.add("captured − refunded − settled is what each account has", &account, how);
            }
        }
        Ok(())
    }

    /// Razorpay's view equals ours.
    async fn gateway(&mut self, watch: &Watch) -> Result<()> {
        let theirs = watch.at_razorpay().await?;
        let strays: Vec<(String, String)> =
            watch.rows("payment", "SELECT razorpay_payment_id::text, kind::text FROM payment_strays").await?;
        let strays: BTreeMap<String, String> = strays.into_iter().collect();
        let refunds: Vec<(String, String, i64, String)> = watch
            .rows(
                "payment",
                "SELECT razorpay_refund_id::text, id::text, (refund_amount * 100)::bigint, status::text FROM payment_refunds
                  WHERE razorpay_refund_id IS NOT NULL",
            )
            .await?;
        let refunds: BTreeMap<String, (String, i64, String)> =
            refunds.into_iter().map(|(theirs, ours, paise, status)| (theirs, (ours, paise, status))).collect();
        let mut found = payments_agree(&theirs, &self.payments, &strays);
        found.extend(refunds_agree(&theirs, &refunds));
        for (rule, row, how) in found {
            self.add(rule, &row, how);
        }
        Ok(())
    }
}

impl PaymentRow {
    fn is_in(&self) -> bool {
        matches!(self.status.as_str(), "captured" | "collected" | "partially_refunded" | "refunded")
    }
}

fn payment_agrees(order: &OrderRow, payment: Option<&PaymentRow>, wrong: &mut impl FnMut(&'static str, String)) {
    let Some(payment) = payment else {
        if order.status != "cancelled" {
            wrong("every order that lives has a payment", order.status.clone());
        }
        return;
    };
    if payment.amount != order.total || payment.vendor_id != order.vendor_id {
        wrong("an order's payment is over its total", format!("{payment:?}, {order:?}"));
    }
    let expected = match payment.status.as_str() {
        "captured" | "collected" => "paid",
        "partially_refunded" => "partially_refunded",
        "refunded" => "refunded",
        _ => "pending or failed",
    };
    let fits = expected == order.payment_status
        || (expected == "pending or failed" && matches!(order.payment_status.as_str(), "pending" | "failed"));
    if !fits || payment.refund_amount != order.refunded {
        wrong("order and payment agree on the money", format!("{payment:?}, {order:?}"));
    }
    if (order.status == "cancelled") != payment.ended {
        wrong("a payment knows of its order's end", format!("{payment:?}, {}", order.status));
    }
    let needs_money = order.payment_method == "online" && !matches!(order.status.as_str(), "pending" | "cancelled");
    if (needs_money || order.status == "completed") && !payment.is_in() {
        wrong("no order moves on without its money", format!("{payment:?}, {}", order.status));
    }
    let waits = order.payment_method == "online" && order.status == "pending" && payment.is_in() && !payment.quarantined;
    if waits {
        wrong("an order hears of its money", format!("{payment:?}"));
    }
}

fn delivery_agrees(order: &OrderRow, delivery: Option<&DeliveryRow>, wrong: &mut impl FnMut(&'static str, String)) {
    let status = delivery.map(|row| row.status.as_str());
    let fits = match order.status.as_str() {
        "pending" | "paid" => status.is_none(),
        "confirmed" | "preparing" => matches!(status, Some("pending" | "assigned" | "failed")),
        "in_transit" => matches!(status, Some("in_transit" | "failed" | "assigned")),
        "delivered" | "completed" => status == Some("delivered"),
        // Cancelled at the moment of the delivery: see the count of these in the report.
        _ => delivery.is_none_or(|row| row.ended),
    };
    if !fits {
        wrong("order and delivery agree", format!("{} with {delivery:?}", order.status));
    }
}

type Found = (&'static str, String, String);

fn payments_agree(theirs: &Value, ours: &BTreeMap<Uuid, PaymentRow>, strays: &BTreeMap<String, String>) -> Vec<Found> {
    let mut found = Vec::new();
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let by_gateway: BTreeMap<&str, &PaymentRow> =
        ours.values().filter_map(|row| Some((row.gateway_payment.as_deref()?, row))).collect();
    let mut captured = BTreeSet::new();
    for payment in theirs["payments"].as_array().into_iter().flatten().filter(|payment| payment["captured"] == true) {
        let id = text(payment, "id");
        match by_gateway.get(id.as_str()) {
            Some(row) if row.is_in() && payment["amount"].as_i64() == Some(row.amount) => {}
            None if strays.contains_key(&id) => {}
            other => found.push(("what the gateway captured is in our books", id.clone(), format!("{other:?}"))),
        }
        captured.insert(id);
    }
    for row in ours.values().filter(|row| row.is_in() && row.receipt.is_some()) {
        if !row.gateway_payment.as_ref().is_some_and(|id| captured.contains(id)) {
            found.push(("what our books have captured the gateway has", row.order_id.to_string(), format!("{row:?}")));
        }
    }
    let mut paid: BTreeMap<String, usize> = BTreeMap::new();
    for order in theirs["orders"].as_array().into_iter().flatten().filter(|order| order["status"] == "paid") {
        *paid.entry(text(order, "receipt")).or_default() += 1;
    }
    for (receipt, count) in paid.into_iter().filter(|(_, count)| *count > 1) {
        found.push(("at most one payment order of an order is paid", receipt, count.to_string()));
    }
    found
}

fn refunds_agree(theirs: &Value, ours: &BTreeMap<String, (String, i64, String)>) -> Vec<Found> {
    let mut found = Vec::new();
    let captured: BTreeSet<&str> = theirs["payments"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|payment| payment["captured"] == true)
        .filter_map(|payment| payment["id"].as_str())
        .collect();
    let mut known = BTreeSet::new();
    for refund in theirs["refunds"].as_array().into_iter().flatten() {
        let id = refund["id"].as_str().unwrap_or_default();
        known.insert(id);
        // The bank's own return of what nobody captured is no refund of ours.
        let of_captured = refund["payment_id"].as_str().is_some_and(|payment| captured.contains(payment));
        match ours.get(id) {
            Some((_, paise, status)) if refund["amount"].as_i64() == Some(*paise) && refund["status"] == *status => {}
            None if !of_captured => {}
            other => found.push(("each refund at the gateway is one of ours", id.to_owned(), format!("{other:?}, {refund}"))),
        }
    }
    for (id, (refund, ..)) in ours.iter().filter(|(id, _)| !known.contains(id.as_str())) {
        found.push(("each refund of ours is at the gateway", refund.clone(), id.clone()));
    }
    found
}

/// What each vendor has of each material, and what was delivered of it, in thousandths.
pub(super) async fn stock(watch: &Watch) -> Result<BTreeMap<Uuid, i64>> {
    let rows: Vec<(Uuid, i64)> = watch
        .rows(
            "catalog",
            "SELECT i.id, ((i.stock_quantity + coalesce((SELECT sum(l.quantity) FROM stock_reservation_lines l
                    JOIN stock_reservations r USING (order_id) WHERE l.inventory_id = i.id AND r.status = 'committed'), 0)) * 1000)::bigint
               FROM vendor_inventory i",
        )
        .await?;
    Ok(rows.into_iter().collect())
}
