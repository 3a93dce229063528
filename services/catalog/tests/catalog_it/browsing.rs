use reqwest::Method;
use serde_json::json;

use crate::support::{CEMENT, Catalogue, names};

#[tokio::test]
async fn pages_show_every_material_once_in_every_order() {
    let catalogue = Catalogue::seeded().await;
    let all = usize::try_from(catalogue.count("materials").await).unwrap();
    for sort in ["name", "price", "price_desc", "newest", "relevance"] {
        let search = if sort == "relevance" { "&q=concrete" } else { "" };
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let answer = catalogue.browse(&format!("/api/v1/materials?limit=7&sort={sort}{search}{cursor}")).await;
            seen.extend(names(&answer));
            match answer.body["page"]["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let shown = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), shown, "{sort}");
        assert!(if sort == "relevance" { shown > 8 && shown < all } else { shown == all }, "{sort}: {shown}");
    }
    let of_another_order = catalogue.browse("/api/v1/materials?limit=1&sort=price").await.body["page"]["next_cursor"].clone();
    let path = format!("/api/v1/materials?sort=name&cursor={}", of_another_order.as_str().unwrap());
    assert_eq!(catalogue.browse(&path).await.code(422), "validation_failed");
    catalogue.finish().await;
}

#[tokio::test]
async fn filters_narrow_down_and_a_category_includes_what_hangs_under_it() {
    let catalogue = Catalogue::seeded().await;
    let tree = catalogue.browse("/api/v1/categories").await.data(200).clone();
    let steel = tree.as_array().unwrap().iter().find(|category| category["slug"] == "steel").unwrap();
    assert!(steel["children"].as_array().unwrap().len() >= 2);
    let id = steel["id"].as_str().unwrap();
    let by_filter = names(&catalogue.browse(&format!("/api/v1/materials?category_id={id}&limit=100")).await);
    let by_path = names(&catalogue.browse(&format!("/api/v1/materials/category/{id}?limit=100")).await);
    assert_eq!(by_filter, by_path);
    assert!(by_path.len() > 21 && by_path.iter().any(|name| name.contains("Binding")));
    let dear =
        catalogue.browse(&format!("/api/v1/materials?category_id={id}&min_price=80&sort=price&brand=jsw%20neosteel")).await;
    assert!(names(&dear).is_empty());
    let found = catalogue.browse("/api/v1/materials?unit=bag&min_price=360.00&max_price=370.00&sort=price").await;
    let prices: Vec<&str> = found.data(200).as_array().unwrap().iter().map(|row| row["base_price"].as_str().unwrap()).collect();
    assert_eq!(prices, ["360.00", "362.00", "362.00", "366.00", "368.00", "370.00"]);
    let nowhere = format!("/api/v1/materials/category/{}", uuid::Uuid::from_u128(5));
    assert_eq!(catalogue.browse(&nowhere).await.code(404), "not_found");
    for bad in [
        "limit=0",
        "limit=101",
        "min_price=1e3",
        "min_price=9&max_price=8",
        "sort=colour",
        "cursor=x",
        "unit=pound",
        "spec=x",
        "latitude=17.4",
        "latitude=91&longitude=1",
        "pincode=12",
    ] {
        assert_eq!(catalogue.browse(&format!("/api/v1/materials?{bad}")).await.code(422), "validation_failed", "{bad}");
    }
    catalogue.finish().await;
}

#[tokio::test]
async fn a_public_answer_can_be_kept_and_asked_for_again() {
    let catalogue = Catalogue::seeded().await;
    let id = catalogue.id(CEMENT).await;
    let paths = ["/api/v1/categories", "/api/v1/materials", &format!("/api/v1/materials/{id}"), "/api/v1/labor"];
    for path in paths {
        let first = catalogue.browse(path).await;
        let tag = first.headers["etag"].to_str().unwrap();
        assert!(first.headers["cache-control"].to_str().unwrap().starts_with("public"), "{path}");
        let again = catalogue.service.send(Method::GET, path, None, None, &[("if-none-match", tag)]).await;
        assert_eq!((again.status, again.body), (304, json!(null)), "{path}");
    }
    let cement = catalogue.browse(&format!("/api/v1/materials/{id}")).await;
    let cement = cement.data(200);
    assert_eq!(
        (&cement["base_price"], &cement["currency"], &cement["gst_rate"]),
        (&json!("395.00"), &json!("INR"), &json!("18.00"))
    );
    assert_eq!((&cement["min_order_quantity"], &cement["hsn_code"]), (&json!("10"), &json!("2523")));
    catalogue.finish().await;
}
