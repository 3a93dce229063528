//! Tries of codes.

use serde_json::{Value, json};

use crate::support::{World, world_with};

async fn session(world: &World, phone: &str) -> Value {
    world.open_post("/api/v1/auth/send-otp", &json!({ "phone": phone })).await.data(200)["session_info"].clone()
}

#[tokio::test]
async fn tries_of_one_phone_are_limited_over_all_its_sessions_and_known_phones_fare_like_unknown_ones() {
    let world = world_with(&["--code-tries", "2", "--code-tries-per-phone", "5"]).await;
    world.buyer("+919000000001").await;
    for phone in ["+919000000001", "+919000000009"] {
        // The buyer's own sign-in was a try as well.
        if phone.ends_with('9') {
            let first = session(&world, phone).await;
            let right = json!({"session_info": first, "code": world.code(phone).await});
            let _ = world.open_post("/api/v1/auth/verify-phone", &right).await.data(200);
        }
        let mut said = Vec::new();
        for _ in 0..3 {
            let session = session(&world, phone).await;
            let wrong = if world.code(phone).await == "000000" { "111111" } else { "000000" };
            for _ in 0..2 {
                let body = json!({"session_info": session, "code": wrong});
                let answer = world.open_post("/api/v1/auth/verify-phone", &body).await;
                said.push((answer.status, answer.body["error"]["code"].as_str().unwrap().to_owned()));
            }
        }
        let of = |status, code: &str| (status, code.to_owned());
        let mut expected = vec![of(422, "invalid_code"); 4];
        expected.extend([of(429, "rate_limited"), of(429, "rate_limited")]);
        assert_eq!(said, expected, "{phone}");
    }
    world.finish().await;
}
