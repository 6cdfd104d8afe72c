//! Being named is told: in captions, in comments and in photos, and no longer once the name is gone.

use photograph::base::ids::{CommentId, MediaId, UserId};
use photograph::domain::activity;
use serde_json::{Value, json};

use crate::kit::{Kit, Person, photos};

const ACTIVITIES: &str =
    "{ viewer { unseenActivityCount activities { nodes { __typename id kind actorCount summary { plain }
    ... on MentionedActivity { media { id } comment { id } } ... on PhotoTaggedActivity { media { id } } } } } }";

async fn activities(person: &Person) -> Vec<Value> {
    let nodes = person.asks(ACTIVITIES, json!({})).await.data("/viewer/activities/nodes").clone();
    nodes.as_array().expect("activities").clone()
}

/// What a person is told, newest first.
async fn told(person: &Person) -> Vec<String> {
    let activities = activities(person).await;
    activities.iter().map(|node| node["summary"]["plain"].as_str().expect("words").to_owned()).collect()
}

async fn says(person: &Person, media: &str, caption: &str) {
    person.does("updateMedia", json!({ "mediaId": media, "caption": caption }), "media { id }").await;
}

async fn rewrites(person: &Person, comment: &str, text: &str) {
    person.does("updateComment", json!({ "commentId": comment, "text": text }), "comment { id }").await;
}

async fn deletes_comment(person: &Person, comment: &str) {
    person.does("deleteComment", json!({ "commentId": comment }), "deletedCommentId").await;
}

async fn replies(person: &Person, media: &str, parent: &str, text: &str) -> String {
    let input = json!({ "mediaId": media, "parentId": parent, "text": text });
    let payload = person.does("addComment", input, "comment { id }").await;
    payload["comment"]["id"].as_str().expect("an ID").to_owned()
}

/// Publishes two photos with the same people in both. Gives the media.
async fn publishes_with(owner: &Person, people: &[&Person]) -> Value {
    let tags: Vec<Value> =
        people.iter().map(|person| json!({ "userId": person.id, "position": { "x": 0.5, "y": 0.5 } })).collect();
    let mut uploaded = vec![];
    for seed in 1..=2 {
        let upload = owner.uploads(&photos::small_jpeg(seed), "image/jpeg").await;
        uploaded.push(json!({ "uploadId": upload, "tags": tags }));
    }
    let selection = "media { id photos { tags { id user { username } } } }";
    owner.does("publishMedia", json!({ "photos": uploaded }), selection).await["media"].clone()
}

async fn untags(person: &Person, media: &Value, photo: usize) {
    let input = json!({ "photoTagId": media["photos"][photo]["tags"][0]["id"] });
    person.does("removePhotoTag", input, "photo { id }").await;
}

#[tokio::test]
async fn a_mention_in_a_caption_is_told_while_it_stands() {
    let kit = Kit::start().await;
    let (ada, bob, eve) = (kit.signs_up("ada").await, kit.signs_up("bob").await, kit.signs_up("eve").await);
    let media = ada.publishes("with @bob, by @ada").await;
    kit.settle().await;
    assert_eq!(told(&ada).await, [""; 0], "one's own mentions are no news");
    let node = activities(&bob).await.remove(0);
    assert_eq!((&node["__typename"], &node["kind"]), (&json!("MentionedActivity"), &json!("MENTIONED")));
    assert_eq!(node["summary"]["plain"], "ada mentioned you");
    assert_eq!((&node["media"]["id"], &node["comment"]), (&json!(media), &Value::Null));
    let query = "query($id: ID!) { node(id: $id) { ... on MentionedActivity { media { id } } } }";
    let found = bob.asks(query, json!({ "id": node["id"] })).await;
    assert_eq!(*found.data("/node/media/id"), json!(media));
    says(&ada, &media, "with @eve").await;
    kit.settle().await;
    assert_eq!((told(&bob).await, told(&eve).await), (vec![], vec!["ada mentioned you".to_owned()]));
    says(&ada, &media, "with @eve and @bob").await;
    kit.settle().await;
    assert_eq!((told(&bob).await.len(), told(&eve).await.len()), (1, 1));
    ada.deletes(&media).await;
    assert_eq!((told(&bob).await, told(&eve).await), (vec![], vec![]), "at once");
    kit.settle().await;
    assert_eq!((told(&bob).await, told(&eve).await), (vec![], vec![]));
    kit.ends().await;
}

#[tokio::test]
async fn a_mention_in_a_comment_is_told_while_it_stands() {
    let kit = Kit::start().await;
    let (ada, bob, eve) = (kit.signs_up("ada").await, kit.signs_up("bob").await, kit.signs_up("eve").await);
    let media = ada.publishes("dusk, for @bob").await;
    let comment = eve.comments(&media, "look, @bob").await;
    kit.settle().await;
    let node = activities(&bob).await.remove(0);
    assert_eq!((&node["actorCount"], &node["media"]["id"]), (&json!(2), &json!(media)));
    rewrites(&eve, &comment, "look").await;
    kit.settle().await;
    assert_eq!(
        (told(&bob).await, told(&ada).await),
        (vec!["ada mentioned you".into()], vec!["eve commented on your photo".into()])
    );
    says(&ada, &media, "dusk").await;
    rewrites(&eve, &comment, "look again, @bob").await;
    kit.settle().await;
    let node = activities(&bob).await.remove(0);
    assert_eq!((&node["summary"]["plain"], &node["comment"]["id"]), (&json!("eve mentioned you"), &json!(comment)));
    deletes_comment(&eve, &comment).await;
    kit.settle().await;
    assert_eq!(told(&bob).await, [""; 0]);
    kit.ends().await;
}

