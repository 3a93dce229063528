//! Does what is wanted, through the public API, and says so.
//!
//! Each act looks first where the order stands: tried a second time it finds its work done and says the same.

use domain::{DeliveryStatus, Money, OrderNumber, OrderStatus, PaymentState};
use serde_json::json;

use super::intent::Intent;
use super::market::{DeliveryView, EarningsView, Newest, OrderView, PaymentView, Trouble, found};
use super::recognise::Recognised;
use super::say::{self, Reply, rupees};
use super::state::State;
use super::vendor::Turn;

type Done = Result<(Reply, State), Trouble>;

/// Does it. A refusal is an answer; only what may work later comes back as trouble.
pub(crate) async fn act(turn: &Turn<'_>, wanted: Recognised) -> Done {
    let order = wanted.order.clone();
    match carry_out(turn, wanted).await {
        Err(trouble @ Trouble::Refused { .. }) => Ok((say::refused(order.as_ref(), &trouble), turn.state.clone())),
        other => other,
    }
}

async fn carry_out(turn: &Turn<'_>, wanted: Recognised) -> Done {
    let keep = |reply| Ok((reply, turn.state.clone()));
    match wanted.intent {
        Intent::Greeting => keep(greeting(&turn.vendor.name)),
        Intent::Thanks => keep(Reply::text("You are welcome! 🙏")),
        Intent::Help => keep(say::help()),
        Intent::Language => {
            keep(Reply::text("I understand English and simple Hindi and Telugu words, and answer in English for now."))
        }
        Intent::Stock => keep(Reply::text("Stock and prices can be seen and changed in the vendor web app for now.")),
        Intent::Cancel => cancel(turn, wanted.order.as_ref()),
        Intent::OpenOrders => keep(open_orders(turn).await?),
        Intent::OrderStatus => keep(order_status(turn, wanted.order.as_ref()).await?),
        Intent::Confirm => confirm(turn, wanted.order).await,
        Intent::Reject => reject(turn, wanted.order, wanted.reason).await,
        Intent::Preparing => preparing(turn, wanted.order).await,
        Intent::OutForDelivery => out_for_delivery(turn, wanted.order).await,
        Intent::Code => code(turn, wanted.order.as_ref(), wanted.code.as_deref()).await,
        Intent::ResendCode => resend_code(turn, wanted.order).await,
        Intent::Delivered => delivered(turn, wanted.order).await,
        Intent::CodCollected => cod_collected(turn, wanted.order, wanted.amount).await,
        Intent::Available => keep(availability(turn, true).await?),
        Intent::NotAvailable => keep(availability(turn, false).await?),
        Intent::Earnings => keep(earnings(turn).await?),
        Intent::Photo => keep(Reply::text("Please send the photo itself. A caption with the order number helps.")),
    }
}

fn greeting(name: &str) -> Reply {
    Reply::text(format!("Namaste {name}! 🙏 What would you like to do?"))
        .plain_button(Intent::OpenOrders, "My orders")
        .plain_button(Intent::Earnings, "Earnings")
        .plain_button(Intent::Help, "Help")
}

/// Leaves a conversation; it never cancels an order (rule 43).
fn cancel(turn: &Turn<'_>, order: Option<&OrderNumber>) -> Done {
    if let Some(order) = order {
        let reply = Reply::text(format!("Do you want to reject {order}? I have not changed anything."));
        return Ok((reply.button(Intent::Reject, order).button(Intent::OrderStatus, order), turn.state.clone()));
    }
    let text = if turn.state == State::Idle {
        "There is nothing to leave. No order was changed."
    } else {
        "All right, left. No order was changed."
    };
    Ok((Reply::text(text).plain_button(Intent::OpenOrders, "My orders"), State::Idle))
}

async fn open_orders(turn: &Turn<'_>) -> Result<Reply, Trouble> {
    let orders: Vec<OrderView> = turn.orders().await?.into_iter().filter(OrderView::is_open).collect();
    let Some(first) = orders.first() else {
        return Ok(Reply::text("You have no open orders."));
    };
    let mut text = format!("You have {} open order{}:", orders.len(), if orders.len() == 1 { "" } else { "s" });
    for order in orders.iter().take(15) {
        text.push_str(&format!("\n• {}", say::line(order)));
    }
    let next = orders.iter().find(|order| order.waits()).unwrap_or(first);
    let reply = Reply::text(text);
    Ok(if next.waits() {
        reply.button(Intent::Confirm, &next.order_number).button(Intent::Reject, &next.order_number)
    } else {
        reply.button(Intent::OrderStatus, &next.order_number)
    })
}

async fn order_status(turn: &Turn<'_>, number: Option<&OrderNumber>) -> Result<Reply, Trouble> {
    let Some(number) = number else {
        return Ok(
            Reply::text("Please give the order number. Example: Status ORD123").plain_button(Intent::OpenOrders, "My orders")
        );
    };
    Ok(turn.order(number).await?.map_or_else(|| say::not_found(number), |order| say::order(&order)))
}

