//! Likes and comments: each counts once, and the counts are the same for everybody.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::kit::{Kit, Person};

#[tokio::test]
async fn the_counts_are_right_for_everybody() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    let media = ada.publishes("dusk").await;
    bob.likes(&media).await;
    bob.comments(&media, "lovely").await;
    ada.comments(&media, "thank you").await;
    for (person, liked) in [(&ada, false), (&bob, true), (&kit.nobody(), false)] {
        let seen = person.sees_media(&media).await;
        assert_eq!((&seen["likeCount"], &seen["commentCount"]), (&json!(1), &json!(2)), "{}", person.name);
        assert_eq!(seen["viewerHasLiked"], liked, "{}", person.name);
        assert_eq!(seen["viewerCanComment"], !person.name.is_empty(), "{}", person.name);
        assert_eq!(seen["viewerCanEdit"], person.name == "ada", "{}", person.name);
    }
    kit.ends().await;
}

#[tokio::test]
async fn liking_twice_or_taking_it_back_twice_counts_once() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    let media = ada.publishes("dusk").await;
    join_all((0..5).map(|_| bob.likes(&media))).await;
    assert_eq!(ada.sees_media(&media).await["likeCount"], 1);
    join_all((0..5).map(|_| bob.unlikes(&media))).await;
    assert_eq!(ada.sees_media(&media).await["likeCount"], 0);
    bob.likes(&media).await;
    let payload = bob.does("likeMedia", json!({ "mediaId": media }), "media { likeCount viewerHasLiked }").await;
    assert_eq!(payload["media"], json!({ "likeCount": 1, "viewerHasLiked": true }));
    kit.ends().await;
}

#[tokio::test]
async fn fifty_people_like_a_media_at_once() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let media = ada.publishes("dusk").await;
    let mut people = vec![];
    for number in 0..50 {
        people.push(kit.signs_up(&format!("fan{number}")).await);
    }
    join_all(people.iter().map(|person| person.likes(&media))).await;
    assert_eq!(ada.sees_media(&media).await["likeCount"], 50);
    join_all(people[..20].iter().map(|person| person.unlikes(&media))).await;
    assert_eq!(ada.sees_media(&media).await["likeCount"], 30);
    kit.ends().await;
}

#[tokio::test]
async fn comments_are_read_in_both_orders_and_directions() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    let media = ada.publishes("dusk").await;
    for number in 0..5 {
        let author = if number % 2 == 0 { &ada } else { &bob };
        author.comments(&media, &number.to_string()).await;
    }
    for (arguments, expected) in [
        ("first: 2", ["0", "1"]),
        ("last: 2", ["3", "4"]),
        ("order: NEWEST_FIRST, first: 2", ["4", "3"]),
        ("order: NEWEST_FIRST, last: 2", ["1", "0"]),
    ] {
        assert_eq!(words(&kit.nobody(), &media, arguments).await, expected, "{arguments}");
    }
    kit.ends().await;
}

async fn words(person: &Person, media: &str, arguments: &str) -> Vec<String> {
    let query = format!(
        "query($id: ID!) {{ media(by: {{ id: $id }}) {{ comments({arguments}) {{ nodes {{ text {{ plain }} }} }} }} }}"
    );
    person.asks(&query, json!({ "id": media })).await.texts("/media/comments/nodes", "/text/plain")
}

#[tokio::test]
async fn a_comment_is_deleted_by_its_author_or_by_the_owner_of_the_media() {
    let kit = Kit::start().await;
    let (ada, bob, eve) = (kit.signs_up("ada").await, kit.signs_up("bob").await, kit.signs_up("eve").await);
    let media = ada.publishes("dusk").await;
    let (first, second) = (bob.comments(&media, "first").await, bob.comments(&media, "second").await);
    let delete = |comment: &String| json!({ "commentId": comment });
    let refused = eve.tries("deleteComment", delete(&first), "deletedCommentId").await;
    assert_eq!(refused.refusal(), "NOT_PERMITTED");
    let payload = bob.does("deleteComment", delete(&first), "deletedCommentId media { commentCount }").await;
    assert_eq!(payload, json!({ "deletedCommentId": first, "media": { "commentCount": 1 }, "userErrors": [] }));
    assert_eq!(can_delete(&ada, &media).await, [true]);
    assert_eq!(can_delete(&bob, &media).await, [true]);
    assert_eq!(can_delete(&eve, &media).await, [false]);
    ada.does("deleteComment", delete(&second), "deletedCommentId").await;
    assert_eq!(bob.tries("deleteComment", delete(&second), "deletedCommentId").await.refusal(), "NOT_FOUND");
    let seen = eve.sees_media(&media).await;
    assert_eq!((&seen["commentCount"], &seen["comments"]["nodes"]), (&json!(0), &json!([])));
    kit.ends().await;
}

async fn can_delete(person: &Person, media: &str) -> Vec<bool> {
    let seen = person.sees_media(media).await;
    let nodes = seen["comments"]["nodes"].as_array().expect("comments");
    nodes.iter().map(|comment| comment["viewerCanDelete"] == json!(true)).collect()
}

#[tokio::test]
async fn a_bad_comment_says_what_is_wrong() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let media = ada.publishes("dusk").await;
    for text in [String::new(), " \n ".into(), "a\0b".into(), "x".repeat(2201)] {
        let payload = ada.tries("addComment", json!({ "mediaId": media, "text": text }), "comment { id }").await;
        assert_eq!(payload.refusal(), "INVALID", "{text:?}");
        assert_eq!(payload.user_error()["path"], json!(["input", "text"]), "{text:?}");
    }
    for id in ["med_11111112", "usr_11111112", "med_\0", ""] {
        let payload = ada.tries("addComment", json!({ "mediaId": id, "text": "hello" }), "comment { id }").await;
        assert_eq!(payload.refusal(), "NOT_FOUND", "{id:?}");
    }
    assert_eq!(ada.sees_media(&media).await["commentCount"], 0);
    kit.ends().await;
}

#[tokio::test]
async fn a_comment_that_is_repeated_is_one_comment() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let media = ada.publishes("dusk").await;
    let key = "3f333df6-90a4-4fda-8dd3-9485d27cee36";
    let input = json!({ "mediaId": media, "text": "hello", "idempotencyKey": key });
    let answers = join_all((0..5).map(|_| ada.does("addComment", input.clone(), "comment { id } edgeCursor"))).await;
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    let mut swift = input.clone();
    swift["idempotencyKey"] = json!(key.to_uppercase());
    assert_eq!(ada.does("addComment", swift, "comment { id } edgeCursor").await, answers[0], "UUIDs have no case");
    let mut other = input.clone();
    other["text"] = json!("something else");
    assert_eq!(ada.tries("addComment", other, "comment { id }").await.refusal(), "IDEMPOTENCY_MISMATCH");
    let seen = ada.sees_media(&media).await;
    assert_eq!(seen["commentCount"], 1);
    assert_eq!(seen["comments"]["nodes"][0]["text"]["plain"], Value::from("hello"));
    kit.ends().await;
}
