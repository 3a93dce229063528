//! Support tickets: who sees them, what is told, and when a time is missed.

use chrono::TimeDelta;
use domain::{AdminRole, Clock as _};
use serde_json::{Value, json};
use testkit::Person;
use uuid::Uuid;

use crate::support::World;

const TICKETS: &str = "/api/v1/support-tickets";

fn late_delivery() -> Value {
    json!({"category": "delivery_issue", "subject": "The lorry did not come", "description": "It was due at ten"})
}

impl World {
    /// Stands a file that somebody stored.
    async fn file_of(&self, person: &Person) -> Uuid {
        let id = person.user_id.as_uuid();
        let facts = json!({"media_id": id, "category": "dispute_evidence", "file_type": "image/jpeg",
            "uploaded_by": person.user_id, "sha256": "00"});
        self.service.neighbour("GET", &format!("/internal/v1/media/{id}"), 200, facts).await;
        id
    }

    async fn ticket_of(&self, person: &Person) -> String {
        let answer = self.service.post(TICKETS, &person.token, &late_delivery()).await;
        format!("{TICKETS}/{}", answer.data(201)["id"].as_str().unwrap())
    }

    fn support(&self) -> Person {
        self.service.people.admin(AdminRole::Support)
    }
}

#[tokio::test]
async fn a_ticket_about_an_order_is_seen_by_who_opened_it_and_by_support() {
    let world = World::new().await;
    let order = world.placed("cod").await;
    let of_order = format!("/api/v1/orders/{}/support-tickets", order.id);
    let opened = world.service.post(&of_order, &world.buyer.token, &late_delivery()).await;
    let ticket = opened.data(201);
    assert_eq!((&ticket["ticket_number"], &ticket["status"]), (&json!("TKT000001"), &json!("open")));
    assert_eq!((&ticket["priority"], &ticket["order_id"]), (&json!("medium"), &json!(order.id)));
    let path = format!("{TICKETS}/{}", ticket["id"].as_str().unwrap());
    let support = world.support();
    for token in [&world.buyer.token, &support.token] {
        let _ = world.service.get(&path, token).await.data(200);
        assert_eq!(world.service.get(&of_order, token).await.data(200).as_array().unwrap().len(), 1);
    }
    // The vendor is a party of the order and not of the ticket.
    assert_eq!(*world.service.get(&of_order, &world.vendor.token).await.data(200), json!([]));
    for token in [&world.vendor.token, &world.service.people.buyer().token] {
        assert_eq!(world.service.get(&path, token).await.code(404), "not_found");
        assert_eq!(world.service.get(&format!("{path}/messages"), token).await.code(404), "not_found");
        let message = world.service.post(&format!("{path}/messages"), token, &json!({"message": "me too"})).await;
        assert_eq!(message.code(404), "not_found");
    }
    let stranger = world.service.people.buyer();
    assert_eq!(world.service.post(&of_order, &stranger.token, &late_delivery()).await.code(404), "not_found");
    assert_eq!(world.service.get(TICKETS, &world.buyer.token).await.code(403), "forbidden");
    assert_eq!(world.service.put(&path, &world.buyer.token, &json!({"priority": "low"})).await.code(403), "forbidden");
    let finance = world.service.people.admin(AdminRole::Finance);
    assert_eq!(world.service.get(&path, &finance.token).await.code(403), "forbidden");
    assert!(world.service.said_types().await.contains(&"TicketOpened".to_owned()));
    world.finish().await;
}

#[tokio::test]
async fn notes_of_the_staff_are_neither_shown_nor_told_to_who_opened_the_ticket() {
    let world = World::new().await;
    let path = world.ticket_of(&world.vendor).await;
    let (messages, support) = (format!("{path}/messages"), world.support());
    let note = json!({"message": "third time this week", "is_internal": true});
    let answer = json!({"message": "We are looking into it"});
    assert_eq!(world.service.post(&messages, &world.vendor.token, &note).await.code(422), "validation_failed");
    world.service.said().await;
    let _ = world.service.post(&messages, &support.token, &note).await.data(201);
    assert_eq!(world.service.said_types().await, ["AuditRecorded"]);
    let before = world.service.get(&path, &support.token).await;
    assert_eq!((&before.data(200)["status"], &before.data(200)["sla"]["first_response_at"]), (&json!("open"), &Value::Null));
    let _ = world.service.post(&messages, &support.token, &answer).await.data(201);
    assert_eq!(world.service.said_types().await, ["TicketMessageAdded", "AuditRecorded"]);
    let after = world.service.get(&path, &world.vendor.token).await;
    assert_eq!(after.data(200)["status"], "in_progress");
    assert_eq!(after.data(200)["sla"]["first_response_at"], json!(world.service.clock.now()));
    let texts = |page: &Value| page.as_array().unwrap().iter().map(|m| m["message"].clone()).collect::<Vec<_>>();
    let seen = world.service.get(&messages, &world.vendor.token).await;
    assert_eq!(texts(seen.data(200)), [json!("We are looking into it")]);
    let all = world.service.get(&format!("{messages}?limit=1"), &support.token).await;
    assert_eq!(texts(all.data(200)), [json!("third time this week")]);
    let cursor = all.body["page"]["next_cursor"].as_str().unwrap();
    let rest = world.service.get(&format!("{messages}?limit=1&cursor={cursor}"), &support.token).await;
    assert_eq!(texts(rest.data(200)), [json!("We are looking into it")]);
    world.finish().await;
}

