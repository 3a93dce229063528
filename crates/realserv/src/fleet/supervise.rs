//! Keeps the fleet running: who dies is reported and started again.

use super::{Fleet, member::Change};
use crate::{net, service::SERVICES};
use anyhow::Result;
use sqlx::{Connection as _, PgConnection};
use std::time::Duration;
use tokio::time;

/// What was published shortly before the last of all, by the service's own clock.
const PUBLISH_AGAIN: &str = "UPDATE outbox SET published_at = NULL
    WHERE published_at > (SELECT max(published_at) FROM outbox) - interval '5 minutes'";

impl Fleet {
    /// Watches until it is dropped.
    pub async fn supervise(&mut self) -> Result<()> {
        loop {
            time::sleep(Duration::from_millis(200)).await;
            let mut restarted = Vec::new();
            let mut news = Vec::new();
            for member in &mut self.members {
                match member.heal(&self.run) {
                    Ok(Some(Change::Died(why, pause))) => news.push(format!(
                        "{} died ({why}); starting it again in {:.1} s, its log is {}",
                        member.name(),
                        pause.as_secs_f32(),
                        member.spec.log.display()
                    )),
                    Ok(Some(Change::Restarted)) => restarted.push(member.name().to_owned()),
                    Ok(None) => {}
                    Err(error) => news.push(format!("{} cannot be started: {error:#}", member.name())),
                }
            }
            for line in news {
                self.say(&line);
            }
            for name in restarted {
                self.after_restart(&name).await;
            }
        }
    }

    async fn after_restart(&self, name: &str) {
        self.say(&format!("{name} started again"));
        if name != "ministack" {
            return;
        }
        // It keeps its state over a good end only: queues and rules are made again.
        let Some(fact) = self.state(super::Phase::Ready).facts.into_iter().find(|fact| fact.name == name) else {
            return;
        };
        net::listens_within(fact.port, Duration::from_secs(20)).await;
        if let Err(error) = self.ensure_topology().await {
            self.say(&format!("the AWS stand-in has no topology: {error:#}"));
        }
        self.publish_again().await;
    }

    /// AWS keeps what it took; the stand-in dies with what lay in its queues, and takes events before it has rules for
    /// them. So the services publish the newest once more: whoever had them already leaves them.
    async fn publish_again(&self) {
        for service in SERVICES {
            let url = self.environment.database_url(service);
            let done = async { sqlx::query(PUBLISH_AGAIN).execute(&mut PgConnection::connect(&url).await?).await }.await;
            match done {
                Ok(done) => self.say(&format!("{}: {} events are published again", service.name, done.rows_affected())),
                Err(error) => self.say(&format!("{}: no event is published again: {error}", service.name)),
            }
        }
    }
}
