//! The normal form of an operation: on each object every response key once, in the order in which the document first has it,
//! with its merged selections (specification, 6.3.2).
//!
//! Fragments are expanded by the objects they apply to, `@skip` and `@include` are decided, variables are bound. The form is
//! a document again: fields without directives, and, where an interface or a union can be several objects with different
//! fields, one inline fragment for each object. Everything after works on it: price, groups of subscriptions, execution,
//! errors.

use std::collections::HashSet;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{
    Directive, ExecutableDocument, Field, InlineFragment, OperationDefinition, Selection, SelectionSet, TypeCondition,
};
use async_graphql::{Name, Pos, Positioned, Value, Variables};
use async_graphql_value::Value as Literal;

use super::types::Types;
use super::weight;
use crate::base::error::Code;
use crate::graphql::report::Rejected;

/// The response key of a field that is not part of the answer, and that no client can use: the name of an object's type. It stands where an object may have no
/// field, which async-graphql takes for null, and where the order of fields depends on the object.
pub(in crate::graphql) const HIDDEN: &str = "";
/// Selections of a normal form, many times what a screen of an app has.
const SELECTIONS: usize = 32_000;
/// About how many bytes a selection takes.
const SELECTION_BYTES: usize = 400;

/// An operation in its normal form.
#[derive(Debug)]
pub(super) struct Normal {
    pub(super) operation: OperationDefinition,
    /// About how many bytes it takes.
    pub(super) bytes: usize,
}

/// Normalises a valid operation, given its coerced variables.
///
/// # Errors
/// `OPERATION_TOO_EXPENSIVE` when it unfolds to too many selections.
pub(super) fn normalize(
    types: &Types,
    (document, operation): (&ExecutableDocument, &OperationDefinition),
    variables: &Variables,
) -> Result<Normal, Rejected> {
    let mut normalizer = Normalizer { types, document, variables, selections: 0, bytes: 0 };
    let root = types.root(operation.ty).unwrap_or_default();
    let selection_set = normalizer.merged(root, &[&operation.selection_set])?;
    let operation =
        OperationDefinition { ty: operation.ty, variable_definitions: vec![], directives: vec![], selection_set };
    let bytes = normalizer.bytes + normalizer.selections * SELECTION_BYTES;
    Ok(Normal { operation, bytes })
}

type Set = Positioned<SelectionSet>;
/// The fields of an object by response key.
type ByKey<'a> = IndexMap<&'a str, Vec<&'a Positioned<Field>>>;

struct Normalizer<'a> {
    types: &'a Types,
    document: &'a ExecutableDocument,
    variables: &'a Variables,
    selections: usize,
    bytes: usize,
}

