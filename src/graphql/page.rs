//! Connections as Relay has them, with `nodes` beside `edges`.

use async_graphql::{SimpleObject, TypeDirective};

use crate::base::page::{Direction, Slice, cursor};

/// Null only when an error for this position is in `errors`. Understood by Relay, Apollo Kotlin, GraphQL Codegen and
/// gql.tada.
#[expect(non_snake_case, reason = "it is the name of the directive")]
#[TypeDirective(location = "FieldDefinition")]
pub fn semanticNonNull(
    #[graphql(desc = "The list levels it applies to; 0 is the field itself.", default_with = "vec![0]")] levels: Vec<
        i32,
    >,
) {
}

/// The position of a page in a list.
#[derive(Clone, Debug, SimpleObject)]
pub struct PageInfo {
    /// Whether a following page exists.
    pub has_next_page: bool,
    /// Whether a preceding page exists.
    pub has_previous_page: bool,
    /// The cursor of the first edge; null on an empty page. A page of `last` that is short, because much of the list is
    /// hidden from the viewer, has the cursor of the place to go on from, also when it is empty.
    pub start_cursor: Option<String>,
    /// The cursor of the last edge; null on an empty page. A page of `first` that is short, because much of the list is
    /// hidden from the viewer, has the cursor of the place to go on from, also when it is empty.
    pub end_cursor: Option<String>,
}

impl PageInfo {
    /// The position of a slice whose items have these keys.
    pub fn of<T>(slice: &Slice<T>, key: impl Fn(&T) -> i64) -> Self {
        let stopped_at = |direction| match slice.stopped_at {
            Some((stopped, row)) if stopped == direction => Some(row),
            _ => None,
        };
        Self {
            has_next_page: slice.has_next,
            has_previous_page: slice.has_previous,
            start_cursor: stopped_at(Direction::Backward).or(slice.items.first().map(&key)).map(cursor),
            end_cursor: stopped_at(Direction::Forward).or(slice.items.last().map(&key)).map(cursor),
        }
    }
}
