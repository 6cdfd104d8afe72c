//! What each operation of an app may cost the databases: a budget of SQL statements, counted once with nothing in memory and
//! once with all that may be kept there. Who passes a budget has made the operation dearer, and says so here.

use std::sync::Arc;

use async_graphql::{Request, Variables};
use photograph::app::App;
use photograph::base::client_address::ClientAddress;
use photograph::base::clock::Clock;
use photograph::base::ids::NodeLease;
use photograph::domain::sessions::{self, Viewer};
use photograph::graphql::{self, Schema};
use serde_json::{Value, json};

use crate::kit::{Kit, Person, account, photos};

macro_rules! tab {
    ($file:literal) => {
        include_str!(concat!("../../playground/operations/", $file, ".graphql"))
    };
}

/// A card as a home screen shows it.
const CARD: &str = "fragment Card on Media {
    id shortcode publishedAt owner { id username isPrivate } caption { plain }
    photos { id width height blurHash altText images { url width height urlExpiresAt } }
    likeCount commentCount viewerHasLiked viewerHasSaved viewerCanComment
    comments(first: 2) { nodes { id text { plain } author { id username } } }
}";
const NEWER: &str = "query HomeFeedNewer($before: String) { streamCursor viewer { id
    homeFeed(last: 20, before: $before) { edges { cursor reason { __typename } node { ...Card } } pageInfo { startCursor hasPreviousPage } } } }";
const MARKER: &str = "query Marker { viewer { homeFeedMarker { cursor newerCount updatedAt } } }";
const LIKED: &str = "query Liked { viewer { likedMedia(first: 20) { nodes { ...Card } } } }";
const SAVED: &str = "query Saved { viewer { savedMedia(first: 20) { nodes { ...Card } } } }";
const MUTED: &str = "query Muted { viewer { mutedUsers(first: 20) { nodes { id username } } } }";

/// What an operation may cost where there is one database: at first, and when all is kept in memory that may be.
struct Budget {
    name: &'static str,
    document: &'static str,
    cold: u64,
    warm: u64,
}

const QUERIES: [Budget; 9] = [
    Budget { name: "HomeFeed", document: tab!("02-home-feed"), cold: 3, warm: 2 },
    Budget { name: "HomeFeedNewer", document: NEWER, cold: 7, warm: 4 },
    Budget { name: "Marker", document: MARKER, cold: 3, warm: 3 },
    Budget { name: "Liked", document: LIKED, cold: 8, warm: 5 },
    Budget { name: "Saved", document: SAVED, cold: 8, warm: 5 },
    Budget { name: "Profile", document: tab!("07-profile"), cold: 13, warm: 11 },
    Budget { name: "MediaPage", document: tab!("09-media-page"), cold: 7, warm: 4 },
    Budget { name: "FollowRequests", document: tab!("14-follow-requests"), cold: 3, warm: 3 },
    Budget { name: "Muted", document: MUTED, cold: 3, warm: 3 },
];

/// The name of a mutation, its document, and what it may cost where there is one database.
const MUTATIONS: [(&str, &str, u64); 11] = [
    ("CreateUpload", tab!("04-create-upload"), 3),
    ("Publish", tab!("06-publish"), 9),
    ("Like", tab!("10-like"), 7),
    (
        "Save",
        "mutation Save($mediaId: ID!) { saveMedia(input: { mediaId: $mediaId }) { media { id viewerHasSaved } userErrors { code } } }",
        4,
    ),
    ("Comment", tab!("11-comment"), 5),
    ("Follow", tab!("08-follow"), 14),
    (
        "Mute",
        "mutation Mute($userId: ID!) { muteUser(input: { userId: $userId }) { user { id } userErrors { code } } }",
        8,
    ),
    ("Privacy", tab!("13-privacy"), 4),
    ("Block", tab!("15-block"), 6),
    ("Unblock", tab!("15-block"), 4),
    ("SignUp", tab!("01-sign-up"), 8),
];

/// A second process on the same databases in which nothing runs beside the operation that is counted.
struct Counter {
    app: Arc<App>,
    schema: Schema,
    viewer: Viewer,
}

impl Counter {
    async fn beside(kit: &Kit, viewer: Viewer) -> Self {
        let app = App::start(kit.app.config.clone(), Clock::system()).await.expect("a second process");
        sessions::load_keys(&app).await.expect("the keys");
        app.ids.grant(NodeLease::OF_A_BENCHMARK);
        Self { schema: graphql::schema(&app), app, viewer }
    }

    /// What a budget is here. Each of several databases answers for itself, and that of the viewer is asked once more, about
    /// those who live elsewhere.
    fn allows(&self, budget: u64) -> u64 {
        match self.app.db.databases().len() as u64 {
            1 => budget,
            several => budget * (several + 1),
        }
    }

