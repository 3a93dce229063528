use std::borrow::Cow;

use pg_kit::PgSettings;
use sqlx::SqlStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

use crate::support::database;

fn service() -> Migrator {
    let sql = SqlStr::from_static("CREATE TABLE walls (id uuid PRIMARY KEY)");
    Migrator::with_migrations(vec![Migration::new(1, Cow::Borrowed("walls"), MigrationType::Simple, sql, false)])
}

#[tokio::test]
async fn processes_that_start_together_migrate_once_each_after_the_other() {
    let db = database().await;
    let mut starting = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let pool = db.pool.clone();
        starting.spawn(async move { pg_kit::migrate(&pool, &service()).await });
    }
    for outcome in starting.join_all().await {
        outcome.unwrap();
    }
    let applied: (i64, i64) =
        sqlx::query_as("SELECT (SELECT count(*) FROM _kit_migrations), (SELECT count(*) FROM _sqlx_migrations)")
            .fetch_one(&db.pool)
            .await
            .unwrap();
    assert_eq!(applied, (i64::try_from(pg_kit::kit_migrator().iter().count()).unwrap(), 1));
}

#[tokio::test]
async fn a_pool_has_its_limits_set_on_every_connection() {
    let db = database().await;
    let pool = pg_kit::connect(&PgSettings { database_application_name: Some("walls".into()), ..PgSettings::for_url(&db.url) })
        .await
        .unwrap();
    let set: (String, String, String) = sqlx::query_as(
        "SELECT current_setting('statement_timeout'), current_setting('lock_timeout'), current_setting('application_name')",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(set, ("5s".into(), "3s".into(), "walls".into()));
}
