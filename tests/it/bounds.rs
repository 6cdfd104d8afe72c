//! What an operation reads is bounded by its price, however much of the lists is hidden from whoever asks; and lists that are
//! sent have an end.

use serde_json::{Value, json};

use crate::kit::{Kit, Person, comment_many};

const PAGE: &str = "query($id: ID!, $after: String, $first: Int) { media(by: { id: $id }) {
    comments(first: $first, after: $after) { nodes { text { plain } } pageInfo { hasNextPage endCursor } } } }";

/// A page of comments, and the statements it took.
async fn page(kit: &Kit, person: &Person, variables: &Value) -> (Value, u64) {
    let before = kit.app.db.statements();
    let answer = person.asks(PAGE, variables.clone()).await;
    (answer.data("/media/comments").clone(), kit.app.db.statements() - before)
}

#[tokio::test]
async fn a_page_of_a_list_that_is_mostly_hidden_is_short_and_goes_on() {
    // Nothing but the query may run while statements are counted.
    let kit = Kit::with(|config| config.log.poll_milliseconds = 3_600_000).await;
    let (ada, bob, eve) = (kit.signs_up("ada").await, kit.signs_up("bob").await, kit.signs_up("eve").await);
    let media = ada.publishes("dusk").await;
    comment_many(&eve, &media, 40).await;
    ada.comments(&media, "at last").await;
    bob.blocks(&eve).await;
    kit.settle().await;
    let (mut after, mut found, mut pages) = (Value::Null, vec![], 0);
    loop {
        let (page, statements) = page(&kit, &bob, &json!({ "id": media, "after": after, "first": 1 })).await;
        let databases = kit.app.db.databases().len() as u64;
        assert!(statements <= 20 * databases, "{statements} statements for a page of one");
        found.extend(page["nodes"].as_array().expect("nodes").clone());
        pages += 1;
        if page["pageInfo"]["hasNextPage"] == json!(false) {
            break;
        }
        let next = page["pageInfo"]["endCursor"].clone();
        assert!(next.is_string() && next != after, "{page:#}");
        after = next;
    }
    assert_eq!(found, [json!({ "text": { "plain": "at last" } })]);
    // Ten rows a page: not one statement after the other until something is found.
    assert!((3..=6).contains(&pages), "{pages} pages");
    let (page, _) = page(&kit, &bob, &json!({ "id": media, "first": 20 })).await;
    assert_eq!(page["nodes"].as_array().map(Vec::len), Some(1), "a larger page looks further");
    kit.ends().await;
}

#[tokio::test]
async fn numbers_that_are_counted_row_by_row_have_their_price() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let cost =
        async |query: &str| ada.asks(query, json!({})).await.body["extensions"]["cost"]["requestedQueryCost"].clone();
    assert_eq!(cost("{ viewer { unseenActivityCount } }").await, 51);
    assert_eq!(cost("{ viewer { homeFeedMarker { a: newerCount b: newerCount } } }").await, 102);
    assert_eq!(cost("{ viewer { email } }").await, 3);
    kit.ends().await;
}

#[tokio::test]
async fn lists_that_are_sent_have_an_end() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let query = "query($kinds: [ActivityKind!]) { viewer { activities(kinds: $kinds) { nodes { __typename } } } }";
    let many = |count: usize| vec!["FOLLOWED"; count];
    let refused = ada.asks(query, json!({ "kinds": many(40_000) })).await;
    assert_eq!(refused.code(), "BAD_USER_INPUT");
    ada.asks(query, json!({ "kinds": many(9) })).await.data("/viewer/activities/nodes");
    let setting = json!({ "kind": "FOLLOWED", "from": "NOBODY" });
    let input = |count: usize| json!({ "kinds": vec![setting.clone(); count] });
    let refused = ada.tries("updateNotificationSettings", input(10), "viewer { id }").await;
    assert_eq!((refused.refusal().as_str(), &refused.user_error()["limit"]), ("INVALID", &json!("9")));
    ada.does("updateNotificationSettings", input(9), "viewer { id }").await;
    let upload = json!({ "uploadId": "upl_11111112" });
    let refused = ada.tries("publishMedia", json!({ "photos": vec![upload; 5_000] }), "media { id }").await;
    assert_eq!((refused.refusal().as_str(), &refused.user_error()["limit"]), ("INVALID", &json!("10")));
    let nodes = ada
        .asks("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", json!({ "ids": vec![ada.id.clone(); 5_001] }))
        .await;
    assert_eq!(nodes.code(), "OPERATION_TOO_EXPENSIVE");
    kit.ends().await;
}
