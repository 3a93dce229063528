//! Finishes or undoes orders whose placing or editing was interrupted (rule 19).

use context::Context;

use super::{Refusal, open_order};
use crate::App;
use crate::store::sagas;

/// How many at a time.
const BATCH: i64 = 20;

/// Takes over every saga that nobody works on any more, and answers how many those were. One that cannot be ended now
/// is taken over again when its lease is over.
pub(crate) async fn finish_sagas(app: &App) -> Result<usize, Refusal> {
    let abandoned = {
        let mut conn = app.kit.pool.acquire().await?;
        sagas::take_over(&mut conn, BATCH, app.config.lease_seconds()).await?
    };
    let work = abandoned.iter().map(|saga| {
        let context = Context::new(saga.correlation_id);
        context::scope(context, async move {
            match open_order::open_order(app, saga.order_id).await {
                Ok(_) => tracing::info!(order_id = %saga.order_id, "took an interrupted order to its end"),
                Err(error) => tracing::warn!(order_id = %saga.order_id, %error, "an interrupted order is still open"),
            }
        })
    });
    futures::future::join_all(work).await;
    Ok(abandoned.len())
}
