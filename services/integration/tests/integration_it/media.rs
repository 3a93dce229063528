//! Files: by content, with limits, private.

use domain::{AdminRole, ServiceName};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use testkit::Person;

use crate::world::{World, new_id, world};

pub(crate) const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0";

pub(crate) async fn buckets(world: &World) {
    let aws = std::env::var("AWS_ENDPOINT_URL").unwrap();
    for bucket in ["realserv-media", "realserv-kyc"] {
        let made = world.http.put(format!("{aws}/{bucket}")).send().await.unwrap();
        assert!(made.status().is_success() || made.status().as_u16() == 409, "{}", made.status());
    }
}

pub(crate) async fn upload(world: &World, who: &Person, category: &str, name: &str, content: Vec<u8>) -> (u16, Value) {
    let part = Part::bytes(content).file_name(name.to_owned());
    let form = Form::new().text("category", category.to_owned()).part("file", part);
    let request = world.http.post(format!("{}/api/v1/media/upload", world.base_url)).bearer_auth(&who.token).multipart(form);
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap_or(Value::Null))
}

#[tokio::test]
async fn a_file_is_stored_by_its_content_and_handed_out_by_a_short_lived_url() {
    let world = world().await;
    buckets(&world).await;
    let vendor = world.people.vendor();
    let (status, stored) = upload(&world, &vendor, "kyc_document", "pan.exe", PNG.to_vec()).await;
    assert_eq!(status, 201, "{stored}");
    let stored = &stored["data"];
    assert_eq!((&stored["file_type"], &stored["category"]), (&json!("image/png"), &json!("kyc_document")));
    let at = format!("/api/v1/media/{}", stored["media_id"].as_str().unwrap());
    let opened = world.get(&at, &vendor.token).await;
    let url = opened.data(200)["url"].as_str().unwrap().to_owned();
    let content = world.http.get(&url).send().await.unwrap();
    assert_eq!(content.status().as_u16(), 200);
    assert_eq!(content.bytes().await.unwrap().as_ref(), PNG);
    assert!(url.contains("realserv-kyc"), "KYC papers have their own bucket");

    let others = world.people.vendor();
    assert_eq!(world.get(&at, &others.token).await.code(404), "not_found");
    assert_eq!(world.get(&at, &world.people.admin(AdminRole::Support).token).await.code(404), "not_found");
    assert_eq!(world.get(&at, &world.people.admin(AdminRole::Operations).token).await.status, 200);
    assert_eq!(world.delete(&at, &vendor.token).await.code(403), "evidence_is_kept");
    assert_eq!(world.delete(&at, &others.token).await.code(404), "not_found");

    let internal = format!("/internal/v1/media/{}", stored["media_id"].as_str().unwrap());
    let facts = world.get(&internal, &world.service_token(ServiceName::VendorManagement)).await;
    assert_eq!(facts.data(200)["uploaded_by"], json!(vendor.user_id));
    assert_eq!(facts.data(200)["sha256"], stored["sha256"]);
    assert_eq!(world.get(&internal, &vendor.token).await.code(403), "forbidden");
    assert_eq!(world.said_types().await, ["MediaUploaded"]);
    world.service.finish().await;
}

#[tokio::test]
async fn what_a_file_is_called_does_not_make_it_one() {
    let world = world().await;
    buckets(&world).await;
    let vendor = world.people.vendor();
    let (status, refused) = upload(&world, &vendor, "delivery_proof", "photo.jpg", b"<script>alert(1)</script>".to_vec()).await;
    assert_eq!((status, &refused["error"]["code"]), (415, &json!("unsupported_file_type")));
    let (status, refused) = upload(&world, &vendor, "product_image", "photo.jpg", b"%PDF-1.7 x".to_vec()).await;
    assert_eq!((status, &refused["error"]["code"]), (415, &json!("unsupported_file_type")));
    let (status, _) = upload(&world, &vendor, "delivery_proof", "empty.png", Vec::new()).await;
    assert_eq!(status, 422);
    let (status, refused) = upload(&world, &vendor, "love_letter", "a.png", PNG.to_vec()).await;
    assert_eq!((status, &refused["error"]["code"]), (422, &json!("validation_failed")));
    let stranger = world.people.stranger("+919848099999");
    let (status, refused) = upload(&world, &stranger, "delivery_proof", "a.png", PNG.to_vec()).await;
    assert_eq!((status, &refused["error"]["code"]), (403, &json!("not_registered")));
    world.service.finish().await;
}

