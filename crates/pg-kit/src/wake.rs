//! Waits for a NOTIFY, and polls besides: a notification may be lost, a due time is never notified.

use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::{PgListener, PgPoolOptions};
use tokio_util::sync::CancellationToken;

/// Says by its payload whether a notification concerns this moment.
type Filter = Box<dyn Fn(&str) -> bool + Send + Sync>;

/// One LISTEN on a connection of its own, so that the service's pool stays whole.
pub(crate) struct Wake {
    pool: PgPool,
    channel: &'static str,
    every: Duration,
    concerns: Filter,
    listener: Option<PgListener>,
}

impl Wake {
    pub(crate) fn new(pool: &PgPool, channel: &'static str, every: Duration) -> Self {
        let own = PgPoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_lazy_with((*pool.connect_options()).clone());
        Self { pool: own, channel, every, concerns: Box::new(|_| true), listener: None }
    }

    /// Sleeps on over notifications that do not concern this moment.
    pub(crate) fn only(mut self, concerns: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.concerns = Box::new(concerns);
        self
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
        let Some(listener) = self.listener.as_mut() else { return };
        loop {
            match listener.recv().await {
                Ok(heard) if (self.concerns)(heard.payload()) => break,
                Ok(_) => {}
                Err(error) => {
                    tracing::debug!(%error, channel = self.channel, "listening broke, will listen again");
                    self.listener = None;
                    std::future::pending::<()>().await;
                    return;
                }
            }
        }
        // Those that came meanwhile are answered by the same sweep.
        while listener.next_buffered().is_some() {}
    }

    async fn listen(&self) -> Result<PgListener, sqlx::Error> {
        let mut listener = PgListener::connect_with(&self.pool).await?;
        listener.listen(self.channel).await?;
        Ok(listener)
    }
}
