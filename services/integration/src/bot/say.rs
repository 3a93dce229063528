//! What the bot says.

use domain::{Money, OrderNumber, OrderStatus, PaymentMethod};
use whatsapp::MessageKind;

use super::intent::Intent;
use super::market::{OrderView, Trouble};
use super::recognise::{Ask, Doubt};
use crate::usecases::send_message::Kept;

/// An answer: a text and up to three buttons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) text: String,
    buttons: Vec<(String, String)>,
}

impl Reply {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), buttons: Vec::new() }
    }

    /// The same with a button about an order.
    pub(crate) fn button(mut self, intent: Intent, order: &OrderNumber) -> Self {
        let verb = match intent {
            Intent::Confirm => "Confirm",
            Intent::Reject => "Reject",
            Intent::Preparing => "Preparing",
            Intent::OutForDelivery => "Dispatch",
            Intent::ResendCode => "Resend",
            Intent::CodCollected => "Cash",
            _ => "Status",
        };
        self.add(format!("{}:{order}", intent.as_str()), format!("{verb} {order}"));
        self
    }

    /// The same with a button about nothing in particular.
    pub(crate) fn plain_button(mut self, intent: Intent, title: &str) -> Self {
        self.add(intent.as_str().to_owned(), title.to_owned());
        self
    }

    /// The same with a button that carries its own id.
    pub(crate) fn own_button(mut self, id: String, title: String) -> Self {
        self.add(id, title);
        self
    }

    /// Meta takes three buttons with different titles of twenty characters.
    fn add(&mut self, id: String, title: String) {
        let title: String = title.chars().take(20).collect();
        if self.buttons.len() < 3 && self.buttons.iter().all(|(_, known)| *known != title) {
            self.buttons.push((id, title));
        }
    }

    /// As it is kept and sent. Buttons go with at most 1024 characters.
    pub(crate) fn kept(self) -> Kept {
        if self.buttons.is_empty() {
            Kept::Text { body: self.text.chars().take(4096).collect() }
        } else {
            Kept::Buttons { body: self.text.chars().take(1024).collect(), buttons: self.buttons }
        }
    }
}

/// `₹1234.50`.
pub(crate) fn rupees(amount: Money) -> String {
    format!("₹{amount}")
}

/// An order's state in words.
pub(crate) const fn in_words(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::Pending => "waiting for payment",
        OrderStatus::Paid => "paid, waiting for you to confirm",
        OrderStatus::Confirmed => "confirmed",
        OrderStatus::Preparing => "being prepared",
        OrderStatus::InTransit => "out for delivery",
        OrderStatus::Delivered => "delivered",
        OrderStatus::Completed => "completed",
        OrderStatus::Cancelled => "cancelled",
    }
}

/// An order in one line.
pub(crate) fn line(order: &OrderView) -> String {
    let status = if order.waits() { "waiting for you to confirm" } else { in_words(order.status) };
    format!("{}: {status}, {}", order.order_number, rupees(order.total))
}

/// An order at length, with what can be done next.
pub(crate) fn order(order: &OrderView) -> Reply {
    let mut text = format!("📦 {}", line(order));
    if order.payment_method == PaymentMethod::Cod {
        text.push_str(" (cash on delivery)");
    }
    for item in order.items.iter().take(10) {
        let quantity = item.quantity.as_str().map_or_else(|| item.quantity.to_string(), str::to_owned);
        text.push_str(&format!("\n• {quantity} {} {}", item.unit, item.name));
    }
    next_steps(Reply::text(text), order)
}

fn next_steps(reply: Reply, order: &OrderView) -> Reply {
    let number = &order.order_number;
    match order.status {
        _ if order.waits() => reply.button(Intent::Confirm, number).button(Intent::Reject, number),
        OrderStatus::Confirmed => reply.button(Intent::Preparing, number).button(Intent::OutForDelivery, number),
        OrderStatus::Preparing => reply.button(Intent::OutForDelivery, number),
        OrderStatus::InTransit => reply.button(Intent::ResendCode, number),
        _ => reply,
    }
}

/// No such order, or somebody else's: the same to whoever asks.
pub(crate) fn not_found(number: &OrderNumber) -> Reply {
    Reply::text(format!("❌ Order {number} not found.")).plain_button(Intent::OpenOrders, "My orders")
}

/// What can be said.
pub(crate) fn help() -> Reply {
    Reply::text(
        "I can help with your orders. Try:\n\
         • Status ORD123 (where an order stands)\n\
         • Orders (what is open)\n\
         • Confirm ORD123\n\
         • Reject ORD123 no stock\n\
         • Preparing ORD123\n\
         • Out for delivery ORD123\n\
         • the buyer's 6-digit code, or a photo of the delivery\n\
         • COD collected ORD123\n\
         • Available / Not available\n\
         • Earnings",
    )
    .plain_button(Intent::OpenOrders, "My orders")
    .plain_button(Intent::Earnings, "Earnings")
}

/// To somebody we do not know.
pub(crate) fn stranger(sign_up_url: &str) -> Reply {
    Reply::text(format!(
        "Namaste! 🙏 This is RealServ, the marketplace for construction materials in Hyderabad. \
         This number is not registered as a vendor yet. Sign up here with this phone number: {sign_up_url}\n\
         Then write to me again and I will help with your orders."
    ))
}