impl<'a> Normalizer<'a> {
    /// The selections of several sets on one type.
    fn merged(&mut self, on: &str, sets: &[&'a Set]) -> Result<Set, Rejected> {
        let types = self.types;
        let pos = sets.first().map_or_else(Pos::default, |set| set.pos);
        let mut items = Vec::new();
        if types.is_object(on) || sets.iter().all(|set| self.is_uniform(on, &set.node)) {
            items = self.fields(on, sets)?;
            if items.is_empty() {
                items.push(self.hidden(pos)?);
            }
        } else {
            items.push(self.hidden(pos)?);
            for object in types.possible(on).into_iter().flatten() {
                let fields = self.fields(object, sets)?;
                if !fields.is_empty() {
                    items.push(inline(object, fields, pos));
                }
            }
        }
        Ok(Positioned::new(SelectionSet { items }, pos))
    }

    /// Whether a set on an interface or a union selects the same of each object that it can be.
    fn is_uniform(&self, on: &str, set: &SelectionSet) -> bool {
        let is_on = |condition: &TypeCondition| condition.on.node == on;
        set.items.iter().all(|selection| match &selection.node {
            Selection::Field(_) => true,
            Selection::InlineFragment(inline) => {
                let condition = inline.node.type_condition.as_ref();
                condition.is_none_or(|condition| is_on(&condition.node))
                    && self.is_uniform(on, &inline.node.selection_set.node)
            }
            Selection::FragmentSpread(spread) => {
                let fragment = self.document.fragments.get(&spread.node.fragment_name.node);
                fragment.is_none_or(|fragment| {
                    is_on(&fragment.node.type_condition.node) && self.is_uniform(on, &fragment.node.selection_set.node)
                })
            }
        })
    }

    fn fields(&mut self, on: &str, sets: &[&'a Set]) -> Result<Vec<Positioned<Selection>>, Rejected> {
        let (mut by_key, mut spread) = (ByKey::new(), HashSet::new());
        for set in sets {
            self.collect(on, &set.node, &mut by_key, &mut spread)?;
        }
        let fields = by_key.into_values().map(|fields| self.field(on, &fields));
        fields.filter_map(Result::transpose).collect()
    }

    fn collect(
        &mut self,
        on: &str,
        set: &'a SelectionSet,
        by_key: &mut ByKey<'a>,
        spread: &mut HashSet<&'a str>,
    ) -> Result<(), Rejected> {
        for selection in &set.items {
            if !self.is_included(selection.node.directives()) {
                continue;
            }
            match &selection.node {
                Selection::Field(field) => {
                    self.count()?;
                    by_key.entry(field.node.response_key().node.as_str()).or_default().push(field);
                }
                Selection::InlineFragment(inline) => {
                    let condition = inline.node.type_condition.as_ref();
                    if condition.is_none_or(|condition| self.applies(&condition.node, on)) {
                        self.collect(on, &inline.node.selection_set.node, by_key, spread)?;
                    }
                }
                Selection::FragmentSpread(used) => {
                    let name = used.node.fragment_name.node.as_str();
                    let Some(fragment) = self.document.fragments.get(name).filter(|_| spread.insert(name)) else {
                        continue;
                    };
                    if self.applies(&fragment.node.type_condition.node, on) {
                        self.collect(on, &fragment.node.selection_set.node, by_key, spread)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn applies(&self, condition: &TypeCondition, on: &str) -> bool {
        condition.on.node == on || self.types.applies(&condition.on.node, on)
    }

    fn is_included(&self, directives: &[Positioned<Directive>]) -> bool {
        directives.iter().all(|directive| {
            let condition = || directive.node.get_argument("if").map(|value| bind(&value.node, self.variables));
            match directive.node.name.node.as_str() {
                "skip" => condition() != Some(Some(Value::Boolean(true))),
                "include" => condition() != Some(Some(Value::Boolean(false))),
                _ => true,
            }
        })
    }

    /// One field for all that have its response key: validation made sure that they are the same.
    fn field(&mut self, on: &str, fields: &[&'a Positioned<Field>]) -> Result<Option<Positioned<Selection>>, Rejected> {
        let Some(first) = fields.first() else { return Ok(None) };
        let (pos, field) = (first.pos, &first.node);
        let sets: Vec<&Set> = fields.iter().map(|field| &field.node.selection_set).collect();
        let child = self.types.field(on, &field.name.node).map(|known| known.named.as_str());
        let selection_set = match child.filter(|child| self.types.is_composite(child)) {
            Some(child) => self.merged(child, &sets)?,
            None => Positioned::new(SelectionSet::default(), field.selection_set.pos),
        };
        let arguments = self.arguments(field);
        let field = Field {
            alias: field.alias.clone(),
            name: field.name.clone(),
            arguments,
            directives: vec![],
            selection_set,
        };
        Ok(Some(Positioned::new(Selection::Field(Positioned::new(field, pos)), pos)))
    }

    /// Arguments with variables bound. One whose variable has no value counts as not given (specification, 6.4.1).
    fn arguments(&mut self, field: &Field) -> Vec<(Positioned<Name>, Positioned<Literal>)> {
        let bound = field.arguments.iter().filter_map(|(name, value)| {
            let bound = bind(&value.node, self.variables)?;
            self.bytes += weight(&bound);
            Some((name.clone(), Positioned::new(bound.into_value(), value.pos)))
        });
        bound.collect()
    }

    fn hidden(&mut self, pos: Pos) -> Result<Positioned<Selection>, Rejected> {
        self.count()?;
        let name = |text: &str| Positioned::new(Name::new(text), pos);
        let field = Field {
            alias: Some(name(HIDDEN)),
            name: name("__typename"),
            arguments: vec![],
            directives: vec![],
            selection_set: Positioned::new(SelectionSet::default(), pos),
        };
        Ok(Positioned::new(Selection::Field(Positioned::new(field, pos)), pos))
    }

    fn count(&mut self) -> Result<(), Rejected> {
        self.selections += 1;
        if self.selections <= SELECTIONS {
            return Ok(());
        }
        let message = "This operation unfolds to too many selections on interfaces and unions.";
        Err(Rejected::new(Code::TooExpensive, message))
    }
}

fn inline(object: &str, items: Vec<Positioned<Selection>>, pos: Pos) -> Positioned<Selection> {
    let on = TypeCondition { on: Positioned::new(Name::new(object), pos) };
    let inline = InlineFragment {
        type_condition: Some(Positioned::new(on, pos)),
        directives: vec![],
        selection_set: Positioned::new(SelectionSet { items }, pos),
    };
    Positioned::new(Selection::InlineFragment(Positioned::new(inline, pos)), pos)
}

/// A literal with variables bound; nothing for a variable without a value. In a list such a variable is null, in an input
/// its field counts as not given (specification, 3.10 and 3.11).
fn bind(literal: &Literal, variables: &Variables) -> Option<Value> {
    Some(match literal {
        Literal::Variable(name) => return variables.get(name).cloned(),
        Literal::List(items) => {
            Value::List(items.iter().map(|item| bind(item, variables).unwrap_or_default()).collect())
        }
        Literal::Object(fields) => {
            let bound = fields.iter().filter_map(|(name, value)| Some((name.clone(), bind(value, variables)?)));
            Value::Object(bound.collect())
        }
        Literal::Null => Value::Null,
        Literal::Number(number) => Value::Number(number.clone()),
        Literal::String(text) => Value::String(text.clone()),
        Literal::Boolean(boolean) => Value::Boolean(*boolean),
        Literal::Enum(name) => Value::Enum(name.clone()),
        Literal::Binary(bytes) => Value::Binary(bytes.clone()),
    })
}
