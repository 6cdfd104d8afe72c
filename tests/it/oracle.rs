//! The server beside graphql-js, the reference implementation of the specification: the same answers to the same documents.
//!
//! `tests/oracle` records what this server says of a small world in plain documents, generates documents of every kind, and
//! compares the answers of both. Here the world is made. It is served twice: as it comes, and with an extension that counts
//! how often each field is resolved, and makes fields fail whose alias says so.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::{Arc, Mutex};

use async_graphql::async_trait::async_trait;
use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute, NextResolve, ResolveInfo};
use async_graphql::{PathSegment, QueryPathNode, QueryPathSegment, Response, ServerError, ServerResult, Value, value};
use photograph::base::config::Config;
use photograph::base::error::{Code, Error};
use photograph::{graphql, http};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::kit::apns::Apple;
use crate::kit::{Front, Kit, PATIENCE, Person, photos};

#[tokio::test]
async fn the_reference_implementation_gives_the_same_answers() {
    let apple = Apple::opens().await;
    let kit = Kit::with(|config| unlimited(&apple, config)).await;
    apple.goes_by(&kit.app.clock);
    let ada = world(&kit).await;
    kit.settle().await;
    let recorded = Recorded::serves(&kit).await;
    let mut node = Command::new("node");
    node.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/oracle.mjs"));
    node.arg(recorded.front.url("/graphql")).arg(kit.front.url("/graphql")).arg(ada.tokens().access);
    let compared = tokio::task::spawn_blocking(move || node.output()).await.expect("the script runs");
    let compared = compared.expect("node is there: tests/run installs it");
    let said = String::from_utf8_lossy(&compared.stdout).into_owned() + &String::from_utf8_lossy(&compared.stderr);
    assert!(compared.status.success(), "{said}");
    println!("{said}");
    recorded.ends().await;
    kit.ends().await;
}

/// A second server over a story's app, with the extension.
struct Recorded {
    front: Front,
    stop: CancellationToken,
    server: JoinHandle<()>,
}

impl Recorded {
    async fn serves(kit: &Kit) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let front = Front::at(listener.local_addr().expect("the port's number"));
        let schema = graphql::schema_builder(&kit.app).extension(RecorderFactory).finish();
        let stop = CancellationToken::new();
        let server = tokio::spawn(http::serve_schema((kit.app.clone(), schema), listener, stop.clone()));
        Self { front, stop, server }
    }

    async fn ends(self) {
        self.stop.cancel();
        timeout(PATIENCE, self.server).await.expect("the server stops").expect("the server does not panic");
    }
}

/// Documents that record the world are long.
fn unlimited(apple: &Apple, config: &mut Config) {
    apple.configure(config);
    let graphql = &mut config.graphql;
    graphql.depth = 100;
    graphql.document_bytes = 1 << 20;
    graphql.root_fields = 1000;
    for limit in [&mut graphql.cost, &mut graphql.aliases, &mut graphql.directives, &mut graphql.tokens] {
        *limit = 10_000_000;
    }
}

/// Some of everything that the schema can show. Gives who looks at it.
async fn world(kit: &Kit) -> Person {
    let [ada, bob, cyd, joe] = ["ada", "bob", "cyd", "joe"].map(|name| kit.signs_up(name));
    let (ada, bob, cyd, joe) = (ada.await, bob.await, cyd.await, joe.await);
    ada.goes_private().await;
    cyd.goes_private().await;
    for (follower, followed) in [(&bob, &ada), (&ada, &bob), (&ada, &cyd), (&joe, &ada), (&joe, &bob)] {
        follower.follows(followed).await;
    }
    ada.approves(&bob).await;
    cyd.approves(&ada).await;
    let dusk = publishes_two(&ada, &bob).await;
    let noon = bob.publishes("Noon of @ada and @joe in the #City").await;
    let dawn = cyd.publishes("Dawn").await;
    cyd.publishes_to("FOLLOWERS", "Night").await;
    converse([&ada, &bob, &joe], [&dusk, &noon]).await;
    bob.likes(&dusk).await;
    ada.likes(&noon).await;
    ada.likes(&dawn).await;
    let again = json!({ "mediaId": dawn, "text": "Again", "idempotencyKey": "0198c5a2-7f00-7abc-8def-0123456789ab" });
    ada.does("addComment", again, "comment { id }").await;
    for media in [&noon, &dusk] {
        ada.does("saveMedia", json!({ "mediaId": media }), "media { id }").await;
    }
    kit.settle().await;
    set_up_viewer(&ada, &joe).await;
    ada
}

async fn publishes_two(owner: &Person, tagged: &Person) -> String {
    let first = owner.uploads(photos::phone_jpeg(), "image/jpeg").await;
    let second = owner.uploads(&photos::small_jpeg(2), "image/jpeg").await;
    let tag = json!({ "userId": tagged.id, "position": { "x": 0.25, "y": 0.5 } });
    let input = json!({
        "caption": "Dusk with @bob, see https://example.org/dusk #Sea #sky",
        "contentWarning": "Sand",
        "photos": [
            { "uploadId": first, "altText": "The sea", "tags": [tag], "showsCamera": true },
            { "uploadId": second, "filter": { "key": "amber-hour", "strength": 0.5 }, "focalPoint": { "x": 0.5, "y": 1.0 } },
        ],
    });
    let payload = owner.does("publishMedia", input, "media { id }").await;
    payload["media"]["id"].as_str().expect("an ID").to_owned()
}