#[tokio::test]
async fn only_files_that_the_sender_stored_can_be_attached() {
    let world = World::new().await;
    let (mine, theirs) = (world.file_of(&world.buyer).await, world.file_of(&world.vendor).await);
    let with = |id: Uuid| {
        let mut ticket = late_delivery();
        ticket["attachments"] = json!([id]);
        ticket
    };
    let opened = world.service.post(TICKETS, &world.buyer.token, &with(mine)).await;
    assert_eq!(opened.data(201)["attachments"], json!([mine]));
    let refused = world.service.post(TICKETS, &world.buyer.token, &with(theirs)).await;
    assert_eq!(refused.code(422), "validation_failed");
    assert_eq!(refused.body["error"]["details"][0]["field"], "attachments[0]");
    assert_eq!(world.count("SELECT count(*) FROM support_tickets").await, 1);
    world.finish().await;
}

#[tokio::test]
async fn support_assigns_ranks_and_resolves_and_the_customer_opens_again() {
    let world = World::new().await;
    let (path, support) = (world.ticket_of(&world.buyer).await, world.support());
    let user = |person: &Person, kind: &str| {
        json!({"user_id": person.user_id, "firebase_uid": person.uid, "phone": "+919876543210", "full_name": "Ravi",
            "user_type": kind, "status": "active", "preferred_language": "en"})
    };
    for (person, kind) in [(&support, "admin"), (&world.buyer, "buyer")] {
        world.service.neighbour("GET", &format!("/internal/v1/users/{}", person.user_id), 200, user(person, kind)).await;
    }
    let put = |body: Value| {
        let (world, path, token) = (&world, &path, &support.token);
        async move { world.service.put(path, token, &body).await }
    };
    assert_eq!(put(json!({"assigned_to": world.buyer.user_id})).await.code(422), "validation_failed");
    let assigned = put(json!({"assigned_to": support.user_id, "priority": "urgent"})).await;
    assert_eq!(assigned.data(200)["assigned_to"], json!(support.user_id));
    let list = world.service.get(&format!("{TICKETS}?priority=urgent&assigned_to={}", support.user_id), &support.token).await;
    assert_eq!(list.data(200).as_array().unwrap().len(), 1);
    assert_eq!(put(json!({"status": "closed"})).await.code(409), "illegal_transition");
    assert_eq!(put(json!({"status": "resolved"})).await.code(422), "validation_failed");
    world.service.said().await;
    let resolved = put(json!({"status": "resolved", "resolution": "It comes at noon"})).await;
    assert_eq!((&resolved.data(200)["status"], &resolved.data(200)["sla"]["paused"]), (&json!("resolved"), &json!(true)));
    assert_eq!(world.service.said_types().await, ["TicketResolved", "AuditRecorded"]);
    let still = json!({"message": "It did not"});
    let _ = world.service.post(&format!("{path}/messages"), &world.buyer.token, &still).await.data(201);
    let again = world.service.get(&path, &world.buyer.token).await;
    assert_eq!((&again.data(200)["status"], &again.data(200)["resolution"]), (&json!("in_progress"), &Value::Null));
    let _ = put(json!({"status": "resolved", "resolution": "It came"})).await.data(200);
    let _ = put(json!({"status": "closed", "assigned_to": null})).await.data(200);
    let late = world.service.post(&format!("{path}/messages"), &world.buyer.token, &still).await;
    assert_eq!(late.code(409), "ticket_closed");
    world.finish().await;
}

#[tokio::test]
async fn a_missed_time_is_said_once_for_each_clock_however_many_sweep() {
    let world = World::new().await;
    let ticket = world.ticket_of(&world.buyer).await;
    world.service.said().await;
    let app = &world.service.app;
    assert_eq!(order::sweep_tickets(app).await.unwrap(), 0);
    // Two business days and a night: past three hours and past nine.
    world.service.clock.advance(TimeDelta::days(3));
    let (one, other) = tokio::join!(order::sweep_tickets(app), order::sweep_tickets(app));
    assert_eq!(one.unwrap() + other.unwrap(), 1);
    assert_eq!(order::sweep_tickets(app).await.unwrap(), 0);
    let said = world.service.said().await;
    let clocks: Vec<&Value> = said.iter().filter(|e| e.r#type == "SlaBreached").map(|e| &e.data["clock"]).collect();
    assert_eq!(clocks, [&json!("first_response"), &json!("resolution")]);
    assert_eq!(said.len(), 2);
    let support = world.support();
    let shown = world.service.get(&ticket, &support.token).await;
    assert!(shown.data(200)["sla"]["escalated_at"].is_string());
    let listed = world.service.get(&format!("{TICKETS}?escalated=true&status=open"), &support.token).await;
    assert_eq!(listed.data(200).as_array().unwrap().len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn no_time_is_missed_while_support_waits_for_the_customer() {
    let world = World::new().await;
    let (ticket, support) = (world.ticket_of(&world.buyer).await, world.support());
    let waiting = world.service.put(&ticket, &support.token, &json!({"status": "waiting_customer"})).await;
    assert_eq!(waiting.data(200)["sla"]["paused"], true);
    world.service.said().await;
    world.service.clock.advance(TimeDelta::days(30));
    assert_eq!(order::sweep_tickets(&world.service.app).await.unwrap(), 0);
    assert!(world.service.said_types().await.is_empty());
    world.finish().await;
}

#[tokio::test]
async fn only_support_says_that_something_is_urgent() {
    let world = World::new().await;
    let mut ticket = late_delivery();
    ticket["priority"] = json!("urgent");
    assert_eq!(world.service.post(TICKETS, &world.buyer.token, &ticket).await.code(422), "validation_failed");
    ticket["priority"] = json!("high");
    assert_eq!(world.service.post(TICKETS, &world.buyer.token, &ticket).await.data(201)["priority"], "high");
    world.finish().await;
}
