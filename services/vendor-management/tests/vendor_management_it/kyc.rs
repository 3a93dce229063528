//! Papers.

use domain::AdminRole;
use serde_json::json;

use crate::support::{Fine as _, World};

fn path(world: &World) -> String {
    format!("/api/v1/vendors/{}/kyc", world.vendor.vendor_id)
}

#[tokio::test(flavor = "multi_thread")]
async fn approval_needs_the_papers_and_makes_the_vendor_active() {
    let world = World::new().await;
    world.onboard(&world.vendor).await;
    world.service.said().await;
    let (kyc, operations) = (path(&world), world.staff(AdminRole::Operations));
    let approve = format!("{kyc}/approve");
    let pan = json!({"documents": [{"document_type": "pan", "media_id": world.file_of(world.vendor.user_id).await, "document_number": "AABCU9603R"}]});
    let submitted = world.service.post(&kyc, &world.vendor(), &pan).await;
    assert_eq!(submitted.data(201)["kyc_status"], "submitted");
    let refused = world.service.put(&approve, &operations, &json!({})).await;
    assert_eq!(refused.code(422), "kyc_incomplete");
    assert_eq!(refused.body["error"]["details"]["missing"], json!(["bank_statement or cancelled_cheque", "gstin"]));
    let rest = json!({"documents": [
        {"document_type": "gstin", "media_id": world.file_of(world.vendor.user_id).await},
        {"document_type": "bank_statement", "media_id": world.file_of(world.vendor.user_id).await, "document_number": "50100123456789"},
        {"document_type": "aadhaar", "media_id": world.file_of(world.vendor.user_id).await, "document_number": "234123412346"},
    ]});
    let whole = world.service.post(&kyc, &world.vendor(), &rest).await;
    assert_eq!(whole.data(201)["missing"], json!([]));
    assert!(!whole.body.to_string().contains("23412341") && !whole.body.to_string().contains("50100123"));
    assert_eq!(world.service.put(&approve, &world.staff(AdminRole::Finance), &json!({})).await.code(403), "forbidden");
    assert_eq!(world.service.put(&approve, &operations, &json!({})).await.data(200)["kyc_status"], "approved");
    world.service.put(&approve, &operations, &json!({})).await.fine(200);
    let vendor = world.service.get(&format!("/api/v1/vendors/{}", world.vendor.vendor_id), &operations).await;
    assert_eq!(vendor.data(200)["status"], "active");
    let said = world.service.said_types().await;
    let wanted = ["VendorKycSubmitted", "VendorKycSubmitted", "VendorKycApproved", "VendorStatusChanged", "AuditRecorded"];
    assert_eq!(said, wanted);
    let kept: Vec<String> =
        sqlx::query_scalar("SELECT document_number FROM vendor_kyc_documents WHERE document_type = 'aadhaar'")
            .fetch_all(&world.service.db.pool)
            .await
            .unwrap();
    assert_eq!(kept, ["2346"]);
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_paper_has_its_reason_and_may_be_handed_in_again() {
    let world = World::new().await;
    world.onboard(&world.vendor).await;
    let (kyc, operations) = (path(&world), world.staff(AdminRole::Operations));
    let mut documents = Vec::new();
    for kind in ["pan", "gstin", "cancelled_cheque"] {
        documents.push(json!({"document_type": kind, "media_id": world.file_of(world.vendor.user_id).await}));
    }
    let submitted = world.service.post(&kyc, &world.vendor(), &json!({"documents": documents})).await;
    let find = |kind: &str| {
        let all = submitted.data(201)["documents"].as_array().unwrap();
        all.iter().find(|d| d["document_type"] == kind).unwrap()["id"].clone()
    };
    let no_reason = json!({"documents": [{"document_id": find("pan"), "reason": ""}]});
    assert_eq!(world.service.put(&format!("{kyc}/reject"), &operations, &no_reason).await.code(422), "validation_failed");
    let blurred = json!({"documents": [{"document_id": find("pan"), "reason": "not readable"}]});
    let rejected = world.service.put(&format!("{kyc}/reject"), &operations, &blurred).await;
    assert_eq!(rejected.data(200)["kyc_status"], "rejected");
    assert_eq!(rejected.data(200)["missing"], json!(["pan"]));
    assert_eq!(world.service.put(&format!("{kyc}/approve"), &operations, &json!({})).await.code(422), "kyc_incomplete");
    let again = json!({"documents": [{"document_type": "pan", "media_id": world.file_of(world.vendor.user_id).await}]});
    world.service.post(&kyc, &world.vendor(), &again).await.fine(201);
    world.service.put(&format!("{kyc}/approve"), &operations, &json!({})).await.fine(200);
    let said = world.service.said().await;
    let event = said.iter().find(|e| e.r#type == "VendorKycRejected").unwrap();
    assert_eq!(event.data["reasons"], json!(["pan: not readable"]));
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_file_or_number_or_vendor_is_refused() {
    let world = World::new().await;
    let (kyc, other) = (path(&world), world.register("+919848099999").await);
    let own = world.file_of(world.vendor.user_id).await;
    let paper = |media: uuid::Uuid, number: &str| json!({"documents": [{"document_type": "pan", "media_id": media, "document_number": number}]});
    assert_eq!(world.service.post(&kyc, &world.vendor(), &paper(own, "AABCU9603R")).await.code(409), "not_onboarded");
    world.onboard(&world.vendor).await;
    let foreign = world.file_of(other.user_id).await;
    world.unknown(&format!("/internal/v1/media/{}", uuid::Uuid::from_u128(0xbad))).await;
    for (media, number) in [(foreign, "AABCU9603R"), (uuid::Uuid::from_u128(0xbad), "AABCU9603R"), (own, "AAPFU0939F")] {
        let answer = world.service.post(&kyc, &world.vendor(), &paper(media, number)).await;
        assert_eq!(answer.code(422), "validation_failed");
    }
    assert_eq!(world.service.get(&kyc, &other.token).await.code(404), "not_found");
    assert_eq!(world.service.post(&kyc, &other.token, &paper(foreign, "AABCU9603R")).await.code(404), "not_found");
    let (documents,): (i64,) =
        sqlx::query_as("SELECT count(*) FROM vendor_kyc_documents").fetch_one(&world.service.db.pool).await.unwrap();
    assert_eq!(documents, 0);
    world.service.said().await;
    world.service.finish().await;
}
