//! Who follows whom, and what a private account shows to whom.

use serde_json::json;

use crate::kit::sight::{ALL_WAYS, Shot, ways_to_media, ways_to_owner};
use crate::kit::{Kit, Person};

#[tokio::test]
async fn a_follow_shows_on_both_sides() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    assert_eq!(bob.follows(&ada).await, "FOLLOWING");
    kit.settle().await;
    let seen = bob.sees_user(&ada).await;
    assert_eq!(seen["viewerRelationship"], relationship("FOLLOWING", "NOT_FOLLOWING"));
    assert_eq!((&seen["followerCount"], &seen["followingCount"]), (&json!(1), &json!(0)));
    let seen = ada.sees_user(&bob).await;
    assert_eq!(seen["viewerRelationship"], relationship("NOT_FOLLOWING", "FOLLOWING"));
    assert_eq!((&seen["followerCount"], &seen["followingCount"]), (&json!(0), &json!(1)));
    assert_eq!(bob.sees_list(&ada, "followers").await, ["bob"]);
    assert_eq!(bob.sees_list(&bob, "following").await, ["ada"]);
    kit.ends().await;
}

/// How two people stand when neither blocks: what the one is to the other, and the other to the one.
fn relationship(there: &str, back: &str) -> serde_json::Value {
    let (followed, requested) = (back == "FOLLOWING", back == "REQUESTED");
    json!({ "followState": there, "isFollowedBy": followed, "hasRequestedToFollow": requested, "isBlocking": false })
}

#[tokio::test]
async fn following_twice_or_stopping_twice_counts_once() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    tokio::join!(bob.follows(&ada), bob.follows(&ada), bob.follows(&ada));
    kit.settle().await;
    assert_eq!(counts(&kit, &ada, &bob).await, (1, 1));
    tokio::join!(bob.unfollows(&ada), bob.unfollows(&ada));
    kit.settle().await;
    assert_eq!(counts(&kit, &ada, &bob).await, (0, 0));
    for _ in 0..5 {
        bob.follows(&ada).await;
        bob.unfollows(&ada).await;
    }
    bob.follows(&ada).await;
    kit.settle().await;
    assert_eq!(counts(&kit, &ada, &bob).await, (1, 1));
    assert_eq!(ada.sees_list(&bob, "following").await, ["ada"]);
    kit.ends().await;
}

/// How many follow the one, and how many the other follows, for anybody.
async fn counts(kit: &Kit, followed: &Person, fan: &Person) -> (i64, i64) {
    let nobody = kit.nobody();
    let (followed, fan) = (nobody.sees_user(followed).await, nobody.sees_user(fan).await);
    (followed["followerCount"].as_i64().expect("a count"), fan["followingCount"].as_i64().expect("a count"))
}

#[tokio::test]
async fn nobody_follows_themselves_or_somebody_who_is_not_there() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let own = ada.tries("followUser", json!({ "userId": ada.id }), "user { id }").await;
    assert_eq!(own.refusal(), "SELF");
    for id in ["usr_11111112", "med_11111112", "usr_\0", "", "🌅"] {
        let absent = ada.tries("followUser", json!({ "userId": id }), "user { id }").await;
        assert_eq!(absent.refusal(), "NOT_FOUND", "{id:?}");
    }
    kit.ends().await;
}

#[tokio::test]
async fn a_private_account_is_asked_first() {
    let kit = Kit::start().await;
    let (ada, bob, eve) = (kit.signs_up("ada").await, kit.signs_up("bob").await, kit.signs_up("eve").await);
    ada.goes_private().await;
    assert_eq!(bob.follows(&ada).await, "REQUESTED");
    assert_eq!(eve.follows(&ada).await, "REQUESTED");
    kit.settle().await;
    assert_eq!(counts(&kit, &ada, &bob).await, (0, 0));
    assert_eq!(ada.has("followRequests").await, ["eve", "bob"]);
    assert_eq!(ada.sees_user(&bob).await["viewerRelationship"], relationship("NOT_FOLLOWING", "REQUESTED"));
    ada.approves(&bob).await;
    ada.declines(&eve).await;
    kit.settle().await;
    assert_eq!(counts(&kit, &ada, &bob).await, (1, 1));
    assert_eq!(ada.has("followRequests").await, Vec::<String>::new());
    assert_eq!(bob.sees_user(&ada).await["viewerRelationship"], relationship("FOLLOWING", "NOT_FOLLOWING"));
    assert_eq!(eve.sees_user(&ada).await["viewerRelationship"], relationship("NOT_FOLLOWING", "NOT_FOLLOWING"));
    let none = ada.tries("approveFollowRequest", json!({ "userId": eve.id }), "user { id }").await;
    assert_eq!(none.refusal(), "NOT_FOUND", "a request that was declined is gone");
    kit.ends().await;
}

