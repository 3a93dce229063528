//! Papers: the checklist, who verified, expiry and renewal.

use domain::AdminRole;
use serde_json::{Value, json};

use crate::support::{Fine as _, World};

fn path(world: &World) -> String {
    format!("/api/v1/vendors/{}/kyc", world.vendor.vendor_id)
}

async fn hand_in(world: &World, kind: &str, expires_on: Option<&str>) -> testkit::Answer {
    let media = world.file_of(world.vendor.user_id).await;
    let body = json!({"documents": [{"document_type": kind, "media_id": media, "expires_on": expires_on}]});
    world.service.post(&path(world), &world.vendor(), &body).await
}

fn states(kyc: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    kyc["checklist"].as_array().unwrap().iter().map(|item| (text(&item["item"]), text(&item["state"]))).collect()
}

fn named(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(item, state)| ((*item).to_owned(), (*state).to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_checklist_says_where_each_item_stands_and_who_looked_at_it() {
    let world = World::new().await;
    world.onboard(&world.vendor).await;
    let operations = world.service.people.admin(AdminRole::Operations);
    let empty = world.service.get(&path(&world), &world.vendor()).await;
    let all = [("pan", "missing"), ("bank_proof", "missing"), ("gstin", "missing"), ("business_license", "missing")];
    assert_eq!(states(empty.data(200)), named(&all));
    for kind in ["pan", "gstin", "cancelled_cheque"] {
        hand_in(&world, kind, None).await.fine(201);
    }
    let submitted = world.service.get(&path(&world), &world.vendor()).await;
    let pan = submitted.data(200)["documents"].as_array().unwrap().iter().find(|d| d["document_type"] == "pan").unwrap().clone();
    let reject = json!({"documents": [{"document_id": pan["id"], "reason": "not readable"}]});
    let rejected = world.service.put(&format!("{}/reject", path(&world)), &operations.token, &reject).await;
    let after = [("pan", "rejected"), ("bank_proof", "pending"), ("gstin", "pending"), ("business_license", "missing")];
    assert_eq!(states(rejected.data(200)), named(&after));
    hand_in(&world, "pan", None).await.fine(201);
    let approved = world.service.put(&format!("{}/approve", path(&world)), &operations.token, &json!({})).await;
    let done = [("pan", "verified"), ("bank_proof", "verified"), ("gstin", "verified"), ("business_license", "missing")];
    assert_eq!(states(approved.data(200)), named(&done));
    for document in approved.data(200)["documents"].as_array().unwrap() {
        assert_eq!(document["verified_by"], json!(operations.user_id));
    }
    world.service.said().await;
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_needed_paper_that_expires_takes_approval_back_until_another_is_approved() {
    let world = World::new().await;
    world.onboard(&world.vendor).await;
    let operations = world.staff(AdminRole::Operations);
    assert_eq!(hand_in(&world, "pan", Some("2026-11-15")).await.code(422), "validation_failed");
    hand_in(&world, "pan", None).await.fine(201);
    hand_in(&world, "gstin", Some("2026-11-20")).await.fine(201);
    hand_in(&world, "bank_statement", None).await.fine(201);
    world.service.put(&format!("{}/approve", path(&world)), &operations, &json!({})).await.fine(200);
    world.service.said().await;
    // The last day is over at half past six in the evening, UTC.
    world.at("2026-11-20T18:29:59Z");
    world.service.run_due_jobs().await;
    assert!(world.service.said_types().await.is_empty());
    world.at("2026-11-20T18:30:00Z");
    world.service.run_due_jobs().await;
    world.service.run_due_jobs().await;
    assert_eq!(world.service.said_types().await, ["VendorKycRejected", "VendorStatusChanged", "AuditRecorded"]);
    let seen = world.service.get(&path(&world), &world.vendor()).await;
    assert_eq!((&seen.data(200)["kyc_status"], &seen.data(200)["missing"]), (&json!("rejected"), &json!(["gstin"])));
    let vendor = format!("/api/v1/vendors/{}", world.vendor.vendor_id);
    assert_eq!(world.service.get(&vendor, &world.vendor()).await.data(200)["status"], "pending");
    hand_in(&world, "gstin", Some("2027-11-20")).await.fine(201);
    world.service.put(&format!("{}/approve", path(&world)), &world.staff(AdminRole::Operations), &json!({})).await.fine(200);
    assert_eq!(world.service.get(&vendor, &world.vendor()).await.data(200)["status"], "active");
    world.service.said().await;
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paper_is_renewed_before_it_expires_while_the_vendor_sells_on() {
    let world = World::selling().await;
    let operations = world.staff(AdminRole::Operations);
    assert_eq!(hand_in(&world, "pan", None).await.code(409), "kyc_already_approved");
    let added = hand_in(&world, "business_license", Some("2026-11-20")).await;
    assert_eq!(added.data(201)["kyc_status"], "approved");
    hand_in(&world, "business_license", Some("2027-11-20")).await.fine(201);
    world.at("2026-11-20T18:30:00Z");
    world.service.run_due_jobs().await;
    let seen = world.service.get(&path(&world), &world.vendor()).await;
    assert_eq!(states(seen.data(200))[3], ("business_license".to_owned(), "pending".to_owned()), "the older one expires unseen");
    let verified = world.service.put(&format!("{}/approve", path(&world)), &world.staff(AdminRole::Operations), &json!({})).await;
    assert_eq!(states(verified.data(200))[3].1, "verified");
    let license = verified.data(200)["checklist"][3]["document_id"].clone();
    let reject = json!({"documents": [{"document_id": license, "reason": "of another business"}]});
    let late = world.service.put(&format!("{}/reject", path(&world)), &world.staff(AdminRole::Operations), &reject).await;
    assert_eq!(late.code(409), "illegal_transition");
    world.at("2027-11-20T18:30:00Z");
    world.service.run_due_jobs().await;
    let seen = world.service.get(&path(&world), &world.vendor()).await;
    assert_eq!((&seen.data(200)["kyc_status"], states(seen.data(200))[3].1.as_str()), (&json!("approved"), "expired"));
    let _ = operations;
    world.service.said().await;
    world.service.finish().await;
}
