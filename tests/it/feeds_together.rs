//! Home feeds and the media of a user, listened to by many: looked at once, and each is told what is theirs.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::kit::{Kit, Person, Stream};
use crate::together::{least, sign_up};

/// The same for everybody who may see it.
const SAME: &str = "subscription { homeFeedEvents {
    __typename ... on MediaAdded { media { id owner { username } photos { images { url } } } } ... on MediaRemoved { mediaId }
    ... on MediaUpdated { media { id owner { username } photos { images { url } } } }
} }";
/// The same for all who like and saved alike.
const ALIKE: &str = "subscription { homeFeedEvents {
    __typename ... on MediaRemoved { mediaId }
    ... on MediaAdded { media { ...Card } } ... on MediaUpdated { media { ...Card } }
} } fragment Card on Media { id photos { images { url } } viewerHasLiked viewerHasSaved viewerCanEdit }";
/// A card of an app: another answer for each viewer.
const CARD: &str = "subscription { homeFeedEvents {
    __typename ... on MediaRemoved { mediaId }
    ... on MediaAdded { media { ...Card } } ... on MediaUpdated { media { ...Card } }
} } fragment Card on Media { id owner { username } photos { images { url } } likeCount viewerHasLiked viewerHasSaved
    comments(first: 2) { nodes { id text { plain } author { username } } } }";
/// One media, as it is to those who like it, saved it or own it.
const MEDIA: &str = "subscription($id: ID!) { mediaEvents(mediaId: $id) {
    __typename ... on MediaUpdated { media { id viewerHasLiked viewerHasSaved viewerCanComment viewerCanEdit } }
} }";
/// The media of a user.
const USER: &str = "subscription($user: ID!) { mediaStreamEvents(source: { userId: $user }) {
    __typename ... on StreamClosing { reason } ... on MediaRemoved { mediaId } ... on MediaUpdated { media { id } }
    ... on MediaAdded { media { id viewerHasLiked } }
} }";

async fn listens(people: &[Person], query: &str, variables: Value) -> Vec<Stream> {
    let open = async |person: &Person| {
        let mut stream = person.listens(query, variables.clone()).await;
        stream.next_is("StreamOpened").await;
        stream
    };
    join_all(people.iter().map(open)).await
}

fn is_of(media: &str) -> impl Fn(&Value) -> bool {
    move |event| event["media"]["id"] == json!(media) || event["mediaId"] == json!(media)
}

/// What each is told until one media comes, in short: `+` came, `-` went, `~` changed.
async fn told(streams: &mut [Stream], last: &str, names: &[(&str, &str)]) -> Vec<String> {
    let all = join_all(streams.iter_mut().map(|stream| stream.until(is_of(last)))).await;
    let name = |event: &Value| {
        let id = event["media"]["id"].as_str().or(event["mediaId"].as_str()).unwrap_or_default();
        names.iter().find(|(media, _)| *media == id).map_or("?", |(_, name)| *name).to_owned()
    };
    let short = |event: &Value| match event["__typename"].as_str() {
        Some("MediaAdded") => format!("+{}", name(event)),
        Some("MediaRemoved") => format!("-{}", name(event)),
        Some("MediaUpdated") => format!("~{}", name(event)),
        other => format!("{other:?}"),
    };
    let but_the_last = |events: &Vec<Value>| events[..events.len() - 1].iter().map(short).collect::<Vec<_>>().join(" ");
    all.iter().map(but_the_last).collect()
}

#[tokio::test]
async fn an_edit_costs_the_databases_the_same_for_few_who_listen_and_for_many() {
    let kit = Kit::quiet().await;
    let ada = kit.signs_up("ada").await;
    let fans = sign_up(&kit, 24).await;
    join_all(fans.iter().map(|fan| fan.follows(&ada))).await;
    kit.settle().await;
    for query in [SAME, ALIKE, CARD] {
        let cost = async |listeners: &[Person]| {
            let mut streams = listens(listeners, query, json!({})).await;
            // What is made once is made by the first of them.
            let media = ada.publishes("first").await;
            join_all(streams.iter_mut().map(|stream| stream.until(is_of(&media)))).await;
            kit.settle().await;
            let before = kit.app.db.statements();
            ada.does("updateMedia", json!({ "mediaId": media, "caption": "anew" }), "media { id }").await;
            join_all(streams.iter_mut().map(|stream| stream.until(is_of(&media)))).await;
            kit.settle().await;
            kit.app.db.statements() - before
        };
        let (for_few, for_many) =
            (least(async || cost(&fans[..4]).await).await, least(async || cost(&fans).await).await);
        // What else the server does falls into one measurement and not into another; one for each listener would be twenty.
        assert!(for_many < for_few + 10, "{for_few} statements for four, {for_many} for twenty-four: {query}");
    }
    kit.ends().await;
}

