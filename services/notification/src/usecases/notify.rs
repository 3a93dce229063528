//! Telling people of an event, by the matrix.

use bus::Outcome;
use domain::events::{DomainEvent as _, Envelope, EventError, OrderCancelled};
use pg_kit::inbox;
use sqlx::PgConnection;

use crate::App;
use crate::domain::facts::Facts;
use crate::domain::matrix::{Audience, Condition, Rule};
use crate::store::notifications::NewNotification;
use crate::store::orders::{self, Happening, KnownOrder};
use crate::store::people::{self, Asked, Person};
use crate::usecases::keep_contact::{Reach, keep_contact, said};
use crate::usecases::plan::{Plan, PlanError, compose, keep};

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

/// Keeps what the event says of contacts and plans its messages: inbox and messages in one transaction, the whole fan-out in
/// one statement.
pub(crate) async fn notify(app: &App, envelope: &Envelope) -> Result<Outcome, NotifyError> {
    let facts = Facts::of(envelope)?;
    let reach = said(envelope)?;
    let rules: Vec<&Rule> = match &facts {
        Some(facts) => {
            app.matrix.rules(&envelope.r#type).iter().filter(|rule| !rule.when.is_out(facts.cash, facts.by_staff)).collect()
        }
        None => Vec::new(),
    };
    if rules.is_empty() && reach.is_none() {
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
    if let Some(facts) = facts.filter(|_| !rules.is_empty()) {
        tell(app, &mut tx, envelope, &facts, &rules).await?;
    }
    tx.commit().await?;
    app.wake.notify_one();
    Ok(outcome)
}

async fn tell(
    app: &App,
    conn: &mut PgConnection,
    envelope: &Envelope,
    facts: &Facts,
    rules: &[&Rule],
) -> Result<(), NotifyError> {
    let order = match facts.order_id.filter(|_| rules.iter().any(|rule| rule.when.asks_the_order())) {
        Some(order_id) => Some(orders::keep(conn, order_id, happening(envelope, rules), app.kit.clock.now()).await?),
        None => None,
    };
    let rules: Vec<&Rule> = rules.iter().copied().filter(|rule| holds(rule, order)).collect();
    if rules.is_empty() {
        return Ok(());
    }
    let people = people::people(conn, &asked(&rules, facts)?).await?;
    let cause = format!("event/{}", envelope.event_id);
    let mut messages: Vec<NewNotification> = Vec::new();
    for rule in rules {
        let told: Vec<&Person> = people.iter().filter(|person| is_for(rule.audience, person, facts)).collect();
        if told.is_empty() && rule.audience != Audience::Staff {
            return Err(PlanError::UnknownRecipient.into());
        }
        let plan = Plan {
            template: &rule.template,
            channels: &rule.channels,
            values: &facts.values,
            order_id: facts.order_id,
            cause: &cause,
            fallback_of: None,
        };
        for person in told {
            let texts = app.texts.in_use(conn, &rule.template, &person.contact.preferred_language).await?;
            if texts.is_empty() {
                // Staff has taken all its texts out of use: then nobody is told.
                tracing::warn!(template = rule.template, "no text is in use");
            }
            messages.extend(compose(app, person, &plan, &texts)?);
        }
    }
    keep(app, conn, &messages).await?;
    Ok(())
}

fn happening(envelope: &Envelope, rules: &[&Rule]) -> Happening {
    if envelope.r#type == OrderCancelled::TYPE {
        Happening::Cancelled
    } else if rules.iter().any(|rule| rule.audience == Audience::Vendor) {
        Happening::ForTheVendor
    } else {
        Happening::Other
    }
}

fn holds(rule: &Rule, order: Option<KnownOrder>) -> bool {
    match rule.when {
        Condition::OrderStands | Condition::CashAndOrderStands => order.is_none_or(|order| order.cancelled_at.is_none()),
        Condition::VendorWasTold => order.is_some_and(|order| order.vendor_told_at.is_some()),
        Condition::Always | Condition::Cash | Condition::Online | Condition::ByStaff | Condition::NotByStaff => true,
    }
}

/// Whom the rules concern; somebody who is missing is not known yet.
fn asked(rules: &[&Rule], facts: &Facts) -> Result<Asked, PlanError> {
    let mut asked = Asked::default();
    for rule in rules {
        match rule.audience {
            Audience::Buyer => asked.users.push(facts.buyer.ok_or(PlanError::UnknownRecipient)?),
            Audience::User => asked.users.push(facts.user.ok_or(PlanError::UnknownRecipient)?),
            Audience::Vendor => asked.vendors.push(facts.vendor.ok_or(PlanError::UnknownRecipient)?),
            Audience::Staff => asked.staff = true,
        }
    }
    asked.users.dedup();
    asked.vendors.dedup();
    Ok(asked)
}

fn is_for(audience: Audience, person: &Person, facts: &Facts) -> bool {
    let as_user = person.vendor_id.is_none() && !person.staff;
    match audience {
        Audience::Buyer => as_user && facts.buyer == Some(person.contact.user_id),
        Audience::User => as_user && facts.user == Some(person.contact.user_id),
        Audience::Vendor => person.vendor_id.is_some() && person.vendor_id == facts.vendor,
        Audience::Staff => person.staff,
    }
}
