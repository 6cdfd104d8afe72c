//! The variables of an operation: those it declares, completed by their defaults and coerced to their types, before anything
//! is executed (specification, 6.1.2).

use std::collections::HashMap;

use async_graphql::parser::types::{OperationDefinition, VariableDefinition};
use async_graphql::{Positioned, Value, Variables};

use super::types::Types;
use super::values::{Origin, coerce};
use crate::base::error::Code;
use crate::graphql::report::Rejected;

/// The variables that the operation declares. Others that were given are ignored.
///
/// # Errors
/// `BAD_USER_INPUT` when one is missing or does not fit its type.
pub(super) fn complete(
    types: &Types,
    operation: &OperationDefinition,
    mut given: Variables,
) -> Result<Variables, Rejected> {
    let mut complete = Variables::default();
    for definition in &operation.variable_definitions {
        let name = &definition.node.name.node;
        if let Some(value) = value(types, definition, given.remove(name.as_str()))? {
            complete.insert(name.clone(), value);
        }
    }
    Ok(complete)
}

fn value(
    types: &Types,
    definition: &Positioned<VariableDefinition>,
    given: Option<Value>,
) -> Result<Option<Value>, Rejected> {
    let VariableDefinition { name, var_type, default_value, .. } = &definition.node;
    let bad = |message: String| Rejected::new(Code::BadUserInput, message).at(definition.pos);
    let Some(value) = given else {
        if default_value.is_none() && !var_type.node.nullable {
            return Err(bad(format!("The variable `${}` of type `{}` is missing.", name.node, var_type.node)));
        }
        let none = HashMap::new();
        let origin = Origin::Document(&none);
        let default = default_value.as_ref().map(|value| value.node.clone());
        // That it fits is part of the validation.
        return Ok(default.map(|it| coerce(types, (&var_type.node, origin), &it.clone().into_value()).unwrap_or(it)));
    };
    match coerce(types, (&var_type.node, Origin::Json), &value.into_value()) {
        Ok(value) => Ok(Some(value)),
        Err(misfit) => Err(bad(misfit.message(("variable", &format!("${}", name.node))))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::parser::parse_query;
    use serde_json::json;

    const SDL: &str = "
        type Query { a: Int }
        enum Order { NEWEST OLDEST }
        scalar DateTime
        input Lookup @oneOf { id: ID username: String }
        input Photo { altText: String uploadId: ID! }
        input Draft { photos: [Photo!]! order: Order! = NEWEST at: DateTime }
    ";

    fn completed(declared: &str, given: serde_json::Value) -> Result<serde_json::Value, String> {
        let document = parse_query(format!("query({declared}) {{ a }}")).unwrap();
        let operation = document.operations.iter().next().unwrap().1;
        let complete = complete(&Types::new(SDL), &operation.node, Variables::from_json(given));
        complete
            .map(|variables| variables.into_value().into_json().unwrap())
            .map_err(|rejected| rejected.message().to_owned())
    }

    #[test]
    fn variables_that_fit_are_kept_with_defaults_and_without_strangers() {
        let cases = [
            ("$a: Int", json!({}), json!({})),
            ("$a: Int", json!({ "a": null, "b": 1 }), json!({ "a": null })),
            ("$a: Int = 3", json!({}), json!({ "a": 3 })),
            ("$a: [ID!] = 3", json!({}), json!({ "a": ["3"] })),
            ("$a: Int! = 3", json!({}), json!({ "a": 3 })),
            ("$a: Int = 3", json!({ "a": null }), json!({ "a": null })),
            ("$a: [ID!]", json!({ "a": "x" }), json!({ "a": ["x"] })),
            ("$a: [ID!]", json!({ "a": ["x", 5] }), json!({ "a": ["x", "5"] })),
            ("$a: Float", json!({ "a": 1 }), json!({ "a": 1 })),
            ("$a: Order", json!({ "a": "OLDEST" }), json!({ "a": "OLDEST" })),
            ("$a: Int", json!({ "a": 5.0 }), json!({ "a": 5 })),
            ("$a: DateTime", json!({ "a": "2026-11-22T18:30:00.000Z" }), json!({ "a": "2026-11-22T18:30:00.000Z" })),
            ("$a: Lookup!", json!({ "a": { "id": "x" } }), json!({ "a": { "id": "x" } })),
            (
                "$a: Draft!",
                json!({ "a": { "photos": [{ "uploadId": "x" }] } }),
                json!({ "a": { "photos": [{ "uploadId": "x" }] } }),
            ),
        ];
        for (declared, given, expected) in cases {
            assert_eq!(completed(declared, given.clone()), Ok(expected), "{declared} {given}");
        }
    }

    #[test]
    fn variables_that_do_not_fit_are_named() {
        let cases = [
            ("$a: Int!", json!({}), "The variable `$a` of type `Int!` is missing."),
            ("$a: Int!", json!({ "a": null }), "The variable `$a` must be of type `Int!`."),
            ("$a: Int", json!({ "a": 2_147_483_648_i64 }), "The variable `$a` must be of type `Int`."),
            ("$a: Int", json!({ "a": 1.5 }), "The variable `$a` must be of type `Int`."),
            ("$a: String", json!({ "a": 1 }), "The variable `$a` must be of type `String`."),
            ("$a: Boolean", json!({ "a": "true" }), "The variable `$a` must be of type `Boolean`."),
            ("$a: ID", json!({ "a": 1.5 }), "The variable `$a` must be of type `ID`."),
            ("$a: Order", json!({ "a": "LATEST" }), "The variable `$a` must be of type `Order`."),
            ("$a: [ID!]", json!({ "a": ["x", null] }), "The variable `$a.1` must be of type `ID!`."),
            (
                "$a: DateTime",
                json!({ "a": "today" }),
                "The variable `$a` must be an instant, such as 2026-11-22T18:30:00.000Z.",
            ),
            ("$a: Draft", json!({ "a": 5 }), "The variable `$a` must be of type `Draft`."),
            ("$a: Draft", json!({ "a": {} }), "The variable `$a.photos` of type `[Photo!]!` is missing."),
            (
                "$a: Draft",
                json!({ "a": { "photos": [{}] } }),
                "The variable `$a.photos.0.uploadId` of type `ID!` is missing.",
            ),
            ("$a: Draft", json!({ "a": { "photos": [], "x": 1 } }), "The variable `$a` has no field `x`."),
            ("$a: Lookup", json!({ "a": {} }), "Exactly one field of the variable `$a` must be given."),
            ("$a: Lookup", json!({ "a": { "id": null } }), "Exactly one field of the variable `$a` must be given."),
            (
                "$a: Lookup",
                json!({ "a": { "id": "1", "username": "a" } }),
                "Exactly one field of the variable `$a` must be given.",
            ),
        ];
        for (declared, given, expected) in cases {
            assert_eq!(completed(declared, given.clone()), Err(expected.to_owned()), "{declared} {given}");
        }
    }
}
