//! What happens, as it happens: subscriptions on sockets, and that nobody hears what they may not see.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::kit::{Kit, Person, Stream, photos};

const HOME: &str = "subscription($after: StreamCursor) { homeFeedEvents(after: $after) {
    __typename ... on StreamEvent { cursor occurredAt } ... on StreamOpened { recovery }
    ... on MediaAdded { edgeCursor media { id owner { username } caption { plain } photos { id } } }
    ... on MediaRemoved { mediaId } ... on StreamClosing { reason }
} }";

const MEDIA: &str = "subscription($id: ID!) { mediaEvents(mediaId: $id) {
    __typename ... on StreamEvent { cursor } ... on StreamOpened { recovery }
    ... on CommentAdded { edgeCursor comment { id text { plain } author { username } } }
    ... on CommentRemoved { commentId } ... on MediaRemoved { mediaId }
    ... on MediaCountsChanged { media { id likeCount commentCount viewerHasLiked } }
} }";

const UPLOAD: &str = "subscription($id: ID!) { uploadEvents(uploadId: $id) {
    __typename ... on StreamEvent { cursor } ... on UploadChanged { upload { id status width rejection { code } } } ... on StreamClosing { reason }
} }";

async fn listens_at_home(person: &Person) -> Stream {
    let mut stream = person.listens(HOME, json!({})).await;
    let opened = stream.next_is("StreamOpened").await;
    assert_eq!(opened["recovery"], "NEW");
    assert!(opened["cursor"].is_string() && opened["occurredAt"].is_string(), "{opened:#}");
    stream
}

async fn listens_to(person: &Person, media: &str) -> Stream {
    let mut stream = person.listens(MEDIA, json!({ "id": media })).await;
    stream.next_is("StreamOpened").await;
    stream
}

#[tokio::test]
async fn a_media_arrives_in_the_feed_as_it_is_published() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    bob.follows(&ada).await;
    kit.settle().await;
    let mut stream = listens_at_home(&bob).await;
    let media = ada.publishes("dusk").await;
    let published = Instant::now();
    let added = stream.next_is("MediaAdded").await;
    assert!(published.elapsed() < Duration::from_secs(1), "{:?} after the publish", published.elapsed());
    assert_eq!(added["media"]["id"], json!(media));
    assert_eq!(added["media"]["owner"]["username"], "ada");
    let page = bob.asks("{ viewer { homeFeed(first: 1) { edges { cursor } } } }", json!({})).await;
    assert_eq!(page.data("/viewer/homeFeed/edges/0/cursor"), &added["edgeCursor"]);
    ada.deletes(&media).await;
    assert_eq!(stream.next_is("MediaRemoved").await["mediaId"], json!(media));
    kit.ends().await;
}

#[tokio::test]
async fn whom_one_follows_while_listening_is_heard_from_then_on() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    let mut stream = listens_at_home(&bob).await;
    ada.publishes("before").await;
    kit.settle().await;
    bob.follows(&ada).await;
    kit.settle().await;
    ada.publishes("while").await;
    kit.settle().await;
    bob.unfollows(&ada).await;
    kit.settle().await;
    ada.publishes("after").await;
    kit.settle().await;
    let own = bob.publishes("my own").await;
    let events = stream.until(|event| event["media"]["id"] == json!(own)).await;
    let added = events.iter().filter(|event| event["__typename"] == "MediaAdded");
    let captions: Vec<&Value> = added.map(|event| &event["media"]["caption"]["plain"]).collect();
    assert_eq!(captions, ["while", "my own"]);
    kit.ends().await;
}

#[tokio::test]
async fn comments_and_counts_arrive_on_the_media() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    let media = ada.publishes("dusk").await;
    kit.settle().await;
    let mut stream = listens_to(&ada, &media).await;
    bob.likes(&media).await;
    let counted = stream.next_is("MediaCountsChanged").await;
    assert_eq!(counted["media"]["likeCount"], 1);
    assert_eq!(counted["media"]["viewerHasLiked"], false, "as the one who listens sees it");
    let comment = bob.comments(&media, "lovely").await;
    let events = stream.until(|event| event["media"]["commentCount"] == json!(1)).await;
    let added = events.iter().find(|event| event["__typename"] == "CommentAdded").expect("the comment came first");
    assert_eq!(
        added["comment"],
        json!({ "id": comment, "text": { "plain": "lovely" }, "author": { "username": "bob" } })
    );
    bob.does("deleteComment", json!({ "commentId": comment }), "deletedCommentId").await;
    let events = stream.until(|event| event["__typename"] == "CommentRemoved").await;
    assert_eq!(events.last().expect("the removal")["commentId"], json!(comment));
    ada.deletes(&media).await;
    stream.until(|event| event["mediaId"] == json!(media)).await;
    kit.ends().await;
}

#[tokio::test]
async fn many_likes_at_once_are_few_events_and_the_last_is_right() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let media = ada.publishes("dusk").await;
    let mut fans = vec![];
    for number in 0..10 {
        fans.push(kit.signs_up(&format!("fan{number}")).await);
    }
    kit.settle().await;
    let mut stream = listens_to(&kit.nobody(), &media).await;
    futures_util::future::join_all(fans.iter().map(|fan| fan.likes(&media))).await;
    let events = stream.until(|event| event["media"]["likeCount"] == json!(10)).await;
    assert!(events.len() <= 4, "{} events for likes within a second", events.len());
    kit.ends().await;
}

