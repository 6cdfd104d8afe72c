//! Execution as the specification says it: each field is resolved once, whatever fragments select it, and nothing is done
//! before everything fits.

use serde_json::{Value, json};

use crate::kit::{Kit, Person};

/// The comments of a media, oldest first.
async fn comments(person: &Person, media: &str) -> Vec<String> {
    let query = "query($id: ID!) { media(by: { id: $id }) { comments { nodes { text { plain } } } } }";
    let answer = person.asks(query, json!({ "id": media })).await;
    answer.texts("/media/comments/nodes", "/text/plain")
}

#[tokio::test]
async fn a_list_that_is_selected_in_two_places_is_one_list() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    bob.follows(&ada).await;
    for number in 0..3 {
        ada.publishes(&number.to_string()).await;
    }
    kit.settle().await;
    let once = "{ viewer { homeFeed(first: 5) { nodes { id caption { plain } likeCount } } } }";
    let twice = "{ viewer { homeFeed(first: 5) { nodes { id } } ...F ... on Viewer { homeFeed(first: 5) { nodes { likeCount } } } } }
        fragment F on Viewer { homeFeed(first: 5) { nodes { caption { plain } } } }";
    let expected = bob.asks(once, Value::Null).await;
    assert_eq!(expected.data("/viewer/homeFeed/nodes").as_array().map(Vec::len), Some(3));
    let publish = async {
        for number in 3..6 {
            ada.publishes(&number.to_string()).await;
        }
    };
    let ask = async {
        for _ in 0..30 {
            let answer = bob.asks(twice, Value::Null).await;
            for media in answer.data("/viewer/homeFeed/nodes").as_array().expect("nodes") {
                let keys: Vec<&String> = media.as_object().expect("a media").keys().collect();
                assert_eq!(keys, ["caption", "id", "likeCount"], "{media}");
                let itself = json!({ "id": media["id"] });
                let alone = "query($id: ID!) { media(by: { id: $id }) { caption { plain } } }";
                let alone = bob.asks(alone, itself).await;
                assert_eq!(alone.data("/media/caption"), &media["caption"]);
            }
        }
    };
    futures_util::future::join(publish, ask).await;
    let costs = [once, twice].map(async |query| bob.asks(query, Value::Null).await.body["extensions"]["cost"].clone());
    let [once, twice] = costs;
    assert_eq!(once.await, twice.await);
    kit.ends().await;
}