/// The order that is named. Without a number it is asked for, with the open orders that fit as buttons.
async fn named(
    turn: &Turn<'_>,
    number: Option<OrderNumber>,
    intent: Intent,
    fits: fn(&OrderView) -> bool,
) -> Result<Result<OrderView, Reply>, Trouble> {
    if let Some(number) = number {
        return Ok(turn.order(&number).await?.ok_or_else(|| say::not_found(&number)));
    }
    let fitting: Vec<OrderView> = turn.orders().await?.into_iter().filter(fits).collect();
    if fitting.is_empty() {
        return Ok(Err(Reply::text("I find no order of yours that this fits. I have not changed anything.")
            .plain_button(Intent::OpenOrders, "My orders")));
    }
    let mut reply = Reply::text("Which order do you mean? I have not changed anything.");
    for order in fitting.iter().take(3) {
        reply = reply.button(intent, &order.order_number);
    }
    Ok(Err(reply))
}

/// The order that is named, or the only one that fits.
async fn named_or_only(
    turn: &Turn<'_>,
    number: Option<OrderNumber>,
    intent: Intent,
    fits: fn(&OrderView) -> bool,
) -> Result<Result<OrderView, Reply>, Trouble> {
    if number.is_none() {
        let mut fitting = turn.orders().await?.into_iter().filter(fits);
        if let (Some(only), None) = (fitting.next(), fitting.next()) {
            return Ok(Ok(only));
        }
    }
    named(turn, number, intent, fits).await
}

async fn confirm(turn: &Turn<'_>, number: Option<OrderNumber>) -> Done {
    let order = match named(turn, number, Intent::Confirm, OrderView::waits).await? {
        Ok(order) => order,
        Err(reply) => return Ok((reply, turn.state.clone())),
    };
    let number = &order.order_number;
    let known = matches!(order.status, OrderStatus::Confirmed | OrderStatus::Preparing | OrderStatus::InTransit);
    if !known {
        turn.post(&format!("/api/v1/orders/{}/confirm", order.id), None, "confirm").await?;
    }
    let reply = Reply::text(format!("✅ {number} is confirmed. Tell me when it is being prepared or out for delivery."));
    Ok((reply.button(Intent::Preparing, number).button(Intent::OutForDelivery, number), State::Idle))
}

async fn reject(turn: &Turn<'_>, number: Option<OrderNumber>, reason: Option<String>) -> Done {
    let fits = |order: &OrderView| order.waits() || matches!(order.status, OrderStatus::Confirmed | OrderStatus::Preparing);
    let order = match named(turn, number, Intent::Reject, fits).await? {
        Ok(order) => order,
        Err(reply) => return Ok((reply, turn.state.clone())),
    };
    let number = order.order_number.clone();
    let Some(reason) = reason.filter(|reason| reason.trim().chars().count() >= 3) else {
        let reply =
            Reply::text(format!("Why do you reject {number}? Please write the reason, or *cancel* to leave it as it is."));
        return Ok((reply, State::AwaitingReason { order_number: number }));
    };
    if order.status != OrderStatus::Cancelled || turn.steps.done("reject").is_none() {
        let reason: String = reason.chars().take(500).collect();
        if order.status != OrderStatus::Cancelled {
            turn.steps.mark("reject", json!(true)).await?;
        }
        turn.post(&format!("/api/v1/orders/{}/cancel", order.id), Some(&json!({ "reason": reason })), "reject").await?;
    }
    Ok((Reply::text(format!("{number} is rejected. The buyer is told, and what was paid goes back.")), State::Idle))
}

async fn preparing(turn: &Turn<'_>, number: Option<OrderNumber>) -> Done {
    let fits = |order: &OrderView| order.status == OrderStatus::Confirmed;
    let order = match named_or_only(turn, number, Intent::Preparing, fits).await? {
        Ok(order) => order,
        Err(reply) => return Ok((reply, turn.state.clone())),
    };
    if order.status != OrderStatus::Preparing {
        turn.put(&format!("/api/v1/orders/{}/status", order.id), &json!({ "status": "preparing" })).await?;
    }
    let reply = Reply::text(format!("👍 {} is being prepared. Tell me when it is out for delivery.", order.order_number));
    Ok((reply.button(Intent::OutForDelivery, &order.order_number), State::Idle))
}

