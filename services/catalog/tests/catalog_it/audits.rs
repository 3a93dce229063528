use domain::events::AuditRecorded;
use serde_json::{Value, json};

use crate::support::{CEMENT, Catalogue};

async fn deeds(catalogue: &Catalogue) -> Vec<AuditRecorded> {
    catalogue.service.said().await.iter().filter_map(|said| said.parse().ok()).collect()
}

fn actions(deeds: &[AuditRecorded]) -> Vec<&str> {
    deeds.iter().map(|deed| deed.action.as_str()).collect()
}

#[tokio::test]
async fn what_staff_do_to_materials_and_tax_rates_is_recorded_as_it_was_and_as_it_is() {
    let catalogue = Catalogue::seeded().await;
    let token = &catalogue.staff.token;
    let cement = catalogue.browse(&format!("/api/v1/materials/{}", catalogue.id(CEMENT).await)).await;
    let mut body = json!({"category_id": cement.data(200)["category_id"], "name": "Slag cement 50 kg", "base_price": "340.00",
                          "unit": "bag", "hsn_code": "25239999", "gst_rate": "18.00"});
    let made = catalogue.service.post("/api/v1/materials", token, &body).await.data(201).clone();
    let said = deeds(&catalogue).await;
    assert_eq!(actions(&said), ["gst_rate.created", "gst_rate.created", "gst_rate.created", "material.created"]);
    assert_eq!(said[0].after.as_ref().unwrap()["tax_code"], "25239999");
    assert_eq!((said[3].entity_id.to_string(), &said[3].before), (made["id"].as_str().unwrap().to_owned(), &None));
    body["base_price"] = json!("350.00");
    let path = format!("/api/v1/materials/{}", made["id"].as_str().unwrap());
    let _ = catalogue.service.put(&path, token, &body).await.data(200);
    let said = deeds(&catalogue).await;
    let price = |value: &Option<Value>| value.as_ref().unwrap()["base_price"].clone();
    assert_eq!(actions(&said), ["material.updated"]);
    assert_eq!((price(&said[0].before), price(&said[0].after)), (json!("340.00"), json!("350.00")));
    for _ in 0..2 {
        assert_eq!(catalogue.service.delete(&path, token).await.status, 204);
    }
    let said = deeds(&catalogue).await;
    assert_eq!(actions(&said), ["material.retired"], "again is no deed");
    let active = |value: &Option<Value>| value.as_ref().unwrap()["is_active"].clone();
    assert_eq!((active(&said[0].before), active(&said[0].after)), (json!(true), json!(false)));
    // What is refused is no deed either.
    body["gst_rate"] = json!("28.00");
    assert_eq!(catalogue.service.post("/api/v1/materials", token, &body).await.status, 422);
    assert_eq!(deeds(&catalogue).await.len(), 0);
    catalogue.finish().await;
}

#[tokio::test]
async fn what_staff_do_to_categories_and_labour_is_recorded_with_who_did_it() {
    let catalogue = Catalogue::seeded().await;
    let token = &catalogue.staff.token;
    let body = json!({"name": "Glass", "slug": "glass", "type": "material"});
    let glass = catalogue.service.post("/api/v1/categories", token, &body).await.data(201).clone();
    let body = json!({"name": "Glass and mirrors", "slug": "glass", "type": "material"});
    let _ = catalogue.service.put(&format!("/api/v1/categories/{}", glass["id"].as_str().unwrap()), token, &body).await.data(200);
    let mason = catalogue.id("mason").await;
    let category = catalogue.browse(&format!("/api/v1/labor/{mason}")).await.data(200)["category_id"].clone();
    let body = json!({"category_id": category, "name": "Scaffolder", "slug": "scaffolder", "daily_rate": "1100.00",
                      "sac_code": "995457", "gst_rate": "18.00"});
    let made = catalogue.service.post("/api/v1/labor", token, &body).await.data(201).clone();
    let path = format!("/api/v1/labor/{}", made["id"].as_str().unwrap());
    let _ = catalogue.service.put(&path, token, &body).await.data(200);
    assert_eq!(catalogue.service.delete(&path, token).await.status, 204);
    let said = catalogue.service.said().await;
    let deeds: Vec<(AuditRecorded, Option<domain::UserId>)> =
        said.iter().filter_map(|said| Some((said.parse().ok()?, said.actor.user_id))).collect();
    let wanted = ["category.created", "category.updated", "labor.created", "labor.updated", "labor.retired"];
    let own = deeds.iter().map(|(deed, _)| deed.action.as_str()).filter(|action| *action != "gst_rate.created");
    assert_eq!(own.collect::<Vec<_>>(), wanted);
    assert_eq!(deeds[1].0.before.as_ref().unwrap()["name"], "Glass");
    assert_eq!(deeds[1].0.after.as_ref().unwrap()["name"], "Glass and mirrors");
    assert!(deeds.iter().all(|(_, who)| *who == Some(catalogue.staff.user_id)), "{deeds:?}");
    catalogue.finish().await;
}
