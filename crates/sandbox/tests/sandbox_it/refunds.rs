use serde_json::{Value, json};

use crate::support::{Answer, Stage, send, text};

async fn refund(stage: &Stage, payment: &str, key: &str, body: &Value) -> Answer {
    let url = stage.url(&format!("/razorpay/v1/payments/{payment}/refund"));
    send(stage.razorpay(stage.http.post(url)).header("x-refund-idempotency", key).json(body)).await
}

#[tokio::test]
async fn the_same_key_gives_the_same_refund_and_another_request_conflicts() {
    let stage = Stage::new().await;
    let payment = stage.paid_payment(10_000).await;
    let (status, first) = refund(&stage, &payment, "refund-key-0001", &json!({"amount": 4_000})).await;
    assert_eq!(status, 200, "{first}");
    let (_, again) = refund(&stage, &payment, "refund-key-0001", &json!({"amount": 4_000})).await;
    assert_eq!(first["id"], again["id"]);
    let (status, refusal) = refund(&stage, &payment, "refund-key-0001", &json!({"amount": 5_000})).await;
    assert_eq!(status, 409);
    assert_eq!(refusal["error"]["description"], "Different request with the same idempotency key has already been processed.");
    assert_eq!(refund(&stage, &payment, "short", &json!({})).await.0, 400);
    assert_eq!(refund(&stage, &payment, "bad key with spaces", &json!({})).await.0, 400);
}

#[tokio::test]
async fn two_at_once_with_one_key_make_one_refund() {
    let stage = Stage::new().await;
    let payment = stage.paid_payment(10_000).await;
    let body = json!({"amount": 4_000});
    let (one, other) =
        tokio::join!(refund(&stage, &payment, "refund-key-0001", &body), refund(&stage, &payment, "refund-key-0001", &body));
    let mut statuses = [one.0, other.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    let (_, payment) = stage.razorpay_get(&format!("/payments/{payment}")).await;
    assert_eq!(payment["amount_refunded"], 4_000);
}

#[tokio::test]
async fn refunds_never_exceed_the_payment_however_many_are_asked_for_at_once() {
    let stage = Stage::new().await;
    let payment = stage.paid_payment(10_000).await;
    let path = format!("/payments/{payment}/refund");
    let body = json!({"amount": 3_000});
    let asked = (0..12).map(|_| stage.razorpay_post(&path, &body));
    let mut done = 0;
    for (status, _) in join_all(asked).await {
        done += u32::from(status == 200);
    }
    assert_eq!(done, 3);
    let (_, fetched) = stage.razorpay_get(&format!("/payments/{payment}")).await;
    assert_eq!((fetched["amount_refunded"].as_i64(), fetched["refund_status"].as_str()), (Some(9_000), Some("partial")));
    let (_, rest) = stage.razorpay_post(&path, &json!({})).await;
    assert_eq!(rest["amount"], 1_000);
    assert_eq!(stage.razorpay_post(&path, &json!({})).await.0, 400);
}

async fn join_all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.map(Box::pin).collect();
    let mut done = Vec::new();
    while !running.is_empty() {
        let (output, at) = std::future::poll_fn(|context| {
            for (at, future) in running.iter_mut().enumerate() {
                if let std::task::Poll::Ready(output) = future.as_mut().poll(context) {
                    return std::task::Poll::Ready((output, at));
                }
            }
            std::task::Poll::Pending
        })
        .await;
        drop(running.swap_remove(at));
        done.push(output);
    }
    done
}

#[tokio::test]
async fn a_refund_is_processed_before_its_bank_reference_is_known() {
    let stage = Stage::new().await;
    let payment = stage.paid_payment(10_000).await;
    let (_, refund) = stage.razorpay_post(&format!("/payments/{payment}/refund"), &json!({"speed": "optimum"})).await;
    assert_eq!(refund["status"], "processed");
    assert_eq!(refund["acquirer_data"], json!({"arn": null}));
    assert_eq!(refund["speed_processed"], "instant");
    let (status, _) = stage.razorpay_post(&format!("/payments/{payment}/refund"), &json!({"reason": "none"})).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn a_refund_that_fails_can_be_asked_for_again() {
    let stage = Stage::new().await;
    let payment = stage.paid_payment(10_000).await;
    stage.fault(json!({"system": "razorpay", "operation": "refund_processing", "kind": "status", "count": 1})).await;
    let (_, first) = stage.razorpay_post(&format!("/payments/{payment}/refund"), &json!({})).await;
    assert_eq!(first["status"], "pending");
    let events = stage.receiver.wait_for(5).await;
    assert_eq!(events.last().unwrap().event(), "refund.failed");
    let (_, fetched) = stage.razorpay_get(&format!("/refunds/{}", text(&first["id"]))).await;
    assert_eq!(fetched["status"], "failed");
    let (status, second) = stage.razorpay_post(&format!("/payments/{payment}/refund"), &json!({})).await;
    assert_eq!((status, second["status"].as_str()), (200, Some("processed")));
}
