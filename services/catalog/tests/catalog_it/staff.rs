use domain::AdminRole;
use domain::events::{MaterialChanged, OfferChanged};
use serde_json::{Value, json};

use crate::support::{CEMENT, Catalogue};

async fn material(catalogue: &Catalogue) -> Value {
    let id = catalogue.id(CEMENT).await;
    let cement = catalogue.browse(&format!("/api/v1/materials/{id}")).await;
    json!({"category_id": cement.data(200)["category_id"], "name": "Dalmia OPC 53 Grade Cement 50 kg", "sku": "CEM-DAL-OPC53",
           "base_price": "378.00", "unit": "bag", "min_order_quantity": "10", "hsn_code": "2523", "gst_rate": "18.00",
           "specifications": {"brand": "Dalmia"}})
}

#[tokio::test]
async fn a_material_is_made_changed_and_taken_out_and_each_is_told() {
    let catalogue = Catalogue::seeded().await;
    let token = &catalogue.staff.token;
    let mut body = material(&catalogue).await;
    let made = catalogue.service.post("/api/v1/materials", token, &body).await.data(201).clone();
    let path = format!("/api/v1/materials/{}", made["id"].as_str().unwrap());
    assert_eq!((&made["price_band_percent"], &made["gst_rate"]), (&json!("15.00"), &json!("18.00")));
    assert_eq!(catalogue.service.post("/api/v1/materials", token, &body).await.code(409), "already_taken");
    body["base_price"] = json!("380.00");
    assert_eq!(catalogue.service.put(&path, token, &body).await.data(200)["base_price"], "380.00");
    for _ in 0..2 {
        assert_eq!(catalogue.service.delete(&path, token).await.status, 204);
    }
    assert_eq!(catalogue.browse(&path).await.code(404), "not_found");
    let said = catalogue.service.said().await;
    let changed: Vec<MaterialChanged> = said.iter().filter_map(|said| said.parse().ok()).collect();
    assert_eq!(changed.iter().map(|said| said.is_active).collect::<Vec<_>>(), [true, true, false]);
    catalogue.finish().await;
}

#[tokio::test]
async fn a_material_needs_the_tax_tables_rate_and_a_new_code_is_added_to_it() {
    let catalogue = Catalogue::seeded().await;
    let token = &catalogue.staff.token;
    let mut body = material(&catalogue).await;
    body["gst_rate"] = json!("28.00");
    let refused = catalogue.service.post("/api/v1/materials", token, &body).await;
    assert_eq!((refused.code(422), &refused.body["error"]["details"]["gst_rate"]), ("tax_rate_differs", &json!("18.00")));
    body["hsn_code"] = json!("25232930");
    assert_eq!(catalogue.service.post("/api/v1/materials", token, &body).await.status, 201);
    assert_eq!(catalogue.count("gst_rates WHERE tax_code = '25232930'").await, 3);
    for (field, value) in
        [("hsn_code", json!("25")), ("unit", json!("hour")), ("base_price", json!("0.00")), ("colour", json!(1))]
    {
        let mut body = body.clone();
        body[field] = value;
        assert_eq!(catalogue.service.post("/api/v1/materials", token, &body).await.code(422), "validation_failed", "{field}");
    }
    catalogue.finish().await;
}

#[tokio::test]
async fn when_the_platform_moves_its_price_vendors_prices_outside_the_new_band_are_taken_back() {
    let catalogue = Catalogue::seeded().await;
    let token = &catalogue.staff.token;
    let mut body = material(&catalogue).await;
    let made = catalogue.service.post("/api/v1/materials", token, &body).await.data(201).clone();
    let (low, high) = (catalogue.vendor().await, catalogue.vendor().await);
    for (vendor, price) in [(&low, "330.00"), (&high, "430.00")] {
        let offer = json!({"material_id": made["id"], "stock_quantity": "50", "vendor_price": price});
        let _ = catalogue.service.post("/api/v1/inventory", &vendor.token, &offer).await.data(201);
    }
    catalogue.service.said().await;
    body["base_price"] = json!("420.00");
    let path = format!("/api/v1/materials/{}", made["id"].as_str().unwrap());
    let _ = catalogue.service.put(&path, token, &body).await.data(200);
    let said = catalogue.service.said().await;
    let changed: Vec<OfferChanged> = said.iter().filter_map(|said| said.parse().ok()).collect();
    assert_eq!(changed.len(), 1);
    assert_eq!((changed[0].vendor_id, changed[0].unit_price.to_string()), (low.vendor_id, "420.00".to_owned()));
    catalogue.finish().await;
}