#[tokio::test]
async fn each_feed_is_told_its_own() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    let mut all = sign_up(&kit, 5).await;
    let [fan, mutes, leaves, comes, blocked] = [0, 1, 2, 3, 4].map(|number| all[number].clone());
    all.push(ada.clone());
    // The word at the end comes to everybody.
    join_all(all.iter().map(|person| person.follows(&bob))).await;
    for person in [&fan, &mutes, &leaves, &blocked] {
        person.follows(&ada).await;
    }
    mutes.mutes(&ada).await;
    kit.settle().await;
    let mut streams = listens(&all, CARD, json!({})).await;
    let one = ada.publishes("one").await;
    let mine = ada.publishes_to("ONLY_ME", "mine").await;
    kit.settle().await;
    leaves.unfollows(&ada).await;
    comes.follows(&ada).await;
    ada.blocks(&blocked).await;
    mutes.unmutes(&ada).await;
    kit.settle().await;
    let two = ada.publishes_to("FOLLOWERS", "two").await;
    ada.deletes(&one).await;
    ada.deletes(&mine).await;
    kit.settle().await;
    let last = bob.publishes("good night").await;
    let names = [(one.as_str(), "one"), (mine.as_str(), "mine"), (two.as_str(), "two")];
    let told = told(&mut streams, &last, &names).await;
    let [fan, mutes, leaves, comes, blocked, ada] = [0, 1, 2, 3, 4, 5].map(|number| told[number].as_str());
    assert_eq!(fan, "+one +two -one");
    assert_eq!(mutes, "+two -one");
    assert_eq!(leaves, "+one -one");
    assert_eq!(comes, "+two -one");
    assert_eq!(blocked, "+one -one");
    assert_eq!(ada, "+one +mine +two -one -mine");
    kit.ends().await;
}

#[tokio::test]
async fn each_is_told_of_a_users_media_what_they_may_see() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let mut all = sign_up(&kit, 3).await;
    // The third is a stranger.
    let [fan, leaves] = [0, 1].map(|number| all[number].clone());
    all.push(ada.clone());
    tokio::join!(fan.follows(&ada), leaves.follows(&ada));
    kit.settle().await;
    let mut streams = listens(&all, USER, json!({ "user": ada.id })).await;
    let open = ada.publishes("open").await;
    let some = ada.publishes_to("FOLLOWERS", "some").await;
    kit.settle().await;
    leaves.unfollows(&ada).await;
    kit.settle().await;
    fan.does("likeMedia", json!({ "mediaId": open }), "media { id }").await;
    let edit = json!({ "mediaId": some, "caption": "changed" });
    ada.does("updateMedia", edit, "media { id }").await;
    kit.settle().await;
    let last = ada.publishes("last").await;
    let names = [(open.as_str(), "open"), (some.as_str(), "some")];
    let told = told(&mut streams, &last, &names).await;
    assert_eq!(told, ["+open +some ~some", "+open +some -some", "+open", "+open +some ~some"]);
    // Who follows sees a private account; the others are told that everything went, and that this is all.
    ada.goes_private().await;
    let hidden = ada.publishes("hidden").await;
    let went = async |stream: &mut Stream| {
        let events = stream.until(|event| event["__typename"] == "StreamClosing").await;
        assert_eq!(events[events.len() - 1]["reason"], "UNAVAILABLE");
        stream.completes().await;
        let gone = |media: &str| events.iter().any(|event| event["mediaId"] == json!(media));
        assert!(gone(&open) && gone(&last) && !gone(&some) && !events.iter().any(is_of(&hidden)), "{events:?}");
    };
    went(&mut streams[1]).await;
    went(&mut streams[2]).await;
    for stream in [0, 3] {
        streams[stream].until(is_of(&hidden)).await;
    }
    kit.ends().await;
}

#[tokio::test]
async fn each_is_told_what_is_true_of_them() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let media = ada.publishes("dusk").await;
    let mut all = sign_up(&kit, 5).await;
    tokio::join!(all[0].likes(&media), all[2].likes(&media));
    for number in [1, 2] {
        all[number].does("saveMedia", json!({ "mediaId": media }), "media { id }").await;
    }
    all.extend([ada.clone(), kit.nobody()]);
    let mut streams = listens(&all, MEDIA, json!({ "id": media })).await;
    ada.does("updateMedia", json!({ "mediaId": media, "caption": "dusk, later" }), "media { id }").await;
    let told = join_all(streams.iter_mut().map(|stream| stream.until(is_of(&media)))).await;
    let [liked, saved, comments, edits] = ["viewerHasLiked", "viewerHasSaved", "viewerCanComment", "viewerCanEdit"]
        .map(|field| told.iter().map(|events| events[events.len() - 1]["media"][field] == true).collect::<Vec<_>>());
    assert_eq!(liked, [true, false, true, false, false, false, false]);
    assert_eq!(saved, [false, true, true, false, false, false, false]);
    assert_eq!(comments, [true, true, true, true, true, true, false]);
    assert_eq!(edits, [false, false, false, false, false, true, false]);
    kit.ends().await;
}