async fn out_for_delivery(turn: &Turn<'_>, number: Option<OrderNumber>) -> Done {
    let fits = |order: &OrderView| matches!(order.status, OrderStatus::Confirmed | OrderStatus::Preparing);
    let order = match named_or_only(turn, number, Intent::OutForDelivery, fits).await? {
        Ok(order) => order,
        Err(reply) => return Ok((reply, turn.state.clone())),
    };
    let number = &order.order_number;
    if order.waits() {
        let reply = Reply::text(format!("Please confirm {number} first. I have not changed anything."));
        return Ok((reply.button(Intent::Confirm, number).button(Intent::Reject, number), turn.state.clone()));
    }
    if !matches!(order.status, OrderStatus::Confirmed | OrderStatus::Preparing | OrderStatus::InTransit) {
        return Ok((say::order(&order), turn.state.clone()));
    }
    // The delivery is made a moment after the order was confirmed.
    let delivery = turn.delivery(order.id).await?.ok_or_else(|| Trouble::Later("there is no delivery yet".to_owned()))?;
    match delivery.status {
        DeliveryStatus::Delivered => return Ok((say::order(&order), State::Idle)),
        DeliveryStatus::InTransit => {}
        DeliveryStatus::Pending | DeliveryStatus::Assigned | DeliveryStatus::Failed => {
            turn.move_delivery(&delivery, "in_transit").await?
        }
    }
    send_code(turn, &order, &delivery, &format!("🚚 {number} is out for delivery.")).await
}

/// Has the code sent once for this message, and waits for it.
async fn send_code(turn: &Turn<'_>, order: &OrderView, delivery: &DeliveryView, first: &str) -> Done {
    let number = &order.order_number;
    let state =
        State::AwaitingCode { delivery_id: delivery.id, order_id: order.id, order_number: number.clone(), cash: order.cash() };
    if turn.steps.done("otp").is_none() {
        match turn.post(&format!("/api/v1/deliveries/{}/generate-otp", delivery.id), None, "otp").await {
            Ok(_) => turn.steps.mark("otp", json!(true)).await?,
            Err(trouble @ Trouble::Refused { .. }) => {
                let why = say::refused(Some(number), &trouble).text;
                return Ok((Reply::text(format!("{first}\n{why}")).button(Intent::ResendCode, number), state));
            }
            Err(trouble) => return Err(trouble),
        }
    }
    let mut text = format!(
        "{first} The buyer has got a 6-digit code by SMS. Ask for it at the door and send it to me here, with a photo if you can."
    );
    if let Some(cash) = order.cash() {
        text.push_str(&format!("\n💵 Cash to collect: {}", rupees(cash)));
    }
    Ok((Reply::text(text).button(Intent::ResendCode, number), state))
}

async fn code(turn: &Turn<'_>, number: Option<&OrderNumber>, code: Option<&str>) -> Done {
    let State::AwaitingCode { delivery_id, order_id, order_number, cash } = &turn.state else {
        return Ok((
            Reply::text("I am not waiting for a code.").plain_button(Intent::OpenOrders, "My orders"),
            turn.state.clone(),
        ));
    };
    if number.is_some_and(|number| number != order_number) {
        let text = format!(
            "I am waiting for the code of {order_number}. Send *Out for delivery* with the other number for a code of that order."
        );
        return Ok((Reply::text(text).button(Intent::OrderStatus, order_number), turn.state.clone()));
    }
    let body = json!({ "code": code.unwrap_or_default() });
    if let Err(trouble) = turn.post(&format!("/api/v1/deliveries/{delivery_id}/verify-otp"), Some(&body), "verify").await {
        let Trouble::Refused { message, .. } = &trouble else { return Err(trouble) };
        // A try before this one may have gone through.
        let delivered = turn.delivery(*order_id).await?.is_some_and(|delivery| delivery.status == DeliveryStatus::Delivered);
        if !delivered {
            let reply = Reply::text(format!("❌ {order_number}: {}. Please ask the buyer again.", message.trim_end_matches('.')));
            return Ok((reply.button(Intent::ResendCode, order_number), turn.state.clone()));
        }
    }
    // A photo may still follow, and the cash.
    let state = State::Delivered { order_id: *order_id, order_number: order_number.clone() };
    let text = format!("✅ {order_number} is delivered. Well done!");
    let Some(cash) = cash else {
        return Ok((Reply::text(text).plain_button(Intent::Earnings, "Earnings"), state));
    };
    let text = format!("{text}\n💵 Collect {} in cash, then press the button or write *COD collected*.", rupees(*cash));
    Ok((Reply::text(text).button(Intent::CodCollected, order_number), state))
}

/// The delivery on its way that is meant: the named one, the one we talk about, or the only one.
async fn on_its_way(turn: &Turn<'_>, number: Option<OrderNumber>, intent: Intent) -> Result<Result<OrderView, Reply>, Trouble> {
    let number = match (&turn.state, number) {
        (_, Some(number)) => Some(number),
        (State::AwaitingCode { order_number, .. }, None) => Some(order_number.clone()),
        _ => None,
    };
    named_or_only(turn, number, intent, |order| order.status == OrderStatus::InTransit).await
}

