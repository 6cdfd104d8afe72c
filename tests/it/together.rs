//! Many who listen to the same: looked at once, told to each as they may see it, and nobody is told less for it.

use futures_util::future::join_all;
use serde_json::{Value, json};
use std::time::Duration;

use crate::kit::{Kit, Person, Stream};

/// The same for everybody who may see it.
const SAME: &str = "subscription($id: ID!, $after: StreamCursor) { mediaEvents(mediaId: $id, after: $after) {
    __typename ... on StreamEvent { cursor } ... on StreamOpened { recovery } ... on StreamClosing { reason }
    ... on CommentAdded { comment { id text { plain } author { username } } }
    ... on CommentRemoved { commentId } ... on MediaRemoved { mediaId }
    ... on MediaCountsChanged { media { likeCount commentCount } }
} }";
/// Another answer for each viewer.
const OWN: &str = "subscription($id: ID!) { mediaEvents(mediaId: $id) {
    __typename ... on MediaCountsChanged { media { likeCount viewerHasLiked } }
    ... on CommentAdded { comment { id viewerCanDelete } }
} }";

/// What becomes of a media and its comments.
const CHANGES: &str = "subscription($id: ID!) { mediaEvents(mediaId: $id) {
    __typename ... on StreamClosing { reason } ... on MediaRemoved { mediaId } ... on MediaUpdated { media { audience } }
    ... on CommentAdded { comment { id text { plain } } } ... on CommentUpdated { comment { id text { plain } } }
    ... on CommentRemoved { commentId }
} }";

/// Says what was written thirty times over.
fn loud() -> String {
    let texts: Vec<String> = (0..30).map(|number| format!("text{number}: text {{ plain }}")).collect();
    SAME.replace("text { plain }", &texts.join(" "))
}

async fn listen(people: &[Person], query: &str, media: &str) -> Vec<Stream> {
    let open = |person: &Person| {
        let person = person.clone();
        async move {
            let mut stream = person.listens(query, json!({ "id": media })).await;
            stream.next_is("StreamOpened").await;
            stream
        }
    };
    join_all(people.iter().map(open)).await
}

pub async fn sign_up(kit: &Kit, many: usize) -> Vec<Person> {
    let mut people = vec![];
    for number in 0..many {
        people.push(kit.signs_up(&format!("fan{number}")).await);
    }
    people
}

/// The least of some measurements: what goes on in the background falls into one and not into another.
pub async fn least(measure: impl AsyncFn() -> u64) -> u64 {
    let mut least = u64::MAX;
    for _ in 0..5 {
        least = least.min(measure().await);
    }
    least
}

fn comments(events: &[Value]) -> Vec<&str> {
    let added = events.iter().filter(|event| event["__typename"] == "CommentAdded");
    added.map(|event| event["comment"]["text"]["plain"].as_str().expect("what was written")).collect()
}

/// The words of comments as they are told, and that one is gone.
fn said(events: &[Value]) -> Vec<String> {
    let told = events.iter().filter(|event| event["__typename"] != "MediaCountsChanged");
    told.map(|event| event["comment"]["text"]["plain"].as_str().unwrap_or("gone").to_owned()).collect()
}

#[tokio::test]
async fn an_event_costs_the_databases_the_same_for_few_and_for_many() {
    let kit = Kit::quiet().await;
    let ada = kit.signs_up("ada").await;
    let media = ada.publishes("dusk").await;
    let fans = sign_up(&kit, 12).await;
    kit.settle().await;
    for query in [SAME, OWN] {
        let cost = async |listeners: &[Person]| {
            let mut streams = listen(listeners, query, &media).await;
            let is_last = |event: &Value| event["__typename"] == "MediaCountsChanged";
            // What is made once is made by the first of them.
            ada.comments(&media, "first").await;
            join_all(streams.iter_mut().map(|stream| stream.until(is_last))).await;
            kit.settle().await;
            let before = kit.app.db.statements();
            let word = ada.comments(&media, "second").await;
            let wanted = |event: &Value| event["comment"]["id"] == json!(word);
            join_all(streams.iter_mut().map(|stream| stream.until(wanted))).await;
            join_all(streams.iter_mut().map(|stream| stream.until(is_last))).await;
            kit.settle().await;
            kit.app.db.statements() - before
        };
        let (for_few, for_many) =
            (least(async || cost(&fans[..4]).await).await, least(async || cost(&fans).await).await);
        assert!(for_many <= for_few + 2, "{for_few} statements for four, {for_many} for twelve: {query}");
    }
    kit.ends().await;
}

