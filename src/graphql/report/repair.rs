//! Puts `null` where a field failed, and carries it up to the nearest position that may be null.
//!
//! async-graphql 7 leaves a failed field out of its object, also when its type is nullable, and gives `null` for an
//! object that lost all its fields, also when its type is not. Clients with generated types cannot read that.

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{BaseType, Field, Selection, SelectionSet, Type};
use async_graphql::{Name, PathSegment, Response, Value};

use super::Question;

/// Repairs the data of an answer with errors.
pub(super) fn put_nulls(question: Question<'_>, response: &mut Response) {
    for error in &response.errors {
        place(&mut response.data, &error.path);
    }
    for error in &response.errors {
        carry_up(&mut response.data, &error.path, &nullable(question, &error.path));
    }
}

/// Makes sure that there is something at the path of an error.
fn place(value: &mut Value, path: &[PathSegment]) {
    let Some((first, rest)) = path.split_first() else { return };
    match (first, value) {
        // An object that lost all its fields.
        (PathSegment::Field(_), value @ Value::Null) => {
            *value = Value::Object(IndexMap::new());
            place(value, path);
        }
        (PathSegment::Field(name), Value::Object(fields)) => {
            place(fields.entry(Name::new(name)).or_insert(Value::Null), rest);
        }
        (PathSegment::Index(index), Value::List(items)) => {
            if let Some(item) = items.get_mut(*index) {
                place(item, rest);
            }
        }
        _ => {}
    }
}

/// When there is `null` on the path where it cannot be, moves it up.
fn carry_up(data: &mut Value, path: &[PathSegment], nullable: &[bool]) {
    let Some(mut length) =
        (0..=path.len()).find(|length| path.get(..*length).and_then(|path| at(data, path)) == Some(&mut Value::Null))
    else {
        return;
    };
    while length > 0 && nullable.get(length - 1) == Some(&false) {
        length -= 1;
    }
    if let Some(value) = path.get(..length).and_then(|path| at(data, path)) {
        *value = Value::Null;
    }
}

fn at<'a>(value: &'a mut Value, path: &[PathSegment]) -> Option<&'a mut Value> {
    path.iter().try_fold(value, |value, segment| match (segment, value) {
        (PathSegment::Field(name), Value::Object(fields)) => fields.get_mut(name.as_str()),
        (PathSegment::Index(index), Value::List(items)) => items.get_mut(*index),
        _ => None,
    })
}

/// A set of selections and the type it is made on.
type Place<'a> = (Option<&'a str>, &'a SelectionSet);

/// Whether each position of a path may be null. Unknown ones may.
fn nullable(question: Question<'_>, path: &[PathSegment]) -> Vec<bool> {
    let Question { types, operation } = question;
    let mut places = vec![(types.root(operation.ty), &operation.selection_set.node)];
    let mut ty: Option<&Type> = None;
    let step = |segment: &PathSegment| {
        ty = match segment {
            PathSegment::Field(key) => {
                let fields: Vec<_> = places.iter().flat_map(|place| with_key(*place, key)).collect();
                let known = |(on, field): &(Option<&str>, &Field)| types.field((*on)?, &field.name.node);
                places = fields
                    .iter()
                    .map(|found| (known(found).map(|known| known.named.as_str()), &found.1.selection_set.node))
                    .collect();
                fields.iter().find_map(known).map(|known| &known.ty)
            }
            PathSegment::Index(_) => ty.and_then(item),
        };
        ty.is_none_or(|ty| ty.nullable)
    };
    path.iter().map(step).collect()
}

/// The fields with a response key: several objects may have one. Their types have the same shape.
fn with_key<'a>((on, set): Place<'a>, key: &str) -> Vec<(Option<&'a str>, &'a Field)> {
    let mut found = Vec::new();
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) if field.node.response_key().node == *key => found.push((on, &field.node)),
            Selection::InlineFragment(inline) => {
                let object = inline.node.type_condition.as_ref().map(|condition| condition.node.on.node.as_str());
                found.extend(with_key((object, &inline.node.selection_set.node), key));
            }
            // A normal form has no spreads.
            Selection::Field(_) | Selection::FragmentSpread(_) => {}
        }
    }
    found
}

fn item(ty: &Type) -> Option<&Type> {
    match &ty.base {
        BaseType::List(item) => Some(item),
        BaseType::Named(_) => None,
    }
}
