//! Blocking: from then on neither exists for the other, on every way, and nobody is told.

use serde_json::{Value, json};

use crate::kit::sight::{ALL_WAYS, Shot, ways_to_media, ways_to_owner};
use crate::kit::{Kit, Person};

#[tokio::test]
async fn who_is_blocked_comes_across_nothing_and_neither_does_who_blocks() {
    let kit = Kit::start().await;
    let (ada, eve) = (kit.signs_up("ada").await, kit.signs_up("eve").await);
    tokio::join!(ada.follows(&eve), eve.follows(&ada));
    let (of_ada, of_eve) = (publishes(&ada).await, publishes(&eve).await);
    kit.settle().await;
    assert_eq!(ways_to_media(&eve, &ada, &of_ada).await, ALL_WAYS);
    assert_eq!(ways_to_media(&ada, &eve, &of_eve).await, ALL_WAYS);
    ada.blocks(&eve).await;
    for (person, other, shot) in [(&eve, &ada, &of_ada), (&ada, &eve, &of_eve)] {
        assert_eq!(ways_to_media(person, other, shot).await, Vec::<&str>::new(), "{}", person.name);
        assert_eq!(ways_to_owner(person, other, shot).await, Vec::<&str>::new(), "{}", person.name);
    }
    kit.settle().await;
    assert_eq!(ways_to_media(&eve, &ada, &of_ada).await, Vec::<&str>::new());
    assert_eq!(ways_to_media(&kit.nobody(), &ada, &of_ada).await, ALL_WAYS[..8], "others still see it");
    kit.ends().await;
}

async fn publishes(owner: &Person) -> Shot {
    let media = owner.publishes("dusk").await;
    Shot::of(owner, &media).await
}

#[tokio::test]
async fn a_block_ends_both_follows_and_the_counts_agree() {
    let kit = Kit::start().await;
    let (ada, eve) = (kit.signs_up("ada").await, kit.signs_up("eve").await);
    tokio::join!(ada.follows(&eve), eve.follows(&ada));
    kit.settle().await;
    ada.blocks(&eve).await;
    kit.settle().await;
    for person in [&ada, &eve] {
        let seen = kit.nobody().sees_user(person).await;
        assert_eq!((&seen["followerCount"], &seen["followingCount"]), (&json!(0), &json!(0)), "{seen:#}");
    }
    ada.unblocks(&eve).await;
    kit.settle().await;
    let seen = eve.sees_user(&ada).await;
    assert_eq!(seen["viewerRelationship"]["followState"], "NOT_FOLLOWING", "a follow does not come back by itself");
    assert_eq!(eve.follows(&ada).await, "FOLLOWING");
    kit.ends().await;
}

#[tokio::test]
async fn a_request_to_follow_ends_with_a_block() {
    let kit = Kit::start().await;
    let (ada, eve) = (kit.signs_up("ada").await, kit.signs_up("eve").await);
    ada.goes_private().await;
    eve.follows(&ada).await;
    ada.blocks(&eve).await;
    kit.settle().await;
    assert_eq!(ada.has("followRequests").await, Vec::<String>::new());
    let gone = ada.tries("approveFollowRequest", json!({ "userId": eve.id }), "user { id }").await;
    assert_eq!(gone.refusal(), "NOT_FOUND");
    kit.ends().await;
}

#[tokio::test]
async fn only_who_blocks_knows_of_it() {
    let kit = Kit::start().await;
    let (ada, eve) = (kit.signs_up("ada").await, kit.signs_up("eve").await);
    let media = ada.publishes("dusk").await;
    ada.blocks(&eve).await;
    kit.settle().await;
    assert_eq!(ada.has("blockedUsers").await, ["eve"]);
    assert_eq!(eve.has("blockedUsers").await, Vec::<String>::new());
    for (mutation, input, nothing) in [
        ("followUser", json!({ "userId": ada.id }), json!({ "userId": "usr_11111112" })),
        ("likeMedia", json!({ "mediaId": media }), json!({ "mediaId": "med_11111112" })),
    ] {
        let blocked = eve.tries(mutation, input, "__typename").await;
        let absent = eve.tries(mutation, nothing, "__typename").await;
        assert_eq!(blocked.user_error(), absent.user_error(), "{mutation}: the same as if there were nothing");
    }
    ada.unblocks(&eve).await;
    assert_eq!(ada.has("blockedUsers").await, Vec::<String>::new());
    assert_eq!(eve.sees_user(&ada).await["viewerRelationship"]["isBlocking"], false);
    kit.ends().await;
}

#[tokio::test]
async fn on_the_media_of_a_third_person_they_do_not_see_each_other() {
    let kit = Kit::start().await;
    let (ada, bob, eve) = (kit.signs_up("ada").await, kit.signs_up("bob").await, kit.signs_up("eve").await);
    tokio::join!(ada.follows(&bob), eve.follows(&bob));
    let media = bob.publishes("a party").await;
    let comment = ada.comments(&media, "I was there").await;
    eve.comments(&media, "me too").await;
    ada.likes(&media).await;
    ada.blocks(&eve).await;
    kit.settle().await;
    assert_eq!(comments(&eve, &media).await, ["me too"]);
    assert_eq!(comments(&ada, &media).await, ["I was there"]);
    assert_eq!(comments(&bob, &media).await, ["I was there", "me too"]);
    assert_eq!(eve.sees_list(&bob, "followers").await, ["eve"]);
    assert_eq!(ada.sees_list(&bob, "followers").await, ["ada"]);
    let node = eve.asks("query($id: ID!) { node(id: $id) { id } }", json!({ "id": comment })).await;
    assert_eq!(node.data("/node"), &Value::Null);
    kit.ends().await;
}

async fn comments(person: &Person, media: &str) -> Vec<String> {
    let seen = person.sees_media(media).await;
    let nodes = seen["comments"]["nodes"].as_array().expect("comments");
    nodes.iter().map(|comment| comment["text"]["plain"].as_str().expect("a text").to_owned()).collect()
}

#[tokio::test]
async fn a_lost_follow_that_arrives_late_does_not_undo_a_block() {
    let kit = Kit::start().await;
    let (ada, eve) = (kit.signs_up("ada").await, kit.signs_up("eve").await);
    for _ in 0..5 {
        let follow = eve.tries("followUser", json!({ "userId": ada.id }), "user { id }");
        tokio::join!(follow, ada.blocks(&eve));
        kit.settle().await;
        assert!(eve.sees_user(&ada).await.is_null() && ada.sees_user(&eve).await.is_null());
        let seen = kit.nobody().sees_user(&ada).await;
        assert_eq!(seen["followerCount"], 0, "nobody who is blocked follows");
        ada.unblocks(&eve).await;
    }
    kit.ends().await;
}
