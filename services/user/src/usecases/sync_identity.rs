//! Tells Firebase what it should know of a user: claims, whether signing in is allowed, which sign-ins are void. For a
//! new vendor the record in vendor-management is opened first.
//!
//! Every change that Firebase should know raises `sync_revision` and enqueues a job in its own transaction; the change
//! also tries at once, so that the job has nothing left to do as a rule. One teller at a time holds a lease, so an
//! older state never overwrites a newer one at Firebase. A sweeper finds users whose job is gone.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use clients::ServiceError;
use clients::vendor::OpenVendorIn;
use domain::events::UserUpdated;
use domain::{Actor, ServiceName, UserId, UserStatus, VendorId};
use firebase::{AccountChange, FirebaseCode, FirebaseError};
use pg_kit::DbError;
use pg_kit::jobs::{self, Job, JobError, NewJob};
use serde_json::json;
use sqlx::PgConnection;

use crate::App;
use crate::domain::{User, claims};
use crate::store;

/// The job's kind.
pub(crate) const SYNC_IDENTITY: &str = "sync_identity";
/// How long a request waits for it; the job goes on afterwards.
const PATIENCE: Duration = Duration::from_secs(6);
/// One try, shorter than the lease.
const TRY: Duration = Duration::from_secs(25);
/// The job comes when the request has had its chance.
const HEAD_START: TimeDelta = TimeDelta::seconds(5);
/// Users looked at by one sweep.
const SWEEP: i64 = 200;

