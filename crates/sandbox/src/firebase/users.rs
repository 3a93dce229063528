//! The users themselves.

use serde_json::{Value, json};

use super::{FirebaseState, User, error::IdentityError};

impl User {
    /// The user as `UserInfo`.
    pub(super) fn info(&self) -> Value {
        let mut info = json!({
            "localId": self.local_id,
            "createdAt": self.created_at_ms.to_string(),
            "lastLoginAt": self.last_login_at_ms.to_string(),
            "lastRefreshAt": self.last_refresh_at,
            "validSince": self.valid_since.to_string(),
            "disabled": self.disabled,
        });
        if let Some(phone) = &self.phone_number {
            info["phoneNumber"] = json!(phone);
            info["providerUserInfo"] = json!([{"providerId": "phone", "phoneNumber": phone, "rawId": phone}]);
        }
        if let Some(email) = &self.email {
            info["email"] = json!(email);
            info["emailVerified"] = json!(self.email_verified);
        }
        for (name, value) in [("displayName", &self.display_name), ("customAttributes", &self.custom_attributes)] {
            if let Some(value) = value {
                info[name] = json!(value);
            }
        }
        info
    }
}

impl FirebaseState {
    /// Adds a user; phone and id must be free.
    pub(super) fn add_user(&mut self, uid: String, phone: Option<String>, now_ms: i64) -> Result<&mut User, IdentityError> {
        if self.users.contains_key(&uid) {
            return Err(IdentityError::bad("DUPLICATE_LOCAL_ID"));
        }
        if let Some(phone) = &phone {
            self.claim_phone(phone, &uid)?;
        }
        let user = User {
            local_id: uid.clone(),
            phone_number: phone,
            created_at_ms: now_ms,
            valid_since: now_ms / 1_000,
            ..User::default()
        };
        Ok(self.users.entry(uid).or_insert(user))
    }

    /// Makes a phone a user's own, taking the one it had away.
    pub(super) fn set_phone(&mut self, uid: &str, phone: Option<String>) -> Result<(), IdentityError> {
        if !self.users.contains_key(uid) {
            return Err(IdentityError::bad("USER_NOT_FOUND"));
        }
        if let Some(phone) = &phone {
            self.claim_phone(phone, uid)?;
        }
        if let Some(user) = self.users.get_mut(uid) {
            let before = std::mem::replace(&mut user.phone_number, phone);
            if before != user.phone_number
                && let Some(before) = before
            {
                self.phones.remove(&before);
            }
        }
        Ok(())
    }

    /// Removes a user and what leads to it.
    pub(super) fn remove_user(&mut self, uid: &str) -> Result<(), IdentityError> {
        let user = self.users.remove(uid).ok_or_else(|| IdentityError::bad("USER_NOT_FOUND"))?;
        if let Some(phone) = user.phone_number {
            self.phones.remove(&phone);
        }
        self.sessions.retain(|_, session| session.uid != uid);
        Ok(())
    }

    fn claim_phone(&mut self, phone: &str, uid: &str) -> Result<(), IdentityError> {
        match self.phones.get(phone) {
            Some(owner) if owner != uid => Err(IdentityError::bad("PHONE_NUMBER_EXISTS")),
            _ => {
                self.phones.insert(phone.to_owned(), uid.to_owned());
                Ok(())
            }
        }
    }
}