/// To a buyer or to staff.
pub(crate) fn not_a_vendor(name: &str) -> Reply {
    Reply::text(format!(
        "Namaste {name}! 🙏 This chat is for our vendors. Please use the RealServ app for your orders; our support team is there too."
    ))
}

/// To a vendor who may not act at present.
pub(crate) fn shut_out() -> Reply {
    Reply::text(
        "Your RealServ account is not active at the moment, so I cannot do this for you. Please contact RealServ support.",
    )
}

/// We have tried for some time.
pub(crate) fn gave_up() -> Reply {
    Reply::text(
        "Sorry, something is not working on our side, and your message could not be carried out. Please send it again in a while.",
    )
}

/// A kind of message that we cannot read.
pub(crate) fn unsupported(kind: &MessageKind) -> Reply {
    let text = match kind {
        MessageKind::Audio(_) => "Sorry, I cannot listen to voice messages yet. Please write it.",
        MessageKind::Video(_) => "Sorry, I cannot watch videos yet. Please send a photo.",
        MessageKind::Location { .. } => "Thank you for the location. I do not need it at the moment.",
        MessageKind::Document(_) => "Sorry, I can take photos here. Please upload papers in the vendor web app.",
        _ => "Sorry, I cannot read this kind of message. Please write it.",
    };
    Reply::text(text).plain_button(Intent::Help, "Help")
}

/// What a refusal is to a person.
pub(crate) fn refused(order: Option<&OrderNumber>, trouble: &Trouble) -> Reply {
    let Trouble::Refused { code, message, details, .. } = trouble else {
        return gave_up();
    };
    if code == "illegal_transition" {
        let from = details["from"].as_str().and_then(|from| from.parse::<OrderStatus>().ok());
        if let (Some(from), Some(order)) = (from, order) {
            return Reply::text(format!("This is not possible: {order} is {}.", in_words(from)))
                .button(Intent::OrderStatus, order);
        }
    }
    let sentence = sentence(message);
    let reply = match order {
        Some(order) => Reply::text(format!("This did not work for {order}: {sentence}")).button(Intent::OrderStatus, order),
        None => Reply::text(format!("This did not work: {sentence}")),
    };
    reply.plain_button(Intent::Help, "Help")
}

fn sentence(message: &str) -> String {
    if message.is_empty() { "it was refused.".to_owned() } else { format!("{}.", message.trim_end_matches('.')) }
}

/// Nothing was done: what should be?
pub(crate) fn ask_back(ask: &Ask) -> Reply {
    let text = match ask.doubt {
        Doubt::NotUnderstood => "I did not understand that.",
        Doubt::Unsure => "I am not sure I understood. I have not changed anything.",
        Doubt::Negation => "All right, I have not changed anything.",
        Doubt::Question => "I have not changed anything.",
        Doubt::TwoOrders => "Please one order at a time. I have not changed anything.",
        Doubt::TwoThings => "Please one thing at a time. I have not changed anything.",
        Doubt::UnclearNumber => "I cannot read the order number. It looks like ORD000123. I have not changed anything.",
        Doubt::Relative => "Please tell me the new figure itself, not more or less. I have not changed anything.",
        Doubt::Later => "I can only do things now, not later. I have not changed anything.",
        Doubt::Unit => "I do not know that unit. I have not changed anything.",
        Doubt::Part => "I can only take the whole of it. I have not changed anything.",
        Doubt::Condition => "I can only do it or not, without conditions. I have not changed anything.",
        Doubt::Forwarded => "This was forwarded, so I have not changed anything.",
        Doubt::CodeNotAwaited => "I am not waiting for a code. Send *Out for delivery* with the order number first.",
        Doubt::Stock => "Stock and prices can be changed in the vendor web app for now. I have not changed anything.",
    };
    if matches!(ask.doubt, Doubt::TwoOrders | Doubt::UnclearNumber | Doubt::Stock) {
        return Reply::text(text).plain_button(Intent::OpenOrders, "My orders").plain_button(Intent::Help, "Help");
    }
    match (&ask.order, ask.likely) {
        (Some(order), likely) => buttons_for(Reply::text(format!("{text} What should I do with {order}?")), order, likely),
        (None, Some(Intent::Available | Intent::NotAvailable)) => Reply::text(format!("{text} Are you accepting orders now?"))
            .plain_button(Intent::Available, "Available")
            .plain_button(Intent::NotAvailable, "Not available"),
        _ => Reply::text(format!("{text} What would you like to do?"))
            .plain_button(Intent::OpenOrders, "My orders")
            .plain_button(Intent::Earnings, "Earnings")
            .plain_button(Intent::Help, "Help"),
    }
}

fn buttons_for(reply: Reply, order: &OrderNumber, likely: Option<Intent>) -> Reply {
    match likely {
        Some(Intent::Confirm | Intent::Reject | Intent::Cancel) => {
            reply.button(Intent::Confirm, order).button(Intent::Reject, order).button(Intent::OrderStatus, order)
        }
        Some(likely @ (Intent::Preparing | Intent::OutForDelivery | Intent::ResendCode | Intent::CodCollected)) => {
            reply.button(likely, order).button(Intent::OrderStatus, order)
        }
        _ => reply.button(Intent::OrderStatus, order).plain_button(Intent::Help, "Help"),
    }
}
