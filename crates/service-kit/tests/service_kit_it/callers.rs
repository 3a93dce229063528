//! Who may do what.

use auth::AccessChange;
use chrono::TimeDelta;
use domain::{AdminRole, Clock as _, ServiceName, UserStatus};
use serde_json::json;

use crate::support::{Probe, Running, assert_refused};
use service_kit::Service as _;

#[tokio::test]
async fn each_policy_lets_in_exactly_whom_it_names() {
    let service = Running::start().await;
    let people = &service.people;
    let admin = |role| people.admin(role).token;
    let callers = [
        ("stranger", people.stranger("+919876543210").token),
        ("buyer", people.buyer().token),
        ("vendor", people.vendor().token),
        ("super", admin(AdminRole::SuperAdmin)),
        ("operations", admin(AdminRole::Operations)),
        ("support", admin(AdminRole::Support)),
        ("finance", admin(AdminRole::Finance)),
        ("service", people.service_token(ServiceName::Order, Probe::NAME)),
    ];
    let table: [(&str, &[&str]); 10] = [
        ("/as/buyer", &["buyer"]),
        ("/as/vendor", &["vendor"]),
        ("/as/service", &["service"]),
        ("/as/anyone", &["stranger", "buyer", "vendor", "super", "operations", "support", "finance", "service"]),
        ("/as/signed-in", &["stranger", "buyer", "vendor", "super", "operations", "support", "finance"]),
        ("/as/registered", &["buyer", "vendor", "super", "operations", "support", "finance"]),
        ("/as/admin", &["super", "operations", "support", "finance"]),
        ("/as/readers", &["buyer", "super", "support", "finance", "service"]),
        ("/as/super-admin", &["super"]),
        ("/as/newcomers", &["stranger", "vendor"]),
    ];
    for (path, let_in) in table {
        for (name, token) in &callers {
            let answer = service.get(path, Some(token)).await;
            match *name {
                name if let_in.contains(&name) => assert_eq!(answer.status, 200, "{name} at {path}: {}", answer.body),
                "stranger" => assert_refused(&answer, 403, "not_registered"),
                // A service has no sign-in with Firebase to show.
                "service" if path == "/as/signed-in" => assert_refused(&answer, 401, "invalid_token"),
                _ => assert_refused(&answer, 403, "forbidden"),
            }
        }
        let nobody = service.get(path, None).await;
        if path == "/as/anyone" {
            assert_eq!(nobody.status, 200);
        } else {
            assert_refused(&nobody, 401, "unauthenticated");
            assert_eq!(nobody.headers["www-authenticate"], "Bearer");
        }
    }
}

#[tokio::test]
async fn a_token_that_does_not_count_is_refused_even_where_none_is_needed() {
    let service = Running::start().await;
    let buyer = service.people.buyer();
    let (head, _signature) = buyer.token.rsplit_once('.').unwrap();
    let forged = format!("{head}.AAAA");
    let half = service.people.token("uid-half", &json!({"app_user_id": buyer.user_id, "user_type": "buyer"}));
    let elsewhere = service.people.service_token(ServiceName::Order, ServiceName::Payment);
    for path in ["/as/anyone", "/as/registered", "/as/readers"] {
        for token in ["nonsense", forged.as_str(), half.as_str(), elsewhere.as_str()] {
            let answer = service.get(path, Some(token)).await;
            assert_refused(&answer, 401, "invalid_token");
            assert_eq!(answer.headers["www-authenticate"], r#"Bearer error="invalid_token""#);
            assert!(!answer.body.to_string().contains(token), "a token is never repeated");
        }
        for header in ["Basic dXNlcjpwYXNz", "Bearer", "Bearer  "] {
            let answer = service.send("GET", path, &[("authorization", header)], "").await;
            assert_refused(&answer, 401, "unauthenticated");
        }
    }
    service.clock.advance(TimeDelta::hours(2));
    assert_refused(&service.get("/as/buyer", Some(&buyer.token)).await, 401, "token_expired");
}

#[tokio::test]
async fn who_lost_access_is_told_why_and_a_new_sign_in_after_a_role_change_works() {
    let service = Running::start().await;
    let (suspended, deleted, changed) = (service.people.buyer(), service.people.vendor(), service.people.buyer());
    let now = service.clock.now();
    for (person, status) in [(&suspended, UserStatus::Suspended), (&deleted, UserStatus::Deleted), (&changed, UserStatus::Active)]
    {
        assert_eq!(service.get("/as/registered", Some(&person.token)).await.status, 200);
        let change = AccessChange { user_id: person.user_id, status, changed_at: now };
        service.app.kit.access.apply(&person.uid, change);
    }
    for path in ["/as/registered", "/as/anyone", "/as/signed-in"] {
        assert_refused(&service.get(path, Some(&suspended.token)).await, 403, "account_suspended");
        assert_refused(&service.get(path, Some(&deleted.token)).await, 401, "account_deleted");
        assert_refused(&service.get(path, Some(&changed.token)).await, 401, "token_revoked");
    }
    service.clock.advance(TimeDelta::minutes(5));
    let claims = json!({"app_user_id": changed.user_id, "user_type": "buyer", "buyer_id": changed.buyer_id, "status": "active"});
    let again = service.people.token(&changed.uid, &claims);
    assert_eq!(service.get("/as/buyer", Some(&again)).await.status, 200);
    // Also when only the claim says so, before the event has come.
    let claims =
        json!({"app_user_id": changed.user_id, "user_type": "buyer", "buyer_id": changed.buyer_id, "status": "suspended"});
    let by_claim = service.people.token("uid-of-somebody", &claims);
    assert_refused(&service.get("/as/buyer", Some(&by_claim)).await, 403, "account_suspended");
}

#[tokio::test]
async fn nobody_outside_speaks_as_the_system() {
    let service = Running::start().await;
    let vendor = service.people.vendor();
    let bearer = format!("Bearer {}", vendor.token);
    let channel = async |channel: &str| {
        let headers = [("authorization", bearer.as_str()), ("x-channel", channel)];
        service.send("GET", "/as/vendor", &headers, "").await.data(200)["channel"].clone()
    };
    assert_eq!(channel("whatsapp").await, "whatsapp");
    assert_eq!(channel("system").await, "web");
    assert_eq!(channel("pigeon").await, "web");
}
