//! GraphQL over HTTP: `POST` for everything, `GET` for all but mutations, as the draft of August 2026 says.
//!
//! `Accept` decides whether there is one answer or a response that stays open, which is what a subscription needs:
//! `text/event-stream` or `multipart/mixed; subscriptionSpec=1.0`.
//!
//! | status | when |
//! | --- | --- |
//! | 200 | data and no errors |
//! | 294 (or `http.partial_success_status`) | execution began and there are errors, also when `data` is null |
//! | 400 | the body is not JSON, or the document is not GraphQL |
//! | 401 | a token came that is not valid (any more) |
//! | 405 | a mutation by `GET` |
//! | 406 | the client reads neither kind of JSON |
//! | 408, 413, 415 | the body is too slow, too long, or is not JSON |
//! | 422 | parameters, operation, variables or document do not fit, or a limit is passed |
//! | 429 | too many open responses or sockets |
//! | 500, 503 | a bug; it took too long, or the server is about to stop |

use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::http::header::{
    ACCEPT, ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, UPGRADE,
};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use futures_util::StreamExt;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::byte_budget::{ByteCharge, too_much_held};
use super::media_type::{Accepted, Form, Label, best_image, is_json};
use super::problem::Problem;
use super::server::held_until_sent;
use super::{Edge, bearer, socket, stream};
use crate::base::client_address::{ClientAddress, RequestOrigin};
use crate::base::error::Code;
use crate::domain::sessions::Viewer;
use crate::graphql::execute::{Answer, Asker, Parameters, Prepared};
use crate::graphql::report::Rejected;
use crate::platform::imaging::Output;

/// What an `EventSource` that connects again says of itself.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// GraphQL's one address.
pub(super) fn routes() -> Router<Arc<Edge>> {
    Router::new().route("/graphql", get(by_get).post(by_post))
}

/// Who calls, from where, and what they read.
pub(super) struct Caller {
    pub(super) asker: Asker,
    accepted: Accepted,
    /// The best format of images that they read.
    best: Output,
    /// The last event that an `EventSource` heard before its connection broke.
    last_event: Option<String>,
}

impl Caller {
    fn read(edge: &Edge, client: Client, headers: &HeaderMap) -> Result<Self, Problem> {
        let accepted = Accepted::read(headers).ok_or_else(not_acceptable)?;
        let asker = asker(client, bearer::viewer(&edge.app, headers)?);
        let last_event = headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok()).filter(|id| !id.is_empty());
        let best = best_image(headers);
        Ok(Self { asker, accepted, best, last_event: last_event.map(str::to_owned) })
    }

    /// What was sent, with what the transport knows beside it.
    fn asks(&self, parameters: Parameters) -> Parameters {
        parameters.after(self.last_event.clone()).best(self.best)
    }
}

type Client = (Extension<ClientAddress>, Option<Extension<RequestOrigin>>);

fn asker((Extension(address), origin): Client, viewer: Option<Viewer>) -> Asker {
    Asker { viewer, address, origin: origin.map(|Extension(origin)| origin) }
}

async fn by_post(State(edge): State<Arc<Edge>>, client: Client, headers: HeaderMap, body: Body) -> Response {
    post(&edge, client, &headers, body).await.into_response()
}

async fn post(edge: &Arc<Edge>, client: Client, headers: &HeaderMap, body: Body) -> Result<Response, Problem> {
    let caller = Caller::read(edge, client, headers)?;
    if !is_json(headers) {
        let message = "Send JSON: `Content-Type: application/json`, in UTF-8 and not packed.";
        let problem = Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message).with(ACCEPT, "application/json");
        return Err(problem.with(ACCEPT_ENCODING, "identity"));
    }
    let mut charge = edge.bytes.charge(caller.asker.address.network());
    let parameters = parameters(&read(edge, headers, body, &mut charge).await?)?;
    let prepared = edge.operations.prepare(&caller.asker, caller.asks(parameters))?;
    if !charge.hold(prepared.bytes) {
        return Err(too_much_held().into());
    }
    respond(edge, &caller, prepared).await
}

/// Reads a body of bounded length in bounded time. One that says that it is too long is not read at all.
async fn read(edge: &Edge, headers: &HeaderMap, body: Body, charge: &mut ByteCharge) -> Result<Vec<u8>, Problem> {
    let most = edge.app.config.http.body_bytes;
    let said = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if said.is_some_and(|length| length > most) {
        return Err(too_long(most));
    }
    match tokio::time::timeout(edge.app.config.timeout(), gather(body, most, charge)).await {
        Ok(gathered) => gathered,
        Err(_) => Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "The body took too long.").with(CONNECTION, "close")),
    }
}

/// Pieces are copied together as they come: each may be a byte in a buffer of many.
async fn gather(body: Body, most: usize, charge: &mut ByteCharge) -> Result<Vec<u8>, Problem> {
    let (mut body, mut bytes) = (body.into_data_stream(), Vec::new());
    while let Some(piece) = body.next().await {
        let Ok(piece) = piece else { return Err(broken_off()) };
        if bytes.len() + piece.len() > most {
            return Err(too_long(most));
        }
        bytes.extend_from_slice(&piece);
        if !charge.hold(bytes.capacity()) {
            return Err(Problem::from(too_much_held()).with(CONNECTION, "close"));
        }
    }
    Ok(bytes)
}

