//! Variables without a value and without a default: what they stand for counts as not given (specification of
//! September 2025, 3.10 and 6.4.1). async-graphql takes null instead, which clears a field of an input, or replaces the
//! default of an argument.
//!
//! Arguments and input fields of this kind are removed from the document of the request; the cached document stays as it
//! is. In a list such a variable is null, as the specification says. Where the type of the variable does not fit the
//! place, nothing is removed, so that validation still refuses the document.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use async_graphql::parser::types::{
    BaseType, DocumentOperations, ExecutableDocument, Field, FragmentDefinition, OperationDefinition, Selection,
    SelectionSet, Type,
};
use async_graphql::{Name, Positioned, Variables};
use async_graphql_value::Value;

use super::types::{InputField, Kind, Types};

type Fragments = HashMap<Name, Positioned<FragmentDefinition>>;

/// The document without the uses of variables that the operation declares and that have no value.
pub(super) fn without_absent(
    types: &Types,
    document: Arc<ExecutableDocument>,
    (name, variables): (Option<&str>, &Variables),
) -> Arc<ExecutableDocument> {
    let absent = super::choose(&document, name).map(|operation| absent(&operation.node, variables)).unwrap_or_default();
    if absent.is_empty() {
        return document;
    }
    let mut document = Arc::unwrap_or_clone(document);
    let mut removal = Removal { types, absent, removed: HashSet::new() };
    removal.document(&mut document, name);
    if !removal.removed.is_empty() {
        forget(&mut document, &removal.removed);
    }
    Arc::new(document)
}

/// The variables without a value, with their types.
fn absent(operation: &OperationDefinition, variables: &Variables) -> HashMap<Name, Type> {
    let definitions = operation.variable_definitions.iter().map(|definition| &definition.node);
    let absent = definitions.filter(|definition| !variables.contains_key(&definition.name.node));
    absent.map(|definition| (definition.name.node.clone(), definition.var_type.node.clone())).collect()
}

/// Removes uses of absent variables. Recursion is bounded: documents that are nested too deep were refused before.
struct Removal<'a> {
    types: &'a Types,
    absent: HashMap<Name, Type>,
    /// The variables that something was removed for.
    removed: HashSet<Name>,
}

impl Removal<'_> {
    fn document(&mut self, document: &mut ExecutableDocument, name: Option<&str>) {
        for (own, operation) in operations(&mut document.operations) {
            if name.is_none_or(|name| own.is_some_and(|own| own.as_str() == name)) {
                let root = self.types.root(operation.ty);
                self.set(root, &mut operation.selection_set.node);
            }
        }
        for fragment in document.fragments.values_mut() {
            let FragmentDefinition { type_condition, selection_set, .. } = &mut fragment.node;
            self.set(Some(type_condition.node.on.node.as_str()), &mut selection_set.node);
        }
    }

    fn set(&mut self, parent: Option<&str>, set: &mut SelectionSet) {
        for selection in &mut set.items {
            match &mut selection.node {
                Selection::Field(field) => self.field(parent, &mut field.node),
                Selection::FragmentSpread(_) => {}
                Selection::InlineFragment(inline) => {
                    let inline = &mut inline.node;
                    let on = inline.type_condition.as_ref().map(|condition| condition.node.on.node.as_str());
                    self.set(on.or(parent), &mut inline.selection_set.node);
                }
            }
        }
    }

    fn field(&mut self, parent: Option<&str>, field: &mut Field) {
        let types = self.types;
        let Some(known) = parent.and_then(|parent| types.field(parent, &field.name.node)) else { return };
        field.arguments.retain_mut(|(name, value)| match known.arguments.get(name.node.as_str()) {
            Some(place) => self.stays(place, &mut value.node),
            None => true,
        });
        self.set(Some(known.named.as_str()), &mut field.selection_set.node);
    }

    /// Whether an argument or a field of an input is given; removes what is not given inside of it.
    fn stays(&mut self, place: &InputField, value: &mut Value) -> bool {
        match value {
            Value::Variable(name) if self.absent.get(&*name).is_some_and(|ty| fits(ty, place)) => {
                self.removed.insert(name.clone());
                false
            }
            value => {
                self.inside(&place.ty, value);
                true
            }
        }
    }

    fn inside(&mut self, ty: &Type, value: &mut Value) {
        match (&ty.base, value) {
            (BaseType::List(item), Value::List(values)) => values.iter_mut().for_each(|value| self.inside(item, value)),
            (BaseType::List(item), value) => self.inside(item, value),
            (BaseType::Named(name), Value::Object(fields)) => {
                // Exactly one field of a `@oneOf` stands in the document, whatever its value.
                let Some(Kind::Input(input)) = self.types.kind(name).filter(|kind| !kind.is_one_of()) else { return };
                fields.retain(|name, value| match input.fields.get(name.as_str()) {
                    Some(place) => self.stays(place, value),
                    None => true,
                });
            }
            (BaseType::Named(_), _) => {}
        }
    }
}