#[derive(Debug, thiserror::Error)]
pub(super) enum SyncError {
    #[error("somebody else is telling Firebase just now")]
    Busy,
    #[error("changed meanwhile")]
    Changed,
    #[error("it took too long")]
    TooLong,
    #[error("vendor-management: {0}")]
    Vendor(#[from] ServiceError),
    #[error("Firebase: {0}")]
    Firebase(#[from] FirebaseError),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<sqlx::Error> for SyncError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}

fn job_key(id: UserId) -> String {
    format!("{SYNC_IDENTITY}:{id}")
}

/// Promises, in the transaction of the change, that Firebase will be told.
pub(super) async fn promise(app: &App, conn: &mut PgConnection, id: UserId, now: DateTime<Utc>) -> Result<(), DbError> {
    enqueue(app, conn, id, now + HEAD_START).await
}

async fn enqueue(app: &App, conn: &mut PgConnection, id: UserId, run_at: DateTime<Utc>) -> Result<(), DbError> {
    let job = NewJob {
        id: app.kit.ids.uuid(),
        kind: SYNC_IDENTITY,
        payload: json!({ "user_id": id }),
        run_at,
        dedupe_key: Some(job_key(id)),
    };
    jobs::enqueue(conn, &job).await?;
    Ok(())
}

/// Tries at once, within what a request may take; what fails is left to the job. True when Firebase knows.
pub(super) async fn try_now(app: &App, id: UserId) -> bool {
    match tokio::time::timeout(PATIENCE, sync(app, id)).await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::warn!(user_id = %id, %error, "Firebase could not be told at once; the job will");
            false
        }
        Err(_) => {
            tracing::warn!(user_id = %id, "Firebase takes long to be told; the job will");
            false
        }
    }
}

#[derive(serde::Deserialize)]
struct SyncPayload {
    user_id: UserId,
}

/// The job.
pub(crate) async fn sync_job(app: &App, job: &Job) -> Result<(), JobError> {
    let SyncPayload { user_id } = job.parse()?;
    match tokio::time::timeout(TRY, sync(app, user_id)).await.unwrap_or(Err(SyncError::TooLong)) {
        Ok(()) => Ok(()),
        Err(error @ (SyncError::Busy | SyncError::Changed)) => Err(JobError::retry_after(Duration::from_secs(2), error)),
        Err(error) => Err(JobError::retry(error)),
    }
}

/// Enqueues the job again for whoever is behind without one: jobs give up one day, this does not.
pub(crate) async fn sweep_unsynced(app: &App) -> anyhow::Result<()> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    for id in store::sync::behind(&mut tx, SWEEP).await? {
        enqueue(app, &mut tx, id, now).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn sync(app: &App, id: UserId) -> Result<(), SyncError> {
    let user = {
        let mut tx = app.kit.pool.begin().await?;
        let leased = store::sync::lease(&mut tx, id).await?;
        let user = store::users::by_id(&mut tx, id).await?;
        tx.commit().await?;
        match user {
            None => return Ok(()),
            Some(user) if user.is_in_sync() && leased => {
                settle(app, &user).await?;
                return Ok(());
            }
            Some(user) if user.is_in_sync() => return Ok(()),
            Some(_) if !leased => return Err(SyncError::Busy),
            Some(user) => user,
        }
    };
    match tell(app, user).await {
        Ok(told) => settle(app, &told).await,
        Err(error) => {
            let mut conn = app.kit.pool.acquire().await?;
            store::sync::release(&mut conn, id).await?;
            Err(error)
        }
    }
}

/// Opens the vendor if there is none, then tells Firebase. Answers the user as Firebase knows it now.
async fn tell(app: &App, mut user: User) -> Result<User, SyncError> {
    if user.needs_vendor()
        && let Some(phone) = user.phone.clone()
    {
        let opening = OpenVendorIn { user_id: user.id, phone, full_name: user.full_name.clone(), business_name: None };
        let vendor = app.vendors.open(&opening).await?;
        user = attach_vendor(app, user.id, vendor.vendor_id).await?.ok_or(SyncError::Changed)?;
    }
    let change = AccountChange {
        claims: Some(claims::claims(&user)),
        disabled: Some(user.status != UserStatus::Active),
        valid_since: user.tokens_valid_since,
        forget_phone: user.status == UserStatus::Deleted,
        ..AccountChange::default()
    };
    match app.firebase.update(&user.firebase_uid, &change).await {
        Ok(()) => Ok(user),
        // Nobody can sign in with it any more, so there is nothing to tell.
        Err(error) if error.code() == Some(&FirebaseCode::UserNotFound) => {
            tracing::warn!(user_id = %user.id, "Firebase does not know this user any more");
            Ok(user)
        }
        Err(error) => Err(error.into()),
    }
}

/// Writes which vendor a user is, tells the others, and answers the user as it is now.
pub(super) async fn attach_vendor(app: &App, id: UserId, vendor_id: VendorId) -> Result<Option<User>, DbError> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    let user = attach_vendor_in(app, &mut tx, id, vendor_id, now).await?;
    tx.commit().await?;
    Ok(user)
}

/// The same in a transaction of the caller's.
pub(super) async fn attach_vendor_in(
    app: &App,
    conn: &mut PgConnection,
    id: UserId,
    vendor_id: VendorId,
    now: DateTime<Utc>,
) -> Result<Option<User>, DbError> {
    let news = store::users::set_vendor(conn, id, vendor_id, now).await?;
    let user = store::users::by_id(conn, id).await?;
    if let (true, Some(facts)) = (news, user.as_ref().and_then(User::facts)) {
        let actor = Actor::system(ServiceName::User);
        pg_kit::outbox::append(conn, now, &*app.kit.ids, &actor, &UserUpdated { user: facts }).await?;
        promise(app, conn, id, now).await?;
    }
    Ok(user)
}

/// Notes what Firebase knows; when that is the newest, the job has nothing left to do.
async fn settle(app: &App, told: &User) -> Result<(), SyncError> {
    let mut tx = app.kit.pool.begin().await?;
    let current = store::sync::settle(&mut tx, told.id, told.sync_revision).await?;
    if current {
        jobs::cancel(&mut tx, &job_key(told.id), app.kit.clock.now()).await?;
    }
    tx.commit().await?;
    if current { Ok(()) } else { Err(SyncError::Changed) }
}
