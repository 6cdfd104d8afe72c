//! Who sees what: every combination of account, audience, follow and block, on every way, against an oracle of its own.
//!
//! The oracle is written from the words of the product, not from the program: whoever changes one must mean the other.

use serde_json::json;

use crate::kit::sight::{ALL_WAYS, Shot, ways_to_media};
use crate::kit::{Kit, Person, Stream};

const AUDIENCES: [&str; 3] = ["EVERYONE", "FOLLOWERS", "ONLY_ME"];
const HOME: &str = "subscription { homeFeedEvents { __typename ... on MediaAdded { media { id } } } }";

#[derive(Clone, Copy, Debug, PartialEq)]
enum Follow {
    No,
    Asked,
    Yes,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Block {
    None,
    ByViewer,
    ByOwner,
}

/// How somebody stands to the owner.
#[derive(Clone, Copy, Debug)]
enum Who {
    Owner,
    Nobody,
    Somebody(Follow, Block),
}

#[expect(clippy::match_same_arms, reason = "each line is a sentence of the product")]
/// Whether somebody may see a media, from the words of the product.
fn may_see(is_private: bool, audience: &str, who: Who) -> bool {
    match who {
        Who::Owner => true,
        Who::Nobody => audience == "EVERYONE" && !is_private,
        Who::Somebody(_, Block::ByViewer | Block::ByOwner) => false,
        Who::Somebody(Follow::Yes, Block::None) => audience != "ONLY_ME",
        Who::Somebody(_, Block::None) => audience == "EVERYONE" && !is_private,
    }
}

/// Whether it is in somebody's home feed.
fn is_in_feed(is_private: bool, audience: &str, who: Who) -> bool {
    let follows = matches!(who, Who::Owner | Who::Somebody(Follow::Yes, Block::None));
    follows && may_see(is_private, audience, who)
}

/// Everybody who looks at one owner.
fn everybody(is_private: bool) -> Vec<Who> {
    let mut everybody = vec![Who::Owner, Who::Nobody];
    for follow in [Follow::No, Follow::Asked, Follow::Yes] {
        for block in [Block::None, Block::ByViewer, Block::ByOwner] {
            // Only a private account is asked.
            if is_private || follow != Follow::Asked {
                everybody.push(Who::Somebody(follow, block));
            }
        }
    }
    everybody
}

async fn becomes(kit: &Kit, owner: &Person, number: usize, who: Who) -> Person {
    let Who::Somebody(follow, block) = who else {
        return if matches!(who, Who::Owner) { owner.clone() } else { kit.nobody() };
    };
    let person = kit.signs_up(&format!("{}.{number}", owner.name)).await;
    if follow != Follow::No {
        person.follows(owner).await;
    }
    if follow == Follow::Yes && owner.has("followRequests").await.contains(&person.name) {
        owner.approves(&person).await;
    }
    match block {
        Block::None => {}
        Block::ByViewer => person.blocks(owner).await,
        Block::ByOwner => owner.blocks(&person).await,
    }
    person
}

async fn looks(kit: &Kit, is_private: bool) {
    let owner = kit.signs_up(if is_private { "pia" } else { "ola" }).await;
    if is_private {
        owner.goes_private().await;
    }
    let mut viewers = vec![];
    for (number, who) in everybody(is_private).into_iter().enumerate() {
        let person = becomes(kit, &owner, number, who).await;
        viewers.push((who, person));
    }
    kit.settle().await;
    let mut streams = vec![];
    for (who, person) in &viewers {
        let stream = if matches!(who, Who::Nobody) { None } else { Some(person.listens(HOME, json!({})).await) };
        streams.push(stream);
    }
    let mut shots = vec![];
    for audience in AUDIENCES {
        let media = owner.publishes_to(audience, audience).await;
        shots.push((audience, Shot::of(&owner, &media).await));
    }
    for ((who, person), stream) in viewers.iter().zip(streams) {
        for (audience, shot) in &shots {
            let case = format!("private {is_private}, {audience}, {who:?}");
            let expected: Vec<&str> = match may_see(is_private, audience, *who) {
                false => vec![],
                true if is_in_feed(is_private, audience, *who) => ALL_WAYS.to_vec(),
                true => ALL_WAYS[..8].to_vec(),
            };
            assert_eq!(ways_to_media(person, &owner, shot).await, expected, "{case}");
        }
        if let Some(stream) = stream {
            let expected: Vec<&str> = AUDIENCES.into_iter().filter(|of| is_in_feed(is_private, of, *who)).collect();
            assert_eq!(hears(person, stream, &shots).await, expected, "private {is_private}, live, {who:?}");
        }
    }
}

/// The audiences of the media that came on a stream, before one that the listener publishes as a mark.
async fn hears(person: &Person, mut stream: Stream, shots: &[(&'static str, Shot)]) -> Vec<&'static str> {
    let mark = person.publishes("mark").await;
    let events = stream.until(|event| event["media"]["id"] == json!(mark)).await;
    let came = |event: &serde_json::Value| {
        let shot = shots.iter().find(|(_, shot)| event["media"]["id"] == json!(shot.media));
        shot.map(|(audience, _)| *audience)
    };
    events.iter().filter_map(came).collect()
}

#[tokio::test]
async fn an_open_account_is_seen_as_the_product_says() {
    let kit = Kit::start().await;
    looks(&kit, false).await;
    kit.ends().await;
}

#[tokio::test]
async fn a_private_account_is_seen_as_the_product_says() {
    let kit = Kit::start().await;
    looks(&kit, true).await;
    kit.ends().await;
}
