//! What one wrote below the media of the other, or is tagged in there, goes with a block between the two. Until it has gone,
//! the owner sees it and can take it away, and so can whoever wrote it or is tagged.

use photograph::base::facts::Fact;
use photograph::base::ids::{CommentId, MediaId, UserId};
use photograph::platform::log;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::kit::{Kit, Person, Stream, comment_many, photos};

const MEDIA: &str = "query($id: ID!) { media(by: { id: $id }) {
    commentCount comments(first: 100) { nodes { id text { plain } viewerCanDelete author { username } replyCount
        replies { nodes { id text { plain } } } } }
    photos { tags { id user { username } viewerCanRemove } } } }";

async fn sees(person: &Person, media: &str) -> Value {
    person.asks(MEDIA, json!({ "id": media })).await.data("/media").clone()
}

fn words(seen: &Value) -> Vec<&str> {
    let nodes = seen["comments"]["nodes"].as_array().expect("nodes");
    nodes.iter().map(|node| node["text"]["plain"].as_str().expect("words")).collect()
}

/// Publishes a photo with somebody in it.
async fn publishes_with(owner: &Person, tagged: &Person) -> String {
    let upload = owner.uploads(&photos::small_jpeg(1), "image/jpeg").await;
    let tag = json!({ "userId": tagged.id, "position": { "x": 0.5, "y": 0.5 } });
    let input = json!({ "photos": [{ "uploadId": upload, "tags": [tag] }] });
    let payload = owner.does("publishMedia", input, "media { id }").await;
    payload["media"]["id"].as_str().expect("an ID").to_owned()
}

async fn replies(person: &Person, media: &str, parent: &str, words: &str) {
    let input = json!({ "mediaId": media, "parentId": parent, "text": words });
    person.does("addComment", input, "comment { id }").await;
}

fn id<Id: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> Id {
    text.parse().expect("an ID")
}

/// One blocks the other as before blocks removed anything: no step follows.
async fn blocked_long_ago(kit: &Kit, blocker: &Person, blocked: &Person) {
    // What was written before is looked at by its own step, which would see the block.
    kit.settle().await;
    let (blocker, blocked): (UserId, UserId) = (id(&blocker.id), id(&blocked.id));
    let row = format!("INSERT INTO blocks (blocker_id, blocked_id, edge) VALUES ({}, {}, 1)", blocker.0, blocked.0);
    let written =
        kit.app.db.write(&blocker, async |tx| Ok(tx.conn().execute_unprepared(&row).await.map(|_| ())?)).await;
    written.expect("a block");
}

async fn summaries(person: &Person) -> Vec<String> {
    let query = "{ viewer { activities(first: 50) { nodes { ... on Activity { summary { plain } } } } } }";
    person.asks(query, json!({})).await.texts("/viewer/activities/nodes", "/summary/plain")
}

#[tokio::test]
async fn a_block_removes_comments_and_tags_between_the_two_both_ways() {
    let kit = Kit::start().await;
    let (ada, bob, eve) = (kit.signs_up("ada").await, kit.signs_up("bob").await, kit.signs_up("eve").await);
    let (of_ada, of_eve, of_bob) =
        (publishes_with(&ada, &eve).await, publishes_with(&eve, &ada).await, publishes_with(&bob, &eve).await);
    let first = eve.comments(&of_ada, "from eve").await;
    let kept = bob.comments(&of_ada, "from bob").await;
    replies(&bob, &of_ada, &first, "below eve").await;
    replies(&eve, &of_ada, &kept, "below bob").await;
    // Who did it last is told first: in the order of the steps.
    kit.settle().await;
    replies(&ada, &of_ada, &kept, "thank you").await;
    // More than a page of the step.
    comment_many(&eve, &of_ada, 53).await;
    for (person, media) in [(&ada, &of_eve), (&ada, &of_bob), (&eve, &of_bob)] {
        person.comments(media, &format!("from {}", person.name)).await;
        kit.settle().await;
    }
    let told = ["eve and ada commented on your photo", "ada and eve replied to your comment"];
    assert_eq!(summaries(&bob).await, told);
    let mut heard = ada.listens(REMOVED, json!({ "id": of_ada })).await;
    heard.next_is("StreamOpened").await;
    ada.blocks(&eve).await;
    kit.settle().await;
    let others = kit.nobody();
    let seen = sees(&others, &of_ada).await;
    assert_eq!((words(&seen), &seen["commentCount"]), (vec!["from bob"], &json!(2)));
    assert_eq!(seen["comments"]["nodes"][0]["replyCount"], 1);
    assert_eq!(seen["comments"]["nodes"][0]["replies"]["nodes"][0]["text"]["plain"], "thank you");
    let seen = [sees(&others, &of_eve).await, sees(&others, &of_bob).await];
    assert_eq!(
        (words(&seen[0]), words(&seen[1])),
        (vec![], vec!["from ada", "from eve"]),
        "a third person's media stay"
    );
    let tags = async |media: &str| sees(&others, media).await["photos"][0]["tags"].as_array().map(Vec::len);
    assert_eq!((tags(&of_ada).await, tags(&of_eve).await, tags(&of_bob).await), (Some(0), Some(0), Some(1)));
    assert_eq!(summaries(&bob).await, ["eve and ada commented on your photo", "ada replied to your comment"]);
    is_told_of(&mut heard, &first).await;
    kit.ends().await;
}

const REMOVED: &str =
    "subscription($id: ID!) { mediaEvents(mediaId: $id) { __typename ... on CommentRemoved { commentId } } }";