async fn resend_code(turn: &Turn<'_>, number: Option<OrderNumber>) -> Done {
    let order = match on_its_way(turn, number, Intent::ResendCode).await? {
        Ok(order) => order,
        Err(reply) => return Ok((reply, turn.state.clone())),
    };
    match turn.delivery(order.id).await? {
        Some(delivery) if delivery.status == DeliveryStatus::InTransit => {
            send_code(turn, &order, &delivery, &format!("📨 {}: a new code.", order.order_number)).await
        }
        _ => Ok((say::order(&order), turn.state.clone())),
    }
}

/// "Delivered" without a code asks for the code or a photo.
async fn delivered(turn: &Turn<'_>, number: Option<OrderNumber>) -> Done {
    let order = match on_its_way(turn, number, Intent::OrderStatus).await? {
        Ok(order) => order,
        Err(reply) => return Ok((reply, turn.state.clone())),
    };
    let number = &order.order_number;
    match turn.delivery(order.id).await? {
        Some(delivery) if delivery.status == DeliveryStatus::InTransit => {
            let state = State::AwaitingCode {
                delivery_id: delivery.id,
                order_id: order.id,
                order_number: number.clone(),
                cash: order.cash(),
            };
            let reply =
                Reply::text(format!("Please send the buyer's 6-digit code for {number}, or a photo of the delivered goods."));
            Ok((reply.button(Intent::ResendCode, number), state))
        }
        _ => Ok((say::order(&order), turn.state.clone())),
    }
}

async fn cod_collected(turn: &Turn<'_>, number: Option<OrderNumber>, amount: Option<Money>) -> Done {
    let number = match (&turn.state, number) {
        (_, Some(number)) => Some(number),
        (State::Delivered { order_number, .. }, None) => Some(order_number.clone()),
        _ => None,
    };
    let fits = |order: &OrderView| order.status == OrderStatus::Delivered && order.cash().is_some();
    let order = match named(turn, number, Intent::CodCollected, fits).await? {
        Ok(order) => order,
        Err(reply) => return Ok((reply, turn.state.clone())),
    };
    let number = &order.order_number;
    if order.cash().is_none() {
        return Ok((Reply::text(format!("{number} is paid online: there is no cash to collect.")), turn.state.clone()));
    }
    let payment: Option<Newest<PaymentView>> = found(turn.get(&format!("/api/v1/payments/order/{}", order.id)).await)?;
    let Some(payment) = payment.and_then(|newest| newest.0) else {
        return Err(Trouble::Later("there is no payment yet".to_owned()));
    };
    if amount.is_some_and(|amount| amount != payment.amount) {
        let text = format!("The cash to collect for {number} is {}. I have not changed anything.", rupees(payment.amount));
        return Ok((Reply::text(text).button(Intent::CodCollected, number), turn.state.clone()));
    }
    if payment.status != PaymentState::Collected {
        let mut body = json!({ "amount": payment.amount });
        if let Some(proof) = turn.steps.done("proof") {
            body["proof_media_id"] = proof;
        }
        turn.put(&format!("/api/v1/payments/cod/{}/mark-collected", payment.id), &body).await?;
    }
    let reply = Reply::text(format!("💵 {}: {} collected. Thank you!", number, rupees(payment.amount)));
    Ok((reply.plain_button(Intent::Earnings, "Earnings"), State::Idle))
}

async fn availability(turn: &Turn<'_>, open: bool) -> Result<Reply, Trouble> {
    let path = format!("/api/v1/vendors/{}/availability", turn.vendor.vendor_id);
    turn.put(&path, &json!({ "is_accepting_orders": open })).await?;
    Ok(if open {
        Reply::text("✅ You are now accepting orders.").plain_button(Intent::NotAvailable, "Not available")
    } else {
        Reply::text("⏸️ You are not accepting orders.").plain_button(Intent::Available, "Available")
    })
}

async fn earnings(turn: &Turn<'_>) -> Result<Reply, Trouble> {
    let earned: EarningsView = turn.get(&format!("/api/v1/earnings/vendor/{}", turn.vendor.vendor_id)).await?;
    let mut text = "💰 Your earnings to date:".to_owned();
    let figures = [
        ("Sales", earned.gross),
        ("Commission", earned.commission),
        ("Cash in your hands", earned.cod_in_hand),
        ("Paid to you", earned.paid_out),
        ("Due to you", earned.due),
    ];
    for (label, amount) in figures {
        text.push_str(&format!("\n• {label}: {}", rupees(amount)));
    }
    if earned.on_hold != Money::ZERO {
        text.push_str(&format!("\n• On hold: {}", rupees(earned.on_hold)));
    }
    Ok(Reply::text(text).plain_button(Intent::OpenOrders, "My orders"))
}
