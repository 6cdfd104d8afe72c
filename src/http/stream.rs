//! An operation whose results are written one after the other into a response that stays open.
//!
//! Nothing is sent before the first result is there, so that what cannot be executed is answered as always. The stream
//! ends itself, with `StreamClosing` as its last event, when its session ends or the server stops. It has no task and no
//! queue of its own: the connection asks for the next part when it can write it.

mod event_stream;
mod multipart;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::Edge;
use super::connections::Seat;
use super::graphql::Caller;
use super::media_type::Parts;
use super::problem::Problem;
use crate::graphql::execute::{Events, Prepared};
use crate::graphql::live::group::Payload;
use crate::graphql::report::Rejected;
use crate::platform::telemetry::metrics::Counted;

/// Tells nginx, and proxies that learned it from nginx, not to gather what they pass on.
const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Starts an operation and opens the response.
///
/// # Errors
/// When the operation was refused, there are too many streams, or the server stops.
pub(super) async fn open(
    edge: &Arc<Edge>,
    caller: &Caller,
    prepared: Prepared,
    parts: Parts,
) -> Result<Response, Problem> {
    let seats = (edge.connections.from(caller.asker.address)?, edge.connections.of(caller.asker.viewer)?);
    let mut events = edge.operations.events(prepared)?;
    let first = events.next().await.transpose()?;
    let alive = Duration::from_secs(edge.app.config.websocket.ping_seconds);
    let open = (edge.open.token(), edge.app.metrics.connection(parts.name()));
    let open = Open { parts, begun: false, first, events: Some(events), alive, _kept: (seats, open) };
    let body = stream::unfold(open, |mut open| async move {
        let part = open.part().await?;
        Some((Ok::<_, Infallible>(part), open))
    });
    let headers = [(CONTENT_TYPE, parts.media_type()), (CACHE_CONTROL, "no-store"), (UNBUFFERED, "no")];
    Ok((headers, Body::from_stream(body)).into_response())
}

/// A response that stays open.
struct Open {
    parts: Parts,
    begun: bool,
    first: Option<Payload>,
    /// None when the end was written.
    events: Option<Events>,
    /// How often a sign of life is sent when there is nothing else.
    alive: Duration,
    _kept: ((Seat, Option<Seat>), (TaskTrackerToken, Counted)),
}

impl Open {
    /// What is written next; `None` at the end.
    async fn part(&mut self) -> Option<String> {
        let part = self.next().await?;
        let opening = if std::mem::replace(&mut self.begun, true) { "" } else { self.parts.opening() };
        Some(format!("{opening}{part}"))
    }

    async fn next(&mut self) -> Option<String> {
        let events = self.events.as_mut()?;
        let event = match self.first.take() {
            Some(first) => Some(Ok(first)),
            None => match tokio::time::timeout(self.alive, events.next()).await {
                Ok(event) => event,
                Err(_) => return Some(self.parts.alive().to_owned()),
            },
        };
        Some(match event {
            Some(Ok(event)) => self.parts.next(&event),
            Some(Err(rejected)) => self.parts.failed(&rejected),
            None => {
                self.events = None;
                self.parts.end().to_owned()
            }
        })
    }
}

impl Parts {
    /// As it is counted.
    fn name(self) -> &'static str {
        match self {
            Self::EventStream => "event_stream",
            Self::Multipart => "multipart",
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::EventStream => event_stream::MEDIA_TYPE,
            Self::Multipart => multipart::MEDIA_TYPE,
        }
    }

    fn opening(self) -> &'static str {
        match self {
            Self::EventStream => event_stream::ALIVE,
            Self::Multipart => multipart::OPENING,
        }
    }

    fn next(self, event: &Payload) -> String {
        match self {
            Self::EventStream => event_stream::next(event),
            Self::Multipart => multipart::next(event),
        }
    }

    fn failed(self, rejected: &Rejected) -> String {
        match self {
            Self::EventStream => event_stream::failed(rejected),
            Self::Multipart => multipart::failed(rejected),
        }
    }

    fn alive(self) -> &'static str {
        match self {
            Self::EventStream => event_stream::ALIVE,
            Self::Multipart => multipart::ALIVE,
        }
    }

    fn end(self) -> &'static str {
        match self {
            Self::EventStream => event_stream::END,
            Self::Multipart => multipart::END,
        }
    }
}