    /// How many statements an operation takes.
    async fn costs(&self, name: &str, document: &str, variables: &Value) -> u64 {
        let databases = self.app.db.databases().len();
        // Nobody writes meanwhile, so the log is followed.
        for number in 0..databases {
            self.app.db.kept.heard(number, true);
        }
        let before = self.app.db.statements();
        let document = if document.contains("...Card") { format!("{document} {CARD}") } else { document.to_owned() };
        let request = Request::new(document).operation_name(name).variables(Variables::from_json(variables.clone()));
        let answer = graphql::execute(
            &self.schema,
            graphql::asked_by(&self.app, (Some(self.viewer), ClientAddress::SERVER), request),
        )
        .await;
        assert!(answer.errors.is_empty(), "{name}: {:?}", answer.errors);
        let data = answer.data.to_string();
        assert!(!data.contains("userErrors: [{"), "{name}: {data}");
        self.app.db.statements() - before
    }
}

/// Somebody whose every screen has something on it, and the variables of all operations as they are for them.
async fn somebody_in_the_middle(kit: &Kit) -> (Person, Value) {
    let (ada, bob, eve) = (kit.signs_up("ada").await, kit.signs_up("bob").await, kit.signs_up("eve").await);
    let (joe, kim) = (kit.signs_up("joe").await, kit.signs_up("kim").await);
    tokio::join!(ada.follows(&bob), ada.follows(&eve), ada.mutes(&joe), eve.follows(&bob));
    ada.goes_private().await;
    joe.follows(&ada).await;
    let mut last = String::new();
    for number in 0..6 {
        let owner = if number % 2 == 0 { &bob } else { &eve };
        last = owner.publishes(&format!("number {number}")).await;
        bob.comments(&last, "lovely").await;
        eve.comments(&last, "thank you").await;
        puts_aside(&ada, &last).await;
    }
    let upload = ada.uploads(&photos::small_jpeg(7), "image/jpeg").await;
    kit.settle().await;
    let query = "{ viewer { homeFeed(first: 6) { pageInfo { endCursor } } } }";
    let oldest = ada.asks(query, json!({})).await.data("/viewer/homeFeed/pageInfo/endCursor").clone();
    ada.does("saveHomeFeedMarker", json!({ "cursor": oldest }), "viewer { id }").await;
    let shortcode = ada.sees_media(&last).await["shortcode"].clone();
    let variables = json!({
        "before": oldest, "username": "bob", "shortcode": shortcode, "mediaId": last, "userId": kim.id,
        "uploadId": upload, "text": "well done", "isPrivate": false,
    });
    (ada, variables)
}

async fn puts_aside(person: &Person, media: &str) {
    person.likes(media).await;
    person.does("saveMedia", json!({ "mediaId": media }), "media { id }").await;
}

/// Forgets it again, so that there is something to do.
async fn lets_go(person: &Person, media: &str) {
    person.unlikes(media).await;
    person.does("unsaveMedia", json!({ "mediaId": media }), "media { id }").await;
}

async fn queries(counter: &Counter, variables: &Value) -> Vec<String> {
    let mut passed = vec![];
    for Budget { name, document, cold, warm } in QUERIES {
        // The least of some: loads that become ready at the same moment are done as one, and at times they do not.
        let mut costs = [u64::MAX; 2];
        for _ in 0..5 {
            counter.app.db.kept.forget_all();
            for least in &mut costs {
                *least = counter.costs(name, document, variables).await.min(*least);
            }
        }
        let budget = [counter.allows(cold), counter.allows(warm)];
        if costs[0] > budget[0] || costs[1] > budget[1] {
            passed.push(format!("{name}: {costs:?} of {budget:?}"));
        }
    }
    passed
}

async fn mutations(counter: &Counter, mut variables: Value) -> Vec<String> {
    let mut passed = vec![];
    for (name, document, budget) in MUTATIONS {
        variables["input"] = match name {
            "SignUp" => account("newcomer"),
            _ => json!({ "contentType": "image/jpeg", "byteSize": 482_133 }),
        };
        let cost = counter.costs(name, document, &variables).await;
        let budget = counter.allows(budget);
        if cost > budget {
            passed.push(format!("{name}: {cost} of {budget}"));
        }
    }
    passed
}

#[tokio::test]
async fn no_operation_of_an_app_costs_more_than_its_budget() {
    let kit = Kit::start().await;
    let (ada, variables) = somebody_in_the_middle(&kit).await;
    kit.settle().await;
    let session = ada.tokens().session.parse().expect("a session");
    let counter = Counter::beside(&kit, Viewer { user: ada.id.parse().expect("a user"), session }).await;
    let mut passed = queries(&counter, &variables).await;
    lets_go(&ada, variables["mediaId"].as_str().expect("a media")).await;
    kit.settle().await;
    passed.extend(mutations(&counter, variables).await);
    assert!(passed.is_empty(), "statements:\n{}", passed.join("\n"));
    counter.app.db.rest();
    kit.ends().await;
}
