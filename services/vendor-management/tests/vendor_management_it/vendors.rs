//! Opening, onboarding, changing and finding vendors.

use domain::{AdminRole, ServiceName};
use reqwest::Method;
use serde_json::{Value, json};

use testkit::wiremock::matchers::{body_partial_json, method, path as at_path};
use testkit::wiremock::{Mock, ResponseTemplate};

use crate::support::{AREAS, Fine as _, World, onboarding};

fn with(changes: &[(&str, Value)]) -> Value {
    let mut body = onboarding();
    for (field, value) in changes {
        body[*field] = value.clone();
    }
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn opening_a_vendor_twice_answers_the_same_one() {
    let world = World::new().await;
    let token = world.service.service_token(ServiceName::User);
    let body = json!({"user_id": world.vendor.user_id, "phone": "9848012345", "full_name": "Venkat"});
    let again = world.service.post("/internal/v1/vendors", &token, &body).await;
    assert_eq!(again.data(200)["vendor_id"], json!(world.vendor.vendor_id));
    assert_eq!(again.data(200)["status"], "pending");
    assert_eq!(again.data(200)["commission_rate"], "10.00");
    let by_user = world.service.get(&format!("/internal/v1/vendors/by-user/{}", world.vendor.user_id), &token).await;
    assert_eq!(by_user.data(200)["vendor_id"], json!(world.vendor.vendor_id));
    assert_eq!(world.service.post("/internal/v1/vendors", &world.vendor(), &body).await.code(403), "forbidden");
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gstin_of_another_pan_or_state_or_with_a_wrong_check_character_is_refused() {
    let world = World::new().await;
    for (field, value) in [
        ("pan", json!("AAPFU0939F")),
        ("state", json!("Maharashtra")),
        ("gstin", json!("36AABCU9603R1ZX")),
        ("gstin", Value::Null),
        ("gst_scheme", json!("unregistered")),
        ("bank_ifsc", json!("HDFC1000053")),
        ("bank_account_number", json!("5010012345678X")),
        ("service_pincodes", json!(["05003"])),
        ("warehouse_latitude", json!(78.4)),
        ("colour", json!("blue")),
    ] {
        let answer = world.service.post("/api/v1/vendors/onboard", &world.vendor(), &with(&[(field, value)])).await;
        assert_eq!(answer.code(422), "validation_failed", "{field}");
    }
    let vendor = world.service.get(&format!("/api/v1/vendors/{}", world.vendor.vendor_id), &world.vendor()).await;
    assert_eq!(vendor.data(200)["onboarded_at"], Value::Null);
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn onboarding_tells_the_others_and_an_unregistered_vendor_needs_no_gstin() {
    let world = World::new().await;
    let body = with(&[("gst_scheme", json!("unregistered")), ("gstin", Value::Null), ("pan", json!("aabcu 9603r"))]);
    let answer = world.service.post("/api/v1/vendors/onboard", &world.vendor(), &body).await;
    assert_eq!(answer.data(200)["pan"], "XXXXXX603R");
    assert_eq!(answer.data(200)["status"], "pending");
    let said = world.service.said().await;
    assert_eq!(said.len(), 1);
    let facts: domain::events::VendorOnboarded = said[0].parse().unwrap();
    assert_eq!((facts.vendor.revision, facts.vendor.phone.as_str()), (2, "+919848012345"));
    assert_eq!(facts.vendor.service_radius_km, Some(25.0));
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bank_account_is_masked_for_everybody_but_finance_and_buyers_see_the_public_part() {
    let world = World::selling().await;
    let path = format!("/api/v1/vendors/{}", world.vendor.vendor_id);
    for token in [world.vendor(), world.staff(AdminRole::Operations)] {
        let seen = world.service.get(&path, &token).await;
        assert_eq!(seen.data(200)["bank"]["account_number"], "XXXXXXXXXX6789");
        assert!(!seen.body.to_string().contains("50100123456789"));
    }
    let finance = world.service.get(&path, &world.staff(AdminRole::Finance)).await;
    assert_eq!(finance.data(200)["bank"]["account_number"], "50100123456789");
    for token in [world.buyer(), world.service.people.stranger("+919876500000").token, world.staff(AdminRole::Support)] {
        let seen = world.service.get(&path, &token).await;
        assert_eq!(seen.data(200)["business_name"], "Sri Venkateswara Traders");
        for private in ["bank", "pan", "gstin", "kyc_status", "commission_rate", "business_phone"] {
            assert!(seen.data(200).get(private).is_none(), "{private}");
        }
    }
    world.service.said().await;
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_papers_were_approved_for_is_changed_by_operations_only() {
    let world = World::selling().await;
    world.service.said().await;
    let path = format!("/api/v1/vendors/{}", world.vendor.vendor_id);
    let bank = json!({"bank_account_number": "123456789012"});
    let refused = world.service.put(&path, &world.vendor(), &bank).await;
    assert_eq!(refused.code(409), "locked_after_approval");
    assert_eq!(refused.body["error"]["details"]["fields"], json!(["bank_account_number"]));
    world
        .service
        .put(&path, &world.vendor(), &json!({"service_pincodes": ["500081"], "service_radius_km": null}))
        .await
        .fine(200);
    world.service.put(&path, &world.staff(AdminRole::Operations), &bank).await.fine(200);
    assert_eq!(world.service.put(&path, &world.staff(AdminRole::Support), &bank).await.code(403), "forbidden");
    let other = world.register("+919848099999").await;
    assert_eq!(world.service.put(&path, &other.token, &bank).await.code(403), "forbidden");
    let said = world.service.said().await;
    let types: Vec<&str> = said.iter().map(|e| e.r#type.as_str()).collect();
    assert_eq!(types, ["VendorUpdated", "VendorUpdated", "AuditRecorded"]);
    assert!(!serde_json::to_string(&said).unwrap().contains("123456789012"));
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_opens_and_closes_and_each_change_has_a_higher_revision() {
    let world = World::selling().await;
    world.service.said().await;
    let path = format!("/api/v1/vendors/{}/availability", world.vendor.vendor_id);
    let closed = world.service.put(&path, &world.vendor(), &json!({"is_accepting_orders": false})).await;
    assert_eq!(closed.data(200)["can_take_orders"], false);
    world.service.put(&path, &world.vendor(), &json!({"is_accepting_orders": false})).await.fine(200);
    world.service.put(&path, &world.vendor(), &json!({"is_accepting_orders": true})).await.fine(200);
    assert_eq!(world.service.get(&path, &world.buyer()).await.data(200)["can_take_orders"], true);
    assert_eq!(world.service.put(&path, &world.buyer(), &json!({"is_accepting_orders": false})).await.code(403), "forbidden");
    let said = world.service.said().await;
    let revisions: Vec<i64> = said.iter().map(|e| e.data["revision"].as_i64().unwrap()).collect();
    assert_eq!(said.len(), 2);
    assert!(revisions[0] < revisions[1]);
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn open_shops_are_found_by_pincode_and_by_radius_nearest_first() {
    let world = World::selling().await;
    let near = world.register("+919848011111").await;
    world.approve(&near).await;
    let path = format!("/api/v1/vendors/{}", near.vendor_id);
    let place = json!({"warehouse_latitude": 17.4440, "warehouse_longitude": 78.3780, "service_pincodes": []});
    world.service.put(&path, &world.staff(AdminRole::Operations), &place).await.fine(200);
    let names = |answer: &testkit::Answer| -> Vec<Value> {
        answer.data(200).as_array().unwrap().iter().map(|v| v["id"].clone()).collect()
    };
    let find = |query: &str| {
        let path = format!("/api/v1/vendors/available?{query}");
        let (service, token) = (&world.service, world.buyer());
        async move { service.get(&path, &token).await }
    };
    let both = find("latitude=17.4435&longitude=78.3772").await;
    assert_eq!(names(&both), [json!(near.vendor_id), json!(world.vendor.vendor_id)]);
    assert_eq!(names(&find("pincode=500032").await), [json!(world.vendor.vendor_id)]);
    assert!(names(&find("latitude=12.97&longitude=77.59").await).is_empty());
    assert!(names(&find("pincode=500032&type=labor_contractor").await).is_empty());
    assert_eq!(find("type=both").await.code(422), "validation_failed");
    let suspend = json!({"status": "suspended", "reason": "complaints"});
    world.service.put(&format!("{path}/status"), &world.staff(AdminRole::Operations), &suspend).await.fine(200);
    assert_eq!(names(&find("latitude=17.4435&longitude=78.3772").await), [json!(world.vendor.vendor_id)]);
    world.service.said().await;
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_set_status_and_commission_and_the_audit_log_hears_of_it() {
    let world = World::selling().await;
    world.service.said().await;
    let path = format!("/api/v1/vendors/{}", world.vendor.vendor_id);
    let (operations, finance) = (world.staff(AdminRole::Operations), world.staff(AdminRole::Finance));
    let rate = json!({"commission_rate": "12.50"});
    assert_eq!(world.service.put(&format!("{path}/commission"), &operations, &rate).await.code(403), "forbidden");
    let set = world.service.put(&format!("{path}/commission"), &finance, &rate).await;
    assert_eq!(set.data(200)["commission_rate"], "12.50");
    let too_much = world.service.put(&format!("{path}/commission"), &finance, &json!({"commission_rate": "50.01"})).await;
    assert_eq!(too_much.code(422), "validation_failed");
    let block = json!({"status": "blocked", "reason": "fraud"});
    world.service.put(&format!("{path}/status"), &operations, &block).await.fine(200);
    let back = world.service.put(&format!("{path}/status"), &operations, &json!({"status": "active", "reason": "sorry"})).await;
    assert_eq!(back.code(409), "illegal_transition");
    assert_eq!(back.body["error"]["details"], json!({"from": "blocked", "to": "active"}));
    let wanted = ["VendorUpdated", "AuditRecorded", "VendorStatusChanged", "AuditRecorded"];
    assert_eq!(world.service.said_types().await, wanted);
    let listed = world.service.get("/api/v1/vendors?status=blocked&q=venkat&limit=1", &operations).await;
    assert_eq!(listed.data(200).as_array().unwrap().len(), 1);
    assert_eq!(world.service.get("/api/v1/vendors", &finance).await.code(403), "forbidden");
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn anyone_may_ask_whether_a_shop_is_open() {
    let world = World::selling().await;
    let path = format!("/api/v1/vendors/{}/availability", world.vendor.vendor_id);
    let answer = world.service.send(Method::GET, &path, None, None, &[]).await;
    assert_eq!(answer.data(200)["can_take_orders"], true);
    let closing = json!({"is_accepting_orders": false});
    assert_eq!(world.service.send(Method::PUT, &path, None, Some(&closing), &[]).await.code(401), "unauthenticated");
    world.service.said().await;
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_area_that_was_drawn_is_enough_to_be_onboarded_and_found_by() {
    let world = World::new().await;
    let body = with(&[("service_pincodes", json!([])), ("service_radius_km", Value::Null)]);
    let nowhere = world.service.post("/api/v1/vendors/onboard", &world.vendor(), &body).await;
    assert_eq!(nowhere.code(422), "validation_failed");
    let drawn = |asked: Value| async {
        let found = ResponseTemplate::new(200).set_body_json(json!({"data": {"vendor_ids": [world.vendor.vendor_id]}}));
        let mock = Mock::given(method("POST")).and(at_path(AREAS)).and(body_partial_json(asked));
        mock.respond_with(found).with_priority(1).mount(&world.service.neighbours).await;
    };
    drawn(json!({"vendor_id": world.vendor.vendor_id})).await;
    drawn(json!({"point": {"latitude": 17.5, "longitude": 78.4}})).await;
    world.approve(&world.vendor).await;
    let path = format!("/api/v1/vendors/{}", world.vendor.vendor_id);
    let only_drawn = json!({"service_pincodes": [], "service_radius_km": null});
    world.service.put(&path, &world.vendor(), &only_drawn).await.fine(200);
    let find = |latitude: f64| {
        let path = format!("/api/v1/vendors/available?latitude={latitude}&longitude=78.4");
        let (service, token) = (&world.service, world.buyer());
        async move { service.get(&path, &token).await.data(200).clone() }
    };
    assert_eq!(find(17.5).await[0]["covered_by"], "area");
    assert_eq!(find(17.6).await, json!([]));
    world.service.said().await;
    world.service.finish().await;
}
