//! How a user's status may change.

use domain::UserStatus;

/// A change of status that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusChange {
    /// It is that already.
    Already,
    /// It becomes this.
    To(UserStatus),
}

/// A change that is not possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a user who is {from} cannot become {to}")]
pub struct IllegalTransition {
    /// What the user is.
    pub from: UserStatus,
    /// What was asked for.
    pub to: UserStatus,
}

/// Decides a change of status: `active` ↔ `suspended`, and both → `deleted`, which is for good.
///
/// # Errors
/// [`IllegalTransition`] out of `deleted`.
pub fn change(from: UserStatus, to: UserStatus) -> Result<StatusChange, IllegalTransition> {
    match (from, to) {
        _ if from == to => Ok(StatusChange::Already),
        (UserStatus::Deleted, _) => Err(IllegalTransition { from, to }),
        _ => Ok(StatusChange::To(to)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use UserStatus::{Active, Deleted, Suspended};

    #[test]
    fn nobody_comes_back_from_deletion_and_everything_else_is_possible() {
        assert_eq!(change(Active, Suspended), Ok(StatusChange::To(Suspended)));
        assert_eq!(change(Suspended, Active), Ok(StatusChange::To(Active)));
        assert_eq!(change(Suspended, Suspended), Ok(StatusChange::Already));
        assert_eq!(change(Suspended, Deleted), Ok(StatusChange::To(Deleted)));
        assert_eq!(change(Deleted, Active), Err(IllegalTransition { from: Deleted, to: Active }));
    }
}
