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
    /// The order is not known to be cancelled.
    OrderStands,
    /// Both.
    CashAndOrderStands,
    /// The vendor heard of the order before.
    VendorWasTold,
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

/// The whole matrix.
#[derive(Debug, Clone)]
pub struct Matrix(BTreeMap<String, Vec<Rule>>);

impl Matrix {
    /// The checked-in one.
    ///
    /// # Errors
    /// It is not what it should be; a test sees that before.
    pub fn load() -> Result<Self, serde_json::Error> {
        let rules: Vec<Rule> = serde_json::from_str(include_str!("../../matrix.json"))?;
        let mut by_event = BTreeMap::<String, Vec<Rule>>::new();
        for rule in rules {
            by_event.entry(rule.event.clone()).or_default().push(rule);
        }
        Ok(Self(by_event))
    }

    /// What an event leads to.
    #[must_use]
    pub fn rules(&self, event: &str) -> &[Rule] {
        self.0.get(event).map_or(&[], Vec::as_slice)
    }

    /// Every rule.
    pub fn all(&self) -> impl Iterator<Item = &Rule> {
        self.0.values().flatten()
    }
}
