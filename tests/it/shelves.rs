//! What one likes and what one saved: two lists of one's own, last first, without what one can no longer see.

use photograph::base::ids::{MediaId, UserId};
use photograph::domain::shelves::{self, Shelf};
use serde_json::{Value, json};

use crate::kit::{Kit, Person};

const LISTS: [(&str, &str, &str); 2] =
    [("likedMedia", "likeMedia", "unlikeMedia"), ("savedMedia", "saveMedia", "unsaveMedia")];

async fn page(person: &Person, list: &str, variables: Value) -> Value {
    let query = format!(
        "query($first: Int, $after: String) {{ viewer {{ {list}(first: $first, after: $after) {{
            nodes {{ id }} edges {{ cursor node {{ id }} }} pageInfo {{ hasNextPage endCursor }} }} }} }}"
    );
    person.asks(&query, variables).await.data(&format!("/viewer/{list}")).clone()
}

fn ids(page: &Value) -> Vec<String> {
    let nodes = page["nodes"].as_array().expect("nodes");
    nodes.iter().map(|node| node["id"].as_str().expect("an ID").to_owned()).collect()
}

async fn all(person: &Person, list: &str) -> Vec<String> {
    ids(&page(person, list, json!({ "first": 100 })).await)
}

async fn puts(person: &Person, mutation: &str, media: &str) {
    person.does(mutation, json!({ "mediaId": media }), "media { id }").await;
}

async fn has_saved(person: &Person, media: &str) -> Value {
    let query = "query($id: ID!) { media(by: { id: $id }) { viewerHasSaved } }";
    person.asks(query, json!({ "id": media })).await.data("/media/viewerHasSaved").clone()
}

#[tokio::test]
async fn what_one_likes_and_saves_is_listed_last_first() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    let (one, two, three) = (ada.publishes("1").await, ada.publishes("2").await, ada.publishes("3").await);
    for (list, put, take) in LISTS {
        for media in [&two, &three, &one, &two] {
            puts(&bob, put, media).await;
            kit.settle().await;
        }
        let first = page(&bob, list, json!({ "first": 2 })).await;
        assert_eq!(ids(&first), [one.clone(), three.clone()], "{list}: twice is once, at its first place");
        assert_eq!(first["pageInfo"]["hasNextPage"], true);
        let rest = page(&bob, list, json!({ "after": first["pageInfo"]["endCursor"] })).await;
        assert_eq!(ids(&rest), std::slice::from_ref(&two));
        puts(&bob, take, &three).await;
        kit.settle().await;
        assert_eq!(all(&bob, list).await, [one.clone(), two.clone()], "{list}");
        let rest = page(&bob, list, json!({ "after": first["edges"][1]["cursor"] })).await;
        assert_eq!(ids(&rest), std::slice::from_ref(&two), "a cursor stays good when its media left");
        assert!(all(&ada, list).await.is_empty());
    }
    assert_eq!((has_saved(&bob, &one).await, has_saved(&bob, &three).await), (json!(true), json!(false)));
    assert_eq!((has_saved(&ada, &one).await, has_saved(&kit.nobody(), &one).await), (json!(false), json!(false)));
    kit.ends().await;
}

#[tokio::test]
async fn what_one_cannot_see_is_left_out_and_no_page_is_short_for_it() {
    let kit = Kit::start().await;
    let (ada, eve, bob) = (kit.signs_up("ada").await, kit.signs_up("eve").await, kit.signs_up("bob").await);
    let (mut of_ada, mut of_eve) = (vec![], vec![]);
    for number in 0..4 {
        of_ada.insert(0, ada.publishes(&format!("number {number}")).await);
        of_eve.insert(0, eve.publishes(&format!("number {number}")).await);
        for (_, put, _) in LISTS {
            puts(&bob, put, &of_ada[0]).await;
            puts(&bob, put, &of_eve[0]).await;
        }
        kit.settle().await;
    }
    eve.goes_private().await;
    for (list, _, _) in LISTS {
        let first = page(&bob, list, json!({ "first": 2 })).await;
        assert_eq!(ids(&first), of_ada[..2], "{list}");
        let rest = page(&bob, list, json!({ "first": 3, "after": first["pageInfo"]["endCursor"] })).await;
        assert_eq!((ids(&rest), &rest["pageInfo"]["hasNextPage"]), (of_ada[2..].to_vec(), &json!(false)), "{list}");
    }
    eve.goes_public().await;
    for (list, _, _) in LISTS {
        assert_eq!(all(&bob, list).await.len(), 8, "{list}: what is seen again is there again");
    }
    let unseen = eve.publishes_to("ONLY_ME", "mine").await;
    for mutation in ["saveMedia", "unsaveMedia"] {
        let tried = bob.tries(mutation, json!({ "mediaId": unseen }), "media { id }").await;
        assert_eq!(tried.refusal(), "NOT_FOUND");
    }
    kit.ends().await;
}

#[tokio::test]
async fn a_deleted_media_leaves_the_shelves_of_all() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    let (gone, stays) = (ada.publishes("gone").await, ada.publishes("stays").await);
    for (_, put, _) in LISTS {
        puts(&bob, put, &gone).await;
        puts(&bob, put, &stays).await;
    }
    ada.deletes(&gone).await;
    kit.settle().await;
    for (list, _, _) in LISTS {
        assert_eq!(all(&bob, list).await, std::slice::from_ref(&stays), "{list}");
    }
    let (user, id): (UserId, MediaId) = (bob.id.parse().expect("a user"), gone.parse().expect("a media"));
    for shelf in [Shelf::Liked, Shelf::Saved] {
        let kept = shelves::among(&kit.app, user, shelf, &[id]).await.expect("the shelf");
        assert!(kept.is_empty(), "{shelf:?}: its row went when it was come upon");
    }
    kit.ends().await;
}

#[tokio::test]
async fn the_list_of_likes_ends_as_the_like_does_whatever_races() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    let media = ada.publishes("dusk").await;
    for _ in 0..6 {
        tokio::join!(bob.likes(&media), bob.unlikes(&media), bob.likes(&media), bob.unlikes(&media));
        kit.settle().await;
        let is_liked = bob.sees_media(&media).await["viewerHasLiked"] == true;
        assert_eq!(all(&bob, "likedMedia").await.len(), usize::from(is_liked));
    }
    kit.ends().await;
}
