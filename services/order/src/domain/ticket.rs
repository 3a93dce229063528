//! A support ticket, its clock and what can happen to it.

use chrono::{DateTime, Utc};
use domain::{ActorKind, OrderId, TicketId, TicketNumber, UserId};
use uuid::Uuid;

use super::sla::{after_business, business_between, targets};
use super::words::{TicketCategory, TicketPriority, TicketStatus};

/// A support ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The ticket.
    pub id: TicketId,
    /// Its number.
    pub ticket_number: TicketNumber,
    /// The order it is about, if any.
    pub order_id: Option<OrderId>,
    /// Who opened it.
    pub created_by: UserId,
    /// As what.
    pub created_by_kind: ActorKind,
    /// Who of the staff works on it.
    pub assigned_to: Option<UserId>,
    /// What about.
    pub category: TicketCategory,
    /// In one line.
    pub subject: String,
    /// In whole.
    pub description: String,
    /// Media ids.
    pub attachments: Vec<Uuid>,
    /// How urgent.
    pub priority: TicketPriority,
    /// Where it stands.
    pub status: TicketStatus,
    /// When it was solved.
    pub resolved_at: Option<DateTime<Utc>>,
    /// Who said so.
    pub resolved_by: Option<UserId>,
    /// How.
    pub resolution_notes: Option<String>,
    /// Business seconds counted before the clock last began to run.
    pub clock_used_seconds: i64,
    /// Since when the clock runs; nothing while it stands still.
    pub clock_running_since: Option<DateTime<Utc>>,
    /// When support first answered.
    pub first_response_at: Option<DateTime<Utc>>,
    /// When it has to; nothing once it has, or while the clock stands still.
    pub first_response_due_at: Option<DateTime<Utc>>,
    /// When it was found not to have.
    pub first_response_breached_at: Option<DateTime<Utc>>,
    /// When it has to be solved; nothing while the clock stands still.
    pub resolution_due_at: Option<DateTime<Utc>>,
    /// When it was found not to be.
    pub resolution_breached_at: Option<DateTime<Utc>>,
    /// When a time was first missed.
    pub escalated_at: Option<DateTime<Utc>>,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// Counts its changes.
    pub revision: i64,
}

/// A ticket about to be opened.
#[derive(Debug, Clone)]
pub struct NewTicket {
    /// The order it is about, if any.
    pub order_id: Option<OrderId>,
    /// What about.
    pub category: TicketCategory,
    /// How urgent.
    pub priority: TicketPriority,
    /// In one line.
    pub subject: String,
    /// In whole.
    pub description: String,
    /// Media ids.
    pub attachments: Vec<Uuid>,
}

/// A time that was missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breach {
    /// `first_response` or `resolution`.
    pub clock: &'static str,
    /// When it should have been.
    pub due_at: DateTime<Utc>,
}

/// A move that tickets do not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a ticket cannot go from {from} to {to}")]
pub struct IllegalTicketMove {
    /// Where it stands.
    pub from: TicketStatus,
    /// Where it was to go.
    pub to: TicketStatus,
}

const fn runs(status: TicketStatus) -> bool {
    matches!(status, TicketStatus::Open | TicketStatus::InProgress)
}

const fn legal(from: TicketStatus, to: TicketStatus) -> bool {
    use TicketStatus as S;
    matches!(
        (from, to),
        (S::Open, S::InProgress | S::WaitingCustomer | S::Resolved)
            | (S::InProgress, S::WaitingCustomer | S::Resolved)
            | (S::WaitingCustomer, S::InProgress | S::Resolved)
            | (S::Resolved, S::InProgress | S::Closed)
    )
}

impl Ticket {
    /// Opens one; its clock begins to run.
    #[must_use]
    pub fn open(id: TicketId, number: TicketNumber, new: NewTicket, by: (UserId, ActorKind), now: DateTime<Utc>) -> Self {
        let mut ticket = Self {
            id,
            ticket_number: number,
            order_id: new.order_id,
            created_by: by.0,
            created_by_kind: by.1,
            assigned_to: None,
            category: new.category,
            subject: new.subject,
            description: new.description,
            attachments: new.attachments,
            priority: new.priority,
            status: TicketStatus::Open,
            resolved_at: None,
            resolved_by: None,
            resolution_notes: None,
            clock_used_seconds: 0,
            clock_running_since: Some(now),
            first_response_at: None,
            first_response_due_at: None,
            first_response_breached_at: None,
            resolution_due_at: None,
            resolution_breached_at: None,
            escalated_at: None,
            created_at: now,
            updated_at: now,
            revision: 1,
        };
        ticket.set_due();
        ticket
    }

