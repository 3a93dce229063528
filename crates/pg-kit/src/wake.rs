//! Waits for a NOTIFY, and polls besides: a notification may be lost, a due time is never notified.

use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::{PgListener, PgPoolOptions};
use tokio_util::sync::CancellationToken;

/// One LISTEN on a connection of its own, so that the service's pool stays whole.
pub(crate) struct Wake {
    pool: PgPool,
    channel: &'static str,
    every: Duration,
    listener: Option<PgListener>,
}

impl Wake {
    pub(crate) fn new(pool: &PgPool, channel: &'static str, every: Duration) -> Self {
        let own = PgPoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_lazy_with((*pool.connect_options()).clone());
        Self { pool: own, channel, every, listener: None }
    }

    /// Returns when somebody notified, when the polling interval is over, or at shutdown.
    pub(crate) async fn next(&mut self, shutdown: &CancellationToken) {
        let every = self.every;
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = tokio::time::sleep(every) => {}
            () = self.notified() => {}
        }
    }

    async fn notified(&mut self) {
        if self.listener.is_none() {
            match self.listen().await {
                Ok(listener) => self.listener = Some(listener),
                Err(error) => {
                    tracing::debug!(%error, channel = self.channel, "cannot listen, polling only");
                    std::future::pending::<()>().await;
                }
            }
        }
        if let Some(listener) = self.listener.as_mut() {
            if let Err(error) = listener.recv().await {
                tracing::debug!(%error, channel = self.channel, "listening broke, will listen again");
                self.listener = None;
                std::future::pending::<()>().await;
            }
            // Those that came meanwhile are answered by the same sweep.
            if let Some(listener) = self.listener.as_mut() {
                while listener.next_buffered().is_some() {}
            }
        }
    }

    async fn listen(&self) -> Result<PgListener, sqlx::Error> {
        let mut listener = PgListener::connect_with(&self.pool).await?;
        listener.listen(self.channel).await?;
        Ok(listener)
    }
}
