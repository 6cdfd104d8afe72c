//! Which subscriptions ask for the same, and whether what they select depends on the viewer.
//!
//! A field depends on the viewer unless it stands in the list here. The list is of fields whose value is that of a row:
//! whether somebody may see the row is asked for each viewer, every time, and not here.

use std::collections::BTreeSet;

use async_graphql::parser::types::{Field, OperationDefinition, OperationType, Selection, SelectionSet};
use async_graphql::{Name, Positioned};
use async_graphql_value::Value;

use ring::digest;

use super::types::Types;

/// Subscriptions that many have to the same.
const SHARED: [&str; 3] = ["mediaEvents", "homeFeedEvents", "mediaStreamEvents"];
/// The argument that says after what to go on. It is different for each, and of no account for what comes then.
const AFTER: &str = "after";

/// Fields with the same value for everybody who may see what they are of.
const INDEPENDENT: &[(&str, &[&str])] = &[
    ("StreamOpened", &["cursor", "occurredAt", "recovery", "gapReason"]),
    ("StreamClosing", &["cursor", "occurredAt", "reason", "reconnectAfterMs"]),
    ("StreamEvent", &["cursor", "occurredAt"]),
    ("MediaAdded", &["cursor", "occurredAt", "media", "edgeCursor"]),
    ("MediaCountsChanged", &["cursor", "occurredAt", "media"]),
    ("MediaRemoved", &["cursor", "occurredAt", "mediaId"]),
    ("MediaUpdated", &["cursor", "occurredAt", "media"]),
    ("CommentAdded", &["cursor", "occurredAt", "comment", "edgeCursor"]),
    ("CommentRemoved", &["cursor", "occurredAt", "commentId"]),
    ("CommentUpdated", &["cursor", "occurredAt", "comment"]),
    (
        "Media",
        &[
            "id", "shortcode", "url", "owner", "caption", "contentWarning", "audience", "publishedAt", "editedAt",
            "photos", "likeCount", "commentCount",
        ],
    ),
    (
        "Photo",
        &[
            "id", "width", "height", "altText", "blurHash", "dominantColor", "focalPoint", "filter", "image", "images",
            "camera",
        ],
    ),
    ("Image", &["url", "urlExpiresAt", "width", "height", "contentType"]),
    ("PhotoPoint", &["x", "y"]),
    ("AppliedFilter", &["filter", "strength"]),
    ("Filter", &["id", "key", "name", "version"]),
    ("CameraDetails", &["camera", "lens", "focalLength", "aperture", "exposureSeconds", "iso"]),
    ("Comment", &["id", "author", "text", "createdAt", "editedAt", "likeCount", "replyCount"]),
    (
        "User",
        &[
            "id", "username", "displayName", "url", "isPrivate", "joinedAt", "mediaCount", "followerCount",
            "followingCount",
        ],
    ),
    ("FormattedText", &["plain"]),
];

/// Fields that are the same for all whom one thing is true of, or none of whom. In what is listed above, a media is the one
/// that an event is about.
const BY_ONE_THING: &[(&str, &str, On)] = &[
    ("Media", "viewerHasLiked", On::Like),
    ("Media", "viewerHasSaved", On::Save),
    ("Media", "viewerCanComment", On::SignIn),
    ("Media", "viewerCanEdit", On::Ownership),
];

/// What of a viewer an answer depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum On {
    /// Whether there is one.
    SignIn,
    /// Whether the media is theirs.
    Ownership,
    /// Whether they like the media.
    Like,
    /// Whether they saved the media.
    Save,
    /// Who they are: each has an answer of their own.
    Everything,
}

/// SHA-256 of what those have in common who ask for the same: it stays small, whatever they send.
pub type GroupKey = [u8; 32];

/// What those have in common who ask for the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sharing {
    /// A hash of the normal form, without the position.
    pub key: GroupKey,
    /// What of the viewer the answer depends on.
    pub depends: BTreeSet<On>,
}

impl Sharing {
    /// The same among those only who have this in common as well.
    #[must_use]
    pub fn among(self, more: &str) -> Self {
        let mut hash = digest::Context::new(&digest::SHA256);
        hash.update(&self.key);
        hash.update(more.as_bytes());
        Self { key: finished(hash), ..self }
    }
}

