//! What happened to one, told once: grouped, counted, taken back with its cause, and hidden with whom it comes from.

use std::time::Duration;

use futures_util::future::join_all;
use photograph::base::ids::{CommentId, MediaId, UserId};
use photograph::domain::activity;
use serde_json::{Value, json};

use crate::kit::{Kit, Person};

const ACTIVITIES: &str = "query($first: Int, $after: String, $last: Int, $before: String, $kinds: [ActivityKind!]) {
    viewer { unseenActivityCount activities(first: $first, after: $after, last: $last, before: $before, kinds: $kinds) {
        edges { cursor node { __typename id kind summary { plain } createdAt updatedAt isSeen actorCount actors { username }
            ... on MediaLikedActivity { media { id } } ... on CommentLikedActivity { comment { id media { id } } }
            ... on CommentedActivity { media { id } latestComment { id } } } }
        nodes { id }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    } } }";

async fn page(person: &Person, variables: Value) -> Value {
    person.asks(ACTIVITIES, variables).await.data("/viewer").clone()
}

/// What a person is told, newest first: kind and words.
async fn told(person: &Person) -> Vec<String> {
    summaries(&page(person, json!({})).await)
}

fn summaries(viewer: &Value) -> Vec<String> {
    let edges = viewer["activities"]["edges"].as_array().expect("edges");
    edges.iter().map(|edge| edge["node"]["summary"]["plain"].as_str().expect("words").to_owned()).collect()
}

async fn unseen(person: &Person) -> Value {
    person.asks("{ viewer { unseenActivityCount } }", json!({})).await.data("/viewer/unseenActivityCount").clone()
}

async fn replies(person: &Person, media: &str, parent: &str, words: &str) -> String {
    let input = json!({ "mediaId": media, "parentId": parent, "text": words });
    let payload = person.does("addComment", input, "comment { id }").await;
    payload["comment"]["id"].as_str().expect("an ID").to_owned()
}

async fn likes_comment(person: &Person, comment: &str) {
    person.does("likeComment", json!({ "commentId": comment }), "comment { id }").await;
}

async fn deletes_comment(person: &Person, comment: &str) {
    person.does("deleteComment", json!({ "commentId": comment }), "deletedCommentId").await;
}

async fn crowd(kit: &Kit, size: usize) -> Vec<Person> {
    let mut crowd = vec![];
    for number in 0..size {
        crowd.push(kit.signs_up(&format!("fan{number}")).await);
    }
    crowd
}

fn user(person: &Person) -> UserId {
    person.id.parse().expect("an ID of a user")
}

#[tokio::test]
async fn alike_things_about_one_object_are_one_activity() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let (media, other) = (ada.publishes("dusk").await, ada.publishes("dawn").await);
    let fans = crowd(&kit, 12).await;
    fans[3].likes(&other).await;
    kit.settle().await;
    for fan in &fans {
        fan.likes(&media).await;
        kit.settle().await;
    }
    // One's own likes are no news.
    ada.likes(&media).await;
    kit.settle().await;
    assert_eq!(told(&ada).await, ["fan11, fan10 and 10 others liked your photo", "fan3 liked your photo"]);
    let seen = page(&ada, json!({ "first": 1 })).await;
    let activity = &seen["activities"]["edges"][0]["node"];
    assert_eq!((&activity["__typename"], &activity["kind"]), (&json!("MediaLikedActivity"), &json!("MEDIA_LIKED")));
    assert_eq!((&activity["actorCount"], &activity["media"]["id"]), (&json!(12), &json!(media)));
    let actors: Vec<&str> =
        activity["actors"].as_array().expect("actors").iter().filter_map(|actor| actor["username"].as_str()).collect();
    assert_eq!(actors, ["fan11", "fan10", "fan9", "fan8", "fan7", "fan6", "fan5", "fan4", "fan3", "fan2"]);
    // A day later it is another.
    kit.passes(Duration::from_hours(25));
    let late = kit.signs_up("late").await;
    late.likes(&media).await;
    kit.settle().await;
    let ada = ada.logs_in_again().await;
    assert_eq!(told(&ada).await.first().map(String::as_str), Some("late liked your photo"));
    assert_eq!(told(&ada).await.len(), 3);
    kit.ends().await;
}

