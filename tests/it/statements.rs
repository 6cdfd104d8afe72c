//! What a home screen costs the databases: the same number of SQL statements for one media of each whom one follows and for
//! a hundred. With several databases each is asked that has something to say, and once, however much it has.

use std::future::Future;
use std::ops::Range;

use futures_util::StreamExt;
use futures_util::stream;
use serde_json::json;

use crate::kit::{Kit, Person};

/// The home screen of a real app.
const HOME: &str = "query { viewer { id homeFeed(first: 100) {
    edges { cursor node {
        id shortcode publishedAt audience url likeCount commentCount viewerHasLiked viewerCanComment viewerCanEdit
        owner { id username displayName isPrivate viewerCanViewMedia viewerRelationship { followState isFollowedBy } }
        caption { plain }
        photos { id width height blurHash altText images { url width height } }
        comments(first: 2) { edges { cursor node { id text { plain } createdAt author { id username } viewerCanDelete } } pageInfo { hasNextPage } }
    } }
    pageInfo { endCursor hasNextPage }
} } }";

#[tokio::test]
async fn the_home_feed_costs_the_same_for_a_few_media_and_for_a_hundred() {
    let kit = Kit::with(|config| {
        config.graphql.cost = 1_000_000;
        // Nothing but the query may run while statements are counted.
        config.log.poll_milliseconds = 3_600_000;
        config.auth.ended_poll_milliseconds = 3_600_000;
    })
    .await;
    let ada = kit.signs_up("ada").await;
    let mut owners = vec![];
    for name in ["bob", "eve", "joe", "kim", "sam"] {
        let owner = kit.signs_up(name).await;
        ada.follows(&owner).await;
        owners.push(owner);
    }
    // On databases that are the same ones afterwards: which they are depends on who lives where.
    all_publish(&owners, 0..5).await;
    kit.settle().await;
    let for_few = cost(&kit, &ada, 5).await;
    all_publish(&owners, 5..100).await;
    kit.settle().await;
    let for_a_hundred = cost(&kit, &ada, 100).await;
    assert!(for_a_hundred <= for_few, "{for_few} statements for five media, {for_a_hundred} for a hundred");
    kit.ends().await;
}

/// One media for each number, by one after the other of the owners.
async fn all_publish(owners: &[Person], numbers: Range<usize>) {
    at_once(numbers, |number| {
        let (owner, guest) = (&owners[number % 5], &owners[(number + 1) % 5]);
        async move { publishes_with_comments(owner, guest, number).await }
    })
    .await;
}

async fn publishes_with_comments(owner: &Person, guest: &Person, number: usize) {
    let media = owner.publishes(&format!("number {number}")).await;
    guest.comments(&media, "lovely").await;
    owner.comments(&media, "thank you").await;
    guest.likes(&media).await;
}

/// Does something for each number, a few at a time.
async fn at_once<F: Future<Output = ()>>(numbers: Range<usize>, act: impl Fn(usize) -> F) {
    stream::iter(numbers).for_each_concurrent(8, act).await;
}

/// How many statements the home screen costs: the least of some measurements, because loads that become ready at the same
/// moment are done as one, which at times they do not, and because the server does a little on its own.
async fn cost(kit: &Kit, person: &Person, media: usize) -> u64 {
    let mut costs = vec![];
    for _ in 0..9 {
        let before = kit.app.db.statements();
        let answer = person.asks(HOME, json!({})).await;
        costs.push(kit.app.db.statements() - before);
        assert_eq!(answer.data("/viewer/homeFeed/edges").as_array().map(Vec::len), Some(media));
        assert_eq!(answer.data("/viewer/homeFeed/edges/0/node/comments/edges").as_array().map(Vec::len), Some(2));
    }
    costs.into_iter().min().expect("some measurements")
}