    /// Says which times are missed by now and were not said to be before. To be asked before anything else changes.
    #[must_use]
    pub fn catch_up(&mut self, now: DateTime<Utc>) -> Vec<Breach> {
        let mut breaches = Vec::new();
        if let Some(due_at) = self.first_response_due_at.filter(|due| *due <= now && self.first_response_breached_at.is_none()) {
            self.first_response_breached_at = Some(now);
            breaches.push(Breach { clock: "first_response", due_at });
        }
        if let Some(due_at) = self.resolution_due_at.filter(|due| *due <= now && self.resolution_breached_at.is_none()) {
            self.resolution_breached_at = Some(now);
            breaches.push(Breach { clock: "resolution", due_at });
        }
        if !breaches.is_empty() && self.escalated_at.is_none() {
            self.escalated_at = Some(now);
        }
        breaches
    }

    /// The earlier of the times due that are not missed yet.
    #[must_use]
    pub fn next_breach_at(&self) -> Option<DateTime<Utc>> {
        let first = self.first_response_due_at.filter(|_| self.first_response_breached_at.is_none());
        let last = self.resolution_due_at.filter(|_| self.resolution_breached_at.is_none());
        first.into_iter().chain(last).min()
    }

    /// Support answered where the customer reads it.
    pub fn staff_replied(&mut self, now: DateTime<Utc>) {
        self.first_response_at.get_or_insert(now);
        if self.status == TicketStatus::Open {
            self.status = TicketStatus::InProgress;
        }
        self.set_due();
    }

    /// Whoever opened it wrote: support's turn again, also when it was thought to be solved.
    ///
    /// # Errors
    /// It is closed.
    pub fn customer_wrote(&mut self, now: DateTime<Utc>) -> Result<(), IllegalTicketMove> {
        match self.status {
            TicketStatus::Open | TicketStatus::InProgress => Ok(()),
            TicketStatus::WaitingCustomer | TicketStatus::Resolved => {
                self.resume(TicketStatus::InProgress, now);
                Ok(())
            }
            TicketStatus::Closed => Err(IllegalTicketMove { from: self.status, to: TicketStatus::InProgress }),
        }
    }

    /// Moves it. Where it stands already, nothing changes.
    ///
    /// # Errors
    /// Tickets do not go that way.
    pub fn move_to(&mut self, to: TicketStatus, now: DateTime<Utc>) -> Result<(), IllegalTicketMove> {
        if self.status == to {
            return Ok(());
        }
        if !legal(self.status, to) {
            return Err(IllegalTicketMove { from: self.status, to });
        }
        if runs(to) {
            self.resume(to, now)
        } else {
            self.pause(to, now)
        }
        Ok(())
    }

    /// Says that it is solved.
    ///
    /// # Errors
    /// Tickets do not go that way.
    pub fn resolve(&mut self, by: Option<UserId>, how: &str, now: DateTime<Utc>) -> Result<(), IllegalTicketMove> {
        self.move_to(TicketStatus::Resolved, now)?;
        self.resolved_at = Some(now);
        self.resolved_by = by;
        self.resolution_notes = Some(how.to_owned());
        Ok(())
    }

    /// Makes it more or less urgent; what has passed of its time stays passed.
    pub fn set_priority(&mut self, priority: TicketPriority) {
        self.priority = priority;
        self.set_due();
    }

    fn pause(&mut self, to: TicketStatus, now: DateTime<Utc>) {
        self.status = to;
        if let Some(since) = self.clock_running_since.take() {
            self.clock_used_seconds += business_between(since, now);
        }
        self.set_due();
    }

    fn resume(&mut self, to: TicketStatus, now: DateTime<Utc>) {
        self.status = to;
        (self.resolved_at, self.resolved_by, self.resolution_notes) = (None, None, None);
        self.clock_running_since.get_or_insert(now);
        self.set_due();
    }

