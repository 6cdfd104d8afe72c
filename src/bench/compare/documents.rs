//! The operations of the playground, and variables with which each has something to do.

use std::collections::HashSet;
use std::path::Path;

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{DocumentOperations, OperationType};
use hyper::body::Bytes;
use serde_json::{Value, json};

use super::fill::{Filled, VIEWERS, actor, other, private};
use super::{Ask, Comparison};
use crate::base::error::{Error, Result};
use crate::base::ids::{MediaId, UserId, base58};
use crate::bench::world::{World, username};

/// What works on pixels: `bench photos` measures that.
pub(super) const LEFT_OUT: [&str; 1] = ["ChangeFilter"];

/// Media that are shown; each is liked once by each who likes it.
const SHOWN: usize = 4000;
const EDITED: &str = "The harbor with @bench_3, an hour after rain. #harbor";

/// An operation of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Operation {
    pub(super) name: String,
    document: String,
    is_subscription: bool,
}

/// All operations of a folder, in the order of its files and as they stand in them.
pub(super) fn read(folder: &Path) -> Result<Vec<Operation>> {
    let entries = std::fs::read_dir(folder).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
    let entries = entries.map_err(|error| Error::internal(format!("{}: {error}", folder.display())))?;
    let mut files: Vec<_> = entries.into_iter().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "graphql"));
    files.sort();
    let read = files.iter().map(|file| operations(&std::fs::read_to_string(file)?));
    Ok(read.collect::<Result<Vec<_>>>()?.concat())
}

fn operations(document: &str) -> Result<Vec<Operation>> {
    let DocumentOperations::Multiple(operations) = parse_query(document).map_err(Error::internal)?.operations else {
        return Err(Error::internal("an operation without a name"));
    };
    let mut operations: Vec<_> = operations.into_iter().collect();
    operations.sort_by_key(|(_, operation)| operation.pos);
    let operation = |(name, operation): (async_graphql::Name, async_graphql::Positioned<_>)| Operation {
        name: name.to_string(),
        document: document.to_owned(),
        is_subscription: is_subscription(&operation.node),
    };
    Ok(operations.into_iter().map(operation).collect())
}

fn is_subscription(operation: &async_graphql::parser::types::OperationDefinition) -> bool {
    operation.ty == OperationType::Subscription
}

/// Where variables come from.
pub(super) struct Stage<'a> {
    comparison: &'a Comparison,
    /// Media that everybody may see, the newest first.
    shown: Vec<(MediaId, UserId)>,
    /// The cursor of the newest activity of each of those to whom much happened.
    newest: Vec<Value>,
}

impl<'a> Stage<'a> {
    pub(super) async fn of(comparison: &'a Comparison) -> Result<Self> {
        let World { people, media } = &comparison.filled.world;
        let known: HashSet<UserId> = people[..people.len().div_ceil(10)].iter().copied().collect();
        let shown = media.iter().rev().filter(|(_, owner)| known.contains(owner)).copied().take(SHOWN).collect();
        let newest = newest_activities(comparison).await?;
        Ok(Self { comparison, shown, newest })
    }

    /// An operation as it is asked for the `number`th time.
    pub(super) fn ask(&self, operation: &Operation, number: usize) -> Result<Ask> {
        let unknown = || Error::internal(format!("{} has no variables here", operation.name));
        let (who, variables) = self.variables(&operation.name, number).ok_or_else(unknown)?;
        let body = json!({ "query": operation.document, "operationName": operation.name, "variables": variables });
        let (body, is_subscription) = (body.to_string(), operation.is_subscription);
        Ok(match who {
            Some(who) => Ask { is_subscription, ..self.comparison.ask(who, body)? },
            None => Ask { token: None, body, is_subscription },
        })
    }

    fn variables(&self, name: &str, number: usize) -> Option<(Option<UserId>, Value)> {
        let Filled { world, uploads, .. } = &self.comparison.filled;
        let (actor, other) = (actor(world, number), other(world, number));
        let viewer = world.people[number % VIEWERS];
        let (media, owner) = *self.shown.get(number % self.shown.len().max(1))?;
        let upload = uploads.get(number).map(ToString::to_string);
        let (media, user) = (media.to_string(), other.to_string());
        let (who, variables) = match name {
            "SignUp" => return Some((None, json!({ "input": account(number) }))),
            "HomeFeed" | "HomeFeedEvents" | "ActivityScreen" | "ActivityEvents" => (viewer, json!({})),
            "CreateUpload" => (actor, json!({ "input": { "contentType": "image/jpeg", "byteSize": 482_133 } })),
            "UploadEvents" => (actor, json!({ "uploadId": upload })),
            "Publish" => (actor, json!({ "uploadId": upload, "caption": "After rain.", "altText": "Boats." })),
            "Profile" => (actor, json!({ "username": username(number % VIEWERS) })),
            "Follow" | "Block" | "Unblock" => (actor, json!({ "userId": user })),
            "BlockedUsers" | "QuietNights" | "Filters" => (actor, json!({})),
            "MediaPage" => (viewer, json!({ "shortcode": base58(self.shown[number % self.shown.len()].0.0) })),
            "Like" | "MediaEvents" | "PhotoTags" => (actor, json!({ "mediaId": media })),
            "Comment" => (actor, json!({ "mediaId": media, "text": "That light!" })),
            "Privacy" => (other, json!({ "isPrivate": true })),
            "FollowRequests" => (private(world, number), json!({})),
            "Approve" => (private(world, number), json!({ "userId": actor.to_string() })),
            "MarkActivitiesSeen" => (viewer, json!({ "upToCursor": self.newest[number % VIEWERS] })),
            "EditMedia" => (owner, json!({ "input": { "mediaId": media, "caption": EDITED } })),
            _ => return None,
        };
        Some((Some(who), variables))
    }
}

/// All programs have the same, so one is asked.
async fn newest_activities(comparison: &Comparison) -> Result<Vec<Value>> {
    let body = json!({ "query": "{ viewer { activities(first: 1) { edges { cursor } } } }" }).to_string();
    let viewers = comparison.filled.world.people[..VIEWERS].iter();
    let asks = viewers.map(|who| comparison.ask(*who, body.clone()));
    let driven = comparison.drive(&comparison.sides[0], &asks.collect::<Result<Vec<_>>>()?).await?;
    let cursor = |answer: &Bytes| {
        let answer: Value = serde_json::from_slice(answer).map_err(Error::internal)?;
        let cursor = answer.pointer("/data/viewer/activities/edges/0/cursor");
        cursor.cloned().ok_or_else(|| Error::internal(format!("nothing happened: {answer}")))
    };
    driven.answers.iter().map(cursor).collect()
}

fn account(number: usize) -> Value {
    let username = format!("newcomer{number}");
    let email = format!("{username}@example.org");
    json!({ "username": username, "email": email, "password": "a quiet harbor at dusk", "displayName": "New Comer",
        "acceptsRules": true })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_read_in_their_order() {
        let read = operations("subscription B { a } query A { b } mutation C { c }").expect("three operations");
        let read: Vec<_> = read.iter().map(|operation| (&*operation.name, operation.is_subscription)).collect();
        assert_eq!(read, [("B", true), ("A", false), ("C", false)]);
        for wrong in ["{ a }", "nonsense"] {
            assert!(operations(wrong).is_err(), "{wrong}");
        }
    }
}