#[tokio::test]
async fn while_nothing_happens_nothing_is_done() {
    let kit = Kit::quiet().await;
    let ada = kit.signs_up("ada").await;
    let media = ada.publishes("dusk").await;
    let fans = sign_up(&kit, 12).await;
    kit.settle().await;
    // Somebody else has a socket, and is told that there is nothing.
    let cost = async || {
        let before = kit.app.db.statements();
        let query = "subscription { mediaEvents(mediaId: \"med_11111112\") { __typename } }";
        kit.nobody().listens(query, json!({})).await.ends().await;
        kit.app.db.statements() - before
    };
    let alone = least(&cost).await;
    let mut streams = listen(&fans, SAME, &media).await;
    let beside_others = least(&cost).await;
    assert!(beside_others <= alone, "{alone} statements alone, {beside_others} while twelve streams are idle");
    let word = ada.comments(&media, "here").await;
    let wanted = |event: &Value| event["comment"]["id"] == json!(word);
    join_all(streams.iter_mut().map(|stream| stream.until(wanted))).await;
    kit.ends().await;
}

#[tokio::test]
async fn each_sees_an_event_as_their_own() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let media = ada.publishes("dusk").await;
    let mut fans = sign_up(&kit, 3).await;
    fans.push(kit.nobody());
    kit.settle().await;
    fans[1].likes(&media).await;
    kit.settle().await;
    let mut streams = listen(&fans, OWN, &media).await;
    fans[0].likes(&media).await;
    let counted = |event: &Value| event["media"]["likeCount"] == json!(2);
    let all = join_all(streams.iter_mut().map(|stream| stream.until(counted))).await;
    let liked: Vec<&Value> = all.iter().map(|events| &events[events.len() - 1]["media"]["viewerHasLiked"]).collect();
    assert_eq!(liked, [true, true, false, false]);
    fans[2].comments(&media, "mine").await;
    let added = |event: &Value| event["__typename"] == "CommentAdded";
    let all = join_all(streams.iter_mut().map(|stream| stream.until(added))).await;
    let can: Vec<&Value> = all.iter().map(|events| &events[events.len() - 1]["comment"]["viewerCanDelete"]).collect();
    assert_eq!(can, [false, false, true, false]);
    kit.ends().await;
}

#[tokio::test]
async fn who_may_see_it_is_asked_for_each_at_every_event() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    let media = ada.publishes("dusk").await;
    let fans = sign_up(&kit, 4).await;
    fans[0].follows(&ada).await;
    kit.settle().await;
    let mut streams = listen(&fans, SAME, &media).await;
    // The second does not see the one who writes, and the third is not seen by the owner.
    fans[1].blocks(&bob).await;
    ada.blocks(&fans[2]).await;
    kit.settle().await;
    let from_bob = bob.comments(&media, "from bob").await;
    let is_bobs = |event: &Value| event["comment"]["id"] == json!(from_bob);
    for number in [0, 3] {
        streams[number].until(is_bobs).await;
    }
    ada.goes_private().await;
    kit.settle().await;
    let last = ada.comments(&media, "for followers").await;
    let wanted = |event: &Value| event["comment"]["id"] == json!(last) || event["__typename"] == "StreamClosing";
    let heard = join_all(streams.iter_mut().map(|stream| stream.until(wanted))).await;
    assert_eq!(comments(&heard[0]), ["for followers"]);
    assert!(heard[1..].iter().all(|heard| comments(heard).is_empty()), "{heard:#?}");
    for events in &heard[1..] {
        assert!(events.iter().any(|event| event["mediaId"] == json!(media)), "{events:#?}");
        assert_eq!(events[events.len() - 1]["reason"], "UNAVAILABLE");
    }
    kit.ends().await;
}

