//! From ready to stopped, with the real database.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use domain::{Clock as _, ServiceName, UserStatus};
use service_kit::config::{Environment, KitConfig};
use service_kit::{Kit, Service, Shutdown, Workers};
use sqlx::migrate::Migrator;
use testkit::TestDb;
use tokio::task::JoinHandle;
use utoipa_axum::router::OpenApiRouter;

use crate::support::{App, NoConfig, Probe, Running, assert_refused, no_migrations};

/// The same service with workers that misbehave.
struct Restless;

static ROUNDS: AtomicU32 = AtomicU32::new(0);

impl Service for Restless {
    const NAME: ServiceName = Probe::NAME;
    type Config = NoConfig;
    type App = App;

    fn migrator() -> Migrator {
        no_migrations()
    }

    async fn build(kit: Kit, config: NoConfig) -> anyhow::Result<App> {
        Probe::build(kit, config).await
    }

    fn router() -> OpenApiRouter<App> {
        Probe::router()
    }

    fn workers(app: &App, workers: &mut Workers) {
        let pool = app.kit.pool.clone();
        workers.every("hangs", Duration::from_secs(1), move || {
            let pool = pool.clone();
            async move {
                let _held = pool.acquire().await?;
                std::future::pending().await
            }
        });
        workers.every("panics", Duration::from_millis(20), || async {
            ROUNDS.fetch_add(1, Ordering::SeqCst);
            panic!("on purpose")
        });
    }
}

struct Served {
    running: Running,
    shutdown: Shutdown,
    server: JoinHandle<anyhow::Result<()>>,
    db: TestDb,
}

async fn serve<S: Service<App = App>>(change: impl FnOnce(&mut KitConfig)) -> Served {
    let db = testkit::database(&no_migrations(), "service-kit").await;
    let (running, listener) = Running::prepared(change, db.pool.clone()).await;
    let shutdown = Shutdown::default();
    let server = tokio::spawn(service_kit::process::serve_app::<S>(running.app.clone(), listener, shutdown.clone(), None));
    let served = Served { running, shutdown, server, db };
    for _ in 0..100 {
        if served.running.get("/health/ready", None).await.status == 200 {
            return served;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the service never got ready");
}

#[tokio::test]
async fn readiness_goes_off_before_the_door_closes_and_work_in_hand_is_finished() {
    let Served { running, shutdown, server, db: _db } = serve::<Probe>(|config| {
        config.env = Environment::Staging;
        config.shutdown_grace_seconds = 10;
        config.request_timeout_seconds = 10;
    })
    .await;
    let running = Arc::new(running);
    let work = Arc::clone(&running);
    let in_hand = tokio::spawn(async move { work.get("/slow/3000", None).await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    shutdown.begin();
    let ready = running.get("/health/ready", None).await;
    assert_eq!((ready.status, &ready.body["checks"]["serving"]), (503, &false.into()));
    assert_eq!(running.get("/slow/1", None).await.status, 200, "whoever has not noticed yet is served");
    assert_eq!(in_hand.await.unwrap().status, 200);
    server.await.unwrap().unwrap();
    assert!(std::net::TcpStream::connect(running.address).is_err(), "the door is closed");
}

#[tokio::test]
async fn a_worker_that_hangs_on_a_connection_does_not_keep_the_process() {
    let Served { shutdown, server, .. } = serve::<Restless>(|_| {}).await;
    let begun = Instant::now();
    shutdown.begin();
    server.await.unwrap().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_sweeper_that_panics_sweeps_again() {
    let _served = serve::<Restless>(|_| {}).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(ROUNDS.load(Ordering::SeqCst) > 3);
}

#[tokio::test]
async fn a_suspension_that_another_process_of_the_service_heard_of_counts_here_within_five_seconds() {
    let served = serve::<Probe>(|_| {}).await;
    let buyer = served.running.people.buyer();
    assert_eq!(served.running.get("/as/buyer", Some(&buyer.token)).await.status, 200);
    let change = pg_kit::access::AccessChange {
        firebase_uid: buyer.uid.clone(),
        user_id: buyer.user_id,
        status: UserStatus::Suspended,
        changed_at: served.running.clock.now(),
    };
    let begun = Instant::now();
    pg_kit::access::record(&mut served.db.pool.acquire().await.unwrap(), &change).await.unwrap();
    loop {
        let answer = served.running.get("/as/buyer", Some(&buyer.token)).await;
        if answer.status != 200 {
            assert_refused(&answer, 403, "account_suspended");
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(5), "still let in");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
