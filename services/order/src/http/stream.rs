//! An order's story as it happens, as server-sent events.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::Extension;
use axum::extract::{FromRequestParts as _, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use domain::{ActorKind, EventId, OrderId};
use futures::stream;
use http::request::Parts;
use service_kit::http::{Allowed, PathId, Problems};
use service_kit::{ApiError, Shutdown};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::reading::{TimelineReaders, reader_of};
use super::story::TimelineOut;
use crate::App;
use crate::domain::timeline::visible;
use crate::store::timeline::{Entry, Written};
use crate::usecases::follow_story;

/// How often the story is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often something is said when nothing happens, so that nobody between takes the line for dead.
const BREATHE_EVERY: Duration = Duration::from_secs(15);

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(stream_events))
}

/// The order's story as server-sent events: what has happened first, then each thing as it happens. Every event carries
/// its id; a client that comes back with it in `Last-Event-ID` goes on right behind it. Ends when the token does: come
/// back with a new one.
#[utoipa::path(get, path = "/api/v1/orders/{id}/events", operation_id = "streamOrderEvents", tag = "orders",
    params(("id" = OrderId, Path, description = "The order"),
        ("Last-Event-ID" = Option<String>, Header, description = "The last event seen; the whole story when left out")),
    responses((status = 200, description = "Events, each with an entry of the timeline as its data",
        body = TimelineOut, content_type = "text/event-stream"), Problems))]
async fn stream_events(
    State(app): State<App>,
    allowed: Allowed<TimelineReaders>,
    PathId(id): PathId<OrderId>,
    Extension(shutdown): Extension<Shutdown>,
    parts: Parts,
) -> Result<Response, ApiError> {
    let seen = parts.headers.get("last-event-id").and_then(|value| value.to_str().ok()?.trim().parse::<EventId>().ok());
    let position = follow_story::begin(&app, reader_of(&allowed.caller)?, id, seen).await?;
    let follower = Follower {
        app,
        id,
        eyes: allowed.actor.kind,
        request: parts,
        shutdown,
        position,
        waiting: VecDeque::new(),
        looked: false,
    };
    let events = stream::unfold(follower, |mut follower| async move {
        let event = follower.next().await?;
        Some((Ok::<_, Infallible>(event), follower))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(BREATHE_EVERY)).into_response())
}

/// Somebody who follows a story.
struct Follower {
    app: App,
    id: OrderId,
    eyes: ActorKind,
    request: Parts,
    shutdown: Shutdown,
    position: i64,
    waiting: VecDeque<Written>,
    looked: bool,
}

impl Follower {
    /// The next thing that this reader may see; nothing when it is time to end.
    async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some(written) = self.waiting.pop_front() {
                self.position = written.position;
                if visible(&written.event_type, self.eyes) {
                    return spoken(written);
                }
            }
            if self.looked {
                tokio::select! {
                    () = self.shutdown.requested() => return None,
                    () = tokio::time::sleep(LOOK_EVERY) => {}
                }
                // A token ends, and access is taken away (rule 9), also while somebody listens.
                Allowed::<TimelineReaders>::from_request_parts(&mut self.request, &self.app).await.ok()?;
            }
            self.looked = true;
            match follow_story::next(&self.app, self.id, self.position).await {
                Ok(written) => self.waiting = written.into(),
                Err(error) => {
                    tracing::warn!(order_id = %self.id, %error, "a stream ends early; its reader comes back");
                    return None;
                }
            }
        }
    }
}

fn spoken(written: Written) -> Option<Event> {
    let id = written.event_id.to_string();
    Event::default().id(id).json_data(TimelineOut::from(Entry::from(written))).ok()
}
