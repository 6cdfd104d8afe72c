//! Puts `null` where a field failed, and carries it up to the nearest position that may be null.
//!
//! async-graphql 7 leaves a failed field out of its object, also when its type is nullable, and gives `null` for an
//! object that lost all its fields, also when its type is not. Clients with generated types cannot read that.

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{
    BaseType, DocumentOperations, ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet, Type,
};
use async_graphql::{Name, PathSegment, Response, Value};

use super::Question;
use crate::graphql::limits::{self, Types};

/// Repairs the data of an answer with errors.
pub(super) fn put_nulls(question: Question<'_>, response: &mut Response) {
    // It was parsed before it was executed. It is only parsed again when something failed.
    let Some(document) = limits::parsed_again(question.asked.query) else { return };
    let Some(operation) = operation(&document, question.asked.operation_name) else { return };
    let map = Map { types: question.types, document: &document, operation };
    for error in &response.errors {
        place(&mut response.data, &error.path);
    }
    for error in &response.errors {
        carry_up(&mut response.data, &error.path, &map.nullable(&error.path));
    }
}

fn operation<'a>(document: &'a ExecutableDocument, name: Option<&str>) -> Option<&'a OperationDefinition> {
    let operation = match (&document.operations, name) {
        (DocumentOperations::Single(operation), _) => Some(operation),
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name),
        (DocumentOperations::Multiple(operations), None) => operations.values().next(),
    };
    operation.map(|operation| &operation.node)
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

/// The way from an answer's paths to the schema's types.
struct Map<'a> {
    types: &'a Types,
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
}

/// Selections and the type they are made on.
type Place<'a> = (Option<&'a str>, &'a SelectionSet);

impl<'a> Map<'a> {
    /// Whether each position of a path may be null. Unknown ones may.
    fn nullable(&self, path: &[PathSegment]) -> Vec<bool> {
        let mut places = vec![(self.types.root(self.operation.ty), &self.operation.selection_set.node)];
        let mut ty: Option<&Type> = None;
        let step = |segment: &PathSegment| {
            ty = match segment {
                PathSegment::Field(key) => {
                    let fields = self.fields(&places, key);
                    let found = fields.iter().find_map(|(on, field)| self.types.field((*on)?, &field.name.node));
                    let named = found.map(|field| field.named.as_str());
                    places = fields.iter().map(|(_, field)| (named, &field.selection_set.node)).collect();
                    found.map(|field| &field.ty)
                }
                PathSegment::Index(_) => ty.and_then(item),
            };
            ty.is_none_or(|ty| ty.nullable)
        };
        path.iter().map(step).collect()
    }

    /// The fields with a name in the answer, through fragments.
    fn fields(&self, places: &[Place<'a>], key: &str) -> Vec<(Option<&'a str>, &'a Field)> {
        let mut found = Vec::new();
        for (on, set) in places {
            for selection in &set.items {
                match &selection.node {
                    Selection::Field(field) if field.node.response_key().node == *key => found.push((*on, &field.node)),
                    Selection::Field(_) => {}
                    Selection::FragmentSpread(spread) => {
                        let fragment = self.document.fragments.get(&spread.node.fragment_name.node);
                        let place = fragment.map(|fragment| &fragment.node);
                        let place =
                            place.map(|it| (Some(it.type_condition.node.on.node.as_str()), &it.selection_set.node));
                        found.extend(self.fields(place.as_slice(), key));
                    }
                    Selection::InlineFragment(inline) => {
                        let condition = inline.node.type_condition.as_ref();
                        let condition = condition.map(|condition| condition.node.on.node.as_str());
                        found.extend(self.fields(&[(condition.or(*on), &inline.node.selection_set.node)], key));
                    }
                }
            }
        }
        found
    }
}

fn item(ty: &Type) -> Option<&Type> {
    match &ty.base {
        BaseType::List(item) => Some(item),
        BaseType::Named(_) => None,
    }
}
