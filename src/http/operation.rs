//! One operation, from what a client sent to what it is answered: the same for every transport.
//!
//! A transport reads [`Parameters`], lets [`Operations::prepare`] decide whether they may be executed, checks that
//! the kind of operation fits the transport, and takes one [`Operations::answer`], or [`Events`] one after the other.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use async_graphql::{Request, Response, Variables, value};
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt};
use serde_json::{Map, Value};

use crate::app::App;
use crate::base::chance::Chance;
use crate::base::client_address::{ClientAddress, RequestOrigin};
use crate::base::error::{Code, Error};
use crate::domain::sessions::{self, Viewer};
use crate::graphql::limits::{Admitted, Asked, Limits, On, Sharing};
use crate::graphql::live::group::{Groups, Joining, Membership, Payload, Stage, Told};
use crate::graphql::order::Order;
use crate::graphql::report::{self, Question, Rejected};
use crate::graphql::stream::Bookmark;
use crate::graphql::{self, Schema};
use crate::platform::imaging::Output;

/// What a client sent: a document, which of its operations, and values.
#[derive(Clone, Debug)]
pub(crate) struct Parameters {
    query: Arc<str>,
    operation_name: Option<String>,
    variables: Variables,
    /// The last event the client heard, as its transport knows it.
    after: Option<String>,
    /// The best format of images that the client reads.
    best: Output,
}

impl Parameters {
    /// The same after an event that the client's transport names; that is later than what the variables say.
    pub(crate) fn after(self, event: Option<String>) -> Self {
        Self { after: event, ..self }
    }

    /// The same for a client that reads images of this format.
    pub(crate) fn best(self, best: Output) -> Self {
        Self { best, ..self }
    }

    /// Reads them from a JSON object.
    ///
    /// # Errors
    /// When one is missing or is not what it must be, or a persisted document is named.
    pub(crate) fn read(mut json: Map<String, Value>) -> Result<Self, Rejected> {
        let extensions = object(&mut json, "extensions")?;
        let is_persisted = extensions.contains_key("persistedQuery") || json.contains_key("documentId");
        let Some(query) = text(&mut json, "query")? else { return Err(without_query(is_persisted)) };
        // An empty name is what some clients send for none.
        let operation_name = text(&mut json, "operationName")?.filter(|name| !name.is_empty());
        let variables = Variables::from_json(Value::Object(object(&mut json, "variables")?));
        Ok(Self { query: query.into(), operation_name, variables, after: None, best: Output::Jpeg })
    }
}

fn without_query(is_persisted: bool) -> Rejected {
    if is_persisted {
        // Apollo's clients compare this very word before they send the document itself.
        return Rejected::new(Code::PersistedQueryNotSupported, "PersistedQueryNotSupported");
    }
    Rejected::new(Code::BadUserInput, "The parameter `query` is missing.")
}

fn text(json: &mut Map<String, Value>, name: &str) -> Result<Option<String>, Rejected> {
    match json.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Rejected::new(Code::BadUserInput, format!("The parameter `{name}` must be a string."))),
    }
}

fn object(json: &mut Map<String, Value>, name: &str) -> Result<Map<String, Value>, Rejected> {
    match json.remove(name) {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(object)) => Ok(object),
        Some(_) => Err(Rejected::new(Code::BadUserInput, format!("The parameter `{name}` must be an object."))),
    }
}

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
    limits: Limits,
    groups: Arc<Groups>,
}

/// An operation that may be executed.
pub(crate) struct Prepared {
    /// Query, mutation or subscription: not every transport takes every kind.
    pub(crate) kind: OperationType,
    viewer: Option<Viewer>,
    request: Request,
    cost: u64,
    order: Order,
    /// About how many bytes the document and the variables take for as long as it runs.
    pub(crate) bytes: usize,
    source: Source,
    bookmark: Arc<Bookmark>,
    sharing: Option<Sharing>,
    best: Output,
    origin: Option<RequestOrigin>,
}

/// The document of an operation, kept to tell from it where errors belong.
struct Source {
    query: Arc<str>,
    operation_name: Option<String>,
}

impl Source {
    fn asked(&self) -> Asked<'_> {
        Asked { query: &self.query, operation_name: self.operation_name.as_deref() }
    }
}

impl Operations {
    /// For an app.
    pub(crate) fn new(app: &Arc<App>) -> Self {
        let schema = graphql::schema(app);
        let limits = Limits::new(&schema.sdl(), &app.config.graphql);
        Self { app: app.clone(), schema, limits, groups: Arc::default() }
    }