/// Whether an absent variable may stand at a place (specification, 5.8.5): the place can do without a value.
fn fits(variable: &Type, place: &InputField) -> bool {
    !place.is_required() && base_fits(variable, &place.ty)
}

fn base_fits(variable: &Type, place: &Type) -> bool {
    match (&variable.base, &place.base) {
        (BaseType::Named(variable), BaseType::Named(place)) => variable == place,
        (BaseType::List(variable), BaseType::List(place)) => {
            (place.nullable || !variable.nullable) && base_fits(variable, place)
        }
        _ => false,
    }
}

/// Removes the declarations that nothing needs any more: validation refuses a variable that is not used.
fn forget(document: &mut ExecutableDocument, removed: &HashSet<Name>) {
    let ExecutableDocument { operations: all, fragments } = document;
    for (_, operation) in operations(all) {
        let mut used = Used { fragments, names: HashSet::new(), spread: HashSet::new() };
        used.in_directives(&operation.directives);
        used.in_set(&operation.selection_set.node);
        let used = used.names;
        operation.variable_definitions.retain(|definition| {
            let name = &definition.node.name.node;
            !removed.contains(name) || used.contains(name)
        });
    }
}

fn operations(all: &mut DocumentOperations) -> Vec<(Option<&Name>, &mut OperationDefinition)> {
    match all {
        DocumentOperations::Single(operation) => vec![(None, &mut operation.node)],
        DocumentOperations::Multiple(named) => {
            named.iter_mut().map(|(name, operation)| (Some(name), &mut operation.node)).collect()
        }
    }
}

/// The variables that an operation uses, with its fragments.
struct Used<'a> {
    fragments: &'a Fragments,
    names: HashSet<Name>,
    spread: HashSet<&'a Name>,
}

impl<'a> Used<'a> {
    fn in_set(&mut self, set: &SelectionSet) {
        for selection in &set.items {
            self.in_directives(selection.node.directives());
            match &selection.node {
                Selection::Field(field) => {
                    field.node.arguments.iter().for_each(|(_, value)| self.in_value(&value.node));
                    self.in_set(&field.node.selection_set.node);
                }
                Selection::InlineFragment(inline) => self.in_set(&inline.node.selection_set.node),
                Selection::FragmentSpread(spread) => self.in_fragment(&spread.node.fragment_name.node),
            }
        }
    }

    fn in_fragment(&mut self, name: &Name) {
        let fragments: &'a Fragments = self.fragments;
        let Some((name, fragment)) = fragments.get_key_value(name) else { return };
        if self.spread.insert(name) {
            self.in_directives(&fragment.node.directives);
            self.in_set(&fragment.node.selection_set.node);
        }
    }

    fn in_directives(&mut self, directives: &[Positioned<async_graphql::parser::types::Directive>]) {
        for directive in directives {
            directive.node.arguments.iter().for_each(|(_, value)| self.in_value(&value.node));
        }
    }

