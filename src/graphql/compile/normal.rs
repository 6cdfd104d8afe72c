//! The normal form of an operation: on each object every response key once, in the order in which the document first has it,
//! with its merged selections (specification, 6.3.2).
//!
//! Fragments are expanded by the objects they apply to, `@skip` and `@include` are decided, variables are bound. The form is
//! a document again: fields without directives, and, where an interface or a union can be several objects with different
//! fields, one inline fragment for each object. Everything after works on it: price, groups of subscriptions, execution,
//! errors.

use std::collections::{HashMap, HashSet};

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

/// The response key of a field that is not part of the answer, and that no client can use: the name of an object's type. It
/// stands where an object may have no field, which async-graphql takes for null, and where the order of fields depends on
/// the object.
pub(in crate::graphql) const HIDDEN: &str = "";
/// Selections of a normal form, many times what a screen of an app has.
const SELECTIONS: usize = 32_000;
/// About how many bytes a selection takes.
const SELECTION_BYTES: usize = 400;

/// Bytes of bound values beyond twice those of the variables: every use of a variable has a copy of it.
const SPARE_BYTES: usize = 1 << 20;

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
    let weights: HashMap<&str, usize> = variables.iter().map(|(name, value)| (name.as_str(), weight(value))).collect();
    let most_bytes = SPARE_BYTES.saturating_add(weights.values().sum::<usize>().saturating_mul(2));
    let mut normalizer = Normalizer { types, document, variables, weights, selections: 0, bytes: 0, most_bytes };
    let root = types.root(operation.ty).unwrap_or_default();
    let selection_set = normalizer.merged(root, &[&operation.selection_set])?;
    let operation =
        OperationDefinition { ty: operation.ty, variable_definitions: vec![], directives: vec![], selection_set };
    let bytes = normalizer.bytes + normalizer.selections * SELECTION_BYTES;
    Ok(Normal { operation, bytes })
}

type Set = Positioned<SelectionSet>;
type Argument = (Positioned<Name>, Positioned<Literal>);
/// The fields of an object by response key.
type ByKey<'a> = IndexMap<&'a str, Vec<&'a Positioned<Field>>>;

struct Normalizer<'a> {
    types: &'a Types,
    document: &'a ExecutableDocument,
    variables: &'a Variables,
    /// About how many bytes each of them takes.
    weights: HashMap<&'a str, usize>,
    selections: usize,
    /// About how many bytes the bound values take, and may take.
    bytes: usize,
    most_bytes: usize,
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
            if !self.is_included(selection.node.directives())? {
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

    fn is_included(&mut self, directives: &[Positioned<Directive>]) -> Result<bool, Rejected> {
        for directive in directives {
            let leaves_out = match directive.node.name.node.as_str() {
                "skip" => true,
                "include" => false,
                _ => continue,
            };
            let Some(condition) = directive.node.get_argument("if") else { continue };
            match self.bind(&condition.node)? {
                Some(Value::Boolean(is_true)) if is_true == leaves_out => return Ok(false),
                Some(Value::Boolean(_)) => {}
                // A variable with a default can still be given as null.
                _ => {
                    let message =
                        format!("The argument `if` of `@{}` must be true or false.", directive.node.name.node);
                    return Err(Rejected::new(Code::BadUserInput, message).at(condition.pos));
                }
            }
        }
        Ok(true)
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
        let arguments = self.arguments(on, field)?;
        let field = Field {
            alias: field.alias.clone(),
            name: field.name.clone(),
            arguments,
            directives: vec![],
            selection_set,
        };
        Ok(Some(Positioned::new(Selection::Field(Positioned::new(field, pos)), pos)))
    }

    /// Arguments with variables bound and defaults added. One whose variable has no value counts as not given (specification,
    /// 6.4.1).
    fn arguments(&mut self, on: &str, field: &Field) -> Result<Vec<Argument>, Rejected> {
        let mut arguments = Vec::new();
        for (name, value) in &field.arguments {
            if let Some(bound) = self.bind(&value.node)? {
                arguments.push((name.clone(), Positioned::new(bound.into_value(), value.pos)));
            }
        }
        let known = self.types.field(on, &field.name.node).into_iter().flat_map(|known| &known.arguments);
        for (name, argument) in known {
            let is_given = arguments.iter().any(|(given, _)| given.node == *name);
            if let (false, Some(default)) = (is_given, &argument.default) {
                let (name, value) = (Name::new(name), default.clone().into_value());
                arguments.push((Positioned::new(name, field.name.pos), Positioned::new(value, field.name.pos)));
            }
        }
        Ok(arguments)
    }

    /// A literal with variables bound; nothing for a variable without a value. In a list such a variable is null, in an input
    /// its field counts as not given (specification, 3.10 and 3.11).
    fn bind(&mut self, literal: &Literal) -> Result<Option<Value>, Rejected> {
        Ok(Some(match literal {
            Literal::Variable(name) => {
                let Some(value) = self.variables.get(name) else { return Ok(None) };
                // Before it is cloned: a large one can be used many times.
                self.take(self.weights.get(name.as_str()).copied().unwrap_or_default())?;
                value.clone()
            }
            Literal::List(items) => {
                let items = items.iter().map(|item| Ok(self.bind(item)?.unwrap_or_default()));
                Value::List(items.collect::<Result<_, Rejected>>()?)
            }
            Literal::Object(fields) => {
                let mut bound = IndexMap::new();
                for (name, value) in fields {
                    if let Some(value) = self.bind(value)? {
                        bound.insert(name.clone(), value);
                    }
                }
                Value::Object(bound)
            }
            literal => {
                let value = literal.clone().into_const().unwrap_or_default();
                self.take(weight(&value))?;
                value
            }
        }))
    }

    /// Counts bytes of a bound value.
    fn take(&mut self, bytes: usize) -> Result<(), Rejected> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes <= self.most_bytes {
            return Ok(());
        }
        Err(Rejected::new(Code::TooExpensive, "This operation uses large variables too often."))
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