    /// Checks everything that can be checked before execution, except whether the document fits the schema.
    ///
    /// # Errors
    /// When the operation may not be executed.
    pub(crate) fn prepare(&self, asker: &Asker, parameters: Parameters) -> Result<Prepared, Rejected> {
        let Parameters { query, operation_name, variables, after, best } = parameters;
        let Asker { viewer, address, origin } = asker;
        let source = Source { query, operation_name };
        let Admitted { document, kind, variables, cost, order, bytes, sharing } =
            self.limits.admit(source.asked(), variables)?;
        check_held(kind, bytes)?;
        // The text is not given again: the document was parsed already.
        let mut request = Request::new("").variables(variables);
        request.operation_name.clone_from(&source.operation_name);
        request.set_parsed_query(Arc::unwrap_or_clone(document));
        let bookmark = Arc::new(Bookmark::new(after));
        let request = graphql::asked_by(&self.app, (*viewer, *address), request)
            .data(bookmark.clone())
            .data(best)
            .data(self.groups.clone());
        let request = match origin {
            Some(origin) => request.data(origin.clone()),
            None => request,
        };
        let (viewer, origin) = (*viewer, origin.clone());
        Ok(Prepared { kind, viewer, request, cost, order, bytes, source, bookmark, sharing, best, origin })
    }

    /// Executes a query or a mutation.
    ///
    /// # Errors
    /// When it did not fit the schema, took too long or hit a bug. Errors of single fields are in the answer.
    pub(crate) async fn answer(&self, prepared: Prepared) -> Result<Response, Rejected> {
        let Prepared { kind, viewer, request, cost, order, source, .. } = prepared;
        if kind == OperationType::Mutation {
            self.app.ids.await_lease().await;
        }
        let execution = AssertUnwindSafe(async {
            self.has_account(viewer).await?;
            Ok(self.schema.execute(request).await)
        });
        let response = match tokio::time::timeout(self.app.config.timeout(), execution.catch_unwind()).await {
            Ok(Ok(response)) => response?,
            Ok(Err(panic)) => return Err(report::panicked(&self.app.chance, panic.as_ref())),
            Err(_) => return Err(self.too_slow()),
        };
        let question = Question { types: self.limits.types(), asked: source.asked() };
        let mut response = report::finish(&self.app.chance, question, response)?;
        order.arrange(&mut response.data);
        Ok(response.extension("cost", value!({ "requestedQueryCost": cost })))
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
        if let Some(joining) = &joining {
            prepared.request = prepared.request.data(joining.clone());
        }
        let stream = match prepared.kind {
            OperationType::Subscription if self.app.drain.has_begun() => return Err(stopping()),
            OperationType::Subscription => self.subscribed(prepared),
            OperationType::Query | OperationType::Mutation => self.answered(prepared),
        };
        Ok(Events { stream, app: self.app.clone(), bookmark, joining, member: None })
    }

    /// The group in which a subscription may go on.
    fn joining(self: &Arc<Self>, prepared: &mut Prepared) -> Option<Arc<Joining>> {
        let sharing = prepared.sharing.take()?;
        let (Source { query, operation_name }, best) = (&prepared.source, prepared.best);
        // The links of images are of the format that each client reads best.
        // So are other links, by which address they call this server.
        let origin = prepared.origin.clone();
        let of_links = (best, origin.as_ref().map(|origin| &*origin.0));
        let Sharing { key, depends } = sharing.among(&format!("{of_links:?}"));
        let parameters = Parameters {
            query: query.clone(),
            operation_name: operation_name.clone(),
            variables: prepared.request.variables.clone(),
            after: None,
            best,
        };
        let asker = Asker { viewer: None, address: ClientAddress::SERVER, origin };
        let operations = self.clone();
        let perform = move |stage: Arc<Stage>| match operations.prepare(&asker, parameters.clone()) {
            Ok(prepared) => {
                let request = prepared.request.data(stage);
                operations.subscribed(Prepared { request, ..prepared })
            }
            Err(rejected) => stream::iter([Err(rejected)]).boxed(),
        };
        Some(Arc::new(Joining::new(self.groups.clone(), (key, depends), Arc::new(perform))))
    }

    fn answered(self: &Arc<Self>, prepared: Prepared) -> Results {
        let operations = self.clone();
        stream::once(async move { operations.answer(prepared).await }).boxed()
    }

    fn subscribed(self: &Arc<Self>, prepared: Prepared) -> Results {
        let Prepared { viewer, request, order, source, .. } = prepared;
        let (operations, mut tell) = (self.clone(), report::begin as Tell);
        let told = move |response| {
            let question = Question { types: operations.limits.types(), asked: source.asked() };
            let mut response =
                std::mem::replace(&mut tell, report::finish)(&operations.app.chance, question, response)?;
            order.arrange(&mut response.data);
            Ok(response)
        };
        let results = self.schema.execute_stream(request).map(told);
        let operations = self.clone();
        let opened = async move {
            match operations.has_account(viewer).await {
                Ok(()) => results.boxed(),
                Err(rejected) => stream::iter([Err(rejected)]).boxed(),
            }
        };
        opened.flatten_stream().boxed()
    }
}

