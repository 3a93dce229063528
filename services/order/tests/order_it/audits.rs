//! What staff do here reaches the audit log by the event, in the transaction of the deed; what others do does not.

use domain::events::{AuditRecorded, Envelope};
use domain::{AdminRole, ServiceName};
use serde_json::{Value, json};
use testkit::Person;
use uuid::Uuid;

use crate::support::{Placed, World};

/// A deed as the log is told of it: what was done to what, how it was and how it is.
type Told = (String, String, Uuid, Option<Value>, Option<Value>);

impl World {
    /// What the audit log was told since the last look, all of it by this person.
    async fn deeds_of(&self, who: &Person) -> Vec<Told> {
        let audited: Vec<Envelope> =
            self.service.said().await.into_iter().filter(|said| said.r#type == "AuditRecorded").collect();
        let deed = |said: &Envelope| {
            let deed: AuditRecorded = said.parse().unwrap();
            assert_eq!((deed.service, said.actor.user_id), (ServiceName::Order, Some(who.user_id)));
            (deed.action, deed.entity_type, deed.entity_id, deed.before, deed.after)
        };
        audited.iter().map(deed).collect()
    }

    async fn set_status(&self, order: &Placed, who: &Person, body: &Value) {
        let answer = self.service.put(&format!("/api/v1/orders/{}/status", order.id), &who.token, body).await;
        assert_eq!(answer.data(200)["status"], body["status"]);
    }

    /// A ticket of the buyer's; nobody of the staff had a hand in it.
    async fn ticket(&self) -> (Uuid, String) {
        let ticket = json!({"category": "delivery_issue", "subject": "The lorry did not come", "description": "Due at ten"});
        let opened = self.service.post("/api/v1/support-tickets", &self.buyer.token, &ticket).await;
        let id: Uuid = opened.data(201)["id"].as_str().unwrap().parse().unwrap();
        (id, format!("/api/v1/support-tickets/{id}"))
    }

    /// Somebody of support whom the user service knows.
    async fn supporter(&self) -> Person {
        let person = self.service.people.admin(AdminRole::Support);
        let user = json!({"user_id": person.user_id, "firebase_uid": person.uid, "phone": "+919876543210", "full_name": "Ravi",
            "user_type": "admin", "status": "active", "preferred_language": "en"});
        self.service.neighbour("GET", &format!("/internal/v1/users/{}", person.user_id), 200, user).await;
        person
    }
}

fn told(action: &str, entity: &str, id: Uuid, before: Value, after: Value) -> Told {
    (action.to_owned(), entity.to_owned(), id, Some(before), Some(after))
}

#[tokio::test]
async fn an_order_that_staff_move_is_audited_with_where_it_stood_and_where_it_stands() {
    let world = World::new().await;
    let staff = world.service.people.admin(AdminRole::Operations);
    let order = world.paid().await;
    world.service.said().await;
    for _ in 0..2 {
        world.set_status(&order, &staff, &json!({"status": "confirmed", "notes": "by telephone"})).await;
    }
    world.set_status(&order, &staff, &json!({"status": "preparing"})).await;
    world.set_status(&order, &staff, &json!({"status": "in_transit"})).await;
    let id = order.id.as_uuid();
    let wanted = [
        told("order.confirmed", "order", id, json!({"status": "paid"}), json!({"status": "confirmed", "notes": "by telephone"})),
        told("order.status_changed", "order", id, json!({"status": "confirmed"}), json!({"status": "preparing", "notes": null})),
        told("order.status_changed", "order", id, json!({"status": "preparing"}), json!({"status": "in_transit", "notes": null})),
    ];
    assert_eq!(world.deeds_of(&staff).await, wanted, "confirming again is no deed");
    world.finish().await;
}

#[tokio::test]
async fn an_order_that_staff_cancel_is_audited_once_with_the_reason() {
    let world = World::new().await;
    let staff = world.service.people.admin(AdminRole::Operations);
    let (order, other) = (world.paid().await, world.placed("cod").await);
    world.service.said().await;
    for _ in 0..2 {
        let _ = world.cancel(&order, &staff.token).await.data(200);
    }
    let _ = world.service.delete(&format!("/api/v1/orders/{}", other.id), &staff.token).await.data(200);
    let after = |reason: &str| json!({"status": "cancelled", "notes": reason});
    let wanted = [
        told("order.cancelled", "order", order.id.as_uuid(), json!({"status": "paid"}), after("not needed any more")),
        told("order.cancelled", "order", other.id.as_uuid(), json!({"status": "pending"}), after("cancelled by the admin")),
    ];
    assert_eq!(world.deeds_of(&staff).await, wanted);
    world.finish().await;
}

#[tokio::test]
async fn what_buyers_vendors_and_services_do_to_orders_and_tickets_is_not_audited() {
    let world = World::new().await;
    let order = world.confirmed().await;
    world.service.deliver(ServiceName::VendorManagement, &world.delivered(&order)).await;
    let cancelled = world.placed("online").await;
    let _ = world.cancel(&cancelled, &world.buyer.token).await.data(200);
    let (_, path) = world.ticket().await;
    let message = json!({"message": "Where is it?"});
    let _ = world.service.post(&format!("{path}/messages"), &world.buyer.token, &message).await.data(201);
    let said = world.service.said_types().await;
    assert!(said.contains(&"OrderCompleted".to_owned()), "{said:?}");
    assert!(!said.contains(&"AuditRecorded".to_owned()), "{said:?}");
    world.finish().await;
}

#[tokio::test]
async fn a_move_that_staff_are_refused_is_not_audited() {
    let world = World::new().await;
    let staff = world.service.people.admin(AdminRole::Operations);
    let order = world.placed("online").await;
    world.service.said().await;
    let path = format!("/api/v1/orders/{}/status", order.id);
    for status in ["confirmed", "in_transit", "delivered"] {
        assert_eq!(world.service.put(&path, &staff.token, &json!({ "status": status })).await.code(409), "illegal_transition");
    }
    assert_eq!(world.deeds_of(&staff).await, []);
    world.finish().await;
}

#[tokio::test]
async fn what_support_assigns_ranks_moves_and_resolves_is_audited_as_it_was_and_as_it_is() {
    let world = World::new().await;
    let (support, (id, path)) = (world.supporter().await, world.ticket().await);
    world.service.said().await;
    let put = |body: Value| {
        let (world, path, token) = (&world, &path, &support.token);
        async move { world.service.put(path, token, &body).await }
    };
    let me = json!(support.user_id);
    let state = |status: &str, priority: &str, who: &Value, how: Value| json!({"status": status, "priority": priority, "assigned_to": who, "resolution": how});
    let mut was = state("open", "medium", &Value::Null, Value::Null);
    for (change, is) in [
        (json!({"assigned_to": me}), state("open", "medium", &me, Value::Null)),
        (json!({"priority": "urgent"}), state("open", "urgent", &me, Value::Null)),
        (json!({"status": "in_progress"}), state("in_progress", "urgent", &me, Value::Null)),
        (json!({"status": "resolved", "resolution": "It came"}), state("resolved", "urgent", &me, json!("It came"))),
        (json!({"status": "closed"}), state("closed", "urgent", &me, json!("It came"))),
    ] {
        let _ = put(change).await.data(200);
        assert_eq!(world.deeds_of(&support).await, [told("ticket.updated", "ticket", id, was, is.clone())]);
        was = is;
    }
    let _ = put(json!({"priority": "urgent"})).await.data(200);
    assert_eq!(put(json!({"status": "open"})).await.code(409), "illegal_transition");
    assert_eq!(world.deeds_of(&support).await, [], "what changes nothing is no deed");
    world.finish().await;
}

#[tokio::test]
async fn what_support_writes_on_a_ticket_is_audited_without_the_words() {
    let world = World::new().await;
    let (support, (id, path)) = (world.supporter().await, world.ticket().await);
    world.service.said().await;
    let messages = format!("{path}/messages");
    let write = |body: Value| {
        let (world, messages, token) = (&world, &messages, &support.token);
        async move { world.service.post(messages, token, &body).await.data(201)["id"].clone() }
    };
    let note = write(json!({"message": "third time this week", "is_internal": true})).await;
    let answer = write(json!({"message": "We are looking into it"})).await;
    let wanted = [
        told("ticket.note_added", "ticket", id, json!({"status": "open"}), json!({"status": "open", "message_id": note})),
        told(
            "ticket.message_added",
            "ticket",
            id,
            json!({"status": "open"}),
            json!({"status": "in_progress", "message_id": answer}),
        ),
    ];
    assert_eq!(world.deeds_of(&support).await, wanted);
    world.finish().await;
}

#[tokio::test]
async fn a_ticket_that_support_opens_is_audited() {
    let world = World::new().await;
    let (support, order) = (world.supporter().await, world.placed("cod").await);
    world.service.said().await;
    let ticket = json!({"category": "order_issue", "priority": "urgent", "subject": "Called", "description": "Wants a crane"});
    let opened = world.service.post(&format!("/api/v1/orders/{}/support-tickets", order.id), &support.token, &ticket).await;
    let id: Uuid = opened.data(201)["id"].as_str().unwrap().parse().unwrap();
    let after = json!({"status": "open", "priority": "urgent", "assigned_to": null, "resolution": null});
    let wanted = [("ticket.opened".to_owned(), "ticket".to_owned(), id, None, Some(after))];
    assert_eq!(world.deeds_of(&support).await, wanted);
    world.finish().await;
}

#[tokio::test]
async fn a_dispute_that_staff_decide_is_audited_once_with_what_goes_back() {
    let world = World::new().await;
    let staff = world.service.people.admin(AdminRole::Operations);
    let order = world.confirmed().await;
    world.service.deliver(ServiceName::VendorManagement, &world.delivered(&order)).await;
    let dispute = json!({"dispute_type": "quality", "description": "Half of the bags are wet"});
    let raised = world.service.post(&format!("/api/v1/orders/{}/disputes", order.id), &world.buyer.token, &dispute).await;
    let id: Uuid = raised.data(201)["id"].as_str().unwrap().parse().unwrap();
    assert!(!world.service.said_types().await.contains(&"AuditRecorded".to_owned()));
    let part = json!({"resolution": "refund_partial", "amount": "500.00", "notes": "A quarter was wet"});
    for _ in 0..2 {
        let _ = world.service.put(&format!("/api/v1/disputes/{id}/resolve"), &staff.token, &part).await.data(200);
    }
    let after =
        json!({"status": "resolved", "resolution": "refund_partial", "notes": "A quarter was wet", "refund_amount": "500.00"});
    assert_eq!(world.deeds_of(&staff).await, [told("dispute.resolved", "dispute", id, json!({"status": "open"}), after)]);
    world.finish().await;
}

#[tokio::test]
async fn a_deed_that_the_audit_log_cannot_be_told_is_not_done() {
    let world = World::new().await;
    let staff = world.service.people.admin(AdminRole::Operations);
    let order = world.paid().await;
    world.service.said().await;
    sqlx::query("ALTER TABLE outbox ADD CONSTRAINT no_audit CHECK (event_type <> 'AuditRecorded') NOT VALID")
        .execute(&world.service.db.pool)
        .await
        .unwrap();
    assert!(world.cancel(&order, &staff.token).await.status >= 500);
    assert_eq!(world.status(&order).await, "paid");
    assert!(world.service.said().await.is_empty());
    world.finish().await;
}
