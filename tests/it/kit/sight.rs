//! Every way on which somebody may come across a media and its owner. What is hidden is hidden on all of them.

use serde_json::{Value, json};

use super::Person;

/// A media with a comment by its owner and by a friend, as the owner knows it.
pub struct Shot {
    pub media: String,
    pub photo: String,
    pub shortcode: String,
    pub comment: String,
}

impl Shot {
    /// What is to be found of a media on which the owner commented.
    pub async fn of(owner: &Person, media: &str) -> Self {
        let comment = owner.comments(media, "my own words").await;
        let seen = owner.sees_media(media).await;
        let text = |path: &str| super::front::text(seen.pointer(path).expect("the owner sees it"));
        Self { media: media.to_owned(), photo: text("/photos/0/id"), shortcode: text("/shortcode"), comment }
    }
}

const WAYS: &str = "query($owner: ID!, $username: String!, $media: ID!, $shortcode: String!, $all: [ID!]!, $photo: ID!, $comment: ID!) {
    userById: user(by: { id: $owner }) { media(first: 100) { nodes { id } } }
    userByName: user(by: { username: $username }) { media(last: 100) { nodes { id } } }
    mediaById: media(by: { id: $media }) { id }
    mediaByShortcode: media(by: { shortcode: $shortcode }) { id }
    userNode: node(id: $owner) { id }
    mediaNode: node(id: $media) { id }
    photoNode: node(id: $photo) { id }
    commentNode: node(id: $comment) { id }
    nodes(ids: $all) { id }
    viewer { homeFeed(first: 100) { nodes { id owner { id } } } }
}";

/// The ways on which somebody comes across the media: its own and those of its photo and its comment.
pub async fn ways_to_media(person: &Person, owner: &Person, shot: &Shot) -> Vec<&'static str> {
    let seen = look(person, owner, shot).await;
    let is = |value: &Value, id: &str| value["id"] == json!(id);
    let has = |list: &Value| list.as_array().is_some_and(|items| items.iter().any(|item| is(item, &shot.media)));
    let ways = [
        ("media by ID", is(&seen["mediaById"], &shot.media)),
        ("media by shortcode", is(&seen["mediaByShortcode"], &shot.media)),
        ("node of the media", is(&seen["mediaNode"], &shot.media)),
        ("node of the photo", is(&seen["photoNode"], &shot.photo)),
        ("node of the comment", is(&seen["commentNode"], &shot.comment)),
        ("nodes", has(&seen["nodes"])),
        ("the owner's media", has(&seen["userById"]["media"]["nodes"])),
        ("the owner's media, backwards", has(&seen["userByName"]["media"]["nodes"])),
        ("the home feed", has(&seen["viewer"]["homeFeed"]["nodes"])),
    ];
    ways.into_iter().filter(|(_, open)| *open).map(|(way, _)| way).collect()
}

/// All of them, for somebody who follows the owner.
pub const ALL_WAYS: [&str; 9] = [
    "media by ID",
    "media by shortcode",
    "node of the media",
    "node of the photo",
    "node of the comment",
    "nodes",
    "the owner's media",
    "the owner's media, backwards",
    "the home feed",
];

/// The ways on which somebody comes across the owner.
pub async fn ways_to_owner(person: &Person, owner: &Person, shot: &Shot) -> Vec<&'static str> {
    let seen = look(person, owner, shot).await;
    let is_owner = |value: &Value| value["id"] == json!(owner.id);
    let ways = [
        ("user by ID", seen["userById"].is_object()),
        ("user by username", seen["userByName"].is_object()),
        ("node of the user", is_owner(&seen["userNode"])),
        ("nodes", seen["nodes"].as_array().is_some_and(|items| items.iter().any(is_owner))),
    ];
    ways.into_iter().filter(|(_, open)| *open).map(|(way, _)| way).collect()
}

async fn look(person: &Person, owner: &Person, shot: &Shot) -> Value {
    let variables = json!({
        "owner": owner.id, "username": owner.name, "media": shot.media, "shortcode": shot.shortcode,
        "photo": shot.photo, "comment": shot.comment, "all": [owner.id, shot.media, shot.photo, shot.comment],
    });
    person.asks(WAYS, variables).await.data("").clone()
}