#[tokio::test]
async fn ten_megabytes_are_the_limit_and_fifteen_for_kyc_papers_as_pdf() {
    let world = world().await;
    buckets(&world).await;
    let vendor = world.people.vendor();
    let large = |start: &[u8], megabytes: usize| {
        let mut content = start.to_vec();
        content.resize(megabytes * 1024 * 1024, 0);
        content
    };
    let (status, refused) = upload(&world, &vendor, "delivery_proof", "a.png", large(PNG, 11)).await;
    assert_eq!((status, &refused["error"]["code"]), (413, &json!("too_large")));
    let (status, _) = upload(&world, &vendor, "kyc_document", "a.pdf", large(b"%PDF-1.7", 14)).await;
    assert_eq!(status, 201);
    let (status, refused) = upload(&world, &vendor, "kyc_document", "a.png", large(PNG, 14)).await;
    assert_eq!((status, &refused["error"]["code"]), (413, &json!("too_large")));
    // What announces itself as far too large is refused unread; whether the answer still gets through is TCP's affair.
    let part = Part::bytes(large(b"%PDF-1.7", 20)).file_name("a.pdf");
    let form = Form::new().text("category", "kyc_document").part("file", part);
    let sent = world
        .http
        .post(format!("{}/api/v1/media/upload", world.base_url))
        .bearer_auth(&vendor.token)
        .multipart(form)
        .send()
        .await;
    assert!(sent.is_err() || sent.is_ok_and(|response| response.status().as_u16() == 413));
    let stored: i64 = sqlx::query_scalar("SELECT count(*) FROM media_files").fetch_one(&world.db.pool).await.unwrap();
    assert_eq!(stored, 1);
    // The other routes keep their limit of one megabyte.
    let long = json!({"address": "x".repeat(1_100_000)});
    assert_eq!(world.post("/api/v1/location/geocode", &vendor.token, &long).await.code(413), "too_large");
    world.said().await;
    world.service.finish().await;
}

#[tokio::test]
async fn a_promised_file_counts_once_it_was_brought_and_is_what_it_holds() {
    let world = world().await;
    buckets(&world).await;
    let vendor = world.people.vendor();
    let promise = json!({"file_name": "door.png", "file_type": "image/png", "file_size_bytes": PNG.len(), "category": "product_image",
                         "related_entity_type": "vendor", "related_entity_id": vendor.vendor_id});
    let promised = world.post("/api/v1/media/presign", &vendor.token, &promise).await;
    let promised = promised.data(201);
    let at = format!("/api/v1/media/{}", promised["media"]["media_id"].as_str().unwrap());
    assert_eq!(world.get(&at, &vendor.token).await.code(409), "not_uploaded");
    let mut put = world.http.put(promised["upload_url"].as_str().unwrap()).body(PNG.to_vec());
    for header in promised["upload_headers"].as_array().unwrap() {
        if header["name"] != "content-length" {
            put = put.header(header["name"].as_str().unwrap(), header["value"].as_str().unwrap());
        }
    }
    assert_eq!(put.send().await.unwrap().status().as_u16(), 200);
    let buyer = world.people.buyer();
    assert_eq!(world.get(&at, &buyer.token).await.data(200)["file_type"], "image/png");
    assert_eq!(world.get(&at, &vendor.token).await.status, 200);
    assert_eq!(world.said_types().await, ["MediaUploaded"], "told once");
    assert_eq!(world.delete(&at, &vendor.token).await.status, 204);
    assert_eq!(world.get(&at, &vendor.token).await.code(404), "not_found");
    assert_eq!(world.said_types().await, ["MediaDeleted"]);
    let wrong =
        json!({"file_name": "a.exe", "file_type": "application/x-msdownload", "file_size_bytes": 5, "category": "product_image"});
    assert_eq!(world.post("/api/v1/media/presign", &vendor.token, &wrong).await.code(415), "unsupported_file_type");
    let missing = format!("/api/v1/media/{}", new_id::<domain::MediaId>());
    assert_eq!(world.get(&missing, &vendor.token).await.code(404), "not_found");
    world.service.finish().await;
}