type Tell = fn(&Chance, Question<'_>, Response) -> Result<Response, Rejected>;
type Results = BoxStream<'static, Result<Response, Rejected>>;

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

/// What an operation tells.
pub(crate) struct Events {
    stream: Results,
    app: Arc<App>,
    bookmark: Arc<Bookmark>,
    joining: Option<Arc<Joining>>,
    /// Who goes on when the stream has ended.
    member: Option<Membership>,
}

/// What an operation tells next.
pub(crate) enum Next {
    /// A result.
    Result(Payload),
    /// From here on a group tells what happens.
    Joined(Membership),
}

impl Events {
    /// The next result; `None` at the end.
    ///
    /// # Errors
    /// When the operation was refused or hit a bug; then nothing follows.
    pub(crate) async fn next(&mut self) -> Option<Result<Payload, Rejected>> {
        loop {
            if let Some(member) = &self.member {
                return match member.next().await {
                    Told::Result(payload) => Some(Ok(payload)),
                    Told::Broken(rejected) => Some(Err(rejected)),
                    Told::End => None,
                };
            }
            match self.next_by_itself().await? {
                Ok(Next::Result(payload)) => return Some(Ok(payload)),
                Ok(Next::Joined(member)) => self.member = Some(member),
                Err(rejected) => return Some(Err(rejected)),
            }
        }
    }

    /// The same up to where a group goes on.
    ///
    /// # Errors
    /// When the operation was refused or hit a bug; then nothing follows.
    pub(crate) async fn next_by_itself(&mut self) -> Option<Result<Next, Rejected>> {
        let next = AssertUnwindSafe(self.stream.next()).catch_unwind().await;
        let told = match next {
            Ok(None) => {
                // What it was executed with is not kept while a group goes on.
                self.stream = stream::empty().boxed();
                return self.joining.take().and_then(|joining| joining.take()).map(Next::Joined).map(Ok);
            }
            Ok(Some(told)) => told,
            Err(panic) => Err(report::panicked(&self.app.chance, panic.as_ref())),
        };
        let told = told.and_then(|response| self.written(&response));
        if told.is_err() {
            self.stream = stream::empty().boxed();
            self.joining = None;
        }
        Some(told.map(Next::Result))
    }

    /// The stream gives one event at a time, so the bookmark is at the one that it gave last.
    fn written(&self, response: &Response) -> Result<Payload, Rejected> {
        let json = serde_json::to_vec(response);
        let json = json.map_err(|error| report::failed(&self.app.chance, &Error::internal(error)))?.into();
        let cursor = self.bookmark.at().map(|cursor| cursor.0.into());
        Ok(Payload { json, cursor, again_after: self.bookmark.again_after() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(json: Value) -> Result<Parameters, (Code, String)> {
        let Value::Object(json) = json else { panic!("{json} is not an object") };
        Parameters::read(json).map_err(|rejected| (rejected.code, rejected.message().to_owned()))
    }

    #[test]
    fn null_is_the_same_as_nothing() {
        for more in [json!(null), json!({})] {
            let read = read(json!({ "query": "{ a }", "operationName": null, "variables": more, "extensions": more }));
            assert!(read.is_ok_and(|read| read.operation_name.is_none() && read.variables.is_empty()));
        }
        assert!(
            read(json!({ "query": "{ a }", "operationName": "", "onError": "NULL" }))
                .is_ok_and(|read| read.operation_name.is_none())
        );
    }

    #[test]
    fn what_is_ill_formed_is_named() {
        let cases = [
            (json!({}), "The parameter `query` is missing."),
            (json!({ "query": null }), "The parameter `query` is missing."),
            (json!({ "query": ["{ a }"] }), "The parameter `query` must be a string."),
            (json!({ "query": "{ a }", "operationName": 1 }), "The parameter `operationName` must be a string."),
            (json!({ "query": "{ a }", "variables": "{}" }), "The parameter `variables` must be an object."),
            (json!({ "query": "{ a }", "variables": [1] }), "The parameter `variables` must be an object."),
            (json!({ "query": "{ a }", "extensions": 1 }), "The parameter `extensions` must be an object."),
        ];
        for (json, message) in cases {
            assert_eq!(read(json.clone()).unwrap_err(), (Code::BadUserInput, message.to_owned()), "{json}");
        }
    }

    #[test]
    fn persisted_documents_are_refused_in_the_words_clients_know() {
        for json in [json!({ "extensions": { "persistedQuery": {} } }), json!({ "documentId": "sha256:00" })] {
            let refused = (Code::PersistedQueryNotSupported, "PersistedQueryNotSupported".to_owned());
            assert_eq!(read(json).unwrap_err(), refused);
        }
        assert!(read(json!({ "query": "{ a }", "extensions": { "persistedQuery": {} } })).is_ok());
    }
}