#[tokio::test]
async fn a_mutation_that_is_selected_twice_is_done_once_and_in_its_order() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let media = ada.publishes("dusk").await;
    let twice = "mutation($m: ID!) {
        addComment(input: { mediaId: $m, text: \"one\" }) { comment { id } }
        ...Again
        then: addComment(input: { mediaId: $m, text: \"two\" }) { comment { text { plain } } }
        skipped: addComment(input: { mediaId: $m, text: \"three\" }) @skip(if: true) { comment { id } }
    }
    fragment Again on Mutation { addComment(input: { mediaId: $m, text: \"one\" }) { comment { text { plain } } } }";
    let done = ada.asks(twice, json!({ "m": media })).await;
    assert_eq!(done.data("/addComment/comment/text/plain"), "one");
    assert_eq!(done.data("/then/comment/text/plain"), "two");
    assert_eq!(comments(&ada, &media).await, ["one", "two"]);
    kit.ends().await;
}

#[tokio::test]
async fn nothing_is_done_unless_every_value_fits() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let media = ada.publishes("dusk").await;
    let mutation = "mutation($m: ID!, $k: UUID) {
        likeMedia(input: { mediaId: $m }) { media { id } }
        addComment(input: { mediaId: $m, text: \"hello\", idempotencyKey: $k }) { comment { id } } }";
    let cases = [
        (
            mutation,
            json!({ "m": media, "k": "no" }),
            "BAD_USER_INPUT",
            "The variable `$k` must be a UUID with hyphens.",
        ),
        (mutation, json!({ "m": {} }), "BAD_USER_INPUT", "The variable `$m` must be of type `ID!`."),
        (
            "mutation { likeMedia(input: { mediaId: \"M\" }) { media { id } }
                addComment(input: { mediaId: \"M\", text: \"hello\", idempotencyKey: \"no\" }) { comment { id } } }",
            json!({}),
            "GRAPHQL_VALIDATION_FAILED",
            "The argument `input.idempotencyKey` must be a UUID with hyphens.",
        ),
        (
            "mutation($m: ID!, $t: Int) { likeMedia(input: { mediaId: $m }) { media { id } }
                addComment(input: { mediaId: $m, text: $t }) { comment { id } } }",
            json!({ "m": media, "t": 1 }),
            "GRAPHQL_VALIDATION_FAILED",
            "The variable `$t` of type `Int` does not fit the argument `input.text` of type `String!`.",
        ),
    ];
    for (mutation, variables, code, message) in cases {
        let refused = ada.asks(&mutation.replace("\"M\"", &format!("\"{media}\"")), variables).await;
        assert_eq!((refused.status, refused.code()), (422, code), "{mutation}");
        assert_eq!(refused.body["errors"][0]["message"], message);
        assert_eq!(refused.body.get("data"), None);
    }
    assert_eq!(ada.sees_media(&media).await["likeCount"], 0);
    assert!(comments(&ada, &media).await.is_empty());
    // JSON has one kind of numbers.
    let feed = "query($n: Int) { viewer { homeFeed(first: $n) { nodes { id } } } }";
    assert_eq!(ada.asks(feed, json!({ "n": 1.0 })).await.data("/viewer/homeFeed/nodes/0/id"), &json!(media));
    kit.ends().await;
}

#[tokio::test]
async fn an_object_of_which_nothing_is_selected_is_an_object() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let media = ada.publishes("dusk").await;
    let query = "query($m: ID!, $no: Boolean!) {
        viewer { id @include(if: $no) }
        node(id: $m) { ... on User { username } }
        nodes(ids: [$m, \"med_11111112\"]) { ... on Media { caption { plain } id } ... on User { id username } }
        server @include(if: $no) { name } }";
    let answer = ada.asks(query, json!({ "m": media, "no": false })).await;
    let expected =
        json!({ "viewer": {}, "node": {}, "nodes": [{ "caption": { "plain": "dusk" }, "id": media }, null] });
    assert_eq!(answer.body["data"], expected);
    kit.ends().await;
}

#[tokio::test]
async fn a_subscription_may_stand_in_a_fragment() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    let media = ada.publishes("dusk").await;
    let query = "subscription($m: ID!) { ...F } fragment F on Subscription {
        mediaEvents(mediaId: $m) { __typename ... on CommentAdded { comment { text { plain } } } } }";
    let mut stream = bob.listens(query, json!({ "m": media })).await;
    stream.next_is("StreamOpened").await;
    ada.comments(&media, "hello").await;
    let event = stream.next_is("CommentAdded").await;
    assert_eq!(event["comment"]["text"]["plain"], "hello");
    kit.ends().await;
}

#[tokio::test]
async fn an_object_that_is_reached_twice_is_the_same_both_times() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let media = ada.publishes("dusk").await;
    ada.comments(&media, "one").await;
    ada.comments(&media, "two").await;
    ada.likes(&media).await;
    let below =
        "media(first: 1) { nodes { id photos { id tags { id } } viewerHasLiked viewerHasSaved owner { username }
        comments(first: 2) { nodes { text { plain } author { username viewerRelationship { isMuting } } } } } }";
    let query = format!(
        "query($id: ID!) {{ media(by: {{ id: $id }}) {{ comments {{ nodes {{ author {{ {below} }} }} }} owner {{ {below} }} }} }}"
    );
    let answer = ada.asks(&query, json!({ "id": media })).await;
    let expected = answer.data("/media/owner/media");
    assert_eq!(expected["nodes"][0]["viewerHasLiked"], true);
    assert_eq!(expected["nodes"][0]["comments"]["nodes"].as_array().map(Vec::len), Some(2));
    let authors = answer.data("/media/comments/nodes").as_array().expect("comments");
    assert_eq!(authors.len(), 2);
    for author in authors {
        assert_eq!(&author["author"]["media"], expected);
    }
    kit.ends().await;
}

#[tokio::test]
async fn what_is_executed_by_levels_is_named_and_refused_as_by_fields() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let media = ada.publishes("dusk").await;
    let feed = "{ viewer { homeFeed { __typename edges { __typename reason { __typename } node { __typename } } } } }";
    let answer = ada.asks(feed, json!({})).await;
    let edge = json!({ "__typename": "HomeFeedEdge", "reason": { "__typename": "OwnMediaReason" }, "node": { "__typename": "Media" } });
    assert_eq!(answer.data("/viewer/homeFeed"), &json!({ "__typename": "HomeFeedConnection", "edges": [edge] }));
    // The variable can be null, the argument cannot.
    let comments = "query($id: ID!, $order: CommentOrder = NEWEST_FIRST) {
        media(by: { id: $id }) { comments(order: $order) { nodes { id } } } }";
    assert_eq!(ada.asks(comments, json!({ "id": media })).await.status, 200);
    let refused = ada.asks(comments, json!({ "id": media, "order": null })).await;
    assert_eq!((refused.code(), &refused.body["data"]["media"]["comments"]), ("BAD_USER_INPUT", &Value::Null));
    kit.ends().await;
}
