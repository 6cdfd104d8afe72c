//! Connections as Relay has them, with `nodes` beside `edges`.

use async_graphql::{SimpleObject, TypeDirective};

use crate::base::page::{Slice, cursor};

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
    /// The cursor of the first edge; null on an empty page.
    pub start_cursor: Option<String>,
    /// The cursor of the last edge; null on an empty page.
    pub end_cursor: Option<String>,
}

impl PageInfo {
    /// The position of a slice whose items have these keys.
    pub fn of<T>(slice: &Slice<T>, key: impl Fn(&T) -> i64) -> Self {
        let cursor_of = |item: &T| cursor(key(item));
        Self {
            has_next_page: slice.has_next,
            has_previous_page: slice.has_previous,
            start_cursor: slice.items.first().map(cursor_of),
            end_cursor: slice.items.last().map(cursor_of),
        }
    }
}
