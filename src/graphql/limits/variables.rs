//! The variables of an operation: those it asks for, completed by their defaults and checked against their types.
//!
//! Messages name a variable and the type it needs, never its value: it may be a password.

use async_graphql::parser::types::{BaseType, OperationDefinition, Type, VariableDefinition};
use async_graphql::{Name, Positioned, Value, Variables};

use super::types::{Input, Kind, Types};
use crate::base::error::Code;
use crate::graphql::report::Rejected;

/// The variables that the operation declares. What was given beyond them is left out.
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
    let ty = &var_type.node;
    let Some(value) = given else {
        let default = default_value.as_ref().map(|value| value.node.clone());
        if default.is_none() && !ty.nullable {
            return Err(bad(definition, format!("The variable `${}` of type `{ty}` is missing.", name.node)));
        }
        return Ok(default);
    };
    match misfit(types, ty, (&value, &format!("${}", name.node))) {
        Some(misfit) => Err(bad(definition, misfit)),
        None => Ok(Some(value)),
    }
}

fn bad(definition: &Positioned<VariableDefinition>, message: String) -> Rejected {
    Rejected::new(Code::BadUserInput, message).at(definition.pos)
}

/// Why a value at a place (`$input.photos.0`) does not fit a type. Types that are not known are left to validation.
fn misfit(types: &Types, ty: &Type, (value, place): (&Value, &str)) -> Option<String> {
    match (&ty.base, value) {
        (_, Value::Null) => (!ty.nullable).then(|| wrong(ty, place)),
        (BaseType::List(item), Value::List(values)) => values
            .iter()
            .enumerate()
            .find_map(|(index, value)| misfit(types, item, (value, &format!("{place}.{index}")))),
        (BaseType::List(item), value) => misfit(types, item, (value, place)),
        (BaseType::Named(name), value) => match types.kind(name) {
            Some(Kind::Input(input)) => misfit_of_input(types, input, (value, place)).map(|field| match field {
                Misfit::Itself => wrong(ty, place),
                Misfit::Because(reason) => reason,
            }),
            Some(Kind::Enum(values)) => (!is_one_of(value, |value| values.contains(value))).then(|| wrong(ty, place)),
            Some(Kind::Fields(_) | Kind::Union | Kind::Scalar) | None => (!fits(name, value)).then(|| wrong(ty, place)),
        },
    }
}

fn wrong(ty: &Type, place: &str) -> String {
    format!("The variable `{place}` must be of type `{ty}`.")
}

enum Misfit {
    Itself,
    Because(String),
}

fn misfit_of_input(types: &Types, input: &Input, (value, place): (&Value, &str)) -> Option<Misfit> {
    let Value::Object(given) = value else { return Some(Misfit::Itself) };
    if input.is_one_of && (given.len() != 1 || given.values().any(|value| *value == Value::Null)) {
        return Some(Misfit::Because(format!("Exactly one field of the variable `{place}` must be given.")));
    }
    if let Some(unknown) = given.keys().find(|name| !input.fields.contains_key(name.as_str())) {
        return Some(Misfit::Because(format!("The variable `{place}` has no field `{}`.", shortened(unknown))));
    }
    let mut fields = input.fields.iter();
    let misfit = fields.find_map(|(name, field)| match given.get(name.as_str()) {
        Some(value) => misfit(types, &field.ty, (value, &format!("{place}.{name}"))),
        None => {
            field.is_required().then(|| format!("The variable `{place}.{name}` of type `{}` is missing.", field.ty))
        }
    });
    misfit.map(Misfit::Because)
}

fn is_one_of(value: &Value, is_known: impl Fn(&str) -> bool) -> bool {
    match value {
        Value::String(value) => is_known(value),
        Value::Enum(value) => is_known(value),
        _ => false,
    }
}

/// Whether a value can be one of the five scalars of the specification; others say so themselves.
fn fits(scalar: &str, value: &Value) -> bool {
    match (scalar, value) {
        ("Int", Value::Number(number)) => number.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
        ("ID", Value::Number(number)) => number.is_i64() || number.is_u64(),
        ("Float", Value::Number(_)) | ("String" | "ID", Value::String(_)) | ("Boolean", Value::Boolean(_)) => true,
        ("Int" | "Float" | "String" | "ID" | "Boolean", _) => false,
        _ => true,
    }
}

fn shortened(name: &Name) -> String {
    name.chars().take(50).collect()
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
            ("$a: Int! = 3", json!({}), json!({ "a": 3 })),
            ("$a: Int = 3", json!({ "a": null }), json!({ "a": null })),
            ("$a: [ID!]", json!({ "a": "x" }), json!({ "a": "x" })),
            ("$a: [ID!]", json!({ "a": ["x", 5] }), json!({ "a": ["x", 5] })),
            ("$a: Float", json!({ "a": 1 }), json!({ "a": 1 })),
            ("$a: Order", json!({ "a": "OLDEST" }), json!({ "a": "OLDEST" })),
            ("$a: DateTime", json!({ "a": { "any": [] } }), json!({ "a": { "any": [] } })),
            ("$a: Lookup!", json!({ "a": { "id": "x" } }), json!({ "a": { "id": "x" } })),
            (
                "$a: Draft!",
                json!({ "a": { "photos": [{ "uploadId": "x" }] } }),
                json!({ "a": { "photos": [{ "uploadId": "x" }] } }),
            ),
            ("$a: Nonsense!", json!({ "a": 1 }), json!({ "a": 1 })),
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
