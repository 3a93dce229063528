//! At the end: the first order's story across the services, and the ledger in balance.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::api::text;
use super::cast::{Played, World};
use super::figures::{Paise, paise, rupees};
use super::list;
use super::settling::Settled;
use super::story::Story;

/// The order's whole story, from the events of all services.
pub(super) async fn timeline(world: &mut World, story: &mut Story, order: &Played) -> Result<()> {
    story.chapter(&format!("The story of {}", order.number));
    let path = format!("/api/v1/orders/{}/timeline", order.id);
    let told = |entries: &serde_json::Value, kind: &str| list(entries).iter().any(|entry| entry["type"] == kind);
    let timeline = world.api.until(&path, &world.omar, |entries| told(entries, "SettlementPaid")).await?;
    for entry in list(&timeline) {
        let words = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        let at = words("occurred_at").chars().take(19).collect::<String>().replace('T', " ");
        story.detail(&format!("{at}  {:<18} {:<22} {}", words("source"), words("type"), words("summary")));
    }
    for kind in [
        "OrderPlaced",
        "StockReserved",
        "PaymentCaptured",
        "OrderConfirmed",
        "DeliveryDispatched",
        "DeliveryDelivered",
        "StockCommitted",
        "OrderCompleted",
        "SettlementPaid",
    ] {
        let there = if told(&timeline, kind) { "told" } else { "missing" };
        story.same(kind, there, "told");
    }
    Ok(())
}

/// Every account, and that all of it adds up to nothing.
pub(super) async fn ledger(world: &mut World, story: &mut Story, settled: &Settled) -> Result<()> {
    story.chapter("The ledger");
    // The last settlement reaches the ledger by an event.
    let netted = format!("cash_with_vendor:{}", world.vendor_id);
    let is_netted = |ledger: &Value| list(&ledger["accounts"]).iter().any(|a| a["account"] == netted && a["balance"] == "0.00");
    let ledger = world.api.until("/api/v1/payments/ledger/accounts", &world.farah, is_netted).await?;
    let accounts = ledger["accounts"].clone();
    let mut balances: BTreeMap<String, Paise> = BTreeMap::new();
    for account in list(&accounts) {
        let balance = paise(&text(&account, "/balance")?)?;
        let name = text(&account, "/account")?;
        story.detail(&format!("{name:<60} {:>18}", rupees(balance)));
        *balances.entry(name).or_default() += balance;
    }
    story.amount("sum of all accounts", balances.values().sum(), 0);
    let of = |name: &str| balances.get(name).copied().unwrap_or_default();
    let vendor = &world.vendor_id;
    story.amount("bank: the payout left it", of("bank"), -settled.payout);
    story.amount("refunds: nothing is owed to buyers", of("refunds"), 0);
    story.amount("cash with the vendor: netted", of(&format!("cash_with_vendor:{vendor}")), 0);
    let commission = of("platform_commission");
    let owed = of(&format!("vendor_payable:{vendor}"));
    story.amount("vendor owes what the cash order's commission is", owed, -commission - settled.commission);
    balances.get("gateway_clearing").context("no gateway_clearing account")?;
    Ok(())
}
