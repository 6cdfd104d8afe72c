//! Replies to comments and likes of comments: one level deep, counted once, and gone with what they hang on.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::kit::{Kit, Person};

const COMMENTS: &str = "query($id: ID!) { media(by: { id: $id }) { commentCount comments(first: 100) { nodes {
    id text { plain } likeCount viewerHasLiked replyCount parent { id }
    replies(first: 2) { nodes { id text { plain } parent { id } } pageInfo { hasNextPage endCursor } }
} } } }";

async fn sees(person: &Person, media: &str) -> Value {
    person.asks(COMMENTS, json!({ "id": media })).await.data("/media").clone()
}

async fn replies(person: &Person, media: &str, parent: &str, words: &str) -> String {
    let input = json!({ "mediaId": media, "parentId": parent, "text": words });
    let payload = person.does("addComment", input, "comment { id parent { id } }").await;
    payload["comment"]["id"].as_str().expect("an ID").to_owned()
}

fn words(list: &Value) -> Vec<&str> {
    let nodes = list["nodes"].as_array().expect("nodes");
    nodes.iter().map(|node| node["text"]["plain"].as_str().expect("words")).collect()
}

#[tokio::test]
async fn replies_hang_below_their_comment_and_count_as_comments() {
    let kit = Kit::start().await;
    let (ada, bob, eve) = (kit.signs_up("ada").await, kit.signs_up("bob").await, kit.signs_up("eve").await);
    let media = ada.publishes("dusk").await;
    let comment = bob.comments(&media, "where is this?").await;
    let first = replies(&ada, &media, &comment, "at home").await;
    // A reply to a reply goes to its comment.
    replies(&eve, &media, &first, "lovely").await;
    replies(&bob, &media, &comment, "thank you").await;
    ada.comments(&media, "good evening").await;
    let seen = sees(&kit.nobody(), &media).await;
    assert_eq!(seen["commentCount"], 5);
    assert_eq!(words(&seen["comments"]), ["where is this?", "good evening"]);
    let top = &seen["comments"]["nodes"][0];
    assert_eq!((&top["replyCount"], &top["parent"]), (&json!(3), &Value::Null));
    assert_eq!(words(&top["replies"]), ["at home", "lovely"]);
    assert_eq!(top["replies"]["nodes"][1]["parent"]["id"], json!(comment));
    assert_eq!(words(&seen["comments"]["nodes"][1]["replies"]), [""; 0]);
    let query = "query($id: ID!, $after: String!) { node(id: $id) { ... on Comment {
        replies(first: 2, after: $after) { nodes { text { plain } } pageInfo { hasNextPage } } } } }";
    let rest = json!({ "id": comment, "after": top["replies"]["pageInfo"]["endCursor"] });
    let rest = eve.asks(query, rest).await.data("/node/replies").clone();
    assert_eq!((words(&rest), &rest["pageInfo"]["hasNextPage"]), (vec!["thank you"], &json!(false)));
    kit.ends().await;
}

#[tokio::test]
async fn a_reply_needs_a_comment_on_the_same_media_that_one_sees() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    let (media, other) = (ada.publishes("dusk").await, ada.publishes("dawn").await);
    let elsewhere = ada.comments(&other, "elsewhere").await;
    let hidden = ada.comments(&media, "gone").await;
    ada.does("deleteComment", json!({ "commentId": hidden }), "deletedCommentId").await;
    for parent in [elsewhere.as_str(), &hidden, "cmt_11111112", &media, ""] {
        let input = json!({ "mediaId": media, "parentId": parent, "text": "hello" });
        let payload = bob.tries("addComment", input, "comment { id }").await;
        assert_eq!(payload.refusal(), "NOT_FOUND", "{parent}");
        assert_eq!(payload.user_error()["path"], json!(["input", "parentId"]), "{parent}");
    }
    assert_eq!(sees(&bob, &media).await["commentCount"], 0);
    kit.ends().await;
}

#[tokio::test]
async fn a_comment_takes_its_replies_with_it() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    let media = ada.publishes("dusk").await;
    let comment = bob.comments(&media, "one").await;
    let reply = replies(&ada, &media, &comment, "two").await;
    let last = replies(&ada, &media, &comment, "three").await;
    ada.does("deleteComment", json!({ "commentId": last }), "deletedCommentId").await;
    let seen = sees(&bob, &media).await;
    assert_eq!((&seen["commentCount"], &seen["comments"]["nodes"][0]["replyCount"]), (&json!(2), &json!(1)));
    let payload = bob.does("deleteComment", json!({ "commentId": comment }), "media { commentCount }").await;
    assert_eq!(payload["media"]["commentCount"], 0);
    let node = "query($id: ID!) { node(id: $id) { id } }";
    assert_eq!(*ada.asks(node, json!({ "id": reply })).await.data("/node"), Value::Null);
    kit.ends().await;
}

