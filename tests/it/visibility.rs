//! Who sees what: every combination of account, audience, follow, block and mute, on every way, against an oracle of its
//! own.
//!
//! The oracle is written from the words of the product, not from the program: whoever changes one must mean the other.

use serde_json::{Value, json};

use crate::kit::redis::Server;
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

#[derive(Clone, Copy, Debug, PartialEq)]
enum Mute {
    No,
    Yes,
}

/// How somebody stands to the owner.
#[derive(Clone, Copy, Debug)]
enum Who {
    Owner,
    Nobody,
    Somebody(Follow, Block, Mute),
}

#[expect(clippy::match_same_arms, reason = "each line is a sentence of the product")]
/// Whether somebody may see a media, from the words of the product.
fn may_see(is_private: bool, audience: &str, who: Who) -> bool {
    match who {
        Who::Owner => true,
        Who::Nobody => audience == "EVERYONE" && !is_private,
        Who::Somebody(_, Block::ByViewer | Block::ByOwner, _) => false,
        Who::Somebody(Follow::Yes, Block::None, _) => audience != "ONLY_ME",
        Who::Somebody(_, Block::None, _) => audience == "EVERYONE" && !is_private,
    }
}

/// Whether it is in somebody's home feed.
fn is_in_feed(is_private: bool, audience: &str, who: Who) -> bool {
    let wants = matches!(who, Who::Owner | Who::Somebody(Follow::Yes, Block::None, Mute::No));
    wants && may_see(is_private, audience, who)
}

/// Everybody who looks at one owner.
fn everybody(is_private: bool) -> Vec<Who> {
    let mut everybody = vec![Who::Owner, Who::Nobody];
    for follow in [Follow::No, Follow::Asked, Follow::Yes] {
        for block in [Block::None, Block::ByViewer, Block::ByOwner] {
            for mute in [Mute::No, Mute::Yes] {
                // Only a private account is asked.
                if is_private || follow != Follow::Asked {
                    everybody.push(Who::Somebody(follow, block, mute));
                }
            }
        }
    }
    everybody
}

async fn becomes(kit: &Kit, owner: &Person, number: usize, who: Who) -> Person {
    let Who::Somebody(follow, block, mute) = who else {
        return if matches!(who, Who::Owner) { owner.clone() } else { kit.nobody() };
    };
    let person = kit.signs_up(&format!("{}.{number}", owner.name)).await;
    if follow != Follow::No {
        person.follows(owner).await;
    }
    if follow == Follow::Yes && owner.has("followRequests").await.contains(&person.name) {
        owner.approves(&person).await;
    }
    turns_away(&person, owner, (block, mute)).await;
    person
}

async fn turns_away(person: &Person, owner: &Person, (block, mute): (Block, Mute)) {
    if mute == Mute::Yes {
        person.mutes(owner).await;
    }
    match block {
        Block::None => {}
        Block::ByViewer => person.blocks(owner).await,
        Block::ByOwner => owner.blocks(person).await,
    }
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
    let came = |event: &Value| {
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

#[tokio::test]
async fn feeds_made_ahead_show_what_the_product_says() {
    let redis = Server::running(&[]).await;
    let url = redis.url();
    let kit = Kit::with(|config| config.redis.url = Some(url)).await;
    looks(&kit, false).await;
    looks(&kit, true).await;
    kit.ends().await;
}

/// The ways that lead to a media which somebody saw before: what they liked, what they saved, and a comment.
async fn ways_back(person: &Person, shot: &Shot) -> Vec<&'static str> {
    let query = "query($comment: ID!) {
        viewer { likedMedia(first: 100) { nodes { id } } savedMedia(first: 100) { nodes { id } } }
        node(id: $comment) { ... on Comment { media { id } } } }";
    let seen = person.asks(query, json!({ "comment": shot.comment })).await.data("").clone();
    let is = |media: &Value| media["id"] == json!(shot.media);
    let has = |list: &Value| list["nodes"].as_array().is_some_and(|nodes| nodes.iter().any(is));
    let ways = [
        ("liked", has(&seen["viewer"]["likedMedia"])),
        ("saved", has(&seen["viewer"]["savedMedia"])),
        ("the media of the comment", is(&seen["node"]["media"])),
    ];
    ways.into_iter().filter(|(_, open)| *open).map(|(way, _)| way).collect()
}

/// Everybody follows, likes and saves what they may. Then they come to stand as they stand, and look back.
async fn looks_back(kit: &Kit, is_private: bool) {
    let owner = kit.signs_up(if is_private { "pat" } else { "oda" }).await;
    let mut shots = vec![];
    for audience in AUDIENCES {
        let media = owner.publishes_to(audience, audience).await;
        shots.push((audience, Shot::of(&owner, &media).await));
    }
    let mut viewers = vec![];
    for (number, who) in
        everybody(is_private).into_iter().enumerate().filter(|(_, who)| matches!(who, Who::Somebody(..)))
    {
        let person = kit.signs_up(&format!("{}.{number}", owner.name)).await;
        puts_aside(&person, &owner, &shots).await;
        viewers.push((who, person));
    }
    if is_private {
        owner.goes_private().await;
    }
    for (who, person) in &viewers {
        turns(person, &owner, *who).await;
    }
    kit.settle().await;
    for (who, person) in &viewers {
        for (audience, shot) in &shots {
            let expected: &[&str] = match may_see(is_private, audience, *who) {
                true => &["liked", "saved", "the media of the comment"],
                false => &[],
            };
            assert_eq!(ways_back(person, shot).await, expected, "private {is_private}, {audience}, {who:?}");
        }
    }
}

async fn puts_aside(person: &Person, owner: &Person, shots: &[(&'static str, Shot)]) {
    person.follows(owner).await;
    for (_, shot) in shots.iter().filter(|(audience, _)| *audience != "ONLY_ME") {
        person.likes(&shot.media).await;
        person.does("saveMedia", json!({ "mediaId": shot.media }), "media { id }").await;
    }
}

/// One who follows comes to stand so.
async fn turns(person: &Person, owner: &Person, who: Who) {
    let Who::Somebody(follow, block, mute) = who else { return };
    if follow != Follow::Yes {
        person.unfollows(owner).await;
    }
    if follow == Follow::Asked {
        assert_eq!(person.follows(owner).await, "REQUESTED");
    }
    turns_away(person, owner, (block, mute)).await;
}

#[tokio::test]
async fn what_one_put_aside_is_seen_as_the_product_says() {
    let kit = Kit::start().await;
    looks_back(&kit, false).await;
    looks_back(&kit, true).await;
    kit.ends().await;
}
