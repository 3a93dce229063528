//! Routing, tokens, headers.

use crate::support::{PROJECT, Signer, Stage, read};
use domain::{Clock as _, SystemClock};
use serde_json::json;

#[tokio::test]
async fn a_request_reaches_its_service_with_query_and_body() {
    let stage = Stage::new().await;
    let (status, got) = stage.get("/api/v1/materials/a%2Fb?q=53%20grade&limit=2").await;
    assert_eq!(status, 200);
    assert_eq!(got["uri"], "/api/v1/materials/a%2Fb?q=53%20grade&limit=2");

    let request = stage.http.post(format!("{}/api/v1/materials", stage.url)).body("cement");
    let (status, got) = read(request.send().await.unwrap()).await;
    assert_eq!((status, got["method"].as_str(), got["body"].as_str()), (200, Some("POST"), Some("cement")));
}

#[tokio::test]
async fn only_what_the_table_names_is_reachable() {
    let stage = Stage::new().await;
    for path in [
        "/internal/v1/users/1",
        "/metrics",
        "/openapi.json",
        "/api/v1/unknown",
        "/api/v1/materials/",
        "//internal/v1/users/1",
        "/api/v1/materials/1/..%2f..%2finternal",
    ] {
        let (status, body) = stage.get(path).await;
        assert_eq!((status, body["error"]["code"].as_str()), (404, Some("not_found")), "{path}");
    }
    let answer = stage.http.delete(format!("{}/api/v1/materials", stage.url)).send().await.unwrap();
    assert_eq!(answer.headers()["allow"], "GET, POST");
    assert_eq!(read(answer).await.0, 405);
}

#[tokio::test]
async fn a_protected_route_lets_a_valid_token_through_untouched() {
    let stage = Stage::new().await;
    let token = stage.signer.token(|_| ());
    let (status, got) = stage.get_as("/api/v1/orders/1", &token).await;
    assert_eq!(status, 200);
    assert_eq!(got["headers"]["authorization"], format!("Bearer {token}"));
}

#[tokio::test]
async fn a_protected_route_refuses_every_other_token() {
    let stage = Stage::new().await;
    let now = SystemClock.now().timestamp();
    let signer = &stage.signer;
    let tokens = [
        ("none", "unauthenticated", String::new()),
        ("garbage", "invalid_token", "a.b.c".to_owned()),
        ("expired", "token_expired", signer.token(|claims| claims["exp"] = json!(now - 120))),
        ("another project", "invalid_token", signer.token(|claims| claims["aud"] = json!("other"))),
        ("another issuer", "invalid_token", signer.token(|claims| claims["iss"] = json!(PROJECT))),
        ("another key", "invalid_token", Signer::new().token(|_| ())),
    ];
    for (what, code, token) in tokens {
        let request = stage.http.get(format!("{}/api/v1/orders/1", stage.url)).bearer_auth(token);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.headers()["www-authenticate"], "Bearer", "{what}");
        let correlation_id = answer.headers()["x-correlation-id"].to_str().unwrap().to_owned();
        let (status, body) = read(answer).await;
        assert_eq!((status, body["error"]["code"].as_str()), (401, Some(code)), "{what}");
        assert_eq!(body["error"]["correlation_id"], correlation_id, "{what}");
    }
    let (status, body) = stage.get("/api/v1/orders/1").await;
    assert_eq!((status, body["error"]["code"].as_str()), (401, Some("unauthenticated")));
}

#[tokio::test]
async fn headers_that_only_a_proxy_may_set_are_not_believed() {
    let stage = Stage::new().await;
    let request = stage
        .http
        .get(format!("{}/api/v1/materials", stage.url))
        .header("x-forwarded-for", "6.6.6.6")
        .header(context::CLIENT_ADDRESS_HEADER, "6.6.6.6")
        .header("x-forwarded-prefix", "/evil")
        .header("forwarded", "for=6.6.6.6")
        .header("connection", "x-secret")
        .header("x-secret", "1")
        .header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    let (_, got) = read(request.send().await.unwrap()).await;
    let headers = &got["headers"];
    assert_eq!(headers["x-forwarded-for"], "127.0.0.1");
    assert_eq!(headers[context::CLIENT_ADDRESS_HEADER], "127.0.0.1");
    assert_eq!(headers["traceparent"], "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    for gone in ["x-forwarded-prefix", "forwarded", "x-secret"] {
        assert!(headers[gone].is_null(), "{gone}");
    }
}

#[tokio::test]
async fn a_correlation_id_is_kept_when_it_is_one_and_made_when_it_is_not() {
    let stage = Stage::new().await;
    let given = "0197a3c4-0000-7000-8000-000000000001";
    for (sent, kept) in [(given, true), ("x'; drop table", false)] {
        let request = stage.http.get(format!("{}/api/v1/materials", stage.url)).header("x-correlation-id", sent);
        let answer = request.send().await.unwrap();
        let answered = answer.headers()["x-correlation-id"].to_str().unwrap().to_owned();
        let (_, got) = read(answer).await;
        assert_eq!(got["headers"]["x-correlation-id"], answered);
        assert_eq!(answered == sent, kept);
    }
}

#[tokio::test]
async fn a_browser_asks_the_gateway_and_not_the_service_about_origins() {
    let stage = Stage::new().await;
    let url = format!("{}/api/v1/orders/1", stage.url);
    let preflight = stage
        .http
        .request(http::Method::OPTIONS, &url)
        .header("origin", "https://shop.example")
        .header("access-control-request-method", "GET")
        .send()
        .await
        .unwrap();
    assert_eq!(preflight.status(), 200);
    assert_eq!(preflight.headers()["access-control-allow-origin"], "https://shop.example");
    let url = format!("{}/api/v1/materials", stage.url);
    let answer = stage.http.get(url).header("origin", "https://evil.example").send().await.unwrap();
    assert!(answer.headers().get("access-control-allow-origin").is_none());
}

#[tokio::test]
async fn the_docs_of_a_service_are_shown_under_the_gateway() {
    let stage = Stage::new().await;
    let text = |path: &str| stage.http.get(format!("{}{path}", stage.url)).send();
    let script = text("/docs/order/swagger-initializer.js").await.unwrap().text().await.unwrap();
    assert_eq!(script, "SwaggerUIBundle({ url: \"/docs/order/openapi.json\" })");
    assert_eq!(stage.get("/docs/order/openapi.json").await.1["uri"], "/openapi.json");
    assert_eq!(stage.get("/docs/order/").await.1["uri"], "/docs/");
    assert_eq!(text("/docs/order").await.unwrap().status(), 308);
    assert_eq!(stage.get("/docs/nobody/").await.0, 404);
    assert_eq!(stage.get("/health").await.1["data"]["status"], "ok");
}
