//! Telling people of an event, by the matrix.

use bus::Outcome;
use domain::UserId;
use domain::events::{DomainEvent as _, Envelope, EventError, OrderCancelled};
use pg_kit::inbox;
use sqlx::PgConnection;

use crate::App;
use crate::domain::facts::Facts;
use crate::domain::matrix::{Audience, Condition, Rule};
use crate::store::contacts;
use crate::store::orders::{self, KnownOrder};
use crate::usecases::keep_contact::{Reach, keep_contact, said};
use crate::usecases::plan::{Person, Plan, PlanError, plan};

/// Why nobody was told yet.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotifyError {
    /// The event is not what its type promises.
    #[error(transparent)]
    Malformed(#[from] EventError),
    /// A message could not be planned.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The database.
    #[error(transparent)]
    Db(#[from] pg_kit::DbError),
}

impl From<sqlx::Error> for NotifyError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}

/// Keeps what the event says of contacts and plans its messages: inbox, messages and jobs in one transaction.
pub(crate) async fn notify(app: &App, envelope: &Envelope) -> Result<Outcome, NotifyError> {
    let facts = Facts::of(envelope)?;
    let reach = said(envelope)?;
    if facts.is_none() && reach.is_none() {
        return Ok(Outcome::Done);
    }
    let mut tx = app.kit.pool.begin().await?;
    if !inbox::first_time(&mut tx, app.kit.name.as_str(), envelope.event_id, app.kit.clock.now()).await? {
        return Ok(Outcome::Duplicate);
    }
    let mut outcome = Outcome::Done;
    if let Some(reach) = &reach {
        outcome = keep_contact(app, &mut tx, envelope, reach).await?;
        // Somebody who is deleted by now is not welcomed any more.
        if matches!((&outcome, reach), (Outcome::Stale, Reach::User(_))) {
            tx.commit().await?;
            return Ok(outcome);
        }
    }
    if let Some(facts) = facts {
        tell(app, &mut tx, envelope, &facts).await?;
    }
    tx.commit().await?;
    Ok(outcome)
}

async fn tell(app: &App, conn: &mut PgConnection, envelope: &Envelope, facts: &Facts) -> Result<(), NotifyError> {
    let now = app.kit.clock.now();
    let rules = app.matrix.rules(&envelope.r#type);
    let order = match facts.order_id {
        Some(order_id) if rules.iter().any(|rule| rule.when != Condition::Always) => {
            Some((order_id, orders::lock(conn, order_id, now).await?))
        }
        _ => None,
    };
    let cause = format!("event/{}", envelope.event_id);
    for rule in rules {
        if !holds(rule, facts, order.map(|(_, known)| known)) {
            continue;
        }
        let user_id = recipient(conn, rule, facts).await?.ok_or(PlanError::UnknownRecipient)?;
        let person = Person::load(conn, user_id).await?;
        let message = Plan {
            template: &rule.template,
            channels: &rule.channels,
            variables: &facts.variables,
            order_id: facts.order_id,
            cause: &cause,
            fallback_of: None,
        };
        match plan(app, conn, &person, &message).await {
            Ok(_) => {}
            // Staff has taken all its texts out of use: then nobody is told.
            Err(PlanError::NoTemplate) => tracing::warn!(template = rule.template, "no text is in use"),
            Err(error) => return Err(error.into()),
        }
        if let (Audience::Vendor, Some((order_id, _))) = (rule.audience, order) {
            orders::vendor_told(conn, order_id, now).await?;
        }
    }
    if let Some((order_id, _)) = order.filter(|_| envelope.r#type == OrderCancelled::TYPE) {
        orders::cancelled(conn, order_id, now).await?;
    }
    Ok(())
}

fn holds(rule: &Rule, facts: &Facts, order: Option<KnownOrder>) -> bool {
    let stands = order.is_none_or(|order| order.cancelled_at.is_none());
    match rule.when {
        Condition::Always => true,
        Condition::Cash => facts.cash,
        Condition::OrderStands => stands,
        Condition::CashAndOrderStands => facts.cash && stands,
        Condition::VendorWasTold => order.is_some_and(|order| order.vendor_told_at.is_some()),
    }
}

async fn recipient(conn: &mut PgConnection, rule: &Rule, facts: &Facts) -> sqlx::Result<Option<UserId>> {
    match rule.audience {
        Audience::Buyer => Ok(facts.buyer),
        Audience::User => Ok(facts.user),
        Audience::Vendor => match facts.vendor {
            Some(vendor_id) => contacts::vendor_user(conn, vendor_id).await,
            None => Ok(None),
        },
    }
}
