//! A vendor opens or closes the shop, or says at which hours and on which days it is open.

use chrono::{DateTime, NaiveDate, Utc};
use domain::events::VendorAvailabilityChanged;
use domain::{Actor, ServiceName, VendorId};
use pg_kit::jobs::{self, NewJob};
use pg_kit::outbox;
use serde_json::json;
use sqlx::PgConnection;

use super::{Refusal, change_vendor};
use crate::App;
use crate::domain::hours::{Hours, OpenSpan};
use crate::domain::vendor::Vendor;
use crate::jobs::SHOP_HOURS;
use crate::store::vendors::{self, Availability};

/// What is to change; the rest stays.
#[derive(Debug, Default)]
pub(crate) struct Change {
    /// The switch.
    pub(crate) open: Option<bool>,
    /// Weekly hours; `Some(None)` takes them away.
    pub(crate) week: Option<Option<Vec<OpenSpan>>>,
    /// Days off; those that are over are forgotten.
    pub(crate) holidays: Option<Vec<NaiveDate>>,
}

/// Changes it; again changes nothing. Others hear of it when it makes a difference, and at each opening and closing.
pub(crate) async fn set_availability(app: &App, actor: &Actor, id: VendorId, change: Change) -> Result<Vendor, Refusal> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    let vendor = change_vendor::hold(&mut tx, app, id).await?;
    let mut hours = vendor.hours.clone();
    if let Some(mut week) = change.week {
        week.iter_mut().for_each(|spans| spans.sort_unstable());
        hours.week = week;
    }
    if let Some(mut days) = change.holidays {
        let today = domain::business_time::ist_date(now);
        days.retain(|day| *day >= today);
        days.sort_unstable();
        days.dedup();
        hours.holidays = days;
    }
    let problems = hours.problems();
    if !problems.is_empty() {
        return Err(Refusal::Invalid(problems));
    }
    let open = change.open.unwrap_or(vendor.is_accepting_orders);
    let vendor = write(&mut tx, app, actor, vendor, (open, hours), now).await?;
    tx.commit().await?;
    Ok(vendor)
}

/// Turns a shop over at its hour, and waits for the next.
pub(crate) async fn turn_over(app: &App, id: VendorId) -> Result<(), Refusal> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    let vendor = change_vendor::hold(&mut tx, app, id).await?;
    let actor = Actor::system(ServiceName::VendorManagement);
    let with = (vendor.is_accepting_orders, vendor.hours.clone());
    write(&mut tx, app, &actor, vendor, with, now).await?;
    tx.commit().await?;
    Ok(())
}

async fn write(
    conn: &mut PgConnection,
    app: &App,
    actor: &Actor,
    vendor: Vendor,
    (open, hours): (bool, Hours),
    now: DateTime<Utc>,
) -> Result<Vendor, Refusal> {
    let open_by_hours = hours.open_at(now);
    if let Some(next) = hours.next_change(now) {
        let job = NewJob {
            id: app.kit.ids.uuid(),
            kind: SHOP_HOURS,
            payload: json!({"vendor_id": vendor.id}),
            run_at: next,
            dedupe_key: Some(format!("{SHOP_HOURS}:{}:{}", vendor.id, next.timestamp())),
        };
        jobs::enqueue(conn, &job).await?;
    }
    let same = vendor.is_accepting_orders == open && vendor.hours == hours && vendor.open_by_hours == open_by_hours;
    if same {
        return Ok(vendor);
    }
    let availability = Availability { is_accepting_orders: open, hours: &hours, open_by_hours };
    if !vendors::write_availability(conn, vendor.id, vendor.revision, &availability, now).await? {
        return Err(Refusal::ConcurrentChange);
    }
    let before = vendor.takes_orders_now();
    let vendor = vendors::find(conn, &app.sealer, vendor.id).await?.ok_or(Refusal::NotFound("vendor"))?;
    if before != vendor.takes_orders_now() {
        let event = VendorAvailabilityChanged { vendor: vendor.facts() };
        outbox::append(conn, now, &*app.kit.ids, actor, &event).await?;
    }
    Ok(vendor)
}
