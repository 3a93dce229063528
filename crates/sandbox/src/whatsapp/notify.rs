//! Status notifications: what became of a message.

use std::time::Duration;

use serde_json::{Value, json};

use super::{error::title, notification, scoped_user_id};
use crate::{faults::Kind, state::Shared};

/// How long a message travels.
const TRAVEL: Duration = Duration::from_millis(50);

impl crate::state::App {
    /// Tells what becomes of a message: sent and delivered, or as the faults say.
    pub(super) fn report_delivery(self: &Shared, phone: String, id: String, tag: Option<Value>) {
        let app = self.clone();
        let failure = app.faults.take("whatsapp", "delivery", Kind::Status);
        let delay = app.faults.take("whatsapp", "delivery", Kind::Latency);
        tokio::spawn(async move {
            if let Some(fault) = failure {
                let code = fault.code.as_ref().and_then(Value::as_u64).unwrap_or(131_026);
                app.notify_status(&phone, &id, "failed", tag.as_ref(), Some(code));
                return;
            }
            app.notify_status(&phone, &id, "sent", tag.as_ref(), None);
            let travel = delay.map_or(TRAVEL, |fault| Duration::from_millis(fault.value.unwrap_or(1_000)));
            app.sleeps(travel).await;
            app.notify_status(&phone, &id, "delivered", tag.as_ref(), None);
        });
    }

    /// The phone's owner has looked: what was delivered becomes read.
    pub(super) fn report_read(self: &Shared, phone: &str) {
        let seen: Vec<String> = {
            let state = self.world.whatsapp.lock();
            let chat = state.chats.get(phone).map_or(&[][..], Vec::as_slice);
            chat.iter()
                .filter(|message| message.status.as_deref() == Some("delivered"))
                .map(|message| message.id.clone())
                .collect()
        };
        for id in seen {
            self.notify_status(phone, &id, "read", None, None);
        }
    }

    fn notify_status(self: &Shared, phone: &str, id: &str, status: &str, tag: Option<&Value>, failure: Option<u64>) {
        {
            let mut state = self.world.whatsapp.lock();
            let Some(message) = state.find_mut(phone, id) else { return };
            // A person who answers at once has read before the delivery was told.
            if message.status.as_deref() != Some("read") {
                message.status = Some(status.to_owned());
            }
        }
        let mut entry = json!({
            "id": id, "status": status, "timestamp": self.clock.now().timestamp().to_string(),
            "recipient_id": phone.trim_start_matches('+'), "recipient_user_id": scoped_user_id(phone),
        });
        if let Some(tag) = tag {
            entry["biz_opaque_callback_data"] = tag.clone();
        }
        match failure {
            Some(code) => {
                let words = title(code);
                entry["errors"] = json!([{"code": code, "title": words, "message": words, "error_data": {"details": words}}]);
            }
            None => {
                entry["pricing"] = json!({"billable": true, "pricing_model": "PMP", "type": "regular", "category": "utility"})
            }
        }
        self.whatsapp_webhook(phone, &notification(self, json!({"statuses": [entry]})));
        self.touch();
    }
}
