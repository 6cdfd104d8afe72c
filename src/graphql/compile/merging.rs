//! Validation that fields with one response key can be merged (specification, 5.3.2): they have types of one shape, and, where
//! one object can have both, they are the same field with the same arguments. async-graphql compares only what stands in
//! one selection set.

use std::collections::{BTreeSet, HashSet};
use std::sync::LazyLock;

use async_graphql::Positioned;
use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{
    BaseType, ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet, Type,
};

use super::types::{self, Types};
use crate::base::error::Code;
use crate::graphql::report::Rejected;

/// The type of `__typename`.
static TYPENAME: LazyLock<Option<Type>> = LazyLock::new(|| Type::new("String!"));

/// Selections compared for one operation: many times what a document of an app has.
const COMPARED: usize = 100_000;

/// Checks an operation whose types and fields are known to exist.
///
/// # Errors
/// `GRAPHQL_VALIDATION_FAILED` where fields conflict, `OPERATION_TOO_EXPENSIVE` when there is too much to compare.
pub(super) fn check(
    types: &Types,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
) -> Result<(), Rejected> {
    let mut comparison = Comparison { types, document, left: COMPARED };
    let root = [(types.root(operation.ty).unwrap_or_default(), &operation.selection_set.node)];
    comparison.have_one_shape(&root)?;
    comparison.are_the_same(&root)
}

/// A selection set and the type it is made on.
type Place<'a> = (&'a str, &'a SelectionSet);
/// Fields by response key, each with the type it is selected on.
type ByKey<'a> = IndexMap<&'a str, Vec<(&'a str, &'a Positioned<Field>)>>;

struct Comparison<'a> {
    types: &'a Types,
    document: &'a ExecutableDocument,
    left: usize,
}

impl<'a> Comparison<'a> {
    fn have_one_shape(&mut self, places: &[Place<'a>]) -> Result<(), Rejected> {
        for (key, fields) in self.by_key(places)? {
            let mut types = fields.iter().filter_map(|(on, field)| Some((self.ty(on, field)?, field)));
            let Some((first, _)) = types.next() else { continue };
            if let Some((_, other)) = types.find(|(ty, _)| !self.is_of_one_shape(first, ty)) {
                return Err(conflict(key, other, "have types of different shapes"));
            }
            self.have_one_shape(&self.below(&fields))?;
        }
        Ok(())
    }

    fn are_the_same(&mut self, places: &[Place<'a>]) -> Result<(), Rejected> {
        for (key, fields) in self.by_key(places)? {
            let objects: BTreeSet<&str> =
                fields.iter().map(|(on, _)| *on).filter(|on| self.types.is_object(on)).collect();
            // On one object there are its own fields and those of its interfaces.
            let is_on = |on: &str, object: &str| on == object || !self.types.is_object(on);
            let groups: Vec<Vec<_>> = match objects.len() {
                0 => vec![fields],
                _ => objects
                    .iter()
                    .map(|object| fields.iter().copied().filter(|(on, _)| is_on(on, object)).collect())
                    .collect(),
            };
            for group in groups {
                let Some((_, first)) = group.first() else { continue };
                if let Some((_, other)) = group.iter().find(|(_, field)| !is_same(&first.node, &field.node)) {
                    return Err(conflict(key, other, "are different fields or have different arguments"));
                }
                self.are_the_same(&self.below(&group))?;
            }
        }
        Ok(())
    }

    fn by_key(&mut self, places: &[Place<'a>]) -> Result<ByKey<'a>, Rejected> {
        let (mut fields, mut spread) = (ByKey::new(), HashSet::new());
        for (on, set) in places {
            self.collect((on, set), &mut fields, &mut spread)?;
        }
        Ok(fields)
    }

    fn collect(
        &mut self,
        (on, set): Place<'a>,
        fields: &mut ByKey<'a>,
        spread: &mut HashSet<&'a str>,
    ) -> Result<(), Rejected> {
        for selection in &set.items {
            self.left = self.left.checked_sub(1).ok_or_else(too_much)?;
            match &selection.node {
                Selection::Field(field) => {
                    fields.entry(field.node.response_key().node.as_str()).or_default().push((on, field));
                }
                Selection::InlineFragment(inline) => {
                    let on = inline.node.type_condition.as_ref().map_or(on, |on| on.node.on.node.as_str());
                    self.collect((on, &inline.node.selection_set.node), fields, spread)?;
                }
                Selection::FragmentSpread(used) => {
                    let name = used.node.fragment_name.node.as_str();
                    if let Some(fragment) = self.document.fragments.get(name).filter(|_| spread.insert(name)) {
                        let on = fragment.node.type_condition.node.on.node.as_str();
                        self.collect((on, &fragment.node.selection_set.node), fields, spread)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn below(&self, fields: &[(&'a str, &'a Positioned<Field>)]) -> Vec<Place<'a>> {
        let with_set = fields.iter().filter(|(_, field)| !field.node.selection_set.node.items.is_empty());
        let below = with_set
            .filter_map(|(on, field)| Some((types::named(self.ty(on, field)?), &field.node.selection_set.node)));
        below.collect()
    }

    fn ty(&self, on: &str, field: &Positioned<Field>) -> Option<&'a Type> {
        if field.node.name.node == "__typename" {
            return TYPENAME.as_ref();
        }
        self.types.field(on, &field.node.name.node).map(|known| &known.ty)
    }

    fn is_of_one_shape(&self, one: &Type, other: &Type) -> bool {
        one.nullable == other.nullable
            && match (&one.base, &other.base) {
                (BaseType::List(one), BaseType::List(other)) => self.is_of_one_shape(one, other),
                (BaseType::Named(one), BaseType::Named(other)) => {
                    one == other || (self.types.is_composite(one) && self.types.is_composite(other))
                }
                _ => false,
            }
    }
}

fn is_same(one: &Field, other: &Field) -> bool {
    let has = |field: &Field, (name, value): &(Positioned<_>, Positioned<_>)| {
        field.arguments.iter().any(|(other, given)| other.node == name.node && given.node == value.node)
    };
    one.name.node == other.name.node
        && one.arguments.len() == other.arguments.len()
        && one.arguments.iter().all(|argument| has(other, argument))
}

fn conflict(key: &str, field: &Positioned<Field>, why: &str) -> Rejected {
    let message = format!("The fields `{key}` conflict: they {why}. Give one of them another alias.");
    Rejected::new(Code::ValidationFailed, message).at(field.pos)
}

fn too_much() -> Rejected {
    Rejected::new(Code::TooExpensive, "This document has too many fields to compare with each other.")
}
