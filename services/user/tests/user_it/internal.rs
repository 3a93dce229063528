//! What other services ask, with the clients they ask by.

use chrono::{SecondsFormat, TimeDelta};
use clients::UserClient;
use domain::{AddressId, AdminRole, Clock as _, Phone, ServiceName, UserId};
use serde_json::json;
use testkit::Identity;

use crate::support::world;

#[tokio::test]
async fn services_find_users_buyers_and_addresses() {
    let world = world().await;
    let buyer = world.buyer("+919000000001").await;
    let body = json!({"label": "Site 1", "address_line1": "Plot 12", "pincode": "500032", "latitude": 17.4, "longitude": 78.3});
    let added = world.post(&buyer.path("/addresses"), &buyer.human.token, &body).await.data(201).clone();
    let address: AddressId = serde_json::from_value(added["id"].clone()).unwrap();
    let kit = AsRef::<service_kit::Kit>::as_ref(&world.app);
    let tokens = auth::ServiceTokens::new(&Identity::service_settings(ServiceName::Order), world.clock.shared(), kit.ids.clone());
    let client = UserClient::new(kit.http.clone(), tokens.unwrap(), &world.base_url);
    let phone: Phone = "9000000001".parse().unwrap();
    let found = client.by_phone(&phone).await.unwrap().unwrap();
    assert_eq!((found.user_id, found.buyer_id), (buyer.user_id, Some(buyer.buyer_id)));
    assert_eq!(client.user(buyer.user_id).await.unwrap(), Some(found.clone()));
    assert_eq!(client.buyer(buyer.buyer_id).await.unwrap(), Some(found));
    let facts = client.address(address).await.unwrap().unwrap();
    assert_eq!((facts.buyer_user_id, facts.address.state_code.as_str()), (buyer.user_id, "36"));
    assert_eq!((facts.address.contact_name.as_str(), facts.address.contact_phone), ("Asha Rao", phone));
    assert_eq!(client.user(UserId::new(uuid::Uuid::from_u128(9))).await.unwrap(), None);
    assert_eq!(client.by_phone(&"9000000009".parse().unwrap()).await.unwrap(), None);

    let token = world.service_token(ServiceName::Notification);
    let path = format!("/internal/v1/users?ids={},{}", buyer.user_id, uuid::Uuid::from_u128(9));
    assert_eq!(world.get(&path, &token).await.data(200).as_array().unwrap().len(), 1);
    let path = format!("/internal/v1/addresses?ids={address}");
    assert_eq!(world.get(&path, &token).await.data(200)[0]["address_id"], json!(address));
    assert_eq!(world.get("/internal/v1/users?ids=nonsense", &token).await.code(422), "validation_failed");
    assert_eq!(world.get(&format!("/internal/v1/users/{}", buyer.user_id), &buyer.human.token).await.code(403), "forbidden");
    world.finish().await;
}

#[tokio::test]
async fn services_that_were_down_learn_who_lost_access_meanwhile() {
    let world = world().await;
    let (early, late) = (world.buyer("+919000000001").await, world.buyer("+919000000002").await);
    let staff = world.staff(AdminRole::Operations);
    let suspend = async |user: UserId| {
        let answer = world.put(&format!("/api/v1/users/{user}/status"), &staff, &json!({"status": "suspended"})).await;
        assert_eq!(answer.data(200)["status"], "suspended");
    };
    suspend(early.user_id).await;
    world.clock.advance(TimeDelta::minutes(10));
    let since = world.clock.now();
    suspend(late.user_id).await;
    let token = world.service_token(ServiceName::Catalog);
    let at = since.to_rfc3339_opts(SecondsFormat::Micros, true);
    let said = world.get(&format!("/internal/v1/access-changes?since={at}"), &token).await;
    let said = said.data(200).as_array().unwrap();
    assert_eq!(said.len(), 1, "{said:?}");
    assert_eq!((&said[0]["user_id"], &said[0]["status"]), (&json!(late.user_id), &json!("suspended")));
    let all = world.get("/internal/v1/access-changes?since=2026-01-01T00:00:00Z", &token).await;
    assert_eq!(all.data(200).as_array().unwrap().len(), 2);
    assert_eq!(world.get("/internal/v1/access-changes?since=2026-01-01T00:00:00Z", &staff).await.code(403), "forbidden");
    world.finish().await;
}