#[tokio::test]
async fn every_kind_is_told_to_whom_it_concerns() {
    let kit = Kit::start().await;
    let (ada, bob, eve) = (kit.signs_up("ada").await, kit.signs_up("bob").await, kit.signs_up("eve").await);
    let media = ada.publishes("dusk").await;
    let comment = bob.comments(&media, "where is this?").await;
    kit.settle().await;
    replies(&ada, &media, &comment, "at home").await;
    kit.settle().await;
    let last = replies(&eve, &media, &comment, "lovely").await;
    kit.settle().await;
    likes_comment(&eve, &comment).await;
    kit.settle().await;
    eve.follows(&bob).await;
    kit.settle().await;
    assert_eq!(
        told(&bob).await,
        ["eve started following you", "eve liked your comment", "eve and ada replied to your comment"]
    );
    assert_eq!(told(&ada).await, ["eve and bob commented on your photo"]);
    let of_bob = page(&bob, json!({ "kinds": ["COMMENT_REPLIED", "COMMENT_LIKED"] })).await;
    let (liked, replied) = (&of_bob["activities"]["edges"][0]["node"], &of_bob["activities"]["edges"][1]["node"]);
    assert_eq!(liked["comment"], json!({ "id": comment, "media": { "id": media } }));
    assert_eq!((&replied["media"]["id"], &replied["latestComment"]["id"]), (&json!(media), &json!(last)));
    // A reply to the owner is told once, as a reply.
    let own = ada.comments(&media, "good evening").await;
    replies(&bob, &media, &own, "good evening to you").await;
    kit.settle().await;
    let kinds = json!({ "kinds": ["MEDIA_COMMENTED", "COMMENT_REPLIED"] });
    let expected = ["bob replied to your comment", "eve and bob commented on your photo"];
    assert_eq!(summaries(&page(&ada, kinds).await), expected);
    kit.ends().await;
}

#[tokio::test]
async fn follows_requests_and_approvals_are_told_and_taken_back() {
    let kit = Kit::start().await;
    let (ada, bob, eve) = (kit.signs_up("ada").await, kit.signs_up("bob").await, kit.signs_up("eve").await);
    ada.goes_private().await;
    tokio::join!(bob.follows(&ada), eve.follows(&ada));
    kit.settle().await;
    let seen = page(&ada, json!({ "kinds": ["FOLLOW_REQUESTED"] })).await;
    assert_eq!(seen["activities"]["edges"][0]["node"]["actorCount"], 2);
    eve.unfollows(&ada).await;
    kit.settle().await;
    assert_eq!(told(&ada).await, ["bob asked to follow you"]);
    ada.approves(&bob).await;
    kit.settle().await;
    assert_eq!(told(&ada).await, [""; 0], "who let somebody in knows");
    assert_eq!(told(&bob).await, ["ada accepted your request to follow"]);
    ada.removes(&bob).await;
    kit.settle().await;
    assert_eq!(told(&bob).await, [""; 0]);
    eve.follows(&bob).await;
    kit.settle().await;
    assert_eq!(told(&bob).await, ["eve started following you"]);
    eve.unfollows(&bob).await;
    kit.settle().await;
    assert_eq!(told(&bob).await, [""; 0]);
    kit.ends().await;
}