#[tokio::test]
async fn who_is_blocked_has_no_replies_there() {
    let kit = Kit::start().await;
    let (ada, bob, eve) = (kit.signs_up("ada").await, kit.signs_up("bob").await, kit.signs_up("eve").await);
    let media = ada.publishes("dusk").await;
    let comment = ada.comments(&media, "welcome").await;
    for (person, said) in [(&eve, "one"), (&eve, "two"), (&bob, "three"), (&eve, "four"), (&bob, "five")] {
        replies(person, &media, &comment, said).await;
    }
    bob.blocks(&eve).await;
    let seen = sees(&bob, &media).await;
    // The page is full although some were left out.
    assert_eq!(words(&seen["comments"]["nodes"][0]["replies"]), ["three", "five"]);
    kit.ends().await;
}

#[tokio::test]
async fn a_comment_is_liked_once_by_each() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let media = ada.publishes("dusk").await;
    let comment = ada.comments(&media, "good evening").await;
    let mut people = vec![];
    for number in 0..20 {
        people.push(kit.signs_up(&format!("fan{number}")).await);
    }
    let input = json!({ "commentId": comment });
    let chosen = "comment { viewerHasLiked }";
    let like = |person: &Person| {
        let (person, input) = (person.clone(), input.clone());
        async move { person.does("likeComment", input, chosen).await["comment"]["viewerHasLiked"].clone() }
    };
    let answers = join_all(people.iter().chain(&people).map(like)).await;
    assert!(answers.iter().all(|answer| *answer == json!(true)), "{answers:?}");
    let seen = sees(&people[0], &media).await["comments"]["nodes"][0].clone();
    assert_eq!((&seen["likeCount"], &seen["viewerHasLiked"]), (&json!(20), &json!(true)));
    join_all(people[..5].iter().map(|person| person.does("unlikeComment", input.clone(), chosen))).await;
    people[0].does("unlikeComment", input.clone(), chosen).await;
    let seen = sees(&people[0], &media).await["comments"]["nodes"][0].clone();
    assert_eq!((&seen["likeCount"], &seen["viewerHasLiked"]), (&json!(15), &json!(false)));
    kit.settle().await;
    assert_eq!(sees(&ada, &media).await["comments"]["nodes"][0]["likeCount"], 15);
    ada.does("deleteComment", input.clone(), "deletedCommentId").await;
    assert_eq!(ada.tries("likeComment", input, chosen).await.refusal(), "NOT_FOUND");
    kit.ends().await;
}

#[tokio::test]
async fn a_reply_is_told_live_to_those_who_see_what_it_replies_to() {
    let kit = Kit::start().await;
    let (ada, bob, eve) = (kit.signs_up("ada").await, kit.signs_up("bob").await, kit.signs_up("eve").await);
    let media = ada.publishes("dusk").await;
    let comment = eve.comments(&media, "hello").await;
    bob.blocks(&eve).await;
    kit.settle().await;
    let query = "subscription($id: ID!) { mediaEvents(mediaId: $id) {
        __typename ... on CommentAdded { edgeCursor comment { text { plain } parent { id } } }
        ... on CommentUpdated { comment { id } } ... on CommentRemoved { commentId } } }";
    let (mut of_ada, mut of_bob) =
        (ada.listens(query, json!({ "id": media })).await, bob.listens(query, json!({ "id": media })).await);
    of_ada.next_is("StreamOpened").await;
    of_bob.next_is("StreamOpened").await;
    let is_comment = |event: &Value| event["__typename"].as_str().is_some_and(|name| name.starts_with("Comment"));
    let last = |events: Vec<Value>| events.last().expect("an event").clone();
    let reply = replies(&ada, &media, &comment, "a reply").await;
    let first = last(of_ada.until(is_comment).await);
    let comments = (&first["comment"]["parent"]["id"], &first["comment"]["text"]["plain"]);
    assert_eq!(comments, (&json!(comment), &json!("a reply")));
    ada.does("updateComment", json!({ "commentId": reply, "text": "other words" }), "comment { id }").await;
    assert_eq!(last(of_ada.until(is_comment).await)["comment"]["id"], json!(reply), "it is updated");
    // Nor on any other way.
    let node = bob.asks("query($id: ID!) { node(id: $id) { id } }", json!({ "id": reply })).await;
    assert_eq!(node.data("/node"), &Value::Null);
    assert_eq!(bob.tries("likeComment", json!({ "commentId": reply }), "comment { id }").await.refusal(), "NOT_FOUND");
    ada.does("deleteComment", json!({ "commentId": reply }), "deletedCommentId").await;
    assert_eq!(last(of_ada.until(is_comment).await)["commentId"], json!(reply), "it is removed");
    ada.comments(&media, "a mark").await;
    assert_eq!(last(of_bob.until(is_comment).await)["comment"]["text"]["plain"], "a mark");
    kit.ends().await;
}
