//! The normal form, written out.

use std::fmt::Write;

use async_graphql::parser::types::{Field, Selection, SelectionSet};
use serde_json::json;

use async_graphql::Variables;

use super::super::{HIDDEN, Source};
use super::{compile, compiler};
use crate::base::config::Graphql;
use crate::base::error::Code;

/// The normal form of an operation as text. `#` stands for the hidden field.
fn normal(query: &str, variables: serde_json::Value) -> String {
    let compiled = compile(query, variables).unwrap_or_else(|rejected| panic!("{query}: {}", rejected.message()));
    let mut text = String::new();
    write_set(&mut text, &compiled.operation.selection_set.node);
    text
}

fn write_set(text: &mut String, set: &SelectionSet) {
    text.push('{');
    for (index, selection) in set.items.iter().enumerate() {
        text.push_str(if index == 0 { "" } else { " " });
        match &selection.node {
            Selection::Field(field) if field.node.response_key().node == HIDDEN => text.push('#'),
            Selection::Field(field) => write_field(text, &field.node),
            Selection::InlineFragment(inline) => {
                write!(text, "{}", inline.node.type_condition.as_ref().unwrap().node.on.node).unwrap();
                write_set(text, &inline.node.selection_set.node);
            }
            Selection::FragmentSpread(_) => panic!("a normal form has no spreads"),
        }
    }
    text.push('}');
}

fn write_field(text: &mut String, field: &Field) {
    assert!(field.directives.is_empty());
    let alias = field.alias.iter().map(|alias| format!("{}:", alias.node));
    text.extend(alias.chain([field.name.node.to_string()]));
    let arguments: Vec<String> =
        field.arguments.iter().map(|(name, value)| format!("{}: {}", name.node, value.node)).collect();
    if !arguments.is_empty() {
        write!(text, "({})", arguments.join(", ")).unwrap();
    }
    if !field.selection_set.node.items.is_empty() {
        write_set(text, &field.selection_set.node);
    }
}

#[test]
fn each_object_has_each_key_once_in_the_order_of_the_document() {
    let cases = [
        ("{ viewer { id } viewer { user { id } id } }", "{viewer{id user{id}}}"),
        (
            "{ viewer { homeFeed(first: 5) { nodes { id } } ...F } } fragment F on Viewer { homeFeed(first: 5) { nodes { owner { id } } } }",
            "{viewer{homeFeed(first: 5){nodes{id owner{id}}}}}",
        ),
        ("mutation { logOut logOut a: logOut }", "{logOut a:logOut}"),
        // Fragments are expanded by object, also interfaces in objects and the other way round.
        (
            "{ viewer { user { ... on Node { id } ... on User { username } ... on Media { id } } } }",
            "{viewer{user{id username}}}",
        ),
        ("{ node(id: 1) { id ... on Node { a: id } ... { b: id } } }", "{node(id: 1){id a:id b:id}}"),
        (
            "{ node(id: 1) { id ... on User { username id } ... on Media { owner { id } } __typename } }",
            "{node(id: 1){# Media{id owner{id} __typename} User{id username __typename}}}",
        ),
        ("{ node(id: 1) { ... on User { username } } }", "{node(id: 1){# User{username}}}"),
        // Conditions are decided; an object may have no field.
        ("{ viewer { id @skip(if: true) } }", "{viewer{#}}"),
        ("{ viewer @include(if: false) { id } }", "{#}"),
        (
            "{ viewer { ... @skip(if: true) { id } user { id @include(if: true) @skip(if: false) } } }",
            "{viewer{user{id}}}",
        ),
        ("{ viewer { ...F @skip(if: true) ...F } } fragment F on Viewer { id }", "{viewer{id}}"),
        ("{ __typename __schema { queryType { name } } }", "{__typename __schema{queryType{name}}}"),
    ];
    for (query, expected) in cases {
        assert_eq!(normal(query, json!({})), expected, "{query}");
    }
}

#[test]
fn variables_are_bound_and_what_has_no_value_is_not_given() {
    let comments = "query($o: Order, $n: Int) { node(id: 1) { ... on Media { comments(order: $o, first: $n) { nodes { id } } } } }";
    let of = |arguments: &str| format!("{{node(id: 1){{# Media{{comments{arguments}{{nodes{{id}}}}}}}}}}");
    assert_eq!(normal(comments, json!({})), of("(order: OLDEST)"));
    assert_eq!(normal(comments, json!({ "o": "NEWEST", "n": 5.0 })), of("(order: NEWEST, first: 5)"));
    assert_eq!(normal(comments, json!({ "n": null })), of("(first: null, order: OLDEST)"));
    let skipped = "query($s: Boolean! = true) { viewer { id @skip(if: $s) user @include(if: $s) { id } } }";
    assert_eq!(normal(skipped, json!({})), "{viewer{user{id}}}");
    assert_eq!(normal(skipped, json!({ "s": false })), "{viewer{id}}");
    let nodes = "query($a: ID!, $b: String) { nodes(ids: [$a, \"c\"]) { id } edit(input: { mediaId: $a, note: $b }) }";
    assert_eq!(normal(nodes, json!({ "a": 7 })), "{nodes(ids: [\"7\", \"c\"]){id} edit(input: {mediaId: \"7\"})}");
}

#[test]
fn large_variables_are_not_copied_without_end() {
    let uses = |times: usize| format!("query($a: ID!) {{ nodes(ids: [{}]) {{ id }} }}", "$a ".repeat(times));
    let large = json!({ "a": "x".repeat(1_000_000) });
    assert!(compile(&uses(3), large.clone()).is_ok());
    assert_eq!(compile(&uses(4), large).unwrap_err().code, Code::TooExpensive);
    assert!(compile(&uses(1000), json!({ "a": "x" })).is_ok());
}

#[test]
fn a_condition_is_true_or_false() {
    let query = "query($b: Boolean = true) { viewer { id @include(if: $b) } }";
    assert_eq!(normal(query, json!({})), "{viewer{id}}");
    assert_eq!(compile(query, json!({ "b": null })).unwrap_err().code, Code::BadUserInput);
}

#[test]
fn values_of_fragments_are_checked_for_some_operations_only() {
    let operations: String = (0..40).map(|n| format!("query a{n} {{ ...F }} ")).collect::<Vec<_>>().concat();
    let fragment = format!("fragment F on Query {{ nodes(ids: [{}]) {{ id }} }}", "1 ".repeat(4000));
    let source = Source { query: &(operations + &fragment), operation_name: Some("a1") };
    let refused = compiler(&Graphql::default()).compile(source, Variables::default()).unwrap_err();
    assert_eq!(refused.code, Code::TooExpensive);
}