#[tokio::test]
async fn a_request_can_be_taken_back() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    ada.goes_private().await;
    bob.follows(&ada).await;
    bob.unfollows(&ada).await;
    kit.settle().await;
    assert_eq!(ada.has("followRequests").await, Vec::<String>::new());
    kit.ends().await;
}

#[tokio::test]
async fn a_follower_can_be_removed() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    bob.follows(&ada).await;
    let media = ada.publishes("dusk").await;
    kit.settle().await;
    assert_eq!(bob.home_feed().await, [media]);
    ada.removes(&bob).await;
    kit.settle().await;
    assert_eq!(bob.home_feed().await, Vec::<String>::new());
    assert_eq!(counts(&kit, &ada, &bob).await, (0, 0));
    kit.ends().await;
}

#[tokio::test]
async fn a_private_account_is_seen_by_approved_followers_only_on_every_way() {
    let kit = Kit::start().await;
    let (ada, bob, eve) = (kit.signs_up("ada").await, kit.signs_up("bob").await, kit.signs_up("eve").await);
    bob.follows(&ada).await;
    let media = ada.publishes("dusk").await;
    let shot = Shot::of(&ada, &media).await;
    kit.settle().await;
    assert_eq!(ways_to_media(&bob, &ada, &shot).await, ALL_WAYS);
    assert_eq!(ways_to_media(&eve, &ada, &shot).await, ALL_WAYS[..8], "not in the feed of who does not follow");
    ada.goes_private().await;
    eve.follows(&ada).await;
    assert_eq!(ways_to_media(&bob, &ada, &shot).await, ALL_WAYS);
    assert_eq!(ways_to_media(&ada, &ada, &shot).await, ALL_WAYS);
    for stranger in [&eve, &kit.nobody()] {
        assert_eq!(ways_to_media(stranger, &ada, &shot).await, Vec::<&str>::new());
        assert_eq!(ways_to_owner(stranger, &ada, &shot).await.len(), 4, "the profile stays");
        let profile = stranger.sees_user(&ada).await;
        assert_eq!((&profile["isPrivate"], &profile["viewerCanViewMedia"]), (&json!(true), &json!(false)));
        assert_eq!(profile["mediaCount"], 1);
    }
    ada.approves(&eve).await;
    kit.settle().await;
    assert_eq!(ways_to_media(&eve, &ada, &shot).await, ALL_WAYS);
    ada.goes_public().await;
    assert_eq!(ways_to_media(&kit.nobody(), &ada, &shot).await, ALL_WAYS[..8]);
    kit.ends().await;
}

#[tokio::test]
async fn what_cannot_be_seen_cannot_be_liked_or_commented_on() {
    let kit = Kit::start().await;
    let (ada, eve) = (kit.signs_up("ada").await, kit.signs_up("eve").await);
    ada.goes_private().await;
    let media = ada.publishes("dusk").await;
    for mutation in ["likeMedia", "unlikeMedia", "deleteMedia"] {
        let hidden = eve.tries(mutation, json!({ "mediaId": media }), "__typename").await;
        assert_eq!(hidden.refusal(), "NOT_FOUND", "{mutation}");
    }
    let hidden = eve.tries("addComment", json!({ "mediaId": media, "text": "hello" }), "__typename").await;
    assert_eq!(hidden.refusal(), "NOT_FOUND");
    kit.ends().await;
}

#[tokio::test]
async fn opening_an_account_lets_everybody_in_who_asked_or_keeps_them_waiting_but_loses_nobody() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    ada.goes_private().await;
    bob.follows(&ada).await;
    ada.goes_public().await;
    kit.settle().await;
    let waiting = ada.has("followRequests").await.len();
    let followers = bob.sees_list(&ada, "followers").await.len();
    assert_eq!(waiting + followers, 1, "{waiting} wait, {followers} follow");
    assert_eq!(counts(&kit, &ada, &bob).await.0, i64::try_from(followers).expect("a small number"));
    kit.ends().await;
}
