//! What follows later, and what is done every so often.

use std::time::Duration;

use chrono::TimeDelta;
use service_kit::Workers;

use crate::App;
use crate::store::statuses;
use crate::usecases::send_message::AboutMessage;
use crate::usecases::{answer_message, locate, send_message};

/// Answers a message that came in.
pub(crate) const ANSWER_MESSAGE: &str = "whatsapp_answer";
/// Sends a message.
pub(crate) const SEND_MESSAGE: &str = "whatsapp_send";

const HOURLY: Duration = Duration::from_secs(3600);
/// Redelivered statuses come for a week at most.
const STATUSES_KEPT: TimeDelta = TimeDelta::days(30);

/// Registers everything.
pub(crate) fn register(app: &App, workers: &mut Workers) {
    let answering = app.clone();
    workers.job(ANSWER_MESSAGE, move |job| {
        let app = answering.clone();
        async move { answer_message::answer(&app, job.parse::<AboutMessage>()?.message_id).await }
    });
    let sending = app.clone();
    workers.job(SEND_MESSAGE, move |job| {
        let app = sending.clone();
        async move { send_message::deliver(&app, job.parse::<AboutMessage>()?.message_id).await }
    });
    let forgetting = app.clone();
    workers.every("forget places", HOURLY, move || {
        let app = forgetting.clone();
        async move { locate::purge(&app).await }
    });
    let purging = app.clone();
    workers.every("forget statuses", HOURLY, move || {
        let app = purging.clone();
        async move {
            let mut conn = app.kit.pool.acquire().await?;
            statuses::purge(&mut conn, app.kit.clock.now() - STATUSES_KEPT).await?;
            Ok(())
        }
    });
}
