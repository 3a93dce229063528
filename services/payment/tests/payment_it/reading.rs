//! Looking at payments.

use chrono::TimeDelta;
use domain::AdminRole;
use serde_json::Value;

use crate::support::{terms, world};

#[tokio::test]
async fn each_sees_what_is_theirs_to_see() {
    let w = world().await;
    let order = w.terms(11_800);
    let (id, gateway_payment) = w.captured(&order).await;
    for path in [format!("/api/v1/payments/{id}"), format!("/api/v1/payments/order/{}", order.order_id)] {
        let buyer = w.get(&path, &w.buyer.token).await;
        assert_eq!(buyer.data(200)["gateway"]["razorpay_payment_id"], gateway_payment.as_str());
        assert_eq!((buyer.data(200)["amount"].as_str(), buyer.data(200)["currency"].as_str()), (Some("11800.00"), Some("INR")));
        assert!(buyer.data(200)["gateway"].get("fee").is_none());
        let gateway_order = buyer.data(200)["gateway"]["razorpay_order_id"].as_str().unwrap();
        let vendor = w.get(&path, &w.vendor.token).await;
        assert_eq!(vendor.data(200)["status"], "captured");
        assert_eq!(vendor.data(200)["amount"], "11800.00");
        let words = vendor.body.to_string();
        assert!(!words.contains(&gateway_payment) && !words.contains(gateway_order), "{words}");
        assert!(vendor.data(200).get("gateway").is_none());
        for role in [AdminRole::Finance, AdminRole::Support, AdminRole::SuperAdmin] {
            let staff = w.get(&path, &w.people.admin(role).token).await;
            assert!(staff.data(200)["gateway"]["fee"].is_string());
        }
        assert_eq!(w.get(&path, &w.people.admin(AdminRole::Operations).token).await.code(403), "forbidden");
        assert_eq!(w.get(&path, &w.people.buyer().token).await.code(404), "not_found");
        assert_eq!(w.get(&path, &w.people.vendor().token).await.code(404), "not_found");
    }
    assert_eq!(w.get("/api/v1/payments/nonsense", &w.buyer.token).await.code(404), "not_found");
    w.said().await;
    w.service.finish().await;
}

#[tokio::test]
async fn the_list_is_newest_first_page_by_page_and_filtered() {
    let w = world().await;
    for rupees in 1..=5 {
        w.opened(&w.terms(rupees)).await;
        w.clock.advance(TimeDelta::seconds(1));
    }
    let other = w.people.vendor();
    let _ = w.open_cod(&terms(&w.buyer, &other, 99)).await.data(201);
    let amounts = |answer: &testkit::Answer| -> Vec<String> {
        answer.data(200).as_array().unwrap().iter().map(|p: &Value| p["amount"].as_str().unwrap().to_owned()).collect()
    };
    let first = w.get("/api/v1/payments?limit=4", &w.finance.token).await;
    assert_eq!(amounts(&first), ["99.00", "5.00", "4.00", "3.00"]);
    let next = first.body["page"]["next_cursor"].as_str().unwrap();
    let second = w.get(&format!("/api/v1/payments?limit=4&cursor={next}"), &w.finance.token).await;
    assert_eq!(amounts(&second), ["2.00", "1.00"]);
    assert!(second.body["page"]["next_cursor"].is_null());
    let cash = w.get("/api/v1/payments?payment_method=cod&status=pending", &w.finance.token).await;
    assert_eq!(amounts(&cash), ["99.00"]);
    let of_vendor = w.get(&format!("/api/v1/payments?vendor_id={}", w.vendor.vendor_id), &w.finance.token).await;
    assert_eq!(amounts(&of_vendor).len(), 5);
    assert_eq!(w.get("/api/v1/payments?cursor=zzz", &w.finance.token).await.code(422), "validation_failed");
    assert_eq!(w.get("/api/v1/payments?limit=0", &w.finance.token).await.code(422), "validation_failed");
    w.said().await;
    w.service.finish().await;
}
