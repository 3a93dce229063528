//! What is sent: enough to get past the checks of the shape, so that the question is who may, not how it is asked.

use super::cast::{Kind, Things};
use serde_json::{Value, json};

/// The body of an operation; `None` where it takes none. Where the thing belongs to nobody in particular, an empty body
/// will do: who may not is refused before it is read.
pub(super) fn body(name: &str, things: &Things, caller: Kind, serial: usize) -> Option<Value> {
    let body = user(name)
        .or_else(|| order(name, things))
        .or_else(|| payment(name, things))
        .or_else(|| catalog(name, serial))
        .or_else(|| vendor(name, things, caller))
        .or_else(|| rest(name, things));
    body.or_else(|| (name.starts_with("POST") || name.starts_with("PUT")).then(|| json!({})))
}

fn user(name: &str) -> Option<Value> {
    Some(match name {
        "PUT /api/v1/users/{id}" => json!({ "preferred_language": "en" }),
        "PUT /api/v1/users/{id}/status" => json!({ "status": "active" }),
        "PUT /api/v1/buyers/{id}" => json!({ "preferred_payment_method": "both" }),
        "POST /api/v1/buyers/{id}/addresses" => json!({ "label": "Walk", "address_line1": "Plot 1", "pincode": "500032",
            "latitude": 17.44, "longitude": 78.34 }),
        "PUT /api/v1/buyers/{id}/addresses/{addressId}" => json!({ "label": "Walked" }),
        "PUT /api/v1/admin/users/{id}/roles" => json!({ "role": "support" }),
        "POST /api/v1/auth/send-otp" => json!({ "phone": "+919848099999" }),
        _ => return None,
    })
}

fn order(name: &str, things: &Things) -> Option<Value> {
    let line = json!({ "item_type": "material", "item_id": things.material, "quantity": "1" });
    Some(match name {
        "PUT /api/v1/orders/{id}/status" => json!({ "status": "preparing" }),
        "POST /api/v1/orders/{id}/cancel" => json!({ "reason": "too late for that" }),
        "POST /api/v1/orders/{id}/items" => line,
        "PUT /api/v1/orders/{id}/items/{itemId}" => json!({ "quantity": "2" }),
        "POST /api/v1/orders/{id}/support-tickets" => {
            json!({ "category": "order_issue", "subject": "Torn bags", "description": "Two of the bags are torn." })
        }
        "PUT /api/v1/support-tickets/{ticketId}" => json!({ "priority": "high" }),
        "POST /api/v1/support-tickets/{ticketId}/messages" => json!({ "message": "Any news of the bags?" }),
        "POST /api/v1/orders/{id}/disputes" => json!({ "dispute_type": "quality", "description": "The bags were torn." }),
        // Of no effect: what was asked for is more than was paid.
        "PUT /api/v1/disputes/{disputeId}/resolve" => json!({ "resolution": "refund_partial", "amount": "99999999.00" }),
        _ => return None,
    })
}

fn payment(name: &str, things: &Things) -> Option<Value> {
    Some(match name {
        "POST /api/v1/payments/create-order" => json!({ "order_id": things.order }),
        "POST /api/v1/payments/verify" => things.checkout.clone(),
        "PUT /api/v1/payments/cod/{id}/mark-collected" => json!({ "amount": "1.00" }),
        "POST /api/v1/payments/{id}/refund" => json!({ "amount": "0.01", "reason": "goodwill" }),
        _ => return None,
    })
}

fn catalog(name: &str, serial: usize) -> Option<Value> {
    Some(match name {
        "POST /api/v1/categories" => json!({ "name": "Walk", "slug": format!("walk-{serial}"), "type": "material" }),
        "PUT /api/v1/inventory/{itemId}" => json!({ "is_available": true }),
        _ => return None,
    })
}

fn vendor(name: &str, things: &Things, caller: Kind) -> Option<Value> {
    Some(match name {
        "PUT /api/v1/vendors/{id}" => json!({ "bank_name": "HDFC Bank" }),
        "POST /api/v1/vendors/{id}/kyc" => {
            json!({ "documents": [{ "document_type": "business_license", "media_id": things.paper }] })
        }
        "PUT /api/v1/vendors/{id}/kyc/reject" => {
            json!({ "documents": [{ "document_id": things.document, "reason": "cannot be read" }] })
        }
        "PUT /api/v1/vendors/{id}/status" => json!({ "status": "active", "reason": "as before" }),
        "PUT /api/v1/vendors/{id}/commission" => json!({ "commission_rate": "10.00" }),
        "PUT /api/v1/vendors/{id}/availability" => json!({ "is_accepting_orders": true }),
        "POST /api/v1/vendors/{id}/ratings" => json!({ "order_id": things.order, "rating": 5 }),
        "PUT /api/v1/settlements/{id}/mark-paid" => json!({ "payment_reference": "UTR1" }),
        "PUT /api/v1/deliveries/{id}/status" => json!({ "status": "in_transit" }),
        "POST /api/v1/deliveries/{id}/verify-otp" => json!({ "code": "000000" }),
        // Everybody has a picture of their own; whose the delivery is, is the question.
        "POST /api/v1/deliveries/{id}/upload-proof" if caller == (Kind::Vendor { owner: false }) => {
            json!({ "media_id": things.foreign_paper, "proof_type": "photo" })
        }
        "POST /api/v1/deliveries/{id}/upload-proof" => json!({ "media_id": things.paper, "proof_type": "photo" }),
        _ => return None,
    })
}

fn rest(name: &str, things: &Things) -> Option<Value> {
    let channels = ["email", "sms", "push", "whatsapp"];
    Some(match name {
        "PUT /api/v1/notifications/preferences/{userId}" => {
            let mut all = serde_json::Map::new();
            for channel in channels {
                for what in ["enabled", "order_updates", "payment_updates", "promotions"] {
                    all.insert(format!("{channel}_{what}"), true.into());
                }
            }
            all.into()
        }
        // As SNS sends it, signed by nobody.
        "POST /api/v1/notifications/webhooks/ses" => json!({ "Type": "Notification", "MessageId": "walk",
            "TopicArn": "arn:aws:sns:ap-south-1:000000000000:walk", "Message": "{}", "Timestamp": "2026-01-01T00:00:00.000Z",
            "SignatureVersion": "2", "Signature": "bm9ib2R5",
            "SigningCertURL": "https://sns.ap-south-1.amazonaws.com/SimpleNotificationService-0000.pem" }),
        "POST /api/v1/notifications/templates/{id}/preview" => json!({ "variables": {} }),
        "PUT /api/v1/location/service-areas/{vendorId}" => json!({ "geojson": {
            "type": "Polygon",
            "coordinates": [[[78.2, 17.2], [78.7, 17.2], [78.7, 17.7], [78.2, 17.7], [78.2, 17.2]]],
        } }),
        "POST /api/v1/location/validate-service-area" => json!({ "vendor_id": things.vendor, "pincode": "500032" }),
        _ => return None,
    })
}