#[tokio::test]
async fn whom_a_comment_is_told_to_anyway_is_not_told_that_it_mentions_them() {
    let kit = Kit::start().await;
    let (ada, bob, eve) = (kit.signs_up("ada").await, kit.signs_up("bob").await, kit.signs_up("eve").await);
    let media = ada.publishes("dusk").await;
    let comment = bob.comments(&media, "lovely, @ada").await;
    kit.settle().await;
    let reply = replies(&eve, &media, &comment, "@bob is right, @ada").await;
    kit.settle().await;
    assert_eq!(told(&ada).await, ["eve and bob commented on your photo"]);
    assert_eq!(told(&bob).await, ["eve replied to your comment"]);
    // Who replied before is told of neither.
    replies(&ada, &media, &reply, "thank you, @eve").await;
    kit.settle().await;
    assert_eq!(told(&eve).await, ["ada mentioned you"]);
    deletes_comment(&bob, &comment).await;
    kit.settle().await;
    assert_eq!((told(&eve).await, told(&bob).await), (vec![], vec![]), "its replies go with it");
    kit.ends().await;
}

#[tokio::test]
async fn a_photo_tag_is_told_while_one_is_in_any_photo() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    let media = publishes_with(&ada, &[&bob, &ada]).await;
    kit.settle().await;
    assert_eq!(told(&ada).await, [""; 0], "who tags themselves knows");
    let nodes = activities(&bob).await;
    assert_eq!((nodes.len(), &nodes[0]["__typename"]), (1, &json!("PhotoTaggedActivity")));
    assert_eq!((&nodes[0]["kind"], &nodes[0]["media"]["id"]), (&json!("PHOTO_TAGGED"), &media["id"]));
    assert_eq!(nodes[0]["summary"]["plain"], "ada tagged you in a photo");
    untags(&bob, &media, 0).await;
    kit.settle().await;
    assert_eq!(told(&bob).await.len(), 1, "still in the other");
    untags(&ada, &media, 1).await;
    kit.settle().await;
    assert_eq!(told(&bob).await, [""; 0]);
    let media = publishes_with(&ada, &[&bob]).await;
    kit.settle().await;
    assert_eq!(told(&bob).await.len(), 1);
    ada.deletes(media["id"].as_str().expect("an ID")).await;
    kit.settle().await;
    assert_eq!(told(&bob).await, [""; 0]);
    kit.ends().await;
}

#[tokio::test]
async fn what_is_gone_is_told_as_gone() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    let mentions = ada.publishes("with @bob").await;
    let tags = publishes_with(&ada, &[&bob]).await;
    kit.settle().await;
    let events = "subscription { activityEvents { __typename ... on ActivityRemoved { activityId unseenCount } } }";
    let mut stream = bob.listens(events, json!({})).await;
    stream.next_is("StreamOpened").await;
    let before = activities(&bob).await;
    let id = |kind: &str| before.iter().find(|node| node["kind"] == kind).expect("an activity")["id"].clone();
    ada.deletes(&mentions).await;
    assert_eq!(stream.next_is("ActivityRemoved").await["activityId"], id("MENTIONED"));
    ada.deletes(tags["id"].as_str().expect("an ID")).await;
    assert_eq!(stream.next_is("ActivityRemoved").await["activityId"], id("PHOTO_TAGGED"));
    kit.ends().await;
}

#[tokio::test]
async fn who_cannot_see_it_or_is_blocked_is_told_nothing() {
    let kit = Kit::start().await;
    let (ada, bob, eve) = (kit.signs_up("ada").await, kit.signs_up("bob").await, kit.signs_up("eve").await);
    let hidden = ada.publishes_to("FOLLOWERS", "with @eve").await;
    let open = ada.publishes("with @bob").await;
    kit.settle().await;
    eve.comments(&open, "hello @bob").await;
    kit.settle().await;
    publishes_with(&ada, &[&bob]).await;
    kit.settle().await;
    assert_eq!(told(&eve).await, [""; 0], "she does not follow");
    assert_eq!(told(&bob).await, ["ada tagged you in a photo", "eve and ada mentioned you"]);
    bob.blocks(&eve).await;
    assert_eq!(told(&bob).await, ["ada tagged you in a photo", "ada mentioned you"], "at once");
    ada.blocks(&bob).await;
    kit.settle().await;
    assert_eq!(told(&bob).await, [""; 0]);
    // What a block took away stays away, whatever else is edited.
    ada.unblocks(&bob).await;
    says(&ada, &open, "again with @bob").await;
    says(&ada, &hidden, "still with @eve").await;
    kit.settle().await;
    assert_eq!((told(&bob).await, told(&eve).await), (vec![], vec![]));
    kit.ends().await;
}

#[tokio::test]
async fn names_that_are_noted_late_and_twice_change_nothing() {
    let kit = Kit::start().await;
    let (ada, bob, eve) = (kit.signs_up("ada").await, kit.signs_up("bob").await, kit.signs_up("eve").await);
    let media = ada.publishes("with @bob").await;
    let comment = eve.comments(&media, "yes, @bob").await;
    let tagged = publishes_with(&ada, &[&bob]).await;
    kit.settle().await;
    let before = activities(&bob).await;
    let bob_id: UserId = bob.id.parse().expect("an ID");
    let media: MediaId = media.parse().expect("an ID");
    let comment: CommentId = comment.parse().expect("an ID");
    let tagged: MediaId = tagged["id"].as_str().expect("an ID").parse().expect("an ID");
    for of in [None, Some(comment), None] {
        activity::note_mention(&kit.app, media, of, bob_id).await.expect("noted");
        activity::note_tag(&kit.app, tagged, bob_id).await.expect("noted");
    }
    kit.settle().await;
    assert_eq!((before.len(), activities(&bob).await), (2, before));
    kit.ends().await;
}
