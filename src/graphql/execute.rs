//! Operations, from what a client sent to what it is answered: the same for every transport.
//!
//! A transport reads [`Parameters`], lets [`Operations::prepare`] decide whether they may be executed, checks that
//! the kind of operation fits the transport, and takes one [`Operations::answer`], or [`Events`] one after the other.

mod events;
mod parameters;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType};
use async_graphql::{Pos, Positioned, Request, Response, value};
use futures_util::stream;
use futures_util::{FutureExt, StreamExt};

use self::events::Written;
pub(crate) use self::events::{Events, Next};
pub(crate) use self::parameters::Parameters;
use super::compile::{Compiled, Compiler, Cost, On, Sharing, Source};
use super::levels;
use super::live::group::{Groups, Joining, Results, Stage};
use super::order::Order;
use super::report::{self, Question, Rejected};
use super::stream::Bookmark;
use super::{Schema, asked_by};
use crate::app::App;
use crate::base::client_address::{ClientAddress, RequestOrigin};
use crate::base::error::{Code, Error};
use crate::domain::sessions::{self, Viewer};
use crate::platform::imaging::Output;

/// Bytes that the document of a subscription can take, parsed, with its variables: some 800 tokens. What an app subscribes
/// with takes a tenth of it.
const SUBSCRIPTION_BYTES: usize = 256 << 10;

/// Who sends an operation, from which address, and by which address of this server, where links need it.
#[derive(Clone)]
pub(crate) struct Asker {
    pub(crate) viewer: Option<Viewer>,
    pub(crate) address: ClientAddress,
    pub(crate) origin: Option<RequestOrigin>,
}

/// What executes operations.
pub(crate) struct Operations {
    app: Arc<App>,
    schema: Schema,
    compiler: Compiler,
    groups: Arc<Groups>,
    /// Whether queries are executed by levels where that is possible.
    by_levels: bool,
}

/// An operation that may be executed.
pub(crate) struct Prepared {
    /// Query, mutation or subscription: not every transport takes every kind.
    pub(crate) kind: OperationType,
    asker: Asker,
    operation: Arc<OperationDefinition>,
    cost: Cost,
    /// About how many bytes the operation takes for as long as it runs.
    pub(crate) bytes: usize,
    bookmark: Arc<Bookmark>,
    sharing: Option<Sharing>,
    best: Output,
}

/// What a query or a mutation is answered.
pub(crate) struct Answer {
    /// The whole answer as JSON.
    pub(crate) body: Vec<u8>,
    /// Whether some of its fields failed.
    pub(crate) has_errors: bool,
}

impl Operations {
    /// For an app, and its schema where that has extensions. These see every field, so nothing is executed by levels.
    pub(crate) fn new(app: &Arc<App>, extended: Option<Schema>) -> Self {
        let by_levels = extended.is_none();
        let schema = extended.unwrap_or_else(|| super::schema(app));
        let validator = super::validator(app.config.graphql.introspection);
        let compiler = Compiler::new(&schema.sdl(), validator, &app.config.graphql);
        Self { app: app.clone(), schema, compiler, groups: Arc::default(), by_levels }
    }

    /// Checks everything that can be checked before execution.
    ///
    /// # Errors
    /// When the operation may not be executed.
    pub(crate) fn prepare(&self, asker: &Asker, parameters: Parameters) -> Result<Prepared, Rejected> {
        let Parameters { query, operation_name, variables, after, best } = parameters;
        let source = Source { query: &query, operation_name: operation_name.as_deref() };
        let Compiled { operation, cost, bytes, sharing } = self.compiler.compile(source, variables)?;
        let kind = operation.ty;
        check_held(kind, bytes)?;
        let (asker, bookmark) = (asker.clone(), Arc::new(Bookmark::new(after)));
        Ok(Prepared { kind, asker, operation, cost, bytes, bookmark, sharing, best })
    }

