//! Stopping well: on SIGTERM readiness goes off, no new work is taken, what is in hand is finished within a limit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The wish to stop, heard by everything that runs.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    token: CancellationToken,
    ready: Arc<AtomicBool>,
    broken: Arc<AtomicBool>,
}

impl Shutdown {
    /// Tells everybody to stop.
    pub fn begin(&self) {
        self.ready.store(false, Ordering::Relaxed);
        self.token.cancel();
    }

    /// Tells everybody to stop because the service is no longer whole; the process then ends with a failing status.
    pub(crate) fn broken(&self) {
        self.broken.store(true, Ordering::Relaxed);
        self.begin();
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }

    /// Comes back when it is time to stop.
    pub async fn requested(&self) {
        self.token.cancelled().await;
    }

    /// The token, for those who want it.
    #[must_use]
    pub fn token(&self) -> CancellationToken {
        self.token.clone()
    }

    pub(crate) fn set_ready(&self) {
        self.ready.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed)
    }

    /// Waits for SIGTERM or SIGINT, then begins to stop.
    ///
    /// # Errors
    /// The process cannot listen to signals.
    pub(crate) fn on_signals(&self) -> std::io::Result<()> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let shutdown = self.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            tracing::info!("stopping");
            shutdown.begin();
        });
        Ok(())
    }
}