#[tokio::test]
async fn replies_edits_and_ends_are_for_those_who_see_the_comment() {
    let kit = Kit::start().await;
    let (ada, bob, eve) = (kit.signs_up("ada").await, kit.signs_up("bob").await, kit.signs_up("eve").await);
    let media = ada.publishes("dusk").await;
    let fans = sign_up(&kit, 3).await;
    // One does not see who comments, one not who replies, and one does not want to see his media.
    fans[0].blocks(&bob).await;
    eve.blocks(&fans[1]).await;
    fans[2].mutes(&bob).await;
    kit.settle().await;
    let mut streams = listen(&fans, CHANGES, &media).await;
    let first = bob.comments(&media, "first").await;
    // Each is told before the next: words are those of the moment in which they are told.
    for stream in &mut streams[1..] {
        assert_eq!(said(&stream.until(|event| event["comment"]["id"] == json!(first)).await), ["first"]);
    }
    let reply = json!({ "mediaId": media, "parentId": first, "text": "reply" });
    eve.does("addComment", reply, "comment { id }").await;
    assert_eq!(said(&streams[2].until(|event| event["comment"]["text"]["plain"] == json!("reply")).await), ["reply"]);
    bob.does("updateComment", json!({ "commentId": first, "text": "edited" }), "comment { id }").await;
    for stream in &mut streams[1..] {
        let edited = stream.until(|event| event["__typename"] == "CommentUpdated").await;
        assert_eq!(said(&edited), ["edited"]);
    }
    bob.does("deleteComment", json!({ "commentId": first }), "media { id }").await;
    let last = ada.comments(&media, "last").await;
    let is_last = |event: &Value| event["comment"]["id"] == json!(last);
    let after = join_all(streams.iter_mut().map(|stream| stream.until(is_last))).await;
    // For one nothing of it was there, for the other whoever replied was not.
    assert_eq!(said(&after[0]), ["last"]);
    assert_eq!(said(&after[1]), ["gone", "last"]);
    assert_eq!(said(&after[2]), ["gone", "gone", "last"]);
    kit.ends().await;
}

#[tokio::test]
async fn an_audience_that_narrows_is_told_to_each_as_they_see_it() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let media = ada.publishes("dusk").await;
    let mut fans = sign_up(&kit, 2).await;
    fans[0].follows(&ada).await;
    fans.extend([kit.nobody(), ada.clone()]);
    kit.settle().await;
    let mut streams = listen(&fans, CHANGES, &media).await;
    ada.does("updateMedia", json!({ "mediaId": media, "audience": "FOLLOWERS" }), "media { id }").await;
    for number in [0, 3] {
        assert_eq!(streams[number].next_is("MediaUpdated").await["media"]["audience"], "FOLLOWERS");
    }
    for number in [1, 2] {
        assert_eq!(streams[number].next_is("MediaRemoved").await["mediaId"], json!(media));
        assert_eq!(streams[number].next_is("StreamClosing").await["reason"], "UNAVAILABLE");
    }
    kit.ends().await;
}

#[tokio::test]
async fn nobody_who_has_just_come_is_led_back() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let (media, other) = (ada.publishes("dusk").await, ada.publishes("dawn").await);
    let fans = sign_up(&kit, 3).await;
    kit.settle().await;
    let mut first = listen(&fans[..1], SAME, &media).await.remove(0);
    for fan in &fans[..2] {
        fan.likes(&media).await;
        kit.settle().await;
    }
    first.next_is("MediaCountsChanged").await;
    // The second like is held back while the log goes on without this media, and somebody comes.
    let before = ada.comments(&other, "elsewhere").await;
    kit.settle().await;
    let mut late = fans[2].listens(SAME, json!({ "id": media })).await;
    late.next_is("StreamOpened").await;
    let told = late.next_is("MediaCountsChanged").await;
    assert_eq!(told["media"]["likeCount"], 2);
    // From there nothing follows of what was before, which a stream of the other media would show.
    let mut again = ada.listens(SAME, json!({ "id": other, "after": told["cursor"] })).await;
    assert_eq!(again.next_is("StreamOpened").await["recovery"], "RECOVERED");
    let word = ada.comments(&other, "next").await;
    let events = again.until(|event| event["comment"]["id"] == json!(word)).await;
    assert!(events.iter().all(|event| event["comment"]["id"] != json!(before)), "{events:#?}");
    kit.ends().await;
}

