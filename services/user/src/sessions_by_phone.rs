//! Which phone a sign-in session is for, so that tries of codes can be limited by phone too.
//!
//! Firebase's sessions are opaque; those begun here are remembered while their code counts. With the real Firebase the
//! app's SDK begins them and their phone is Firebase's to know: it limits tries by phone itself.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use domain::Phone;

/// Longer than a code counts.
const KEPT: TimeDelta = TimeDelta::minutes(15);
/// At most so many at once; more than the limits let begin in that time.
const MOST: usize = 50_000;

/// Sessions begun by this process. Clones share them.
#[derive(Clone, Default)]
pub struct SessionPhones(Arc<Mutex<Sessions>>);

/// Phone and beginning, by session.
type Sessions = HashMap<String, (Phone, DateTime<Utc>)>;

impl std::fmt::Debug for SessionPhones {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionPhones")
    }
}

impl SessionPhones {
    /// A session was begun for a phone.
    pub fn begun(&self, session: &str, phone: &Phone, now: DateTime<Utc>) {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if sessions.len() >= MOST / 2 {
            sessions.retain(|_, (_, at)| *at > now - KEPT);
        }
        if sessions.len() < MOST {
            sessions.insert(session.to_owned(), (phone.clone(), now));
        }
    }

    /// The phone of a session begun here.
    #[must_use]
    pub fn of(&self, session: &str) -> Option<Phone> {
        let sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.get(session).map(|(phone, _)| phone.clone())
    }
}
