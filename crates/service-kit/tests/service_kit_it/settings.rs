//! What a service refuses to start with.

use domain::ServiceName;
use service_kit::config::{Environment, KitConfig};
use service_kit::{Kit, Service as _};
use testkit::TestClock;

use crate::support::{NO_DATABASE, Probe, config, no_pool};

async fn refusal(change: impl FnOnce(&mut KitConfig)) -> Option<String> {
    service_kit::process::init();
    let mut config = config("http://127.0.0.1:1", NO_DATABASE);
    change(&mut config);
    Kit::assemble(Probe::NAME, config, TestClock::start().shared(), no_pool()).await.err().map(|error| format!("{error:#}"))
}

#[tokio::test]
async fn production_refuses_a_clock_that_can_be_moved_before_it_looks_at_anything_else() {
    service_kit::process::init();
    let mut config = config("http://127.0.0.1:1", NO_DATABASE);
    config.env = Environment::Production;
    config.clock_file = Some("/tmp/clock".into());
    let error = Kit::new(ServiceName::Catalog, config).await.unwrap_err();
    assert!(error.to_string().contains("CLOCK_FILE"), "{error:#}");
}

#[tokio::test]
async fn production_refuses_the_firebase_emulator_and_others_may_use_it() {
    let emulator = |env| {
        move |config: &mut KitConfig| {
            config.env = env;
            config.identity.firebase_auth_emulator_host = Some("127.0.0.1:9099".to_owned());
        }
    };
    let error = refusal(emulator(Environment::Production)).await.unwrap();
    assert!(error.contains("FIREBASE_AUTH_EMULATOR_HOST"), "{error}");
    assert_eq!(refusal(emulator(Environment::Local)).await, None);
    let unset = |config: &mut KitConfig| {
        config.env = Environment::Production;
        config.identity.firebase_auth_emulator_host = Some(String::new());
        config.bus.aws_endpoint_url = Some(String::new());
    };
    assert_eq!(refusal(unset).await, None, "an empty variable is an unset one");
}

#[tokio::test]
async fn origins_are_named_one_by_one() {
    for wrong in ["*", "app.realserv.in", "https://app.realserv.in/", "https://"] {
        let error = refusal(|config| config.cors_allowed_origins = vec![wrong.to_owned()]).await.unwrap();
        assert!(error.contains("CORS_ALLOWED_ORIGINS"), "{error}");
    }
    assert_eq!(refusal(|config| config.cors_allowed_origins = vec![String::new()]).await, None);
}

#[tokio::test]
async fn a_service_is_put_together_while_its_neighbours_are_down() {
    assert_eq!(refusal(|_| {}).await, None, "nobody listens at any of its addresses");
}