#[tokio::test]
async fn who_comes_late_hears_what_was_missed_and_then_what_the_others_hear() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let media = ada.publishes("dusk").await;
    let fans = sign_up(&kit, 2).await;
    kit.settle().await;
    let mut first = fans[0].listens(SAME, json!({ "id": media })).await;
    let opened = first.next_is("StreamOpened").await;
    let words: Vec<String> = (0..6).map(|number| format!("word {number}")).collect();
    for word in &words[..3] {
        ada.comments(&media, word).await;
    }
    kit.settle().await;
    let mut late = fans[1].listens(SAME, json!({ "id": media, "after": opened["cursor"] })).await;
    assert_eq!(late.next_is("StreamOpened").await["recovery"], "RECOVERED");
    for word in &words[3..] {
        ada.comments(&media, word).await;
    }
    let last = |event: &Value| event["comment"]["text"]["plain"] == json!(words[5]);
    let (first, late) = tokio::join!(first.until(last), late.until(last));
    assert_eq!(comments(&first), words);
    assert_eq!(comments(&late), words);
    kit.ends().await;
}

#[tokio::test]
async fn who_does_not_read_is_told_so_and_goes_on_later_and_the_others_miss_nothing() {
    let kit = Kit::with(|config| config.websocket.queue = 4).await;
    let ada = kit.signs_up("ada").await;
    let media = ada.publishes("dusk").await;
    let fans = sign_up(&kit, 2).await;
    kit.settle().await;
    let mut streams = listen(&fans, &loud(), &media).await;
    let (mut good, mut slow) = (streams.remove(0), streams.remove(0));
    let long = "long ".repeat(400);
    // Until more waits than the system's buffers and ours take together.
    for _ in 0..200 {
        let id = ada.comments(&media, &long).await;
        let heard = good.until(|event| event["comment"]["id"] == json!(id)).await;
        assert!(heard.iter().all(|event| event["__typename"] != "StreamClosing"));
    }
    let told = slow.until(|event| event["__typename"] == "StreamClosing").await;
    let closing = &told[told.len() - 1];
    assert_eq!(closing["reason"], "SLOW_CONSUMER");
    let again = fans[1].listens(SAME, json!({ "id": media, "after": closing["cursor"] })).await.next().await;
    assert!(["RECOVERED", "GAP"].contains(&again["recovery"].as_str().unwrap_or_default()), "{again:#}");
    kit.ends().await;
}

#[tokio::test]
async fn those_who_leave_are_forgotten() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let media = ada.publishes("dusk").await;
    kit.settle().await;
    let before = kit.app.live.listeners();
    let streams = listen(&[ada.clone(), kit.nobody()], SAME, &media).await;
    assert!(kit.app.live.listeners() > before);
    drop(streams);
    crate::kit::eventually("nobody listens", Duration::from_secs(10), async || {
        (kit.app.live.listeners() == before).then_some(())
    })
    .await;
    kit.ends().await;
}

#[tokio::test]
async fn an_operator_sees_who_listens() {
    let kit = Kit::start().await;
    let admin = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}/metrics", admin.local_addr().expect("its number"));
    let stop = tokio_util::sync::CancellationToken::new();
    let serving = tokio::spawn(photograph::http::admin::serve(kit.app.clone(), admin, stop.clone()));
    let ada = kit.signs_up("ada").await;
    let media = ada.publishes("dusk").await;
    kit.settle().await;
    let streams = listen(&[ada.clone(), kit.nobody()], SAME, &media).await;
    let says = async |line: &str| {
        let text = kit.front.client.get(&address).send().await.expect("an answer").text().await.expect("a text");
        text.lines().any(|said| said == line).then_some(())
    };
    let patience = Duration::from_secs(10);
    for line in [
        "photograph_stream_connections{transport=\"websocket\"} 2",
        "photograph_subscriptions{field=\"mediaEvents\"} 2",
        "photograph_resume_total{recovery=\"NEW\"} 2",
    ] {
        crate::kit::eventually(line, patience, async || says(line).await).await;
    }
    drop(streams);
    let nobody = "photograph_subscriptions{field=\"mediaEvents\"} 0";
    crate::kit::eventually(nobody, patience, async || says(nobody).await).await;
    stop.cancel();
    serving.await.expect("it stops");
    kit.ends().await;
}
