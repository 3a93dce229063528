//! What staff do here reaches the audit log by the event, in the transaction of the deed; what others do does not.

use domain::events::{AuditRecorded, Envelope, VendorOnboarded};
use domain::{AdminRole, ServiceName};
use serde_json::{Value, json};
use testkit::Person;
use uuid::Uuid;

use crate::media::{PNG, buckets, upload};
use crate::world::{PHONE, World, world, world_with_vendor};

const SEND: &str = "/api/v1/whatsapp/send-message";

impl World {
    /// What the audit log was told since the last look, all of it by this person.
    async fn deeds_of(&self, who: &Person) -> Vec<AuditRecorded> {
        let audited: Vec<Envelope> = self.said().await.into_iter().filter(|said| said.r#type == "AuditRecorded").collect();
        let deed = |said: &Envelope| {
            let deed: AuditRecorded = said.parse().unwrap();
            assert_eq!((deed.service, said.actor.user_id), (ServiceName::Integration, Some(who.user_id)));
            deed
        };
        audited.iter().map(deed).collect()
    }
}

fn square(west: f64) -> Value {
    let east = west + 0.1;
    json!({"type": "Polygon", "coordinates": [[[west, 17.4], [east, 17.4], [east, 17.5], [west, 17.5], [west, 17.4]]]})
}

#[tokio::test]
async fn a_message_that_support_sends_is_audited_once_without_the_words_and_the_phone() {
    let world = world_with_vendor().await;
    let support = world.people.admin(AdminRole::Support);
    let template = json!({"name": "order_reminder", "language": "en", "variables": ["ORD000001"]});
    let body = json!({"user_id": world.user_id, "template": template, "dedupe_key": "k1"});
    world.said().await;
    let sent = world.post(SEND, &support.token, &body).await;
    let id: Uuid = sent.data(202)["message_id"].as_str().unwrap().parse().unwrap();
    let _ = world.post(SEND, &support.token, &body).await.data(202);
    let deeds = world.deeds_of(&support).await;
    assert_eq!(deeds.len(), 1, "the same key is one message: {deeds:?}");
    assert_eq!((deeds[0].action.as_str(), deeds[0].entity_id), ("whatsapp.message_sent", id));
    let after = deeds[0].after.as_ref().unwrap();
    assert_eq!((&after["user_id"], &after["template"]), (&json!(world.user_id), &json!("order_reminder")));
    let told = serde_json::to_string(&deeds).unwrap();
    assert!(!told.contains("ORD000001") && !told.contains(&PHONE[1..]), "{told}");
    // What is refused is no deed.
    let text = json!({"user_id": world.user_id, "text": "Your order is late"});
    assert_eq!(world.post(SEND, &support.token, &text).await.code(422), "outside_messaging_window");
    assert_eq!(world.deeds_of(&support).await, []);
    world.run_due_jobs().await;
    world.said().await;
    world.service.finish().await;
}

#[tokio::test]
async fn a_message_that_a_service_sends_is_not_audited() {
    let world = world_with_vendor().await;
    world.said().await;
    let body = json!({"phone": PHONE, "template": {"name": "order_reminder", "language": "en", "variables": ["ORD000001"]}});
    let _ = world.post(SEND, &world.service_token(ServiceName::Notification), &body).await.data(202);
    assert!(!world.said_types().await.contains(&"AuditRecorded".to_owned()));
    world.run_due_jobs().await;
    world.said().await;
    world.service.finish().await;
}

#[tokio::test]
async fn service_areas_that_staff_replace_are_audited_as_they_were_and_as_they_are() {
    let world = world().await;
    let (mine, staff) = (world.people.vendor(), world.people.admin(AdminRole::Operations));
    let mut vendor = world.vendor(1);
    vendor.vendor_id = mine.vendor_id;
    world.deliver(ServiceName::VendorManagement, &VendorOnboarded { vendor }).await;
    let at = format!("/api/v1/location/service-areas/{}", mine.vendor_id);
    let _ = world.put(&at, &mine.token, &json!({"geojson": square(78.3)})).await.data(200);
    assert!(world.said_types().await.is_empty(), "a vendor's own drawing is no deed of the staff");
    for _ in 0..2 {
        let _ = world.put(&at, &staff.token, &json!({"geojson": square(78.5)})).await.data(200);
    }
    let deeds = world.deeds_of(&staff).await;
    assert_eq!(deeds.len(), 1, "the same again is no deed: {deeds:?}");
    let deed = &deeds[0];
    assert_eq!((deed.action.as_str(), deed.entity_type.as_str()), ("service_areas.replaced", "vendor"));
    assert_eq!(deed.entity_id, mine.vendor_id.as_uuid());
    let areas = |value: &Option<Value>| value.as_ref().unwrap()["areas"].clone();
    assert_eq!((areas(&deed.before), areas(&deed.after)), (json!([square(78.3)]), json!([square(78.5)])));
    let _ = world.put(&at, &staff.token, &json!({"geojson": null})).await.data(200);
    let deeds = world.deeds_of(&staff).await;
    assert_eq!((areas(&deeds[0].before), areas(&deeds[0].after)), (json!([square(78.5)]), json!([])));
    world.service.finish().await;
}

#[tokio::test]
async fn a_large_drawing_is_audited_by_its_fingerprint_so_that_the_event_fits_the_bus() {
    let world = world().await;
    let (mine, staff) = (world.people.vendor(), world.people.admin(AdminRole::Operations));
    let mut vendor = world.vendor(1);
    vendor.vendor_id = mine.vendor_id;
    world.deliver(ServiceName::VendorManagement, &VendorOnboarded { vendor }).await;
    let corner = |n: i32| {
        let angle = f64::from(n % 2_000) * std::f64::consts::TAU / 2_000.0;
        json!([78.4 + 0.1 * angle.cos(), 17.4 + 0.1 * angle.sin()])
    };
    let round = json!({"type": "Polygon", "coordinates": [(0..=2_000).map(corner).collect::<Vec<_>>()]});
    let at = format!("/api/v1/location/service-areas/{}", mine.vendor_id);
    let _ = world.put(&at, &staff.token, &json!({"geojson": round})).await.data(200);
    let deeds = world.deeds_of(&staff).await;
    let after = deeds[0].after.as_ref().unwrap();
    assert_eq!((&after["corners"], &after["areas"]), (&json!(2_001), &Value::Null));
    assert_eq!(after["sha256"].as_str().unwrap().len(), 64);
    world.service.finish().await;
}

#[tokio::test]
async fn a_file_that_staff_delete_is_audited_once_with_what_it_was() {
    let world = world().await;
    buckets(&world).await;
    let (vendor, staff) = (world.people.vendor(), world.people.admin(AdminRole::Operations));
    let mut files = Vec::new();
    for category in ["kyc_document", "product_image"] {
        let (status, stored) = upload(&world, &vendor, category, "a.png", PNG.to_vec()).await;
        assert_eq!(status, 201, "{stored}");
        files.push(stored["data"]["media_id"].as_str().unwrap().to_owned());
    }
    world.said().await;
    let at = format!("/api/v1/media/{}", files[0]);
    assert_eq!(world.delete(&at, &staff.token).await.status, 204);
    assert_eq!(world.delete(&at, &staff.token).await.code(404), "not_found");
    let deeds = world.deeds_of(&staff).await;
    assert_eq!(deeds.len(), 1, "{deeds:?}");
    assert_eq!((deeds[0].action.as_str(), deeds[0].entity_id.to_string()), ("media.deleted", files[0].clone()));
    let before = deeds[0].before.as_ref().unwrap();
    assert_eq!((&before["category"], &before["uploaded_by"]), (&json!("kyc_document"), &json!(vendor.user_id)));
    assert_eq!(deeds[0].after, Some(json!({"is_deleted": true})));
    // What its owner deletes is no deed of the staff.
    assert_eq!(world.delete(&format!("/api/v1/media/{}", files[1]), &vendor.token).await.status, 204);
    assert_eq!(world.said_types().await, ["MediaDeleted"]);
    world.service.finish().await;
}
