//! Documents of the server's own schema that are not valid, though async-graphql or its parser takes them; and those beside
//! them that are.

use async_graphql::Name;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};

use super::*;

#[track_caller]
fn check(cases: &[(&str, Option<Code>)]) {
    let validator = crate::graphql::validator(true);
    let compiler = Compiler::new(&crate::graphql::sdl(), validator, &Graphql::default());
    for (query, expected) in cases {
        // Variables come after validation.
        let compiled = compiler.validate(query);
        assert_eq!(compiled.map_err(|rejected| rejected.code).err(), *expected, "{query}");
    }
}

const INVALID: Option<Code> = Some(Code::ValidationFailed);
const NO_GRAPHQL: Option<Code> = Some(Code::ParseFailed);

#[test]
fn typename_is_a_field_like_others() {
    check(&[
        ("query($v: Boolean!) { __typename @skip(if: $v) }", None),
        ("query($v: Boolean = true) { a: __typename @include(if: $v) @skip(if: false) }", None),
        ("{ __typename viewer { id __typename @skip(if: true) } }", None),
        ("{ node(id: 1) { ... on Media { owner { __typename @skip(if: true) } } } }", None),
        ("{ __typename { a } }", INVALID),
        ("{ __typename(nothing: 1) }", INVALID),
        ("{ __typename @nothing }", INVALID),
        ("{ __typename @skip }", INVALID),
        ("{ __typename @skip(if: true) @skip(if: true) }", INVALID),
        ("{ __typename @skip(if: 1) }", INVALID),
        ("{ __typename @skip(if: true, unless: 1) }", INVALID),
        ("{ __typename @include(if: $undefined) }", INVALID),
        ("query($v: Boolean) { __typename @skip(if: $v) }", INVALID),
        ("query($v: Int!) { __typename @skip(if: $v) }", INVALID),
        ("query($v: Boolean) { viewer @skip(if: $v) { id } }", INVALID),
        ("query($v: [Int]) { ... @include(if: $v) { viewer { id } } }", INVALID),
        ("query($v: Boolean = true) { viewer @skip(if: $v) { id } }", None),
        ("{ viewer { ...F } } fragment F on Viewer { __typename @nothing }", INVALID),
        ("query A { __typename } query B { ... { __typename { a } } }", INVALID),
    ]);
}

/// The wrapped field is one level deeper for async-graphql, but not for a client.
#[test]
fn a_typename_with_a_condition_can_be_as_deep_as_one_without() {
    let deep = |leaf: &str| format!("{{ {} {leaf} {} }}", "... { ".repeat(32), "}".repeat(32));
    check(&[(&deep("__typename"), None), (&deep("__typename @skip(if: true)"), None)]);
    check(&[(&deep("... { __typename }"), Some(Code::TooDeep))]);
}

#[test]
fn an_input_field_is_given_once() {
    check(&[
        ("mutation { saveMedia(input: { mediaId: \"x\" }) { media { id } } }", None),
        ("mutation { saveMedia(input: { mediaId: \"x\", mediaId: \"x\" }) { media { id } } }", INVALID),
        ("query($i: UserLookup! = { id: 1 id: 1 }) { user(by: $i) { id } }", INVALID),
        ("{ user(by: { id: 1, id: 2 }) { id } }", INVALID),
        (
            "mutation($p: ID!) { updatePhoto(input: { photoId: $p, focalPoint: { x: 1, x: 1, y: 0 } }) { photo { id } } }",
            INVALID,
        ),
        // Different objects, and a name that is a key and a value.
        (
            "mutation($x: ID!) { publishMedia(input: { photos: [{ uploadId: $x }, { uploadId: $x }] }) { media { id } } }",
            None,
        ),
        ("query($id: ID!) { user(by: { id: $id }) { id id } other: user(by: { id: $id }) { id } }", None),
        // What cannot be parsed is not validated.
        ("{ user(by: { id id: 1 }) { id } }", NO_GRAPHQL),
    ]);
}

#[test]
fn a_document_without_an_operation_is_not_valid() {
    check(&[("fragment F on User { id }", INVALID), ("", NO_GRAPHQL), ("# nothing", NO_GRAPHQL)]);
}