fn broken_off() -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "The body did not arrive whole.").with(CONNECTION, "close")
}

fn too_long(most: usize) -> Problem {
    let message = format!("The body of a request has at most {most} bytes.");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, message).with(CONNECTION, "close")
}

fn parameters(body: &[u8]) -> Result<Parameters, Problem> {
    match json(body)? {
        Value::Object(parameters) => Ok(Parameters::read(parameters)?),
        Value::Array(_) => {
            let message = "Send one operation in each request: the body must be an object, not an array.";
            Err(Rejected::new(Code::BatchNotAllowed, message).into())
        }
        _ => Err(Rejected::new(Code::BadUserInput, "The body must be a JSON object.").into()),
    }
}

fn json(text: &[u8]) -> Result<Value, Problem> {
    serde_json::from_slice(text).map_err(|error| {
        let message =
            format!("This is not JSON: there is a mistake in line {}, column {}.", error.line(), error.column());
        Problem::new(StatusCode::BAD_REQUEST, message)
    })
}

/// The parameters in the address of a `GET`. Two of them are JSON.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AddressParameters {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
    document_id: Option<String>,
}

impl AddressParameters {
    fn parameters(self) -> Result<Parameters, Problem> {
        let mut all = Map::new();
        let texts = [("query", self.query), ("operationName", self.operation_name), ("documentId", self.document_id)];
        for (name, text) in texts {
            all.extend(text.map(|text| (name.to_owned(), Value::String(text))));
        }
        for (name, text) in [("variables", self.variables), ("extensions", self.extensions)] {
            if let Some(text) = text.filter(|text| !text.is_empty()) {
                all.insert(name.to_owned(), json(text.as_bytes())?);
            }
        }
        Ok(Parameters::read(all)?)
    }
}

type Asked = Result<Query<AddressParameters>, QueryRejection>;

async fn by_get(State(edge): State<Arc<Edge>>, client: Client, asked: Asked, request: Request) -> Response {
    let (request, _) = request.into_parts();
    if request.headers.contains_key(UPGRADE) {
        return socket::accept(&edge, asker(client, None), request).into_response();
    }
    get_with(&edge, client, &request.headers, asked).await.into_response()
}

async fn get_with(edge: &Arc<Edge>, client: Client, headers: &HeaderMap, asked: Asked) -> Result<Response, Problem> {
    let caller = Caller::read(edge, client, headers)?;
    let Ok(Query(asked)) = asked else {
        let message = "A parameter is in the address more than once, or is not written as `name=value`.";
        return Err(Rejected::new(Code::BadUserInput, message).into());
    };
    let prepared = edge.operations.prepare(&caller.asker, caller.asks(asked.parameters()?))?;
    if prepared.kind == OperationType::Mutation {
        let message = "A mutation cannot be sent with GET: links and images must not change anything. Use POST.";
        return Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, message).with(ALLOW, "POST"));
    }
    respond(edge, &caller, prepared).await
}

/// Answers in the form that suits the operation and the client.
async fn respond(edge: &Arc<Edge>, caller: &Caller, prepared: Prepared) -> Result<Response, Problem> {
    let form = match prepared.kind {
        OperationType::Subscription => caller.accepted.for_many().ok_or_else(needs_stream)?,
        OperationType::Query | OperationType::Mutation => caller.accepted.for_one().ok_or_else(not_acceptable)?,
    };
    match form {
        Form::Whole(label) => {
            let is_mutation = prepared.kind == OperationType::Mutation;
            let mut charge = edge.bytes.charge(caller.asker.address.network());
            let (bytes, response) = whole(edge, label, edge.operations.answer(prepared).await?);
            // What a mutation did is done, so its answer is given in any case.
            if !charge.hold(bytes) && !is_mutation {
                return Err(too_much_held().into());
            }
            Ok(held_until_sent(response, charge))
        }
        Form::Parts(parts) => stream::open(edge, caller, prepared, parts).await,
    }
}

fn needs_stream() -> Rejected {
    let message = "A subscription needs a WebSocket (connect to this address with the subprotocol \
        graphql-transport-ws), or a client that accepts text/event-stream or multipart/mixed; subscriptionSpec=1.0.";
    Rejected::new(Code::OperationResolutionFailure, message)
}

fn not_acceptable() -> Problem {
    let message = "Accept application/graphql-response+json, application/json, text/event-stream \
        or multipart/mixed; subscriptionSpec=1.0.";
    Problem::new(StatusCode::NOT_ACCEPTABLE, message)
}

/// The whole answer, and its bytes.
fn whole(edge: &Edge, label: Label, answer: Answer) -> (usize, Response) {
    let partial = edge.app.config.http.partial_success_status;
    let status = if answer.has_errors { partial } else { 200 };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let headers = [(CONTENT_TYPE, label.as_str()), (CACHE_CONTROL, "no-store")];
    (answer.body.len(), (status, headers, Body::from(answer.body)).into_response())
}