    /// The request for async-graphql: nothing is left to it but to resolve fields.
    fn request(&self, prepared: &Prepared) -> Request {
        let Prepared { asker, operation, bookmark, best, .. } = prepared;
        let mut request = Request::new("");
        request.set_parsed_query(ExecutableDocument {
            operations: DocumentOperations::Single(Positioned::new(operation.as_ref().clone(), Pos::default())),
            fragments: [].into(),
        });
        let request = asked_by(&self.app, (asker.viewer, asker.address), request)
            .data(bookmark.clone())
            .data(*best)
            .data(self.groups.clone());
        match &asker.origin {
            Some(origin) => request.data(origin.clone()),
            None => request,
        }
    }

    /// Executes a query or a mutation.
    ///
    /// # Errors
    /// When it took too long or hit a bug. Errors of single fields are in the answer.
    pub(crate) async fn answer(&self, prepared: Prepared) -> Result<Answer, Rejected> {
        if prepared.kind == OperationType::Mutation {
            self.app.ids.await_lease().await;
        }
        let execution = AssertUnwindSafe(async {
            self.has_account(prepared.asker.viewer).await?;
            match self.execute_by_levels(&prepared).await {
                Some(answer) => Ok(answer),
                None => self.execute_by_fields(&prepared).await,
            }
        });
        match tokio::time::timeout(self.app.config.timeout(), execution.catch_unwind()).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(panic)) => Err(report::panicked(&self.app.chance, panic.as_ref())),
            Err(_) => Err(self.too_slow()),
        }
    }

    /// Executes a query all of whose fields are resolved by levels. Nothing when one is not, or when something failed: then
    /// it is executed by fields, which finds the places of errors. A query changes nothing, so it can be done again.
    async fn execute_by_levels(&self, prepared: &Prepared) -> Option<Answer> {
        let Prepared { asker, operation, best, cost, .. } = prepared;
        if !self.by_levels || !levels::covers(self.compiler.types(), operation) {
            return None;
        }
        let asked = levels::Asked { app: &self.app, viewer: asker.viewer, best: *best, origin: asker.origin.as_ref() };
        let data = levels::execute(&asked, &operation.selection_set.node).await;
        let data = data.inspect_err(|error| tracing::debug!(%error, "a query is executed by fields")).ok()?;
        let extensions = serde_json::to_vec(&value!({ "cost": priced(cost) })).ok()?;
        let body = [b"{\"data\":", data.as_slice(), b",\"extensions\":", &extensions, b"}"].concat();
        Some(Answer { body, has_errors: false })
    }

    async fn execute_by_fields(&self, prepared: &Prepared) -> Result<Answer, Rejected> {
        let response = self.schema.execute(self.request(prepared)).await;
        let question = Question { types: self.compiler.types(), operation: &prepared.operation };
        let mut response = report::finish(&self.app.chance, question, response);
        Order::of(&prepared.operation).arrange(&mut response.data);
        let response = response.extension("cost", priced(&prepared.cost));
        Ok(Answer { body: self.written(&response)?, has_errors: !response.errors.is_empty() })
    }

    fn written(&self, response: &Response) -> Result<Vec<u8>, Rejected> {
        serde_json::to_vec(response).map_err(|error| report::failed(&self.app.chance, &Error::internal(error)))
    }

    /// A token can outlive the account that it is of.
    async fn has_account(&self, viewer: Option<Viewer>) -> Result<(), Rejected> {
        let Some(viewer) = viewer else { return Ok(()) };
        sessions::has_account(&self.app, viewer).await.map_err(|error| report::failed(&self.app.chance, &error))
    }

    fn too_slow(&self) -> Rejected {
        let seconds = self.app.config.http.timeout_seconds;
        Rejected::new(Code::Timeout, format!("This took longer than {seconds} seconds and was given up."))
    }

    /// Starts an operation of any kind, for its results one after the other.
    ///
    /// # Errors
    /// When it is a subscription and the server is about to stop.
    pub(crate) fn events(self: &Arc<Self>, mut prepared: Prepared) -> Result<Events, Rejected> {
        let bookmark = prepared.bookmark.clone();
        let joining = self.joining(&mut prepared);
        let stream = match prepared.kind {
            OperationType::Subscription if self.app.drain.has_begun() => return Err(stopping()),
            OperationType::Subscription => {
                let request = self.request(&prepared);
                let request = match &joining {
                    Some(joining) => request.data(joining.clone()),
                    None => request,
                };
                let operations = self.clone();
                let written = move |event: Result<Response, Rejected>| operations.written(&event?);
                self.subscribed(request, prepared).map(written).boxed()
            }
            OperationType::Query | OperationType::Mutation => self.answered(prepared),
        };
        Ok(Events { stream, app: self.app.clone(), bookmark, joining, member: None })
    }

    /// The group in which a subscription may go on.
    fn joining(self: &Arc<Self>, prepared: &mut Prepared) -> Option<Arc<Joining>> {
        let sharing = prepared.sharing.take()?;
        let Prepared { asker, operation, best, bytes, kind, cost, .. } = &*prepared;
        // The links of images are of the format that each client reads best.
        // So are other links, by which address they call this server.
        let of_links = (best, asker.origin.as_ref().map(|origin| &*origin.0));
        let Sharing { key, depends } = sharing.among(&format!("{of_links:?}"));
        let asker = Asker { viewer: None, address: ClientAddress::SERVER, origin: asker.origin.clone() };
        let (operations, operation) = (self.clone(), operation.clone());
        let (best, bytes, kind, cost) = (*best, *bytes, *kind, cost.clone());
        let perform = move |stage: Arc<Stage>| {
            let (asker, operation, cost) = (asker.clone(), operation.clone(), cost.clone());
            let bookmark = Arc::new(Bookmark::new(None));
            let prepared = Prepared { kind, asker, operation, cost, bytes, bookmark, sharing: None, best };
            let request = operations.request(&prepared).data(stage);
            operations.subscribed(request, prepared)
        };
        Some(Arc::new(Joining::new(self.groups.clone(), (key, depends), Arc::new(perform))))
    }

    fn answered(self: &Arc<Self>, prepared: Prepared) -> Written {
        let operations = self.clone();
        stream::once(async move { Ok(operations.answer(prepared).await?.body) }).boxed()
    }

    fn subscribed(self: &Arc<Self>, request: Request, prepared: Prepared) -> Results {
        let Prepared { asker, operation, .. } = prepared;
        let (operations, order, mut is_first) = (self.clone(), Order::of(&operation), true);
        let told = move |response| {
            let question = Question { types: operations.compiler.types(), operation: &operation };
            let mut response = match std::mem::take(&mut is_first) {
                true => report::begin(&operations.app.chance, question, response)?,
                false => report::finish(&operations.app.chance, question, response),
            };
            order.arrange(&mut response.data);
            Ok(response)
        };
        let results = self.schema.execute_stream(request).map(told);
        let operations = self.clone();
        let opened = async move {
            match operations.has_account(asker.viewer).await {
                Ok(()) => results.boxed(),
                Err(rejected) => stream::iter([Err(rejected)]).boxed(),
            }
        };
        opened.flatten_stream().boxed()
    }
}

/// What an operation costs, as the extensions of an answer say it.
fn priced(cost: &Cost) -> async_graphql::Value {
    let Cost { requested, maximum, costliest_path } = cost;
    value!({ "requestedQueryCost": *requested, "maximum": *maximum, "costliestPath": costliest_path.as_str() })
}

impl Prepared {
    /// Whether its events are executed for its viewer alone.
    pub(crate) fn is_for_one(&self) -> bool {
        let is_alone = |sharing: &Sharing| sharing.depends.contains(&On::Everything);
        self.kind == OperationType::Subscription && self.sharing.as_ref().is_none_or(is_alone)
    }
}

/// A subscription holds what it was sent with for as long as it runs.
fn check_held(kind: OperationType, bytes: usize) -> Result<(), Rejected> {
    if kind != OperationType::Subscription || bytes <= SUBSCRIPTION_BYTES {
        return Ok(());
    }
    Err(Rejected::new(Code::TooExpensive, "This document and its variables are too large for a subscription."))
}

/// Why nothing that stays open is begun any more.
pub(crate) fn stopping() -> Rejected {
    Rejected::new(
        Code::Overloaded,
        "This server is about to stop. Connect again: another one answers, or soon this one.",
    )
}
