//! Bank account, PAN, GSTIN and Aadhaar: sealed in tables, masked in answers, in no log.

use std::io::Write;
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use domain::AdminRole;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;
use vendor_management::App;

use crate::support::{Fine as _, World};

const BANK: &str = "50100123456789";
const PAN: &str = "AABCU9603R";
const GSTIN: &str = "36AABCU9603R1ZO";
const AADHAAR: &str = "234123412346";

/// Every row of every table as text.
async fn tables(pool: &PgPool) -> String {
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT quote_ident(table_name) FROM information_schema.tables
          WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    assert!(names.len() > 15, "{names:?}");
    let mut all = String::new();
    for name in names {
        let rows: Vec<String> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT t::text FROM {name} t"))).fetch_all(pool).await.unwrap();
        all.extend(rows);
    }
    all
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Everything that is said from now on, at every level. Each test is a process of its own.
    fn open() -> Self {
        let log = Self::default();
        let writer = log.clone();
        let subscriber =
            tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).finish();
        let _ = tracing::subscriber::set_global_default(subscriber);
        log
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_table_holds_a_bank_account_pan_or_gstin_in_the_clear_and_only_finance_reads_them() {
    let world = World::selling().await;
    let all = tables(&world.service.db.pool).await;
    for whole in [BANK, PAN, GSTIN] {
        assert!(!all.contains(whole), "{whole} is in a table");
        assert!(!all.contains(&hex::encode(whole)), "{whole} is in a table as bytes");
    }
    let path = format!("/api/v1/vendors/{}", world.vendor.vendor_id);
    for token in [world.vendor(), world.staff(AdminRole::Operations)] {
        let seen = world.service.get(&path, &token).await;
        let seen = seen.data(200);
        assert_eq!((&seen["pan"], &seen["gstin"]), (&json!("XXXXXX603R"), &json!("XXXXXXXXXXXR1ZO")));
        assert_eq!(seen["bank"]["account_number"], "XXXXXXXXXX6789");
    }
    let finance = world.service.get(&path, &world.staff(AdminRole::Finance)).await;
    let finance = finance.data(200);
    assert_eq!((&finance["pan"], &finance["gstin"]), (&json!(PAN), &json!(GSTIN)));
    assert_eq!(finance["bank"]["account_number"], BANK);
    let said = serde_json::to_string(&world.service.said().await).unwrap();
    assert!(!said.contains(BANK) && !said.contains(PAN));
    let supplier = world.service.service_token(domain::ServiceName::Payment);
    let supplier = world.service.get(&format!("/internal/v1/vendors/{}/supplier", world.vendor.vendor_id), &supplier).await;
    assert_eq!(supplier.data(200)["gstin"], GSTIN, "invoices carry it");
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_is_found_by_a_whole_number_and_those_that_share_one_are_seen() {
    let world = World::selling().await;
    let operations = world.staff(AdminRole::Operations);
    let find = |query: String| {
        let (path, token, service) = (format!("/api/v1/vendors?{query}"), operations.clone(), &world.service);
        async move { service.get(&path, &token).await.data(200).as_array().unwrap().len() }
    };
    for query in [format!("gstin={GSTIN}"), format!("pan={PAN}"), format!("bank_account_number={BANK}")] {
        assert_eq!(find(query.clone()).await, 1, "{query}");
    }
    assert_eq!(find("bank_account_number=50100123456780".into()).await, 0);
    let other = world.register("+919848099999").await;
    world.onboard(&other).await;
    assert_eq!(find(format!("pan={PAN}")).await, 2);
    let kyc = world.service.get(&format!("/api/v1/vendors/{}/kyc", other.vendor_id), &operations).await;
    assert_eq!(kyc.data(200)["shared_with"], json!({"gstin": 1, "pan": 1, "bank_account": 1}));
    let own = world.service.get(&format!("/api/v1/vendors/{}/kyc", other.vendor_id), &other.token).await;
    assert_eq!(own.data(200).get("shared_with"), None);
    world.service.said().await;
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sealed_for_one_vendor_does_not_open_for_another() {
    let world = World::selling().await;
    let other = world.register("+919848099999").await;
    world.onboard(&other).await;
    sqlx::query("UPDATE vendors SET pan_sealed = (SELECT pan_sealed FROM vendors WHERE id = $1) WHERE id = $2")
        .bind(world.vendor.vendor_id.as_uuid())
        .bind(other.vendor_id.as_uuid())
        .execute(&world.service.db.pool)
        .await
        .unwrap();
    let answer = world.service.get(&format!("/api/v1/vendors/{}", other.vendor_id), &other.token).await;
    assert_eq!(answer.code(500), "internal");
    world.service.said().await;
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_from_before_are_sealed_when_the_service_starts() {
    let world = World::selling().await;
    let pool = &world.service.db.pool;
    sqlx::raw_sql(
        "ALTER TABLE vendors DROP CONSTRAINT vendors_nothing_in_the_clear, DROP CONSTRAINT vendors_gstin_fits_scheme,
                             DROP CONSTRAINT vendors_onboarded_is_whole;
         UPDATE vendors SET gstin = '36AABCU9603R1ZO', pan = 'AABCU9603R', bank_account_number = '50100123456789',
                gstin_sealed = NULL, gstin_hash = NULL, pan_sealed = NULL, pan_hash = NULL, bank_account_sealed = NULL,
                bank_account_hash = NULL, data_key_id = NULL;
         DELETE FROM data_keys;
         ALTER TABLE vendors ADD CONSTRAINT vendors_nothing_in_the_clear
               CHECK (gstin IS NULL AND pan IS NULL AND bank_account_number IS NULL) NOT VALID;",
    )
    .execute(pool)
    .await
    .unwrap();
    assert!(tables(pool).await.contains(BANK));
    let (kit, config) = (world.service.app.kit.clone(), (*world.service.app.config).clone());
    let both = futures::future::join(App::build(kit.clone(), config.clone()), App::build(kit, config)).await;
    both.0.unwrap();
    both.1.unwrap();
    let all = tables(pool).await;
    assert!(!all.contains(BANK) && !all.contains(PAN));
    let (keys,): (i64,) = sqlx::query_as("SELECT count(*) FROM data_keys").fetch_one(pool).await.unwrap();
    assert_eq!(keys, 1, "two processes that start at once make one key");
    let clear = sqlx::query("UPDATE vendors SET pan = 'AABCU9603R'").execute(pool).await;
    assert!(clear.unwrap_err().to_string().contains("vendors_nothing_in_the_clear"));
    world.service.said().await;
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_data_key_is_replaced_and_what_it_sealed_is_brought_along() {
    let world = World::selling().await;
    let pool = &world.service.db.pool;
    let seal = || async {
        sqlx::query_as::<_, (Uuid, Vec<u8>)>("SELECT data_key_id, bank_account_sealed FROM vendors")
            .fetch_one(pool)
            .await
            .unwrap()
    };
    let (first, before) = seal().await;
    world.service.app.keep_keys_fresh().await.unwrap();
    assert_eq!(seal().await, (first, before.clone()), "a young key stays");
    world.service.clock.advance(TimeDelta::days(366));
    world.service.app.keep_keys_fresh().await.unwrap();
    assert_eq!(seal().await.0, first, "a new key waits until every process has it");
    // Another process, which knows the first key only, still opens.
    world.service.clock.advance(TimeDelta::minutes(6));
    world.service.app.keep_keys_fresh().await.unwrap();
    let (second, after) = seal().await;
    assert!(second != first && after != before);
    assert_eq!(&after[1..17], second.as_bytes(), "what is sealed names its key");
    let path = format!("/api/v1/vendors/{}", world.vendor.vendor_id);
    let seen = world.service.get(&path, &world.staff(AdminRole::Finance)).await;
    assert_eq!(seen.data(200)["bank"]["account_number"], BANK);
    world.service.said().await;
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_aadhaar_nothing_but_four_digits_reaches_tables_logs_events_or_answers() {
    let log = Log::open();
    let world = World::new().await;
    world.onboard(&world.vendor).await;
    let kyc = format!("/api/v1/vendors/{}/kyc", world.vendor.vendor_id);
    let paper = |kind: &str, number: &str, media: Uuid| json!({"documents": [{"document_type": kind, "media_id": media, "document_number": number}]});
    let media = world.file_of(world.vendor.user_id).await;
    let mut answers = String::new();
    for number in [AADHAAR, "2341 2341 2346", "2341-2341-2346"] {
        let answer = world.service.post(&kyc, &world.vendor(), &paper("aadhaar", number, media)).await;
        answer.fine(201);
        answers.push_str(&answer.body.to_string());
    }
    // A wrong one is refused without being repeated; a right one in the field of another paper as well.
    for (kind, number) in [("aadhaar", "234123412345"), ("business_license", AADHAAR), ("business_license", "2341 2341 2346")] {
        let answer = world.service.post(&kyc, &world.vendor(), &paper(kind, number, media)).await;
        assert_eq!(answer.code(422), "validation_failed");
        answers.push_str(&answer.body.to_string());
    }
    let seen = world.service.get(&kyc, &world.staff(AdminRole::Operations)).await;
    answers.push_str(&seen.body.to_string());
    let shown = seen.data(200)["documents"].as_array().unwrap().iter().map(|d| d["document_number"].clone()).collect::<Value>();
    assert_eq!(shown, json!(["XXXX-XXXX-2346"]));
    let said = serde_json::to_string(&world.service.said().await).unwrap();
    let all = tables(&world.service.db.pool).await;
    let log = log.text();
    assert!(log.contains("INSERT INTO vendor_kyc_documents") || log.len() > 10_000, "the log says something");
    for whole in [AADHAAR, "23412341", "2341 2341", "2341-2341", "234123412345"] {
        for (place, text) in [("a table", &all), ("an event", &said), ("an answer", &answers), ("the log", &log)] {
            assert!(!text.contains(whole), "{whole} is in {place}");
        }
    }
    for secret in [BANK, PAN] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
    world.service.finish().await;
}