#[tokio::test]
async fn what_is_undone_is_taken_back_and_only_that() {
    let kit = Kit::start().await;
    let (ada, bob, eve) = (kit.signs_up("ada").await, kit.signs_up("bob").await, kit.signs_up("eve").await);
    let media = ada.publishes("dusk").await;
    bob.likes(&media).await;
    kit.settle().await;
    let before = page(&ada, json!({})).await["activities"]["edges"][0].clone();
    eve.likes(&media).await;
    let (first, second) = (eve.comments(&media, "one").await, eve.comments(&media, "two").await);
    likes_comment(&bob, &first).await;
    kit.settle().await;
    assert_eq!(told(&ada).await.len(), 2);
    eve.unlikes(&media).await;
    kit.settle().await;
    let after = page(&ada, json!({ "kinds": ["MEDIA_LIKED"] })).await["activities"]["edges"][0].clone();
    assert_eq!(after, before, "as if it had not been");
    deletes_comment(&eve, &second).await;
    kit.settle().await;
    let commented = page(&ada, json!({ "kinds": ["MEDIA_COMMENTED"] })).await["activities"]["edges"][0]["node"].clone();
    assert_eq!((&commented["latestComment"]["id"], &commented["actorCount"]), (&json!(first), &json!(1)));
    assert_eq!(told(&eve).await, ["bob liked your comment"]);
    deletes_comment(&ada, &first).await;
    bob.unlikes(&media).await;
    kit.settle().await;
    assert_eq!((told(&ada).await, told(&eve).await), (vec![], vec![]));
    let gone = ada.asks("query($id: ID!) { node(id: $id) { id } }", json!({ "id": before["node"]["id"] })).await;
    assert_eq!(*gone.data("/node"), Value::Null);
    kit.ends().await;
}

#[tokio::test]
async fn a_deleted_media_takes_everything_about_it_with_it() {
    let kit = Kit::start().await;
    let (ada, bob, eve) = (kit.signs_up("ada").await, kit.signs_up("bob").await, kit.signs_up("eve").await);
    let media = ada.publishes("dusk").await;
    let comment = bob.comments(&media, "hello").await;
    replies(&eve, &media, &comment, "hello too").await;
    likes_comment(&eve, &comment).await;
    eve.likes(&media).await;
    kit.settle().await;
    assert_eq!((told(&ada).await.len(), told(&bob).await.len()), (2, 2));
    ada.deletes(&media).await;
    // At once, whatever the steps still have to do.
    assert_eq!((told(&ada).await, told(&bob).await), (vec![], vec![]));
    assert_eq!((unseen(&ada).await, unseen(&bob).await), (json!(0), json!(0)));
    kit.settle().await;
    assert_eq!((told(&ada).await, told(&bob).await), (vec![], vec![]));
    kit.ends().await;
}

#[tokio::test]
async fn whoever_is_blocked_has_done_nothing() {
    let kit = Kit::start().await;
    let (ada, bob, eve) = (kit.signs_up("ada").await, kit.signs_up("bob").await, kit.signs_up("eve").await);
    let media = ada.publishes("dusk").await;
    bob.likes(&media).await;
    kit.settle().await;
    eve.likes(&media).await;
    eve.follows(&ada).await;
    let comment = ada.comments(&media, "good evening").await;
    likes_comment(&eve, &comment).await;
    ada.follows(&eve).await;
    kit.settle().await;
    assert_eq!(told(&ada).await.len(), 3);
    eve.blocks(&ada).await;
    // At once, and in both directions.
    assert_eq!((told(&ada).await, told(&eve).await), (vec!["bob liked your photo".to_owned()], vec![]));
    kit.settle().await;
    let seen = page(&ada, json!({})).await;
    assert_eq!(summaries(&seen), ["bob liked your photo"]);
    assert_eq!(seen["activities"]["edges"][0]["node"]["actorCount"], 1);
    // What the block took away stays away; what happens afterwards is told.
    eve.unblocks(&ada).await;
    kit.settle().await;
    assert_eq!(told(&ada).await, ["bob liked your photo"]);
    eve.follows(&ada).await;
    kit.settle().await;
    assert_eq!(told(&ada).await, ["eve started following you", "bob liked your photo"]);
    kit.ends().await;
}