/// Comments with replies, likes and mentions. One is edited.
async fn converse([ada, bob, joe]: [&Person; 3], [dusk, noon]: [&str; 2]) {
    let first = bob.comments(dusk, "Where is it, @ada?").await;
    let reply = json!({ "mediaId": dusk, "parentId": first, "text": "At the #sea" });
    ada.does("addComment", reply, "comment { id }").await;
    let edited = ada.comments(noon, "Nise").await;
    ada.does("updateComment", json!({ "commentId": edited, "text": "Nice" }), "comment { id }").await;
    joe.comments(noon, "With @ada at https://example.org").await;
    for comment in [&first, &edited] {
        bob.does("likeComment", json!({ "commentId": comment }), "comment { id }").await;
    }
    ada.does("likeComment", json!({ "commentId": first }), "comment { id }").await;
}

/// What only the viewer has: a phone, uploads, settings, and how far they read.
async fn set_up_viewer(ada: &Person, muted: &Person) {
    let phone = ada.has_phone("one").await;
    ada.tests(&phone).await;
    ada.announces(b"bytes", "image/jpeg").await;
    ada.uploads(&photos::small_jpeg(3), "image/jpeg").await;
    let quiet = json!({ "startMinute": 60, "endMinute": 120, "timeZone": "Europe/Berlin" });
    let kinds = json!([{ "kind": "MEDIA_LIKED", "from": "FOLLOWING" }]);
    let settings = json!({ "quietHours": quiet, "kinds": kinds, "pausedUntil": "2099-01-01T00:00:00.000Z" });
    ada.does("updateNotificationSettings", settings, "viewer { id }").await;
    let mute = json!({ "userId": muted.id, "until": "2099-01-01T00:00:00.000Z" });
    ada.does("muteUser", mute, "user { id }").await;
    let feed = ada.asks("{ viewer { homeFeed(first: 2) { edges { cursor } } } }", json!({})).await;
    let cursor = feed.data("/viewer/homeFeed/edges/1/cursor");
    ada.does("saveHomeFeedMarker", json!({ "cursor": cursor }), "viewer { id }").await;
}

/// Makes a recorder for each operation.
struct RecorderFactory;

impl ExtensionFactory for RecorderFactory {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Recorder::default())
    }
}

/// Records what is resolved in one operation.
#[derive(Default)]
struct Recorder {
    /// How often each field was.
    counts: Mutex<BTreeMap<String, u32>>,
    /// When the fields of a mutation began and ended.
    order: Mutex<Vec<String>>,
}

/// Fields whose values are other ones each time, or each minute.
const MASKED: [(&str, &str); 7] = [
    ("Image", "url"),
    ("Image", "urlExpiresAt"),
    ("Query", "streamCursor"),
    ("Session", "lastUsedAt"),
    ("Session", "expiresAt"),
    ("StreamOpened", "cursor"),
    ("StreamOpened", "occurredAt"),
];
/// The alias of a field that fails.
const FAILS: &str = "fails";
/// The alias of a list whose second item fails.
const FAILS_IN_ITEM: &str = "failsItem";

#[async_trait]
impl Extension for Recorder {
    async fn execute(&self, ctx: &ExtensionContext<'_>, name: Option<&str>, next: NextExecute<'_>) -> Response {
        let response = next.run(ctx, name).await;
        let counts = self.counts.lock().expect("the counts").clone();
        let order = self.order.lock().expect("the order").clone();
        response.extension("resolved", value!({ "counts": counts, "order": order }))
    }

    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        let (parent, name, path) = (info.parent_type.to_owned(), info.name.to_owned(), info.path_node);
        if info.is_for_introspection {
            return next.run(ctx, info).await;
        }
        if parent.starts_with('[') {
            let fails = info.alias.is_some_and(|alias| alias.starts_with(FAILS_IN_ITEM));
            let is_second = matches!(path.segment, QueryPathSegment::Index(1));
            return if fails && is_second { Err(failed(path)) } else { next.run(ctx, info).await };
        }
        *self.counts.lock().expect("the counts").entry(format!("{parent}.{name}")).or_default() += 1;
        if info.alias.is_some_and(|alias| alias.starts_with(FAILS) && !alias.starts_with(FAILS_IN_ITEM)) {
            return Err(failed(path));
        }
        let key = (parent == "Mutation").then(|| info.alias.unwrap_or(info.name).to_owned());
        self.marks(key.as_deref(), "begins");
        let resolved = next.run(ctx, info).await;
        self.marks(key.as_deref(), "ends");
        let is_masked = MASKED.contains(&(&parent, &name));
        resolved.map(|value| value.map(|value| if is_masked && value != Value::Null { "masked".into() } else { value }))
    }
}

impl Recorder {
    fn marks(&self, key: Option<&str>, what: &str) {
        let mark = key.map(|key| format!("{key} {what}"));
        self.order.lock().expect("the order").extend(mark);
    }
}

/// The error of a field that fails because its alias says so.
fn failed(at: &QueryPathNode<'_>) -> ServerError {
    let error = async_graphql::Error::new_with_source(Error::failed(Code::Forbidden, "It fails, as its alias says."));
    let nodes = std::iter::once(at).chain(at.parents());
    let mut path: Vec<_> = nodes
        .map(|node| match node.segment {
            QueryPathSegment::Name(name) => PathSegment::Field(name.to_owned()),
            QueryPathSegment::Index(index) => PathSegment::Index(index),
        })
        .collect();
    path.reverse();
    ServerError { path, ..error.into_server_error(async_graphql::Pos::default()) }
}
