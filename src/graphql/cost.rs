//! What a field costs that reads more than its type says. The limits of operations take it from the schema's own text.

use async_graphql::TypeDirective;

/// What the field costs, as a whole number, in place of the usual 1 of an object and 0 of a value.
#[TypeDirective(location = "FieldDefinition")]
pub fn cost(#[graphql(desc = "The cost.")] weight: String) {}

/// Of a number that is counted from rows as the viewer sees them, up to a page of 100: a tenth of what is read at most, as
/// for pages.
pub const COUNTED: &str = "50";

/// Of a value that costs a statement of its own.
pub const STATEMENT: &str = "2";