/// The owner saw the comment until it was removed.
async fn is_told_of(heard: &mut Stream, comment: &str) {
    heard.until(|event| event["commentId"] == json!(comment)).await;
}

#[tokio::test]
async fn the_owner_sees_and_deletes_everything_on_their_media() {
    let kit = Kit::start().await;
    let (ada, eve) = (kit.signs_up("ada").await, kit.signs_up("eve").await);
    let media = publishes_with(&ada, &eve).await;
    let comment = eve.comments(&media, "nasty").await;
    replies(&eve, &media, &comment, "and more").await;
    blocked_long_ago(&kit, &eve, &ada).await;
    let seen = sees(&ada, &media).await;
    let first = &seen["comments"]["nodes"][0];
    assert_eq!((&first["text"]["plain"], &first["viewerCanDelete"]), (&json!("nasty"), &json!(true)));
    assert_eq!(first["replies"]["nodes"][0]["text"]["plain"], "and more");
    let tag = &seen["photos"][0]["tags"][0];
    assert_eq!((&tag["user"]["username"], &tag["viewerCanRemove"]), (&json!("eve"), &json!(true)));
    let node = ada.asks("query($id: ID!) { node(id: $id) { id } }", json!({ "id": comment })).await;
    assert_eq!(node.data("/node/id"), &json!(comment));
    let mut heard = ada.listens(REMOVED, json!({ "id": media })).await;
    heard.next_is("StreamOpened").await;
    ada.does("deleteComment", json!({ "commentId": comment }), "deletedCommentId media { id }").await;
    ada.does("removePhotoTag", json!({ "photoTagId": tag["id"] }), "photo { tags { id } }").await;
    is_told_of(&mut heard, &comment).await;
    assert_eq!(sees(&kit.nobody(), &media).await["commentCount"], 0);
    kit.ends().await;
}

#[tokio::test]
async fn who_wrote_or_is_tagged_ends_it_where_they_see_nothing_any_more() {
    let kit = Kit::start().await;
    let (ada, bob, eve) = (kit.signs_up("ada").await, kit.signs_up("bob").await, kit.signs_up("eve").await);
    let (one, other) = (publishes_with(&ada, &eve).await, publishes_with(&ada, &bob).await);
    let comments = [eve.comments(&one, "mine").await, bob.comments(&other, "mine").await];
    let tag = async |media: &str| sees(&ada, media).await["photos"][0]["tags"][0]["id"].clone();
    let tags = [tag(&one).await, tag(&other).await];
    blocked_long_ago(&kit, &ada, &eve).await;
    ada.goes_private().await;
    for (person, (comment, tag)) in [&eve, &bob].into_iter().zip(comments.iter().zip(&tags)) {
        let removed = person.does("removePhotoTag", json!({ "photoTagId": tag }), "photo { id }").await;
        assert_eq!(removed["photo"], Value::Null, "{}", person.name);
        let deleted =
            person.does("deleteComment", json!({ "commentId": comment }), "deletedCommentId media { id }").await;
        assert_eq!((&deleted["deletedCommentId"], &deleted["media"]), (&json!(comment), &Value::Null));
        let again = person.tries("removePhotoTag", json!({ "photoTagId": tag }), "photo { id }").await;
        assert_eq!(again.refusal(), "NOT_FOUND");
    }
    for media in [&one, &other] {
        let seen = sees(&ada, media).await;
        assert_eq!((&seen["commentCount"], &seen["photos"][0]["tags"]), (&json!(0), &json!([])));
    }
    kit.ends().await;
}

#[tokio::test]
async fn a_comment_that_comes_after_the_step_of_the_block_goes_as_well() {
    let kit = Kit::start().await;
    let (ada, eve) = (kit.signs_up("ada").await, kit.signs_up("eve").await);
    let media = ada.publishes("dusk").await;
    ada.blocks(&eve).await;
    kit.settle().await;
    // As by a process that had looked before the block and stood still since.
    let (media_id, author): (MediaId, UserId) = (id(&media), id(&eve.id));
    let comment: CommentId = kit.app.ids.next(&media_id).expect("an id");
    let rows = format!(
        "INSERT INTO comments (id, media_id, author_id, body) VALUES ({}, {}, {}, 'late');
         UPDATE media SET comment_count = 1 WHERE id = {}",
        comment.0, media_id.0, author.0, media_id.0
    );
    let written = kit.app.db.write(&media_id, async |tx| {
        for row in rows.split(';') {
            tx.conn().execute_unprepared(row).await?;
        }
        log::record(tx, kit.app.clock.now(), &Fact::CommentAdded { comment, media: media_id, author }).await
    });
    written.await.expect("a comment");
    kit.settle().await;
    let seen = sees(&kit.nobody(), &media).await;
    assert_eq!((words(&seen), &seen["commentCount"]), (vec![], &json!(0)));
    kit.ends().await;
}

#[tokio::test]
async fn what_is_written_after_the_two_exist_for_each_other_again_stays() {
    let kit = Kit::start().await;
    let (ada, eve) = (kit.signs_up("ada").await, kit.signs_up("eve").await);
    let media = ada.publishes("dusk").await;
    eve.comments(&media, "before").await;
    ada.blocks(&eve).await;
    ada.unblocks(&eve).await;
    eve.comments(&media, "after").await;
    kit.settle().await;
    assert_eq!(words(&sees(&ada, &media).await), ["after"]);
    kit.ends().await;
}