    fn set_due(&mut self) {
        let targets = targets(self.category, self.priority);
        let due = |target: i64| self.clock_running_since.map(|since| after_business(since, target - self.clock_used_seconds));
        let first_response = if self.first_response_at.is_none() { due(targets.first_response) } else { None };
        (self.first_response_due_at, self.resolution_due_at) = (first_response, due(targets.resolution));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    /// An Indian moment of the week of Monday, 16 November 2026.
    fn at(day: u32, time: &str) -> DateTime<Utc> {
        format!("2026-11-{day}T{time}:00+05:30").parse::<DateTime<chrono::FixedOffset>>().unwrap().to_utc()
    }

    /// A payment ticket of medium priority, opened on Monday at 10: an answer in 4 hours, a solution in 18.
    fn ticket() -> Ticket {
        let new = NewTicket {
            order_id: None,
            category: TicketCategory::PaymentIssue,
            priority: TicketPriority::Medium,
            subject: "Paid twice".into(),
            description: "The bank shows two payments".into(),
            attachments: vec![],
        };
        let by = (UserId::new(Uuid::from_u128(1)), ActorKind::Buyer);
        Ticket::open(TicketId::new(Uuid::nil()), TicketNumber::from_sequence(1), new, by, at(16, "10:00"))
    }

    #[test]
    fn both_clocks_run_from_the_opening_in_business_hours() {
        let ticket = ticket();
        assert_eq!(ticket.first_response_due_at, Some(at(16, "14:00")));
        assert_eq!(ticket.resolution_due_at, Some(at(18, "10:00")));
        assert_eq!(ticket.next_breach_at(), Some(at(16, "14:00")));
    }

    #[test]
    fn the_clock_stands_still_while_support_waits_for_the_customer() {
        let mut ticket = ticket();
        ticket.staff_replied(at(16, "11:00"));
        ticket.move_to(TicketStatus::WaitingCustomer, at(16, "12:00")).unwrap();
        assert_eq!((ticket.resolution_due_at, ticket.next_breach_at()), (None, None));
        assert!(ticket.catch_up(at(30, "12:00")).is_empty());
        ticket.customer_wrote(at(19, "12:00")).unwrap();
        assert_eq!(ticket.status, TicketStatus::InProgress);
        // Two of eighteen hours were gone: six on Thursday, nine on Friday, one on Saturday.
        assert_eq!(ticket.resolution_due_at, Some(at(21, "10:00")));
    }

    #[test]
    fn each_clock_is_missed_once_however_often_it_is_looked_at() {
        let mut ticket = ticket();
        assert!(ticket.catch_up(at(16, "14:00") - TimeDelta::seconds(1)).is_empty());
        let missed = ticket.catch_up(at(16, "14:00"));
        assert_eq!(missed, [Breach { clock: "first_response", due_at: at(16, "14:00") }]);
        assert_eq!(ticket.escalated_at, Some(at(16, "14:00")));
        assert!(ticket.catch_up(at(17, "14:00")).is_empty());
        assert_eq!(ticket.catch_up(at(19, "14:00")).len(), 1);
        ticket.set_priority(TicketPriority::Low);
        ticket.set_priority(TicketPriority::Urgent);
        assert!(ticket.catch_up(at(28, "14:00")).is_empty());
        assert_eq!(ticket.next_breach_at(), None);
    }

    #[test]
    fn a_ticket_that_becomes_urgent_keeps_the_time_that_has_passed() {
        let mut ticket = ticket();
        ticket.staff_replied(at(16, "10:30"));
        ticket.set_priority(TicketPriority::Urgent);
        assert_eq!(ticket.resolution_due_at, Some(at(16, "14:00")));
        assert_eq!(ticket.first_response_due_at, None);
    }

    #[test]
    fn what_is_resolved_can_be_opened_again_and_what_is_closed_cannot() {
        let mut ticket = ticket();
        ticket.resolve(None, "refunded", at(16, "11:00")).unwrap();
        assert_eq!(ticket.resolution_due_at, None);
        ticket.customer_wrote(at(17, "10:00")).unwrap();
        assert_eq!((ticket.status, ticket.resolved_at), (TicketStatus::InProgress, None));
        assert_eq!(ticket.resolution_due_at, Some(at(18, "18:00")));
        ticket.resolve(None, "refunded", at(17, "11:00")).unwrap();
        ticket.move_to(TicketStatus::Closed, at(17, "11:00")).unwrap();
        assert!(ticket.customer_wrote(at(17, "12:00")).is_err());
        for to in [TicketStatus::Open, TicketStatus::InProgress, TicketStatus::WaitingCustomer, TicketStatus::Resolved] {
            assert!(ticket.move_to(to, at(17, "12:00")).is_err());
        }
    }
}
