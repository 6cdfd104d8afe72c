//! What an activity screen costs the databases: the same number of SQL statements for a few activities and for many.

use serde_json::json;

use crate::kit::{Kit, Person};

/// The activity screen of a real app.
const SCREEN: &str =
    "query ActivityScreen { streamCursor viewer { id unseenActivityCount activities(first: 30) { edges {
    cursor node { __typename id kind summary { plain } updatedAt isSeen actorCount actors { id username isPrivate }
        ... on MediaLikedActivity { media { id photos { image(size: THUMBNAIL) { url } } } }
        ... on CommentedActivity { latestComment { id author { id username } text { plain } createdAt likeCount
            viewerHasLiked replyCount viewerCanDelete } } } } } } }";

#[tokio::test]
async fn an_activity_screen_costs_the_same_for_a_few_and_for_thirty() {
    // Nothing but the query may run while statements are counted.
    let kit = Kit::quiet().await;
    let ada = kit.signs_up("ada").await;
    let mut guests = vec![];
    for number in 0..4 {
        guests.push(kit.signs_up(&format!("guest{number}")).await);
    }
    happens(&ada, &guests, 0).await;
    kit.settle().await;
    let for_a_few = cost(&kit, &ada, 2).await;
    for number in 1..15 {
        happens(&ada, &guests, number).await;
    }
    kit.settle().await;
    let for_thirty = cost(&kit, &ada, 30).await;
    let databases = kit.app.db.databases().len() as u64;
    assert!(for_thirty <= for_a_few * databases, "{for_a_few} statements for two activities, {for_thirty} for thirty");
    assert!(for_a_few <= BUDGET * databases, "{for_a_few} statements for an activity screen");
    kit.ends().await;
}

/// For the list and the badge two statements, and for whom and what they are about the rest.
const BUDGET: u64 = 20;

async fn happens(ada: &Person, guests: &[Person], number: usize) {
    let media = ada.publishes(&format!("number {number}")).await;
    for guest in guests {
        guest.likes(&media).await;
        guest.comments(&media, "lovely").await;
    }
}

async fn cost(kit: &Kit, person: &Person, activities: usize) -> u64 {
    let mut costs = vec![];
    for _ in 0..5 {
        let before = kit.app.db.statements();
        let answer = person.asks(SCREEN, json!({})).await;
        costs.push(kit.app.db.statements() - before);
        assert_eq!(answer.data("/viewer/activities/edges").as_array().map(Vec::len), Some(activities));
        assert_eq!(*answer.data("/viewer/unseenActivityCount"), json!(activities));
    }
    costs.sort_unstable();
    costs[costs.len() / 2]
}
