//! Who may not.

use crate::{stage::Stage, town::Town};
use auth::{ServiceTokenSettings, ServiceTokens};
use context::FileClock;
use domain::{ServiceName, SystemIds};
use realserv::{
    demo::api::{Person, text},
    fleet::Secrets,
};
use reqwest::Method;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::sleep;

/// A suspension is known everywhere after so long (rule 9).
const KNOWN_WITHIN: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_what_is_not_theirs() {
    let stage = Stage::without("fleet-access", "catalog").await;
    let catalog = stage.serve("catalog", &[]).await;
    let town = Town::on(stage).await;
    let order = confirmed_order(&town).await;
    what_belongs_to_somebody_else_is_not_found(&town, &order).await;
    the_wrong_role_is_forbidden(&town, &order).await;
    without_a_token_nobody_gets_in(&town, &order).await;
    the_gateway_knows_no_internal_paths(&town, &order).await;
    a_service_token_is_good_for_its_audience_alone(&town).await;

    // Last, because it takes services down.
    catalog.kill();
    a_suspended_user_is_refused_by_all_seven_within_five_seconds(&town).await;
}

/// Paid and confirmed, so that there is a delivery.
async fn confirmed_order(town: &Town) -> Value {
    let order = town.order("access", 20).await.unwrap();
    let id = text(&order, "/id").unwrap();
    let paid = town.pays(&order).await;
    assert_eq!(town.verifies(&paid).await.0, 200);
    town.order_until(&id, |order| order["status"] == "paid").await;
    town.api.post(&format!("/api/v1/orders/{id}/confirm"), &town.venkat, &json!({})).await.unwrap();
    town.api.until(&format!("/api/v1/deliveries/order/{id}"), &town.venkat, |delivery| delivery["id"].is_string()).await.unwrap();
    order
}

async fn what_belongs_to_somebody_else_is_not_found(town: &Town, order: &Value) {
    let api = &town.api;
    let stranger = town.buyer("Bilal", "+919848054322").await.person;
    let (rival, _) = town.registered("Varun", "+919848012399", "vendor").await;
    let (id, number) = (text(order, "/id").unwrap(), text(order, "/order_number").unwrap());
    let delivery = api.get(&format!("/api/v1/deliveries/order/{id}"), &town.bhavana.person).await.unwrap();
    let payment = api.get(&format!("/api/v1/payments/order/{id}"), &town.bhavana.person).await.unwrap();
    let (delivery, payment) = (text(&delivery, "/id").unwrap(), text(&payment, "/id").unwrap());
    let private = [
        format!("/api/v1/orders/{id}"),
        format!("/api/v1/orders/by-number/{number}"),
        format!("/api/v1/orders/{id}/items"),
        format!("/api/v1/orders/{id}/timeline"),
        format!("/api/v1/deliveries/{delivery}"),
        format!("/api/v1/deliveries/order/{id}"),
        format!("/api/v1/payments/{payment}"),
        format!("/api/v1/payments/order/{id}"),
    ];
    for path in &private {
        for who in [&town.bhavana.person, &town.venkat] {
            expect(town, Method::GET, path, Some(who), None, 200).await;
        }
        for who in [&stranger, &rival] {
            expect(town, Method::GET, path, Some(who), None, 404).await;
        }
    }
    let address = format!("/api/v1/buyers/{}/addresses/{}", town.bhavana.buyer_id, town.bhavana.address_id);
    expect(town, Method::GET, &address, Some(&town.bhavana.person), None, 200).await;
    expect(town, Method::GET, &address, Some(&stranger), None, 404).await;
    let reason = json!({ "reason": "not mine" });
    expect(town, Method::POST, &format!("/api/v1/orders/{id}/cancel"), Some(&stranger), Some(&reason), 404).await;
    expect(town, Method::POST, &format!("/api/v1/orders/{id}/confirm"), Some(&rival), Some(&json!({})), 404).await;
    let on_the_road = json!({ "status": "in_transit" });
    expect(town, Method::PUT, &format!("/api/v1/deliveries/{delivery}/status"), Some(&rival), Some(&on_the_road), 404).await;
    let elsewhere = json!({ "vendor_id": town.vendor_id, "delivery_address_id": town.bhavana.address_id, "payment_method": "online",
        "items": [{ "item_type": "material", "item_id": town.cement, "quantity": "1" }] });
    let (status, _) = api.call(Method::POST, "/api/v1/orders/quote", Some(&stranger), Some(&elsewhere)).await.unwrap();
    assert!(matches!(status, 404 | 422), "an order to somebody else's address: {status}");
}