fn finished(hash: digest::Context) -> GroupKey {
    let mut key = GroupKey::default();
    key.copy_from_slice(hash.finish().as_ref());
    key
}

/// With whom a subscription in its normal form shares what happens; `None` when with nobody.
pub(super) fn of(types: &Types, operation: &OperationDefinition) -> Option<Sharing> {
    let root = types.root(OperationType::Subscription).filter(|_| operation.ty == OperationType::Subscription)?;
    let field = operation.selection_set.node.items.iter().find_map(|selection| match &selection.node {
        Selection::Field(field) => Some(&field.node),
        Selection::FragmentSpread(_) | Selection::InlineFragment(_) => None,
    })?;
    if !SHARED.contains(&field.name.node.as_str()) {
        return None;
    }
    let mut hash = digest::Context::new(&digest::SHA256);
    hash_field(&mut hash, field, |argument| argument != AFTER);
    let named = &types.field(root, &field.name.node)?.named;
    let mut depends = BTreeSet::new();
    collect_dependencies(types, (named, &field.selection_set.node), &mut depends);
    Some(Sharing { key: finished(hash), depends })
}

/// Hashes what a field answers: equal for equal fields, however their documents are written.
fn hash_field(hash: &mut digest::Context, field: &Field, counts: impl Fn(&str) -> bool) {
    hash_text(hash, &field.response_key().node);
    hash_text(hash, &field.name.node);
    let mut arguments: Vec<&(Positioned<Name>, Positioned<Value>)> =
        field.arguments.iter().filter(|(name, _)| counts(&name.node)).collect();
    arguments.sort_unstable_by_key(|(name, _)| name.node.as_str());
    for (name, value) in arguments {
        hash_text(hash, &name.node);
        hash_text(hash, &value.node.to_string());
    }
    hash_set(hash, &field.selection_set.node);
}

fn hash_set(hash: &mut digest::Context, set: &SelectionSet) {
    hash.update(b"{");
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => hash_field(hash, &field.node, |_| true),
            Selection::InlineFragment(inline) => {
                let object = inline.node.type_condition.as_ref().map(|condition| condition.node.on.node.as_str());
                hash_text(hash, object.unwrap_or_default());
                hash_set(hash, &inline.node.selection_set.node);
            }
            // A normal form has none.
            Selection::FragmentSpread(_) => {}
        }
    }
    hash.update(b"}");
}

/// With its length, so that two texts one after the other are not taken for one.
fn hash_text(hash: &mut digest::Context, text: &str) {
    hash.update(&text.len().to_be_bytes());
    hash.update(text.as_bytes());
}

/// Collects what a selection depends on.
fn collect_dependencies(types: &Types, (of, set): (&str, &SelectionSet), depends: &mut BTreeSet<On>) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => collect_dependency(types, (of, &field.node), depends),
            Selection::InlineFragment(inline) => {
                let on = inline.node.type_condition.as_ref().map_or(of, |on| on.node.on.node.as_str());
                collect_dependencies(types, (on, &inline.node.selection_set.node), depends);
            }
            Selection::FragmentSpread(_) => {
                depends.insert(On::Everything);
            }
        }
    }
}

