//! What one may no longer see is taken away while one listens: told as removed, and the stream ends when that is all.

use serde_json::{Value, json};

use crate::kit::{Kit, Person, Stream};

const HOME: &str = "subscription($after: StreamCursor) { homeFeedEvents(after: $after) {
    __typename ... on StreamEvent { cursor } ... on StreamOpened { recovery }
    ... on MediaAdded { media { id } } ... on MediaRemoved { mediaId }
} }";

const USER: &str =
    "subscription($user: ID!, $after: StreamCursor) { mediaStreamEvents(source: { userId: $user }, after: $after) {
    __typename ... on StreamEvent { cursor }
    ... on MediaAdded { edgeCursor media { id } } ... on MediaRemoved { mediaId } ... on StreamClosing { reason }
} }";

const MEDIA: &str = "subscription($id: ID!) { mediaEvents(mediaId: $id) {
    __typename ... on MediaRemoved { mediaId } ... on StreamClosing { reason }
} }";

async fn listens_to(person: &Person, owner: &Person) -> Stream {
    let mut stream = person.listens(USER, json!({ "user": owner.id })).await;
    stream.next_is("StreamOpened").await;
    stream
}

async fn loses(stream: &mut Stream, media: &[&String]) {
    for media in media {
        assert_eq!(stream.next_is("MediaRemoved").await["mediaId"], json!(media));
    }
}

#[tokio::test]
async fn whom_one_no_longer_follows_takes_their_media_out_of_the_feed() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    bob.follows(&ada).await;
    let (old, new) = (ada.publishes("one").await, ada.publishes("two").await);
    ada.publishes_to("ONLY_ME", "mine").await;
    kit.settle().await;
    let mut stream = bob.listens(HOME, json!({})).await;
    let opened = stream.next_is("StreamOpened").await;
    bob.unfollows(&ada).await;
    loses(&mut stream, &[&new, &old]).await;
    // The same for whoever was away meanwhile.
    let mut again = bob.listens(HOME, json!({ "after": opened["cursor"] })).await;
    assert_eq!(again.next_is("StreamOpened").await["recovery"], "RECOVERED");
    loses(&mut again, &[&new, &old]).await;
    let own = bob.publishes("my own").await;
    for mut stream in [stream, again] {
        assert_eq!(stream.next_is("MediaAdded").await["media"]["id"], json!(own));
    }
    kit.ends().await;
}

#[tokio::test]
async fn who_is_cut_off_while_much_is_taken_away_is_told_all_of_it_again() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    bob.follows(&ada).await;
    let (old, new) = (ada.publishes("one").await, ada.publishes("two").await);
    kit.settle().await;
    let mut stream = bob.listens(HOME, json!({})).await;
    let opened = stream.next_is("StreamOpened").await;
    bob.unfollows(&ada).await;
    let first = stream.next_is("MediaRemoved").await;
    drop(stream);
    let mut again = bob.listens(HOME, json!({ "after": first["cursor"] })).await;
    assert_eq!(again.next_is("StreamOpened").await["recovery"], "RECOVERED");
    loses(&mut again, &[&new, &old]).await;
    // What came after it comes once, and a position that is before something else has nothing told again.
    let own = bob.publishes("my own").await;
    assert_eq!(again.next_is("MediaAdded").await["media"]["id"], json!(own));
    let mut third = bob.listens(HOME, json!({ "after": opened["cursor"] })).await;
    assert_eq!(third.next_is("StreamOpened").await["recovery"], "RECOVERED");
    loses(&mut third, &[&new, &old]).await;
    assert_eq!(third.next_is("MediaAdded").await["media"]["id"], json!(own));
    kit.ends().await;
}

#[tokio::test]
async fn what_was_published_after_one_lost_sight_is_not_named_to_who_was_away() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    bob.follows(&ada).await;
    let old = ada.publishes_to("FOLLOWERS", "for friends").await;
    kit.settle().await;
    let (home, user) = (json!({}), json!({ "user": ada.id }));
    let mut cursors = vec![];
    for (query, variables) in [(HOME, &home), (USER, &user)] {
        cursors.push(bob.listens(query, variables.clone()).await.next_is("StreamOpened").await["cursor"].clone());
    }
    ada.removes(&bob).await;
    kit.settle().await;
    let new = ada.publishes_to("FOLLOWERS", "for other friends").await;
    ada.deletes(&ada.publishes_to("FOLLOWERS", "a slip").await).await;
    kit.settle().await;
    let mut of_home = bob.listens(HOME, json!({ "after": cursors[0] })).await;
    let mut of_user = bob.listens(USER, json!({ "user": ada.id, "after": cursors[1] })).await;
    let marks = (bob.publishes("my own").await, ada.publishes("for all").await);
    for (stream, mark) in [(&mut of_home, &marks.0), (&mut of_user, &marks.1)] {
        stream.next_is("StreamOpened").await;
        loses(stream, &[&old]).await;
        assert_eq!(stream.next_is("MediaAdded").await["media"]["id"], json!(mark), "nothing of {new}");
    }
    kit.ends().await;
}

