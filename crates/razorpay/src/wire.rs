//! How Razorpay writes amounts, times and notes.

use std::{collections::BTreeMap, fmt};

use chrono::{DateTime, Utc};
use domain::Money;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};

/// Our own key-value pairs on an entity: an object, `[]` when there are none, `null` on links.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Notes(pub BTreeMap<String, String>);

impl Notes {
    /// The note under a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// The same notes with one more.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.insert(key.into(), value.into());
        self
    }
}

impl<'de> Deserialize<'de> for Notes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NotesVisitor)
    }
}

struct NotesVisitor;

impl<'de> Visitor<'de> for NotesVisitor {
    type Value = Notes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object, an empty array or null")
    }

    fn visit_unit<E>(self) -> Result<Notes, E> {
        Ok(Notes::default())
    }

    fn visit_none<E>(self) -> Result<Notes, E> {
        Ok(Notes::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Notes, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Notes::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Notes, A::Error> {
        let mut notes = BTreeMap::new();
        while let Some((key, value)) = entries.next_entry::<String, serde_json::Value>()? {
            let text = match value {
                serde_json::Value::String(text) => text,
                other => other.to_string(),
            };
            notes.insert(key, text);
        }
        Ok(Notes(notes))
    }
}

/// Money as an integer of paise.
pub(crate) fn paise<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Money, D::Error> {
    i64::deserialize(deserializer).map(Money::from_paise)
}

/// Money as an integer of paise, or null.
pub(crate) fn optional_paise<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Money>, D::Error> {
    Ok(Option::<i64>::deserialize(deserializer)?.map(Money::from_paise))
}

/// Money as an integer of paise; null is nothing.
pub(crate) fn paise_or_zero<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Money, D::Error> {
    Ok(Money::from_paise(Option::<i64>::deserialize(deserializer)?.unwrap_or_default()))
}

/// A Unix time; null, zero and absence all mean there is none.
pub(crate) fn optional_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    Ok(Option::<i64>::deserialize(deserializer)?.and_then(unix_time))
}

pub(crate) fn unix_time(seconds: i64) -> Option<DateTime<Utc>> {
    (seconds > 0).then(|| DateTime::from_timestamp(seconds, 0)).flatten()
}
