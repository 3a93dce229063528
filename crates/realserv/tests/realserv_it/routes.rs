//! The checked-in route table.

use crate::support::checkout;
use realserv::gateway::{Authorization, RouteTable};
use serde_json::json;
use std::{collections::BTreeMap, fs};

fn table() -> RouteTable {
    RouteTable::read(&checkout().join("infra/gateway/routes.json")).unwrap()
}

fn shape(path: &str) -> String {
    path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part }).collect::<Vec<_>>().join("/")
}

#[test]
fn every_public_operation_in_the_descriptions_is_routed_to_its_service() {
    let routes: BTreeMap<(String, String), String> =
        table().routes.into_iter().map(|route| ((route.method, shape(&route.path)), route.service)).collect();
    for entry in fs::read_dir(checkout().join("openapi")).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        let Some(service) = name.strip_suffix(".yaml") else { continue };
        for (method, path) in operations(&fs::read_to_string(entry.path()).unwrap()) {
            if path.starts_with("/api/") {
                let routed = routes.get(&(method.clone(), shape(&path))).map(String::as_str);
                assert_eq!(routed, Some(service), "{method} {path}");
            }
        }
    }
}

/// Methods and paths of a generated description: two blanks before a path, four before a method.
fn operations(yaml: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut path = String::new();
    for line in yaml.lines().skip_while(|line| *line != "paths:").skip(1) {
        if !line.starts_with(' ') {
            break;
        }
        let key = line.trim().trim_end_matches(':').trim_matches(['\'', '"']);
        match line.len() - line.trim_start().len() {
            2 => path = key.to_owned(),
            4 if ["get", "put", "post", "delete", "patch"].contains(&key) => {
                found.push((key.to_uppercase(), path.clone()));
            }
            _ => {}
        }
    }
    found
}

#[test]
fn only_what_anyone_may_do_or_what_carries_its_own_signature_goes_without_a_token() {
    let open: Vec<String> = table()
        .routes
        .into_iter()
        .filter(|route| route.auth == Authorization::None)
        .map(|route| format!("{} {}", route.method, route.path))
        .filter(|route| {
            let catalogue = ["GET /api/v1/materials", "GET /api/v1/labor", "GET /api/v1/categories"];
            !catalogue.iter().any(|browsing| route.starts_with(browsing))
        })
        .collect();
    assert_eq!(
        open,
        [
            "POST /api/v1/auth/send-otp",
            "POST /api/v1/auth/verify-phone",
            "POST /api/v1/auth/refresh-token",
            "POST /api/v1/payments/webhooks/razorpay",
            "GET /api/v1/vendors/{id}/availability",
            "POST /api/v1/notifications/webhooks/ses",
            "POST /api/v1/notifications/webhooks/twilio",
            "GET /api/v1/whatsapp/webhook",
            "POST /api/v1/whatsapp/webhook",
        ]
    );
}

#[test]
fn a_table_that_would_open_something_else_is_refused() {
    let refused = |route: serde_json::Value| {
        let text = json!({
            "throttle": { "rate_per_second": 1, "burst": 1 }, "timeout_seconds": 1, "body_limit_bytes": 1,
            "cors": { "allowed_origins": [], "allowed_methods": [], "allowed_headers": [], "exposed_headers": [],
                      "max_age_seconds": 1 },
            "routes": [route.clone(), route],
        });
        format!("{:#}", RouteTable::parse(&text.to_string()).unwrap_err())
    };
    let route = |path: &str, service: &str| json!({ "method": "GET", "path": path, "service": service, "auth": "none" });
    assert!(refused(route("/internal/v1/users/{id}", "user")).contains("must not be public"));
    assert!(refused(route("/api/v1/x", "ghost")).contains("no service ghost"));
    assert!(refused(route("/api/v1/x", "user")).contains("twice"));
}
