//! Who hears of which event, by what and how: data, in `matrix.json`.

use std::collections::BTreeMap;

use domain::NotificationChannel;
use serde::Deserialize;

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// The buyer that the event names.
    Buyer,
    /// The vendor that the event names.
    Vendor,
    /// The user that the event is about.
    User,
    /// Every admin who is active.
    Staff,
}

/// On which condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// None.
    #[default]
    Always,
    /// The order is paid in cash.
    Cash,
    /// The order is paid online.
    Online,
    /// The order is not known to be cancelled.
    OrderStands,
    /// Both.
    CashAndOrderStands,
    /// The vendor heard of the order before.
    VendorWasTold,
    /// Staff did it.
    ByStaff,
    /// Somebody else than staff did it.
    NotByStaff,
}

impl Condition {
    /// Whether what is known of the order decides.
    #[must_use]
    pub const fn asks_the_order(self) -> bool {
        matches!(self, Self::OrderStands | Self::CashAndOrderStands | Self::VendorWasTold)
    }

    /// Whether the event alone says that it does not hold.
    #[must_use]
    pub const fn is_out(self, cash: bool, by_staff: bool) -> bool {
        match self {
            Self::Cash | Self::CashAndOrderStands => !cash,
            Self::Online => cash,
            Self::ByStaff => !by_staff,
            Self::NotByStaff => by_staff,
            Self::Always | Self::OrderStands | Self::VendorWasTold => false,
        }
    }
}

/// One line of the matrix.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The event's type.
    pub event: String,
    /// Who is told.
    pub audience: Audience,
    /// By which template.
    pub template: String,
    /// On which condition.
    #[serde(default)]
    pub when: Condition,
    /// Through these, as far as the recipient's preferences allow.
    pub channels: Vec<NotificationChannel>,
}

/// What is not told by an event but asked for by one of our services.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// By which template.
    pub template: String,
    /// Who is told.
    pub audience: Audience,
    /// Through these; empty when whoever asks names the channel.
    pub channels: Vec<NotificationChannel>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    events: Vec<Rule>,
    requests: Vec<Request>,
}

/// The whole matrix.
#[derive(Debug, Clone)]
pub struct Matrix {
    events: BTreeMap<String, Vec<Rule>>,
    requests: Vec<Request>,
}

impl Matrix {
    /// The checked-in one.
    ///
    /// # Errors
    /// It is not what it should be; a test sees that before.
    pub fn load() -> Result<Self, serde_json::Error> {
        let file: File = serde_json::from_str(include_str!("../../matrix.json"))?;
        let mut events = BTreeMap::<String, Vec<Rule>>::new();
        for rule in file.events {
            events.entry(rule.event.clone()).or_default().push(rule);
        }
        Ok(Self { events, requests: file.requests })
    }

    /// What an event leads to.
    #[must_use]
    pub fn rules(&self, event: &str) -> &[Rule] {
        self.events.get(event).map_or(&[], Vec::as_slice)
    }

    /// Through which channels a template goes that a service asks for.
    #[must_use]
    pub fn requested(&self, template: &str) -> &[NotificationChannel] {
        self.requests.iter().find(|request| request.template == template).map_or(&[], |request| &request.channels)
    }

    /// Every rule.
    pub fn all(&self) -> impl Iterator<Item = &Rule> {
        self.events.values().flatten()
    }

    /// Everything that services ask for.
    #[must_use]
    pub fn requests(&self) -> &[Request] {
        &self.requests
    }
}