#[test]
fn a_subscription_has_one_root_field_without_conditions() {
    let one = "homeFeedEvents { __typename }";
    let cases = [
        ("subscription { a: ONE b: ONE }", INVALID),
        ("subscription { ONE __typename }", INVALID),
        ("subscription { __typename }", INVALID),
        ("subscription { ...F } fragment F on Subscription { ONE b: ONE }", INVALID),
        ("subscription { homeFeedEvents @skip(if: false) { __typename } }", INVALID),
        ("subscription($v: Boolean!) { ... @include(if: $v) { ONE } ONE }", INVALID),
        ("subscription { ...F @include(if: true) } fragment F on Subscription { ONE }", INVALID),
        (
            "subscription { ...F } fragment F on Subscription { homeFeedEvents @skip(if: false) { __typename } }",
            INVALID,
        ),
        ("query A { server { name } } subscription B { ONE b: ONE }", INVALID),
        ("subscription { ...F } fragment F on Subscription { ONE }", None),
        (
            "subscription { ...F ...F ... { ONE } homeFeedEvents { a: __typename } } fragment F on Subscription { ONE }",
            None,
        ),
        ("subscription { homeFeedEvents { __typename @skip(if: true) } }", None),
    ];
    let cases = cases.map(|(query, expected)| (query.replace("ONE", one), expected));
    check(&cases.each_ref().map(|(query, expected)| (query.as_str(), *expected)));
}

#[test]
fn keywords_end_where_their_words_end() {
    check(&[
        ("query{server{name}}", None),
        ("\u{feff}query y{server{name}}fragment F on Server{name}", INVALID),
        ("\"Who.\" query y{server{...F}}fragment F on Server{name}", None),
        ("queryy{server{name}}", NO_GRAPHQL),
        ("\u{feff}queryy{server{name}}", NO_GRAPHQL),
        ("\"Who.\" queryy{server{name}}", NO_GRAPHQL),
        ("{server{name}} mutationn{__typename}", NO_GRAPHQL),
        ("{server{...F2}} fragmentF2 on Server{name}", NO_GRAPHQL),
        ("{server{...on}} fragment on on Server{name}", NO_GRAPHQL),
        ("{ server { name } } \"", NO_GRAPHQL),
        ("\" query { server { name } }", NO_GRAPHQL),
        ("{ server { name } } \"x\"", NO_GRAPHQL),
        ("\"x\" { server { name } }", NO_GRAPHQL),
        // Values that begin like a keyword are those of enums.
        ("mutation { publishMedia(input: { photos: [], audience: truetrue }) { media { id } } }", INVALID),
        ("{ nodes(ids: [nullfalse]) { id } }", INVALID),
        ("query($a: Int = falsey) { server { name } viewer { homeFeed(first: $a) { totalCount } } }", INVALID),
        ("{ nodes(ids: [01]) { id } }", NO_GRAPHQL),
        ("{ nodes(ids: [-01]) { id } }", NO_GRAPHQL),
        ("{ nodes(ids: [0, 10, null]) { id } }", INVALID),
        ("{ nodes(ids: [0, 10]) { id } }", None),
    ]);
}

#[test]
fn what_the_parser_would_misread_is_refused_in_its_place() {
    let rejected = compile("{ viewer { id } }\n queryy { viewer { id } }", json!({})).unwrap_err();
    let place = rejected.errors[0].locations[0];
    assert_eq!((place.line, place.column), (2, 2));
}

/// The letters of such names are changed for the parser.
#[test]
fn no_name_of_the_schema_begins_like_a_value() {
    let mut names = Vec::new();
    for definition in parser::parse_schema(crate::graphql::sdl()).unwrap().definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        if let TypeKind::Enum(values) = definition.node.kind {
            names.extend(values.values.into_iter().map(|value| value.node.value.node));
        }
        names.push(definition.node.name.node);
    }
    assert!(names.len() > 200);
    let begins = |name: &Name| ["true", "false", "null"].iter().any(|value| name.starts_with(value));
    assert!(!names.iter().any(begins));
}