async fn the_wrong_role_is_forbidden(town: &Town, order: &Value) {
    let id = text(order, "/id").unwrap();
    let (buyer, vendor, operations) = (&town.bhavana.person, &town.venkat, &town.omar);
    let suspend = json!({ "status": "suspended" });
    let quote = town.wants(&town.bhavana, &town.cement, 1);
    let period = json!({ "vendor_id": town.vendor_id, "period_start": "2026-01-01", "period_end": "2026-01-31" });
    let standing = format!("/api/v1/users/{}/status", buyer.id);
    for (method, path, who, body) in [
        (Method::POST, format!("/api/v1/orders/{id}/confirm"), buyer, Some(&Value::Null)),
        (Method::POST, "/api/v1/orders/quote".to_owned(), vendor, Some(&quote)),
        (Method::GET, "/api/v1/orders".to_owned(), buyer, None),
        (Method::GET, "/api/v1/payments".to_owned(), vendor, None),
        (Method::GET, "/api/v1/payments/ledger/accounts".to_owned(), operations, None),
        (Method::POST, "/api/v1/settlements/generate".to_owned(), vendor, Some(&period)),
        (Method::PUT, standing.clone(), vendor, Some(&suspend)),
        (Method::GET, format!("/api/v1/inventory/vendor/{}", town.vendor_id), buyer, None),
        (Method::GET, "/api/v1/admin/audit-log".to_owned(), operations, None),
        (Method::GET, "/api/v1/notifications/templates".to_owned(), buyer, None),
    ] {
        expect(town, method, &path, Some(who), body, 403).await;
    }
}

async fn without_a_token_nobody_gets_in(town: &Town, order: &Value) {
    let id = text(order, "/id").unwrap();
    let mut forger = town.bhavana.person.clone();
    let (head, _) = forger.token.rsplit_once('.').unwrap();
    forger.token = format!("{head}.{}", "A".repeat(342));
    for path in [
        format!("/api/v1/orders/{id}"),
        format!("/api/v1/payments/order/{id}"),
        format!("/api/v1/deliveries/order/{id}"),
        "/api/v1/auth/me".to_owned(),
        format!("/api/v1/inventory/vendor/{}", town.vendor_id),
    ] {
        for who in [None, Some(&forger)] {
            expect(town, Method::GET, &path, who, None, 401).await;
        }
    }
}

async fn the_gateway_knows_no_internal_paths(town: &Town, order: &Value) {
    let mut service = town.bhavana.person.clone();
    service.token = tokens(town, ServiceName::Payment).mint(ServiceName::Order, None).unwrap();
    let path = format!("/internal/v1/orders/{}", text(order, "/id").unwrap());
    for who in [None, Some(&town.asha), Some(&service)] {
        expect(town, Method::GET, &path, who, None, 404).await;
    }
    let (status, _) = town.direct("order", Method::GET, &path, &service.token, None).await;
    assert_eq!(status, 200, "behind the gateway it is there");
}

async fn a_service_token_is_good_for_its_audience_alone(town: &Town) {
    use ServiceName::{Catalog, Integration, Notification, Order, Payment, User, VendorManagement};
    let nobody = "019b76dd-b541-7002-8002-00000000ffff";
    let doors = [
        (User, format!("/internal/v1/users/{nobody}")),
        (Order, format!("/internal/v1/orders/{nobody}")),
        (Payment, format!("/api/v1/payments/order/{nobody}")),
        (VendorManagement, format!("/internal/v1/vendors/{nobody}")),
    ];
    let order = tokens(town, Order);
    for (callee, path) in doors {
        let name = callee.as_str();
        for audience in [User, Order, Payment, Catalog, VendorManagement, Notification, Integration] {
            let token = order.mint(audience, None).unwrap();
            let (status, answer) = town.direct(name, Method::GET, &path, &token, None).await;
            let expected = if audience == callee { 404 } else { 401 };
            assert_eq!(status, expected, "{name} got a token for {audience}: {answer}");
        }
        let (status, _) = town.direct(name, Method::GET, &path, &town.asha.token, None).await;
        assert!(matches!(status, 403 | 404), "{name}: {status} to a person");
    }
}

