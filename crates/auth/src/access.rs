//! Who has lost access since signing in (rule 9).

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use domain::{UserId, UserStatus};

use crate::FirebaseClaims;

/// A change of somebody's status or role, as `UserAccessChanged` tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessChange {
    /// Our user.
    pub user_id: UserId,
    /// The status since.
    pub status: UserStatus,
    /// Since when.
    pub changed_at: DateTime<Utc>,
}

/// Why a genuine token no longer opens anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccessDenied {
    /// Status or role changed after this sign-in: sign in again.
    #[error("access has changed since this sign-in; sign in again")]
    Revoked,
    /// The user is suspended.
    #[error("this user is suspended")]
    Suspended,
    /// The user is deleted.
    #[error("this user is deleted")]
    Deleted,
}

/// The changed users, by Firebase uid, in memory. Clones share one list.
///
/// Kept complete by each service: loaded at start and moved on by events.
#[derive(Debug, Clone, Default)]
pub struct AccessList {
    changes: Arc<RwLock<HashMap<String, AccessChange>>>,
}

impl AccessList {
    /// An empty list.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in a change, unless a later one of the same user is known. True if it was news.
    pub fn apply(&self, firebase_uid: &str, change: AccessChange) -> bool {
        let mut changes = self.changes.write().unwrap_or_else(PoisonError::into_inner);
        forward(&mut changes, firebase_uid.to_owned(), change)
    }

    /// Takes in what was loaded from a table. What came in by events meanwhile and is newer, or
    /// is not in the table yet, stays: loading never gives anybody access back.
    pub fn replace_all(&self, loaded: impl IntoIterator<Item = (String, AccessChange)>) {
        let mut fresh: HashMap<_, _> = loaded.into_iter().collect();
        let mut changes = self.changes.write().unwrap_or_else(PoisonError::into_inner);
        for (uid, held) in changes.drain() {
            forward(&mut fresh, uid, held);
        }
        *changes = fresh;
    }

    /// Whether the bearer of these verified claims still has access.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, claims: &FirebaseClaims) -> Result<(), AccessDenied> {
        let changes = self.changes.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(change) = changes.get(&claims.uid) {
            standing(change.status)?;
            // `auth_time` has whole seconds only: within the same second the change wins.
            if claims.auth_time.timestamp() <= change.changed_at.timestamp() {
                return Err(AccessDenied::Revoked);
            }
        }
        claims.status.map_or(Ok(()), standing)
    }
}

fn standing(status: UserStatus) -> Result<(), AccessDenied> {
    match status {
        UserStatus::Active => Ok(()),
        UserStatus::Suspended => Err(AccessDenied::Suspended),
        UserStatus::Deleted => Err(AccessDenied::Deleted),
    }
}

fn forward(changes: &mut HashMap<String, AccessChange>, uid: String, change: AccessChange) -> bool {
    match changes.entry(uid) {
        Entry::Vacant(vacant) => {
            vacant.insert(change);
            true
        }
        Entry::Occupied(mut held) if change.changed_at > held.get().changed_at => {
            held.insert(change);
            true
        }
        Entry::Occupied(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const AT: i64 = 1_767_225_600;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 900_000_000).unwrap()
    }

    fn signed_in(auth_time: i64) -> FirebaseClaims {
        FirebaseClaims {
            uid: "uid-0001".to_owned(),
            phone: None,
            email: None,
            auth_time: DateTime::from_timestamp(auth_time, 0).unwrap(),
            expires_at: at(AT + 3600),
            app_user_id: None,
            user_type: None,
            buyer_id: None,
            vendor_id: None,
            admin_role: None,
            status: None,
        }
    }

    fn change(status: UserStatus, seconds: i64) -> AccessChange {
        AccessChange { user_id: UserId::new(Uuid::from_u128(1)), status, changed_at: at(seconds) }
    }

    #[test]
    fn a_token_from_before_a_role_change_is_revoked_and_a_later_sign_in_is_not() {
        let list = AccessList::new();
        assert_eq!(list.check(&signed_in(AT)), Ok(()));
        assert!(list.apply("uid-0001", change(UserStatus::Active, AT)));
        assert_eq!(list.check(&signed_in(AT - 1)), Err(AccessDenied::Revoked));
        assert_eq!(list.check(&signed_in(AT)), Err(AccessDenied::Revoked), "the same second");
        assert_eq!(list.check(&signed_in(AT + 1)), Ok(()));
        let other = FirebaseClaims { uid: "uid-0002".to_owned(), ..signed_in(AT - 1) };
        assert_eq!(list.check(&other), Ok(()));
    }

    #[test]
    fn a_suspended_or_deleted_user_is_shut_out_whenever_they_signed_in() {
        for (status, denied) in [(UserStatus::Suspended, AccessDenied::Suspended), (UserStatus::Deleted, AccessDenied::Deleted)] {
            let list = AccessList::new();
            list.apply("uid-0001", change(status, AT));
            assert_eq!(list.check(&signed_in(AT + 500)), Err(denied));
            let told_by_the_token = FirebaseClaims { status: Some(status), ..signed_in(AT) };
            assert_eq!(AccessList::new().check(&told_by_the_token), Err(denied));
        }
    }

    #[test]
    fn changes_only_move_forward_in_time_whatever_order_they_arrive_in() {
        let list = AccessList::new();
        assert!(list.apply("uid-0001", change(UserStatus::Suspended, AT + 10)));
        assert!(!list.apply("uid-0001", change(UserStatus::Active, AT)));
        assert_eq!(list.check(&signed_in(AT + 20)), Err(AccessDenied::Suspended));
        assert!(list.apply("uid-0001", change(UserStatus::Active, AT + 15)));
        assert_eq!(list.check(&signed_in(AT + 20)), Ok(()));
    }

    #[test]
    fn loading_never_gives_back_access_that_an_event_took_away() {
        let list = AccessList::new();
        list.apply("uid-0001", change(UserStatus::Suspended, AT + 10));
        list.replace_all([
            ("uid-0001".to_owned(), change(UserStatus::Active, AT)),
            ("uid-0002".to_owned(), change(UserStatus::Deleted, AT)),
        ]);
        assert_eq!(list.check(&signed_in(AT + 20)), Err(AccessDenied::Suspended));
        let other = FirebaseClaims { uid: "uid-0002".to_owned(), ..signed_in(AT + 20) };
        assert_eq!(list.check(&other), Err(AccessDenied::Deleted));
        list.replace_all([]);
        assert_eq!(list.check(&signed_in(AT + 20)), Err(AccessDenied::Suspended));
    }
}
