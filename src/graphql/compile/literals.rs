//! Validation of the values that stand in a document (specification, 5.6 and 5.8.5), more strictly than async-graphql does
//! it: enums are no strings, numbers have their range, and variables inside of lists and inputs have fitting types.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use async_graphql::parser::types::{
    Directive, ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet, Type,
};
use async_graphql::{Pos, Positioned};
use async_graphql_value::Value as Literal;

use super::types::{InputField, Types};
use super::values::{Declared, Misfit, Origin, check_argument, coerce};
use crate::base::error::Code;
use crate::graphql::report::Rejected;

/// Values that are checked for one document. Those of a fragment are checked for each operation that uses it.
pub(super) const CHECKED: usize = 100_000;

/// The condition of `@skip` and `@include`.
static CONDITION: LazyLock<Option<InputField>> =
    LazyLock::new(|| Some(InputField { ty: Type::new("Boolean!")?, default: None }));

/// Checks every value of an operation, with its fragments; `left` is how many may still be checked for its document. Types,
/// fields and arguments are known to exist.
///
/// # Errors
/// `GRAPHQL_VALIDATION_FAILED` with the first value that does not fit, `OPERATION_TOO_EXPENSIVE` when there are too many.
pub(super) fn check(
    types: &Types,
    (document, left): (&ExecutableDocument, &mut usize),
    operation: &OperationDefinition,
) -> Result<(), Rejected> {
    let definitions = operation.variable_definitions.iter().map(|definition| &definition.node);
    let declared = definitions
        .map(|definition| {
            let default = definition.default_value.as_ref();
            let is_not_null = default.is_some_and(|default| default.node != async_graphql::Value::Null);
            (definition.name.node.as_str(), (&definition.var_type.node, is_not_null))
        })
        .collect();
    let mut walk = Walk { types, document, declared, spread: HashSet::new(), left };
    walk.defaults(operation)?;
    let root = types.root(operation.ty).unwrap_or_default();
    walk.set(root, &operation.selection_set.node)
}

struct Walk<'a> {
    types: &'a Types,
    document: &'a ExecutableDocument,
    declared: Declared<'a>,
    spread: HashSet<&'a str>,
    left: &'a mut usize,
}

impl<'a> Walk<'a> {
    fn defaults(&self, operation: &OperationDefinition) -> Result<(), Rejected> {
        for definition in &operation.variable_definitions {
            let Some(default) = &definition.node.default_value else { continue };
            let (none, literal) = (HashMap::new(), default.node.clone().into_value());
            let coerced = coerce(self.types, (&definition.node.var_type.node, Origin::Document(&none)), &literal);
            let name = format!("${}", definition.node.name.node);
            coerced.map_err(|misfit| refused(&misfit, ("default of the variable", &name), default.pos))?;
        }
        Ok(())
    }

    fn set(&mut self, parent: &'a str, set: &'a SelectionSet) -> Result<(), Rejected> {
        for selection in &set.items {
            self.conditions(selection.node.directives())?;
            match &selection.node {
                Selection::Field(field) => self.field(parent, &field.node)?,
                Selection::InlineFragment(inline) => {
                    let on = inline.node.type_condition.as_ref().map_or(parent, |on| on.node.on.node.as_str());
                    self.set(on, &inline.node.selection_set.node)?;
                }
                Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node)?,
            }
        }
        Ok(())
    }

    /// The conditions of `@skip` and `@include`.
    fn conditions(&mut self, directives: &[Positioned<Directive>]) -> Result<(), Rejected> {
        let is_condition = |name: &str| matches!(name, "skip" | "include");
        for directive in directives.iter().filter(|directive| is_condition(&directive.node.name.node)) {
            if let (Some(condition), Some(value)) = (CONDITION.as_ref(), directive.node.get_argument("if")) {
                self.argument(condition, ("if", value))?;
            }
        }
        Ok(())
    }

    fn argument(&mut self, argument: &InputField, (name, value): (&str, &Positioned<Literal>)) -> Result<(), Rejected> {
        *self.left = self.left.checked_sub(size(&value.node)).ok_or_else(too_much)?;
        let checked = check_argument(self.types, (argument, &self.declared), &value.node);
        checked.map_err(|misfit| refused(&misfit, ("argument", name), value.pos))
    }

    fn fragment(&mut self, name: &'a str) -> Result<(), Rejected> {
        let document = self.document;
        let Some(fragment) = document.fragments.get(name).filter(|_| self.spread.insert(name)) else { return Ok(()) };
        self.set(&fragment.node.type_condition.node.on.node, &fragment.node.selection_set.node)
    }

    fn field(&mut self, parent: &str, field: &'a Field) -> Result<(), Rejected> {
        if field.name.node == "__typename" {
            return typename(field);
        }
        let types = self.types;
        let Some(known) = types.field(parent, &field.name.node) else { return Ok(()) };
        for (name, value) in &field.arguments {
            if let Some(argument) = known.arguments.get(name.node.as_str()) {
                self.argument(argument, (&name.node, value))?;
            }
        }
        self.set(&known.named, &field.selection_set.node)
    }
}

/// async-graphql does not look at it.
fn typename(field: &Field) -> Result<(), Rejected> {
    let refused = |message: String| Rejected::new(Code::ValidationFailed, message);
    if let Some((name, _)) = field.arguments.first() {
        return Err(refused(format!("The field `__typename` has no argument `{}`.", name.node)).at(name.pos));
    }
    if !field.selection_set.node.items.is_empty() {
        return Err(refused("The field `__typename` has no fields.".to_owned()).at(field.selection_set.pos));
    }
    Ok(())
}

/// How many values a literal is made of.
fn size(literal: &Literal) -> usize {
    1 + match literal {
        Literal::List(items) => items.iter().map(size).sum(),
        Literal::Object(fields) => fields.values().map(size).sum(),
        _ => 0,
    }
}

fn too_much() -> Rejected {
    Rejected::new(Code::TooExpensive, "The operations of this document have too many values in common fragments.")
}

fn refused(misfit: &Misfit, place: (&str, &str), position: Pos) -> Rejected {
    Rejected::new(Code::ValidationFailed, misfit.message(place)).at(position)
}