#[tokio::test]
async fn what_one_may_no_longer_see_is_absent_and_pages_are_full() {
    let kit = Kit::start().await;
    let (ada, bob, eve) = (kit.signs_up("ada").await, kit.signs_up("bob").await, kit.signs_up("eve").await);
    let (open, closing) = (eve.publishes("open").await, bob.publishes("closing").await);
    for media in [&open, &closing, &open, &closing, &open] {
        let comment = ada.comments(media, "hello").await;
        likes_comment(&eve, &comment).await;
        kit.settle().await;
    }
    assert_eq!(unseen(&ada).await, 5);
    bob.goes_private().await;
    let seen = page(&ada, json!({ "first": 3 })).await;
    assert_eq!((summaries(&seen).len(), &seen["unseenActivityCount"]), (3, &json!(3)));
    assert_eq!(seen["activities"]["pageInfo"]["hasNextPage"], false);
    let about = &seen["activities"]["edges"][1]["node"]["comment"]["media"]["id"];
    assert_eq!(*about, json!(open));
    kit.ends().await;
}

#[tokio::test]
async fn pages_run_both_ways_and_what_grows_moves_up() {
    let kit = Kit::start().await;
    let (ada, bob, eve) = (kit.signs_up("ada").await, kit.signs_up("bob").await, kit.signs_up("eve").await);
    let mut all = vec![];
    for number in 0..5 {
        let media = ada.publishes(&format!("number {number}")).await;
        bob.likes(&media).await;
        kit.settle().await;
        all.push(media);
    }
    let ids = |viewer: &Value| -> Vec<Value> {
        let edges = viewer["activities"]["edges"].as_array().expect("edges");
        edges.iter().map(|edge| edge["node"]["media"]["id"].clone()).collect()
    };
    let whole = ids(&page(&ada, json!({})).await);
    assert_eq!(whole, all.iter().rev().map(|id| json!(id)).collect::<Vec<_>>());
    let first = page(&ada, json!({ "first": 2 })).await["activities"].clone();
    let info = &first["pageInfo"];
    assert_eq!((&info["hasNextPage"], &info["hasPreviousPage"]), (&json!(true), &json!(false)));
    let rest = page(&ada, json!({ "first": 9, "after": info["endCursor"] })).await;
    assert_eq!(ids(&rest), whole[2..]);
    let newer = page(&ada, json!({ "last": 1, "before": rest["activities"]["pageInfo"]["startCursor"] })).await;
    assert_eq!(
        (ids(&newer), &newer["activities"]["pageInfo"]["hasPreviousPage"]),
        (whole[1..2].to_vec(), &json!(true))
    );
    let oldest = page(&ada, json!({ "last": 2 })).await;
    assert_eq!(ids(&oldest), whole[3..]);
    // What is added to an old one is newer than the top.
    eve.likes(&all[0]).await;
    kit.settle().await;
    let newer = page(&ada, json!({ "last": 9, "before": info["startCursor"] })).await;
    assert_eq!(
        (ids(&newer), summaries(&newer)),
        (vec![json!(all[0])], vec!["eve and bob liked your photo".to_owned()])
    );
    let refused = ada.asks(ACTIVITIES, json!({ "after": "nonsense" })).await;
    assert_eq!(refused.code(), "BAD_USER_INPUT");
    kit.ends().await;
}

#[tokio::test]
async fn what_was_seen_is_seen_on_every_device_until_more_is_added() {
    let kit = Kit::start().await;
    let (ada, bob, eve) = (kit.signs_up("ada").await, kit.signs_up("bob").await, kit.signs_up("eve").await);
    let (media, other) = (ada.publishes("dusk").await, ada.publishes("dawn").await);
    bob.likes(&media).await;
    kit.settle().await;
    bob.likes(&other).await;
    kit.settle().await;
    assert_eq!(unseen(&ada).await, 2);
    let edges = page(&ada, json!({})).await["activities"]["edges"].clone();
    let mark = |cursor: &Value| json!({ "upToCursor": cursor });
    let chosen = "viewer { unseenActivityCount }";
    let older = ada.does("markActivitiesSeen", mark(&edges[1]["cursor"]), chosen).await;
    assert_eq!(older["viewer"]["unseenActivityCount"], 1);
    let all = ada.does("markActivitiesSeen", mark(&edges[0]["cursor"]), chosen).await;
    assert_eq!(all["viewer"]["unseenActivityCount"], 0);
    // It never moves back.
    ada.does("markActivitiesSeen", mark(&edges[1]["cursor"]), chosen).await;
    let phone = ada.logs_in_again().await;
    let seen = page(&phone, json!({})).await;
    assert_eq!(
        (&seen["unseenActivityCount"], &seen["activities"]["edges"][0]["node"]["isSeen"]),
        (&json!(0), &json!(true))
    );
    eve.likes(&media).await;
    kit.settle().await;
    let seen = page(&phone, json!({})).await;
    let is_seen = |place: usize| seen["activities"]["edges"][place]["node"]["isSeen"].clone();
    assert_eq!((&seen["unseenActivityCount"], is_seen(0), is_seen(1)), (&json!(1), json!(false), json!(true)));
    // Nobody sees what is still to come.
    ada.does("markActivitiesSeen", mark(&json!("NQm6nKp8qFC")), chosen).await;
    eve.likes(&other).await;
    kit.settle().await;
    assert_eq!(unseen(&ada).await, 1);
    let refused = ada.tries("markActivitiesSeen", mark(&json!("nonsense")), chosen).await;
    assert_eq!((refused.refusal(), &refused.user_error()["path"]), ("INVALID".into(), &json!(["input", "upToCursor"])));
    kit.ends().await;
}