#[tokio::test]
async fn categories_have_unique_slugs_one_type_and_no_cycles() {
    let catalogue = Catalogue::seeded().await;
    let token = &catalogue.staff.token;
    let at = "/api/v1/categories";
    let make = async |name: &str, slug: &str, parent: Value, r#type: &str| {
        let body = json!({"name": name, "slug": slug, "parent_id": parent, "type": r#type});
        catalogue.service.post(at, token, &body).await
    };
    let glass = make("Glass", "glass", json!(null), "material").await.data(201).clone();
    let sheets = make("Sheets", "glass-sheets", glass["id"].clone(), "material").await.data(201).clone();
    assert_eq!(make("Glass", "glass", json!(null), "material").await.code(409), "already_taken");
    assert_eq!(make("Glazier", "glazier", glass["id"].clone(), "labor").await.code(422), "validation_failed");
    assert_eq!(make("Bad", "Not A Slug", json!(null), "material").await.code(422), "validation_failed");
    let path = format!("{at}/{}", glass["id"].as_str().unwrap());
    for parent in [&sheets["id"], &glass["id"]] {
        let body = json!({"name": "Glass", "slug": "glass", "parent_id": parent, "type": "material"});
        assert_eq!(catalogue.service.put(&path, token, &body).await.code(409), "category_cycle");
    }
    let body = json!({"name": "Glass and Mirrors", "slug": "glass", "type": "material", "is_active": false});
    assert_eq!(catalogue.service.put(&path, token, &body).await.data(200)["name"], "Glass and Mirrors");
    let tree = catalogue.browse(at).await;
    assert!(tree.data(200).as_array().unwrap().iter().all(|category| category["slug"] != "glass"));
    catalogue.finish().await;
}

#[tokio::test]
async fn only_operations_and_super_admins_change_the_catalogue() {
    let catalogue = Catalogue::seeded().await;
    let body = material(&catalogue).await;
    let people = &catalogue.service.people;
    for (token, status) in [
        (people.buyer().token, 403),
        (people.vendor().token, 403),
        (people.admin(AdminRole::Support).token, 403),
        (people.admin(AdminRole::Finance).token, 403),
        ("nonsense".to_owned(), 401),
        (people.admin(AdminRole::SuperAdmin).token, 201),
    ] {
        assert_eq!(catalogue.service.post("/api/v1/materials", &token, &body).await.status, status);
    }
    catalogue.finish().await;
}

#[tokio::test]
async fn labour_is_made_and_taken_out() {
    let catalogue = Catalogue::seeded().await;
    let token = &catalogue.staff.token;
    let mason = catalogue.id("mason").await;
    let category = catalogue.browse(&format!("/api/v1/labor/{mason}")).await.data(200)["category_id"].clone();
    let mut body = json!({"category_id": category, "name": "Scaffolder", "slug": "scaffolder", "daily_rate": "1100.00",
                          "sac_code": "995457", "gst_rate": "18.00"});
    let made = catalogue.service.post("/api/v1/labor", token, &body).await.data(201).clone();
    assert_eq!((&made["hourly_rate"], &made["min_hours"]), (&json!(null), &json!("4")));
    let path = format!("/api/v1/labor/{}", made["id"].as_str().unwrap());
    body["hourly_rate"] = json!("140.00");
    assert_eq!(catalogue.service.put(&path, token, &body).await.data(200)["hourly_rate"], "140.00");
    assert_eq!(catalogue.service.delete(&path, token).await.status, 204);
    assert_eq!(catalogue.browse(&path).await.code(404), "not_found");
    body["sac_code"] = json!("2523");
    assert_eq!(catalogue.service.post("/api/v1/labor", token, &body).await.code(422), "validation_failed");
    catalogue.finish().await;
}
