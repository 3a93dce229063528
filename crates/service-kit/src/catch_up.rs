//! Who lost access while this service was down. The event tells it as a rule; a queue that has handed it to a process
//! which died since shows it again only later than rule 9 allows, so the user service is asked besides.

use std::time::Duration;

use auth::AccessChange;
use chrono::TimeDelta;
use domain::ServiceName;
use domain::events::UserAccessChanged;
use outbound::{Remote, join};
use reqwest::Method;
use serde::Deserialize;

use crate::Kit;

/// An ID token is good for an hour; who changed before that has none from before the change.
const TOKENS_LIVE: TimeDelta = TimeDelta::minutes(65);
/// A service must start while the user service is down, and not much later than otherwise.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Deserialize)]
struct Said {
    data: Vec<UserAccessChanged>,
}

/// Asks the user service who changed of late and keeps it. The user service has no need to.
pub(crate) async fn ask(kit: &Kit) -> anyhow::Result<()> {
    if kit.name == ServiceName::User {
        return Ok(());
    }
    let since = kit.clock.now() - TOKENS_LIVE;
    let remote = Remote::new("user", kit.http.clone(), PATIENCE);
    let url = join(&kit.config.services.user_url, "/internal/v1/access-changes");
    let token = kit.service_tokens.mint(ServiceName::User, None)?;
    let request = remote.request(Method::GET, url).query(&[("since", since)]).bearer_auth(token);
    let said: Said = remote.send_json(request).await?;
    let mut conn = kit.pool.acquire().await?;
    for event in said.data {
        let change = AccessChange { user_id: event.user_id, status: event.status, changed_at: event.changed_at };
        let uid = event.firebase_uid.clone();
        pg_kit::access::record(&mut conn, &event.into()).await?;
        kit.access.apply(&uid, change);
    }
    Ok(())
}