/// One of the seven is down while it happens, one is killed afterwards.
async fn a_suspended_user_is_refused_by_all_seven_within_five_seconds(town: &Town) {
    let catalog = town.stage.serve("catalog", &[]).await;
    let (vimala, user) = town.registered("Vimala", "+919848012377", "vendor").await;
    let vendor = text(&user, "/vendor_id").unwrap();
    let somewhere = json!({ "address": "Gachibowli, Hyderabad" });
    let doors = [
        ("user", Method::GET, "/api/v1/auth/me".to_owned(), None),
        ("order", Method::GET, format!("/api/v1/orders/vendor/{vendor}"), None),
        ("payment", Method::GET, format!("/api/v1/payments/order/{vendor}"), None),
        ("catalog", Method::GET, format!("/api/v1/inventory/vendor/{vendor}"), None),
        ("vendor-management", Method::GET, format!("/api/v1/vendors/{vendor}"), None),
        ("notification", Method::GET, format!("/api/v1/notifications/preferences/{}", vimala.id), None),
        ("integration", Method::POST, "/api/v1/location/geocode".to_owned(), Some(&somewhere)),
    ];
    for (service, method, path, body) in &doors {
        let (status, answer) = town.direct(service, method.clone(), path, &vimala.token, *body).await;
        assert!(!matches!(status, 401 | 403), "{service} refuses a good token: {status} {answer}");
    }
    catalog.kill();
    // The stand-in would hand what comes now to the poll of the dead.
    sleep(Duration::from_secs(1)).await;
    let path = format!("/api/v1/users/{}/status", vimala.id);
    let suspended = json!({ "status": "suspended", "reason": "papers are not in order" });
    town.api.put(&path, &town.omar, &suspended).await.unwrap();
    let since = Instant::now();
    for (service, method, path, body) in doors.iter().filter(|door| door.0 != "catalog") {
        refused(town, (service, method, path, *body), &vimala, since).await;
    }
    println!("all that were there refuse after {:.1} s", since.elapsed().as_secs_f32());

    let _catalog = town.stage.serve("catalog", &[]).await;
    town.stage.signal("payment", Signal::KILL).await;
    town.stage.ready("payment").await;
    let since = Instant::now();
    for (service, method, path, body) in doors.iter().filter(|door| matches!(door.0, "catalog" | "payment")) {
        refused(town, (service, method, path, *body), &vimala, since).await;
    }
    expect(town, Method::GET, "/api/v1/auth/me", Some(&vimala), None, 403).await;
}

type Door<'a> = (&'a str, &'a Method, &'a str, Option<&'a Value>);

async fn refused(town: &Town, (service, method, path, body): Door<'_>, who: &Person, since: Instant) {
    loop {
        let (status, answer) = town.direct(service, method.clone(), path, &who.token, body).await;
        if matches!(status, 401 | 403) {
            return;
        }
        assert!(since.elapsed() < KNOWN_WITHIN, "{service} still lets a suspended user in: {status} {answer}");
        sleep(Duration::from_millis(50)).await;
    }
}

async fn expect(town: &Town, method: Method, path: &str, who: Option<&Person>, body: Option<&Value>, expected: u16) {
    let (status, answer) = town.api.call(method.clone(), path, who, body).await.unwrap();
    let name = who.map_or("nobody", |who| who.name);
    assert_eq!(status, expected, "{name}: {method} {path}: {answer}");
}

/// Tokens as that service makes them.
pub(super) fn tokens(town: &Town, service: ServiceName) -> ServiceTokens {
    let secrets = Secrets::ensure(&town.stage.home).unwrap();
    let settings = ServiceTokenSettings {
        service,
        private_key: secrets.service_tokens[service.as_str()].private.clone().into(),
        public_keys: secrets.public_keys(),
    };
    // The fleet's clock may have been moved.
    ServiceTokens::new(&settings, FileClock::follow(town.stage.home.state.join("clock")), Arc::new(SystemIds)).unwrap()
}
