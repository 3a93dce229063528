//! Rule 46: every refusal is the envelope.

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;

use crate::support::{Running, assert_refused};

const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn whatever_goes_wrong_is_told_in_the_envelope_with_one_correlation_id() {
    let service = Running::start().await;
    assert_refused(&service.get("/nowhere", None).await, 404, "not_found");
    assert_refused(&service.get("/things/no-id", None).await, 404, "not_found");
    assert_refused(&service.get("/named/a%00b", None).await, 404, "not_found");
    assert_refused(&service.get("/named/%ff", None).await, 404, "not_found");
    assert_refused(&service.get("/metrics", None).await, 404, "not_found");
    let wrong_method = service.send("DELETE", "/api/v1/parcels", &[], "").await;
    assert_refused(&wrong_method, 405, "method_not_allowed");
    assert_eq!(wrong_method.headers["allow"], "POST");
    assert_refused(&service.get("/panics", None).await, 500, "internal");
    assert!(!service.get("/panics", None).await.body.to_string().contains("purpose"), "a fault of ours says nothing of itself");
    let none = service.send("POST", "/keyed", &[], "").await;
    assert_refused(&none, 400, "idempotency_key_required");
    let strange = service.send("POST", "/keyed", &[("idempotency-key", "two words")], "").await;
    assert_refused(&strange, 400, "idempotency_key_invalid");
}

#[tokio::test]
async fn the_callers_correlation_id_is_kept_unless_it_is_none() {
    let service = Running::start().await;
    let id = "0192f0c1-2b3c-7d4e-8f50-61728394a5b6";
    let answer = service.send("GET", "/nowhere", &[("x-correlation-id", id)], "").await;
    assert_eq!(answer.body["error"]["correlation_id"], id);
    assert_eq!(answer.headers["x-correlation-id"], id);
    for none in ["", "<script>", "00000000-0000-0000-0000-000000000000"] {
        let answer = service.send("GET", "/nowhere", &[("x-correlation-id", none)], "").await;
        assert_refused(&answer, 404, "not_found");
        assert_ne!(answer.headers["x-correlation-id"], none);
    }
}

#[tokio::test]
async fn a_body_is_refused_by_type_by_form_and_by_field() {
    let service = Running::start().await;
    let parcel = json!({"name": "ab", "status": "in_transit", "lines": [{"amount": "1.50"}]});
    let good = service.send("POST", "/api/v1/parcels", &[JSON], &parcel.to_string()).await;
    assert_eq!(good.data(200), &parcel);
    for content_type in [&[][..], &[("content-type", "text/plain")], &[("content-type", "text/x+json")]] {
        let answer = service.send("POST", "/api/v1/parcels", content_type, &parcel.to_string()).await;
        assert_refused(&answer, 415, "unsupported_media_type");
    }
    let with_charset = [("content-type", "Application/JSON; charset=utf-8")];
    assert_eq!(service.send("POST", "/api/v1/parcels", &with_charset, &parcel.to_string()).await.status, 200);
    assert_refused(&service.send("POST", "/api/v1/parcels", &[JSON], "{").await, 400, "invalid_json");
    assert_refused(&service.send("POST", "/api/v1/parcels", &[JSON], "").await, 400, "invalid_json");
    let cases = [
        (json!({"name": "ab", "status": "in_transit", "lines": [], "colour": 1}), "colour"),
        (json!({"name": "ab", "status": "in_transit", "lines": [{"amount": "1.50"}, {"amount": "1.505"}]}), "lines[1].amount"),
        (json!({"name": "ab", "status": "in_transit", "lines": [{"amount": 1.5}]}), "lines[0].amount"),
        (json!({"name": "ab", "status": "lost", "lines": []}), "status"),
        (json!({"name": "a", "status": "in_transit", "lines": []}), "name"),
    ];
    for (body, field) in cases {
        let answer = service.send("POST", "/api/v1/parcels", &[JSON], &body.to_string()).await;
        assert_refused(&answer, 422, "validation_failed");
        assert_eq!(answer.body["error"]["details"][0]["field"], field, "{}", answer.body);
    }
}

#[tokio::test]
async fn query_parameters_are_read_flattened_and_repeated_and_refused_by_name() {
    let service = Running::start().await;
    let good = service.get("/things?limit=5&status=in_transit&status=failed", None).await;
    assert_eq!(good.data(200), &json!({"limit": 5, "after": null, "status": ["in_transit", "failed"]}));
    assert_eq!(service.get("/things", None).await.data(200)["limit"], 20);
    assert_eq!(service.get("/things?limit=", None).await.data(200)["limit"], 20);
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("limit=70000", "limit"),
        ("status=lost", "status[0]"),
        ("cursor=x", "cursor"),
    ] {
        let answer = service.get(&format!("/things?{query}"), None).await;
        assert_refused(&answer, 422, "validation_failed");
        assert_eq!(answer.body["error"]["details"][0]["field"], field, "{query}: {}", answer.body);
    }
    let plain = service.get("/pages?limit=x", None).await;
    let expected = json!([{"field": "limit", "message": "must be a whole number from 1 to 100"}]);
    assert_eq!(plain.body["error"]["details"], expected);
    assert_refused(&service.get("/things?cursor=a%00b", None).await, 422, "validation_failed");
}

#[tokio::test]
async fn what_takes_too_long_or_is_given_up_is_still_done_to_its_end() {
    let service = Running::start().await;
    assert_refused(&service.get("/slow/1500", None).await, 504, "timed_out");
    let impatient = service.http.get(service.url("/slow/300")).timeout(Duration::from_millis(50)).send().await;
    assert!(impatient.is_err(), "the caller has hung up");
    let finished = || service.app.finished.load(Ordering::SeqCst);
    for _ in 0..500 {
        if finished() == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(finished(), 2, "a transaction in them is not left open");
    assert_eq!(service.get("/slow/10", None).await.status, 200);
}