#[tokio::test]
async fn the_end_of_what_was_for_followers_is_told_to_followers_only() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    bob.follows(&ada).await;
    kit.settle().await;
    let (mut of_bob, mut of_others) = (listens_to(&bob, &ada).await, listens_to(&kit.nobody(), &ada).await);
    let media = ada.publishes_to("FOLLOWERS", "for friends").await;
    ada.deletes(&media).await;
    let mark = ada.publishes("for all").await;
    of_bob.until(|event| event["mediaId"] == json!(media)).await;
    assert_eq!(of_others.next_is("MediaAdded").await["media"]["id"], json!(mark));
    kit.ends().await;
}

#[tokio::test]
async fn a_request_that_is_declined_takes_nothing_away() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    ada.goes_private().await;
    ada.publishes("secret").await;
    bob.follows(&ada).await;
    kit.settle().await;
    let mut stream = bob.listens(HOME, json!({})).await;
    stream.next_is("StreamOpened").await;
    ada.declines(&bob).await;
    kit.settle().await;
    let own = bob.publishes("my own").await;
    assert_eq!(stream.next_is("MediaAdded").await["media"]["id"], json!(own));
    kit.ends().await;
}

#[tokio::test]
async fn the_media_of_a_user_arrive_at_whoever_listens() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let mut stream = listens_to(&kit.nobody(), &ada).await;
    ada.publishes_to("FOLLOWERS", "for friends").await;
    let media = ada.publishes("dusk").await;
    let added = stream.next_is("MediaAdded").await;
    assert_eq!(added["media"]["id"], json!(media), "what is not for them is not told");
    let query = "query($id: ID!) { user(by: { id: $id }) { media(first: 1) { edges { cursor } } } }";
    let list = kit.nobody().asks(query, json!({ "id": ada.id })).await;
    assert_eq!(list.data("/user/media/edges/0/cursor"), &added["edgeCursor"]);
    ada.deletes(&media).await;
    loses(&mut stream, &[&media]).await;
    kit.ends().await;
}

#[tokio::test]
async fn a_follower_loses_what_is_for_followers_and_a_stranger_everything() {
    let kit = Kit::start().await;
    let (ada, bob, eve) = (kit.signs_up("ada").await, kit.signs_up("bob").await, kit.signs_up("eve").await);
    bob.follows(&ada).await;
    let (all, friends) = (ada.publishes("for all").await, ada.publishes_to("FOLLOWERS", "for friends").await);
    ada.publishes_to("ONLY_ME", "mine").await;
    kit.settle().await;
    let (mut of_bob, mut of_eve) = (listens_to(&bob, &ada).await, listens_to(&eve, &ada).await);
    let mut on_media = eve.listens(MEDIA, json!({ "id": all })).await;
    on_media.next_is("StreamOpened").await;
    bob.unfollows(&ada).await;
    loses(&mut of_bob, &[&friends]).await;
    ada.goes_private().await;
    for stream in [&mut of_bob, &mut of_eve, &mut on_media] {
        loses(stream, &[&all]).await;
        assert_eq!(stream.next_is("StreamClosing").await["reason"], "UNAVAILABLE");
        stream.completes().await;
    }
    kit.ends().await;
}

#[tokio::test]
async fn who_is_not_there_for_the_viewer_cannot_be_listened_to() {
    let kit = Kit::start().await;
    let (ada, eve) = (kit.signs_up("ada").await, kit.signs_up("eve").await);
    ada.blocks(&eve).await;
    kit.settle().await;
    let ends = async |user: Value| eve.listens(USER, json!({ "user": user })).await.ends().await;
    let hidden = ends(json!(ada.id)).await;
    assert_eq!(hidden, ends(json!("usr_11111112")).await);
    assert_eq!(hidden, ends(json!("nothing")).await);
    kit.ends().await;
}