#[tokio::test]
async fn many_who_like_at_once_are_all_counted_once_however_often_it_is_noted() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let media = ada.publishes("dusk").await;
    let fans = crowd(&kit, 40).await;
    let id: MediaId = media.parse().expect("an ID of a media");
    let note = |fan: &Person| activity::note_like(&kit.app, id, user(fan));
    let likes = join_all(fans.iter().map(|fan| fan.likes(&media)));
    let early = join_all(fans.iter().map(note));
    let (_, noted) = tokio::join!(likes, early);
    for noted in noted {
        noted.expect("it is noted");
    }
    join_all(fans[..15].iter().map(|fan| fan.unlikes(&media))).await;
    let again = join_all(fans.iter().chain(&fans).map(note)).await;
    for noted in again {
        noted.expect("it is noted again");
    }
    kit.settle().await;
    let seen = page(&ada, json!({})).await["activities"]["edges"].clone();
    assert_eq!(seen.as_array().map(Vec::len), Some(1), "{seen:#}");
    assert_eq!(seen[0]["node"]["actorCount"], 25);
    // One who cannot make up their mind ends as they end.
    join_all((0..6).map(|number| {
        let (fan, media) = (&fans[0], &media);
        async move { if number % 2 == 0 { fan.likes(media).await } else { fan.unlikes(media).await } }
    }))
    .await;
    fans[0].unlikes(&media).await;
    kit.settle().await;
    assert_eq!(page(&ada, json!({})).await["activities"]["edges"][0]["node"]["actorCount"], 25);
    kit.ends().await;
}

#[tokio::test]
async fn steps_that_come_late_change_nothing() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    let media = ada.publishes("dusk").await;
    let comment = bob.comments(&media, "hello").await;
    bob.likes(&media).await;
    bob.follows(&ada).await;
    kit.settle().await;
    let before = page(&ada, json!({})).await;
    let (id, of): (MediaId, CommentId) = (media.parse().expect("an ID"), comment.parse().expect("an ID"));
    for _ in 0..2 {
        activity::note_like(&kit.app, id, user(&bob)).await.expect("noted");
        activity::note_comment(&kit.app, of).await.expect("noted");
        activity::note_follow(&kit.app, user(&bob), user(&ada)).await.expect("noted");
    }
    kit.settle().await;
    assert_eq!(page(&ada, json!({})).await, before);
    // A block that is long over takes away what was before it, and no more.
    ada.blocks(&bob).await;
    ada.unblocks(&bob).await;
    kit.settle().await;
    assert_eq!(told(&ada).await, [""; 0]);
    kit.passes(Duration::from_secs(1));
    bob.follows(&ada).await;
    kit.settle().await;
    let block = photograph::base::ids::first_at(kit.app.clock.now().before(Duration::from_millis(900)));
    activity::forget_person(&kit.app, user(&ada), user(&bob), block).await.expect("forgotten");
    kit.settle().await;
    assert_eq!(told(&ada).await, ["bob started following you"]);
    kit.ends().await;
}
