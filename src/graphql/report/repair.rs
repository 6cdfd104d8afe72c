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
    let mut place = Some((types.root(operation.ty), &operation.selection_set.node));
    let mut ty: Option<&Type> = None;
    let step = |segment: &PathSegment| {
        ty = match segment {
            PathSegment::Field(key) => {
                let found = place.and_then(|place| find(place, key));
                let known = found.and_then(|(on, field)| types.field(on?, &field.name.node));
                place = found.map(|(_, field)| (known.map(|known| known.named.as_str()), &field.selection_set.node));
                known.map(|known| &known.ty)
            }
            PathSegment::Index(_) => ty.and_then(item),
        };
        ty.is_none_or(|ty| ty.nullable)
    };
    path.iter().map(step).collect()
}

/// The field with a response key. Where several objects have one, their types have the same shape.
fn find<'a>((on, set): Place<'a>, key: &str) -> Option<(Option<&'a str>, &'a Field)> {
    set.items.iter().find_map(|selection| match &selection.node {
        Selection::Field(field) => (field.node.response_key().node == *key).then_some((on, &field.node)),
        Selection::InlineFragment(inline) => {
            let object = inline.node.type_condition.as_ref().map(|condition| condition.node.on.node.as_str());
            find((object, &inline.node.selection_set.node), key)
        }
        // A normal form has none.
        Selection::FragmentSpread(_) => None,
    })
}

fn item(ty: &Type) -> Option<&Type> {
    match &ty.base {
        BaseType::List(item) => Some(item),
        BaseType::Named(_) => None,
    }
}