fn collect_dependency(types: &Types, (of, field): (&str, &Field), depends: &mut BTreeSet<On>) {
    let name = field.name.node.as_str();
    if name == "__typename" {
        return;
    }
    let is_listed = INDEPENDENT.iter().any(|(listed, fields)| *listed == of && fields.contains(&name));
    match types.field(of, name) {
        Some(found) if is_listed => collect_dependencies(types, (&found.named, &field.selection_set.node), depends),
        _ => {
            let one = BY_ONE_THING.iter().find(|(listed, field, _)| *listed == of && *field == name);
            depends.insert(one.map_or(On::Everything, |(_, _, on)| *on));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Compiler, Source};
    use super::*;
    use crate::base::config::Graphql;
    use async_graphql::Variables;
    use serde_json::json;

    fn sharing(query: &str, variables: serde_json::Value) -> Option<Sharing> {
        let compiler = Compiler::new(&crate::graphql::sdl(), crate::graphql::validator(true), &Graphql::default());
        let source = Source { query, operation_name: None };
        compiler.compile(source, Variables::from_json(variables)).expect("it compiles").sharing
    }

    fn of_media(selection: &str) -> Option<Sharing> {
        sharing(&format!("subscription {{ mediaEvents(mediaId: \"med_1\") {{ {selection} }} }}"), json!({}))
    }

    #[test]
    fn the_list_names_fields_of_the_schema_and_none_of_the_viewer() {
        let types = Types::new(&crate::graphql::sdl());
        for (of, fields) in INDEPENDENT {
            for field in *fields {
                assert!(types.field(of, field).is_some() && !field.contains("iewer"), "{of}.{field}");
            }
        }
        for (of, field, _) in BY_ONE_THING {
            assert!(types.field(of, field).is_some(), "{of}.{field}");
        }
    }

    #[test]
    fn a_selection_depends_on_the_viewer_unless_all_its_fields_are_listed() {
        let (no, yes) = (&[][..], &[On::Everything][..]);
        let cases = [
            ("__typename", no),
            (
                "... on StreamEvent { cursor } ... on CommentAdded { comment { id author { username } text { plain } } }",
                no,
            ),
            ("... on MediaCountsChanged { media { likeCount owner { id } } }", no),
            ("... on MediaCountsChanged { media { likeCount viewerHasLiked } }", &[On::Like]),
            ("... on CommentAdded { comment { id viewerCanDelete } }", yes),
            ("... on MediaUpdated { media { caption { plain } editedAt } }", no),
            ("... on CommentUpdated { comment { text { entities { offset } } } }", yes),
            ("... on CommentAdded { comment { parent { id } } }", yes),
            (
                "... on MediaUpdated { media { photos { id focalPoint { x y } image { url } filter { filter { key } } } } }",
                no,
            ),
            ("... on MediaUpdated { media { photos { tags { position { x } } } } }", yes),
            ("... on MediaCountsChanged { media { owner { viewerRelationship { isBlocking } } } }", yes),
            ("... on MediaCountsChanged { media { comments { nodes { id } } } }", yes),
            (
                "... on MediaUpdated { media { viewerHasSaved viewerCanComment owner { id } a: viewerCanEdit } }",
                &[On::SignIn, On::Ownership, On::Save],
            ),
            ("... on MediaUpdated { media { viewerHasSaved comments { nodes { id } } } }", &[On::Save, On::Everything]),
        ];
        for (selection, depends) in cases {
            let found: Vec<On> = of_media(selection).expect("it is shared").depends.into_iter().collect();
            assert_eq!(found, depends, "{selection}");
        }
        let fragment = "subscription { mediaEvents(mediaId: \"med_1\") { ...F } } fragment F on MediaCountsChanged { media { viewerHasLiked } }";
        assert_eq!(sharing(fragment, json!({})).expect("it is shared").depends, [On::Like].into());
    }

    #[test]
    fn the_position_is_no_part_of_what_is_the_same() {
        let query =
            "subscription($id: ID!, $from: StreamCursor) { mediaEvents(mediaId: $id, after: $from) { __typename } }";
        let at = |id: &str, from: &str| sharing(query, json!({ "id": id, "from": from })).expect("it is shared").key;
        assert_eq!(at("med_1", "a"), at("med_1", "b"));
        assert_ne!(at("med_1", "a"), at("med_2", "a"));
        assert_ne!(
            at("med_1", "a"),
            sharing(&query.replace("__typename", "a: __typename"), json!({ "id": "med_1" })).expect("it is shared").key
        );
        let written_otherwise = "subscription S { ...F } fragment F on Subscription {
            mediaEvents(mediaId: \"med_1\") { __typename ... on MediaEvent { __typename } } }";
        assert_eq!(at("med_1", "a"), sharing(written_otherwise, json!({})).expect("it is shared").key);
        assert_eq!(sharing("subscription { activityEvents { __typename } }", json!({})), None);
        assert!(sharing("subscription { homeFeedEvents { __typename } }", json!({})).is_some());
        assert_eq!(sharing("{ server { name } }", json!({})), None);
    }
}