#[tokio::test]
async fn an_upload_tells_when_it_is_ready_and_then_says_no_more() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    for (bytes, status) in [(photos::small_jpeg(1), "READY"), (photos::truncated_jpeg(), "REJECTED")] {
        let upload = ada.announces(&bytes, "image/jpeg").await;
        let mut stream = ada.listens(UPLOAD, json!({ "id": upload.id })).await;
        stream.next_is("StreamOpened").await;
        ada.sends(&upload, &bytes).await;
        ada.completes(&upload).await;
        let events = stream.until(|event| event["upload"]["status"] == status).await;
        assert!(events.iter().all(|event| event["__typename"] == "UploadChanged"), "{events:#?}");
        let closing = stream.next_is("StreamClosing").await;
        assert_eq!(closing["reason"], "FINISHED");
        stream.completes().await;
    }
    kit.ends().await;
}

#[tokio::test]
async fn nothing_is_heard_after_a_block() {
    let kit = Kit::start().await;
    let (ada, bob, eve) = (kit.signs_up("ada").await, kit.signs_up("bob").await, kit.signs_up("eve").await);
    tokio::join!(eve.follows(&ada), eve.follows(&bob));
    let party = bob.publishes("a party").await;
    let old = ada.publishes("dusk").await;
    kit.settle().await;
    let mut home = listens_at_home(&eve).await;
    let mut on_party = listens_to(&eve, &party).await;
    let mut on_old = listens_to(&eve, &old).await;
    ada.blocks(&eve).await;
    kit.settle().await;
    ada.publishes("a secret").await;
    ada.comments(&party, "a secret").await;
    ada.comments(&old, "a secret").await;
    kit.settle().await;
    let marker = bob.publishes("for all").await;
    let word = bob.comments(&party, "for all").await;
    let at_home = home.until(|event| event["media"]["id"] == json!(marker)).await;
    assert!(!format!("{at_home:?}").contains("ada") && !format!("{at_home:?}").contains("a secret"), "{at_home:#?}");
    let at_party = on_party.until(|event| event["comment"]["id"] == json!(word)).await;
    assert!(!format!("{at_party:?}").contains("a secret"), "{at_party:#?}");
    assert_eq!(on_old.next().await["mediaId"], json!(old), "the media is gone for her");
    kit.ends().await;
}

#[tokio::test]
async fn going_private_is_heard_by_nobody_else() {
    let kit = Kit::start().await;
    let (ada, bob, eve) = (kit.signs_up("ada").await, kit.signs_up("bob").await, kit.signs_up("eve").await);
    bob.follows(&ada).await;
    let media = ada.publishes("dusk").await;
    kit.settle().await;
    let mut of_eve = listens_to(&eve, &media).await;
    let mut of_bob = listens_to(&bob, &media).await;
    ada.goes_private().await;
    kit.settle().await;
    let secret = ada.comments(&media, "a secret").await;
    kit.settle().await;
    of_bob.until(|event| event["comment"]["id"] == json!(secret)).await;
    ada.goes_public().await;
    let open = ada.comments(&media, "for all").await;
    // Her stream may have ended with the media, or go on now that it is open again; the secret is in neither.
    let of_eve = of_eve.until(|event| event["comment"]["id"] == json!(open) || event["mediaId"] == json!(media)).await;
    assert!(!format!("{of_eve:?}").contains("a secret"), "{of_eve:#?}");
    kit.ends().await;
}

#[tokio::test]
async fn what_nobody_may_hear_looks_like_what_is_not_there() {
    let kit = Kit::start().await;
    let (ada, eve) = (kit.signs_up("ada").await, kit.signs_up("eve").await);
    ada.goes_private().await;
    let media = ada.publishes("dusk").await;
    let upload = ada.announces(&photos::small_jpeg(9), "image/jpeg").await;
    let hidden = eve.listens(MEDIA, json!({ "id": media })).await.ends().await;
    let absent = eve.listens(MEDIA, json!({ "id": "med_11111112" })).await.ends().await;
    assert_eq!(hidden, absent);
    let hidden = eve.listens(UPLOAD, json!({ "id": upload.id })).await.ends().await;
    let absent = eve.listens(UPLOAD, json!({ "id": "upl_11111112" })).await.ends().await;
    assert_eq!(hidden, absent);
    assert_eq!(kit.nobody().listens(HOME, json!({})).await.fails().await, "UNAUTHENTICATED");
    kit.ends().await;
}

#[tokio::test]
async fn a_stream_ends_with_its_session() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let phone = ada.logs_in_again().await;
    let (mut here, mut there) = (listens_at_home(&ada).await, listens_at_home(&phone).await);
    ada.does("endSession", json!({ "sessionId": phone.tokens().session }), "endedSessionId").await;
    there.is_cut_off().await;
    let own = ada.publishes("still here").await;
    assert_eq!(here.next_is("MediaAdded").await["media"]["id"], json!(own));
    kit.ends().await;
}
