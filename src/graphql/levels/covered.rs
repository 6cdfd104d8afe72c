//! Which operations are executed by levels.

use async_graphql::parser::types::{OperationDefinition, OperationType, Selection, SelectionSet};

use crate::graphql::compile::{HIDDEN, Types};

/// The fields that are resolved by levels.
const FIELDS: &[(&str, &[&str])] = &[
    ("Query", &["streamCursor", "viewer", "user", "media"]),
    ("Viewer", &["id", "user", "homeFeed"]),
    ("HomeFeedConnection", &["edges", "nodes", "pageInfo"]),
    ("HomeFeedEdge", &["cursor", "node", "reason"]),
    ("HomeFeedReason", &[]),
    ("PageInfo", &["hasNextPage", "hasPreviousPage", "startCursor", "endCursor"]),
    (
        "Media",
        &[
            "id",
            "shortcode",
            "url",
            "owner",
            "photos",
            "caption",
            "contentWarning",
            "audience",
            "publishedAt",
            "editedAt",
            "likeCount",
            "commentCount",
            "comments",
            "viewerHasLiked",
            "viewerHasSaved",
            "viewerCanComment",
            "viewerCanEdit",
        ],
    ),
    (
        "Photo",
        &["id", "width", "height", "altText", "blurHash", "dominantColor", "focalPoint", "image", "images", "tags"],
    ),
    ("PhotoPoint", &["x", "y"]),
    ("Image", &["url", "urlExpiresAt", "width", "height", "contentType"]),
    ("PhotoTag", &["id", "user", "position", "viewerCanRemove"]),
    ("FormattedText", &["plain"]),
    (
        "User",
        &[
            "id",
            "username",
            "displayName",
            "url",
            "isPrivate",
            "joinedAt",
            "isViewer",
            "viewerRelationship",
            "viewerCanViewMedia",
            "mediaCount",
            "followerCount",
            "followingCount",
            "media",
            "followers",
            "following",
        ],
    ),
    ("Relationship", &["followState", "isFollowedBy", "hasRequestedToFollow", "isBlocking", "isMuting", "mutedUntil"]),
    ("MediaConnection", &["edges", "nodes", "pageInfo"]),
    ("MediaEdge", &["cursor", "node"]),
    ("UserConnection", &["nodes", "pageInfo"]),
    ("CommentConnection", &["edges", "nodes", "pageInfo"]),
    ("CommentEdge", &["cursor", "node"]),
    (
        "Comment",
        &[
            "id",
            "author",
            "text",
            "createdAt",
            "editedAt",
            "viewerCanEdit",
            "viewerHasLiked",
            "likeCount",
            "replyCount",
            "viewerCanDelete",
        ],
    ),
];

/// Whether all fields of an operation in its normal form are resolved by levels.
pub(in crate::graphql) fn covers(types: &Types, operation: &OperationDefinition) -> bool {
    let root = types.root(operation.ty).filter(|_| operation.ty == OperationType::Query);
    root.is_some_and(|root| covers_set(types, root, &operation.selection_set.node))
}

fn covers_set(types: &Types, on: &str, set: &SelectionSet) -> bool {
    let Some((_, covered)) = FIELDS.iter().find(|(name, _)| *name == on) else { return false };
    set.items.iter().all(|selection| match &selection.node {
        Selection::Field(field) if field.node.response_key().node == HIDDEN => true,
        Selection::Field(field) if field.node.name.node == "__typename" => true,
        Selection::Field(field) => {
            let (name, below) = (field.node.name.node.as_str(), &field.node.selection_set.node);
            let is_covered = covered.contains(&name) && types.takes_arguments(on, &field.node);
            is_covered
                && (below.items.is_empty()
                    || types.field(on, name).is_some_and(|it| covers_set(types, &it.named, below)))
        }
        Selection::InlineFragment(_) | Selection::FragmentSpread(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use async_graphql::Variables;
    use serde_json::json;

    use super::*;
    use crate::base::config::Graphql;
    use crate::graphql::compile::{Compiler, Source};

    #[test]
    fn the_list_names_fields_of_the_schema() {
        let types = Types::new(&crate::graphql::sdl());
        for (on, fields) in FIELDS {
            for field in *fields {
                assert!(types.field(on, field).is_some(), "{on}.{field}");
            }
        }
    }

    #[test]
    fn the_screens_of_an_app_are_executed_by_levels() {
        let compiler = Compiler::new(&crate::graphql::sdl(), crate::graphql::validator(true), &Graphql::default());
        let covered = |query: &str| {
            let variables = json!({ "username": "ada", "shortcode": "a", "mediaId": "a" });
            let compiled = compiler.compile(Source { query, operation_name: None }, Variables::from_json(variables));
            covers(compiler.types(), &compiled.unwrap_or_else(|it| panic!("{query}: {}", it.message())).operation)
        };
        for screen in [
            include_str!("../../../playground/operations/02-home-feed.graphql"),
            include_str!("../../../playground/operations/07-profile.graphql"),
            include_str!("../../../playground/operations/09-media-page.graphql"),
            include_str!("../../../playground/operations/21-photo-tags.graphql"),
        ] {
            assert!(covered(screen), "{screen}");
        }
        for other in [
            "{ server { name } }",
            "{ __schema { types { name } } }",
            "mutation { likeMedia(input: { mediaId: \"a\" }) { media { id } } }",
        ] {
            assert!(!covered(other), "{other}");
        }
    }
}
