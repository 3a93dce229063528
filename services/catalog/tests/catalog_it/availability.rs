//! What can be had near a place.

use domain::VendorStatus;
use serde_json::json;

use crate::support::{CEMENT, Catalogue, MASON, STEEL, facts, names};

/// Half a degree north of the warehouse, some 55 km: outside its 25 km.
const FAR: &str = "latitude=17.94&longitude=78.35";
const CLOSE: &str = "latitude=17.50&longitude=78.40";

#[tokio::test]
async fn only_what_a_vendor_delivers_there_is_shown() {
    let catalogue = Catalogue::seeded().await;
    let vendor = catalogue.vendor().await;
    let offer = catalogue.offer(&vendor, CEMENT, "100").await;
    catalogue.offer(&vendor, STEEL, "0").await;
    catalogue.offer_labor(&vendor, MASON, 1).await;
    let cement = catalogue.id(CEMENT).await;
    for (place, there) in [
        ("pincode=500032", true),
        ("pincode=500001", false),
        (CLOSE, true),
        (FAR, false),
        ("pincode=500032&latitude=17.94&longitude=78.35", true),
    ] {
        // Of what is offered, only the cement is in stock.
        let expected = if there { vec!["UltraTech OPC 53 Grade Cement 50 kg"] } else { Vec::new() };
        for list in ["/api/v1/materials?", "/api/v1/materials?q=cement%2053&", "/api/v1/materials?q=cement&"] {
            assert_eq!(names(&catalogue.browse(&format!("{list}{place}")).await), expected, "{list}{place}");
        }
        let steel = names(&catalogue.browse(&format!("/api/v1/materials?q=tmt&{place}")).await);
        assert!(steel.is_empty(), "out of stock: {steel:?}");
        let labour = names(&catalogue.browse(&format!("/api/v1/labor?{place}")).await);
        assert_eq!(labour.len(), usize::from(there), "{place}");
        let offers = catalogue.browse(&format!("/api/v1/materials/{cement}/offers?{place}")).await;
        assert_eq!(offers.data(200).as_array().unwrap().len(), usize::from(there), "{place}");
        let counted = catalogue.browse(&format!("/api/v1/materials?facets=true&{place}")).await;
        assert_eq!(counted.body["facets"]["units"].as_array().unwrap().len(), usize::from(there), "{place}");
    }
    let category = catalogue.browse(&format!("/api/v1/materials/{cement}")).await.data(200)["category_id"].clone();
    let path = format!("/api/v1/materials/category/{}?{CLOSE}", category.as_str().unwrap());
    assert_eq!(names(&catalogue.browse(&path).await).len(), 1);
    // Less than the least that is sold is as good as nothing.
    let _ = catalogue.change(&vendor, &offer["id"], "1", &json!({"stock_quantity": "9"})).await.data(200);
    assert!(names(&catalogue.browse(&format!("/api/v1/materials?{CLOSE}")).await).is_empty());
    catalogue.finish().await;
}

#[tokio::test]
async fn a_vendor_who_closes_or_is_suspended_is_near_no_more() {
    let catalogue = Catalogue::seeded().await;
    let vendor = catalogue.vendor().await;
    catalogue.offer(&vendor, CEMENT, "100").await;
    let near = async || names(&catalogue.browse("/api/v1/materials?pincode=500032").await).len();
    assert_eq!(near().await, 1);
    for (revision, status, accepting, there) in [
        (2, VendorStatus::Active, false, 0),
        (3, VendorStatus::Active, true, 1),
        (4, VendorStatus::Suspended, true, 0),
        (5, VendorStatus::Active, true, 1),
    ] {
        catalogue.know(&facts(vendor.vendor_id, status, accepting, revision)).await;
        assert_eq!(near().await, there, "revision {revision}");
    }
    let mut moved = facts(vendor.vendor_id, VendorStatus::Active, true, 6);
    moved.service_pincodes = vec!["500081".parse().unwrap()];
    catalogue.know(&moved).await;
    assert_eq!(near().await, 0);
    catalogue.finish().await;
}

#[tokio::test]
async fn many_vendors_near_are_one_list_without_doubles() {
    let catalogue = Catalogue::seeded().await;
    for _ in 0..6 {
        let vendor = catalogue.vendor().await;
        catalogue.offer(&vendor, CEMENT, "100").await;
        catalogue.offer(&vendor, STEEL, "500").await;
    }
    for query in ["", "&sort=price", "&sort=price_desc", "&sort=newest"] {
        let found = names(&catalogue.browse(&format!("/api/v1/materials?pincode=500032{query}")).await);
        assert_eq!(found.len(), 2, "{query}: {found:?}");
    }
    let answer = catalogue.browse("/api/v1/materials?pincode=500032").await;
    assert_eq!(answer.headers["cache-control"], "public, no-cache");
    catalogue.finish().await;
}