    fn in_value(&mut self, value: &Value) {
        match value {
            Value::Variable(name) => {
                self.names.insert(name.clone());
            }
            Value::List(values) => values.iter().for_each(|value| self.in_value(value)),
            Value::Object(fields) => fields.values().for_each(|value| self.in_value(value)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::parser::parse_query;
    use serde_json::json;

    const SDL: &str = "
        schema { query: Query }
        type Query { edit(input: Edit!, first: Int! = 20, after: String, ids: [ID]): Node node(id: ID!): Node }
        type Node { id: ID! media(first: Int = 5): Node }
        input Edit { id: ID! caption: String photos: [Photo!] order: Int! = 1 lookup: Lookup }
        input Photo { id: ID! altText: String }
        input Lookup @oneOf { id: ID name: String }
    ";

    /// The arguments of the operation and its fragments as text, and the variables that are still declared.
    fn pruned(query: &str, given: serde_json::Value) -> (String, Vec<String>) {
        let document = Arc::new(parse_query(query).unwrap());
        let pruned = without_absent(&Types::new(SDL), document.clone(), (None, &Variables::from_json(given)));
        let operation = &pruned.operations.iter().next().unwrap().1.node;
        let mut text = arguments(&operation.selection_set.node);
        for fragment in pruned.fragments.values() {
            text += &arguments(&fragment.node.selection_set.node);
        }
        let declared = operation.variable_definitions.iter().map(|variable| variable.node.name.node.to_string());
        (text, declared.collect())
    }

    fn arguments(set: &SelectionSet) -> String {
        let fields = set.items.iter().filter_map(|selection| match &selection.node {
            Selection::Field(field) => Some(&field.node),
            _ => None,
        });
        let text = |field: &Field| {
            let own = field.arguments.iter().map(|(name, value)| format!("{}: {} ", name.node, value.node));
            own.collect::<String>() + &arguments(&field.selection_set.node)
        };
        fields.map(text).collect()
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table of cases")]
    fn what_an_absent_variable_stands_for_is_not_given() {
        let none: &[&str] = &[];
        let cases = [
            // A field of an input, also nested and in lists, also one item without its list.
            ("query($c: String) { edit(input: {id: 1, caption: $c}) { id } }", json!({}), "input: {id: 1} ", none),
            (
                "query($c: String) { edit(input: {id: 1, caption: $c}) { id } }",
                json!({ "c": null }),
                "input: {id: 1, caption: $c} ",
                &["c"],
            ),
            (
                "query($a: String) { edit(input: {id: 1, photos: [{id: 2, altText: $a}]}) { id } }",
                json!({}),
                "input: {id: 1, photos: [{id: 2}]} ",
                none,
            ),
            (
                "query($a: String) { edit(input: {id: 1, photos: {id: 2, altText: $a}}) { id } }",
                json!({}),
                "input: {id: 1, photos: {id: 2}} ",
                none,
            ),
            ("query($o: Int) { edit(input: {id: 1, order: $o}) { id } }", json!({}), "input: {id: 1} ", none),
            // Arguments: absent, so the default applies.
            (
                "query($n: Int, $s: String) { edit(input: {id: 1}, first: $n, after: $s) { media(first: $n) { id } } }",
                json!({}),
                "input: {id: 1} ",
                none,
            ),
            (
                "query($n: Int) { node(id: 1) { ...F } } fragment F on Node { media(first: $n) { id } }",
                json!({}),
                "id: 1 ",
                none,
            ),
            // In a list it is null, and where a directive uses it, too, it stays declared.
            (
                "query($i: ID) { edit(input: {id: 1}, ids: [$i]) { id } }",
                json!({}),
                "input: {id: 1} ids: [$i] ",
                &["i"],
            ),
            ("query($n: Int) { node(id: 1) @x(y: $n) { media(first: $n) { id } } }", json!({}), "id: 1 ", &["n"]),
            // What does not fit is left to validation.
            (
                "query($c: Int) { edit(input: {id: 1, caption: $c}) { id } }",
                json!({}),
                "input: {id: 1, caption: $c} ",
                &["c"],
            ),
            ("query($i: ID) { node(id: $i) { id } }", json!({}), "id: $i ", &["i"]),
            (
                "query($i: ID) { edit(input: {id: 1, lookup: {id: $i}}) { id } }",
                json!({}),
                "input: {id: 1, lookup: {id: $i}} ",
                &["i"],
            ),
            ("query($u: ID) { node(id: 1) { id } }", json!({}), "id: 1 ", &["u"]),
        ];
        for (query, given, text, declared) in cases {
            let declared = declared.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(pruned(query, given), (text.to_owned(), declared), "{query}");
        }
    }

    #[test]
    fn the_document_that_is_cached_stays_as_it_is_and_other_operations_stay_valid() {
        let text = "query A($n: Int) { ...F } query B($n: Int!) { ...F } query C($n: Int!) { node(id: 1) { media(first: $n) { id } } }
            fragment F on Query { node(id: 1) { media(first: $n) { id } } }";
        let document = Arc::new(parse_query(text).unwrap());
        let given = (Some("A"), &Variables::default());
        let pruned = without_absent(&Types::new(SDL), document.clone(), given);
        let declared = |document: &ExecutableDocument| {
            let mut names = Vec::new();
            for (name, operation) in document.operations.iter() {
                names.push((name.unwrap().to_string(), operation.node.variable_definitions.len()));
            }
            names.sort_unstable();
            names.into_iter().map(|(_, count)| count).collect::<Vec<_>>()
        };
        assert_eq!((declared(&document), declared(&pruned)), (vec![1, 1, 1], vec![0, 0, 1]));
        let all = Variables::from_json(json!({ "n": 1 }));
        assert!(Arc::ptr_eq(&document, &without_absent(&Types::new(SDL), document.clone(), (Some("A"), &all))));
    }
}
