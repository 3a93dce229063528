//! An account at Firebase.

use chrono::{DateTime, Utc};
use domain::Phone;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{FirebaseError, check_claims};

/// What Firebase knows about somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Firebase's uid.
    pub uid: String,
    /// Phone, E.164.
    pub phone: Option<String>,
    /// Name.
    pub display_name: Option<String>,
    /// Whether signing in is refused.
    pub disabled: bool,
    /// Our custom claims.
    pub claims: Map<String, Value>,
    /// Tokens of sign-ins before this are void.
    pub valid_since: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: Option<DateTime<Utc>>,
    /// When its owner last signed in.
    pub last_login_at: Option<DateTime<Utc>>,
}

/// An account to make.
#[derive(Debug, Clone, Default)]
pub struct NewAccount {
    /// The uid we want; Firebase chooses one otherwise.
    pub uid: Option<String>,
    /// Phone.
    pub phone: Option<Phone>,
    /// E-mail; not verified until its owner signs in with it.
    pub email: Option<String>,
    /// Name.
    pub display_name: Option<String>,
}

/// What to change of an account; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct AccountChange {
    /// All custom claims, replacing those there are.
    pub claims: Option<Map<String, Value>>,
    /// Whether signing in is refused.
    pub disabled: Option<bool>,
    /// Voids tokens of earlier sign-ins.
    pub valid_since: Option<DateTime<Utc>>,
    /// Another phone.
    pub phone: Option<Phone>,
    /// Another name.
    pub display_name: Option<String>,
    /// Takes the phone away.
    pub forget_phone: bool,
}

impl NewAccount {
    pub(crate) fn body(&self) -> Value {
        let mut body = Map::new();
        put(&mut body, "localId", self.uid.clone());
        put(&mut body, "phoneNumber", self.phone.as_ref().map(Phone::to_string));
        put(&mut body, "email", self.email.clone());
        put(&mut body, "displayName", self.display_name.clone());
        Value::Object(body)
    }
}

impl AccountChange {
    pub(crate) fn body(&self, uid: &str) -> Result<Value, FirebaseError> {
        let mut body = Map::new();
        put(&mut body, "localId", Some(uid.to_owned()));
        let claims = self.claims.as_ref().map(check_claims).transpose()?;
        put(&mut body, "customAttributes", claims);
        // A number as text, as Google writes 64-bit integers.
        put(&mut body, "validSince", self.valid_since.map(|at| at.timestamp().to_string()));
        put(&mut body, "phoneNumber", self.phone.as_ref().map(Phone::to_string));
        put(&mut body, "displayName", self.display_name.clone());
        if let Some(disabled) = self.disabled {
            body.insert("disableUser".to_owned(), json!(disabled));
        }
        if self.forget_phone {
            body.insert("deleteProvider".to_owned(), json!(["phone"]));
        }
        Ok(Value::Object(body))
    }
}

fn put(body: &mut Map<String, Value>, name: &str, value: Option<String>) {
    if let Some(value) = value {
        body.insert(name.to_owned(), Value::String(value));
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct LookupAnswer {
    #[serde(default)]
    pub(crate) users: Vec<UserInfo>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct CreatedAnswer {
    #[serde(rename = "localId")]
    pub(crate) local_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserInfo {
    local_id: String,
    phone_number: Option<String>,
    display_name: Option<String>,
    #[serde(default)]
    disabled: bool,
    custom_attributes: Option<String>,
    valid_since: Option<String>,
    created_at: Option<String>,
    last_login_at: Option<String>,
}

impl From<UserInfo> for Account {
    fn from(user: UserInfo) -> Self {
        let number = |text: Option<String>| text?.parse::<i64>().ok();
        let claims = user.custom_attributes.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default();
        Self {
            uid: user.local_id,
            phone: user.phone_number,
            display_name: user.display_name,
            disabled: user.disabled,
            claims,
            valid_since: number(user.valid_since).and_then(|seconds| DateTime::from_timestamp(seconds, 0)),
            created_at: number(user.created_at).and_then(DateTime::from_timestamp_millis),
            last_login_at: number(user.last_login_at).and_then(DateTime::from_timestamp_millis),
        }
    }
}
