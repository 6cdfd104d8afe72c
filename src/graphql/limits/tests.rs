//! Operations of every size against a little schema: what they cost, and which are turned away.

use super::*;
use serde_json::json;
use std::fmt::Write;

const SDL: &str = r#"
    directive @cost(weight: String!) on FIELD_DEFINITION
    schema { query: Query mutation: Mutation subscription: Subscription }
    type Query {
        viewer: Viewer  node(id: ID!): Node  nodes(ids: [ID!]!): [Node]!
        search(query: String!, first: Int = 20): MediaConnection @cost(weight: "5")
    }
    type Mutation { likeMedia(input: LikeInput!): LikePayload!  logOut: Boolean! }
    type Subscription { homeFeedEvents(after: String): Event! }
    input LikeInput { mediaId: ID! }
    type LikePayload { media: Media  userErrors: [UserError!]! }
    interface UserError { message: String! }
    interface Node { id: ID! }
    union Event = MediaAdded
    type MediaAdded { media: Media! }
    type Viewer { id: ID!  user: User!  homeFeed(first: Int, after: String, last: Int, before: String): MediaConnection! }
    type User implements Node { id: ID!  username: String!  media(first: Int, last: Int): MediaConnection!  friend: User }
    type MediaConnection { edges: [MediaEdge!]!  nodes: [Media!]!  pageInfo: PageInfo!  totalCount: Int }
    type MediaEdge { cursor: String!  node: Media! }
    type PageInfo { hasNextPage: Boolean! }
    type Media implements Node {
        id: ID!  owner: User!  photos: [Photo!]!  knownLikers(limit: Int! = 3): [User!]
        comments(order: Order! = OLDEST, first: Int): CommentConnection!
    }
    enum Order { OLDEST NEWEST }
    type CommentConnection { nodes: [Comment!]! }
    type Comment { id: ID!  author: User! }
    type Photo { id: ID!  images: [Image!]! }
    type Image { url: String! }
"#;

fn limits() -> Limits {
    Limits::new(SDL, &Graphql::default())
}

fn admit(query: &str, variables: serde_json::Value) -> Result<Admitted, Rejected> {
    limits().admit(Asked { query, operation_name: None }, Variables::from_json(variables))
}

#[track_caller]
fn code(query: &str) -> Option<Code> {
    admit(query, json!({})).err().map(|rejected| rejected.code)
}

#[test]
fn prices() {
    let cases = [
        ("{ __typename }", 0),
        ("{ viewer { id } }", 1),
        ("{ viewer { id user { username } } }", 2),
        ("{ a: viewer { id } b: viewer { id } }", 2),
        // The viewer, the connection and its page; 20 × (edge, node and owner).
        ("{ viewer { homeFeed { pageInfo { hasNextPage } edges { node { owner { id } } } } } }", 63),
        ("{ viewer { homeFeed(first: 5) { nodes { id } totalCount } } }", 7),
        ("{ viewer { homeFeed(last: 5) { nodes { id } } } }", 7),
        ("query($n: Int = 7) { viewer { homeFeed(first: $n) { nodes { id } } } }", 9),
        ("query($n: Int) { viewer { homeFeed(first: $n) { nodes { id } } } }", 22),
        ("{ viewer { homeFeed(first: 1000000) { nodes { id } } } }", 102),
        ("{ viewer { homeFeed(first: -3) { nodes { id } } } }", 3),
        ("{ viewer { homeFeed(first: 10) { nodes { comments(first: 2) { nodes { author { id } } } } } } }", 62),
        ("{ viewer { homeFeed(first: 2) { ...F } } } fragment F on MediaConnection { nodes { id } }", 4),
        ("{ search(query: \"x\", first: 2) { nodes { id } } }", 7),
        ("{ nodes(ids: [\"a\", \"b\", \"c\"]) { id ... on Media { owner { id } } } }", 6),
        ("{ node(id: \"a\") { ... on Media { photos { images { url } } } } }", 61),
        ("{ node(id: \"a\") { ... on Media { knownLikers { id } } } }", 4),
        ("mutation { logOut }", 10),
        ("mutation { likeMedia(input: { mediaId: \"a\" }) { media { id } userErrors { message } } }", 12),
        ("subscription { homeFeedEvents { ... on MediaAdded { media { id } } } }", 2),
        ("{ __schema { types { name } } }", 0),
    ];
    for (query, expected) in cases {
        assert_eq!(admit(query, json!({})).unwrap().cost, expected, "{query}");
    }
}

#[test]
fn a_page_size_or_a_list_can_be_a_variable() {
    let query = "query($n: Int!) { viewer { homeFeed(first: $n) { nodes { id } } } }";
    assert_eq!(admit(query, json!({ "n": 3 })).unwrap().cost, 5);
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    assert_eq!(admit(query, json!({ "ids": ["a", "b"] })).unwrap().cost, 2);
    let many: Vec<String> = (0..5001).map(|id| id.to_string()).collect();
    assert_eq!(admit(query, json!({ "ids": many })).unwrap_err().code, Code::TooExpensive);
}

#[test]
fn an_argument_whose_variable_was_not_given_has_its_default() {
    let query = "query($o: Order) { node(id: 1) { ... on Media { comments(order: $o) { nodes { id } } } } }";
    let admitted = |given| {
        let admitted = admit(query, given).unwrap();
        let operation = admitted.document.operations.iter().next().unwrap().1;
        (operation.node.variable_definitions.len(), admitted.variables.into_value().into_json().unwrap())
    };
    assert_eq!(admitted(json!({})), (0, json!({})));
    assert_eq!(admitted(json!({ "o": "NEWEST" })), (1, json!({ "o": "NEWEST" })));
    assert_eq!(admitted(json!({})), (0, json!({})));
}

#[test]
fn depth_counts_fields_but_neither_fragments_nor_introspection() {
    let friends = |levels: usize| {
        format!("{{ viewer {{ user {{ {} id {} }} }} }}", "friend { ".repeat(levels), "}".repeat(levels))
    };
    assert_eq!(code(&friends(12)), None);
    assert_eq!(code(&friends(13)), Some(Code::TooDeep));
    let fragments = "{ viewer { ... { ... { ... { id } } } } }";
    assert_eq!(code(fragments), None);
    let types = format!("{{ __schema {{ types {{ {} name {} }} }} }}", "ofType { ".repeat(25), "}".repeat(25));
    assert_eq!(code(&types), None);
}

#[test]
fn the_operation_is_chosen_by_its_name() {
    let two = "query A { viewer { id } } mutation B { logOut }";
    let cases = [
        ("{ viewer { id } }", None, Ok(OperationType::Query)),
        ("query A { viewer { id } }", None, Ok(OperationType::Query)),
        (two, Some("B"), Ok(OperationType::Mutation)),
        (two, Some("C"), Err(Code::OperationResolutionFailure)),
        (two, None, Err(Code::OperationResolutionFailure)),
        ("{ viewer { id } }", Some("A"), Err(Code::OperationResolutionFailure)),
        ("\"Who I am.\" query A { viewer { id } }", None, Ok(OperationType::Query)),
        ("fragment F on User { id }", None, Err(Code::ParseFailed)),
        ("{ viewer { id } } query A { viewer { id } }", None, Err(Code::ValidationFailed)),
        ("query A { viewer { id } } query A { viewer { id } }", Some("A"), Err(Code::ValidationFailed)),
        ("{ viewer { id }", None, Err(Code::ParseFailed)),
        ("", None, Err(Code::ParseFailed)),
    ];
    for (query, operation_name, expected) in cases {
        let admitted = limits().admit(Asked { query, operation_name }, Variables::default());
        assert_eq!(admitted.map(|admitted| admitted.kind).map_err(|rejected| rejected.code), expected, "{query}");
    }
}

#[test]
fn a_parse_error_says_where_but_quotes_nothing() {
    let rejected = admit("{ viewer { id } secret\"", json!({})).unwrap_err();
    assert_eq!(rejected.errors[0].locations[0].column, 23);
    assert!(rejected.message().starts_with("This is not GraphQL: expected "), "{}", rejected.message());
    assert!(!rejected.message().contains("secret"));
}

#[test]
fn a_subscription_has_one_root_field() {
    for query in [
        "subscription { a: homeFeedEvents { __typename } b: homeFeedEvents { __typename } }",
        "subscription { ...F } fragment F on Subscription { homeFeedEvents { __typename } }",
        "subscription { ... { homeFeedEvents { __typename } } }",
    ] {
        assert_eq!(code(query), Some(Code::ValidationFailed), "{query}");
    }
}

#[track_caller]
fn refused(cases: &[(String, Code)]) {
    for (query, expected) in cases {
        assert_eq!(code(query), Some(*expected), "{query:.300}");
    }
}

fn repeated(part: &str, times: usize) -> String {
    format!("{{ {} }}", part.repeat(times))
}

fn aliases(times: usize) -> String {
    (0..times).map(|n| format!("a{n}: id ")).collect::<Vec<_>>().concat()
}

#[test]
fn bombs_of_many_parts() {
    let twice = "{ viewer { ...F user { ...F } } } fragment F on Node";
    let roots = "{ ...F ...F ...F } fragment F on Query";
    refused(&[
        (format!("{{ viewer {{ {} }} }}", aliases(101)), Code::TooManyAliases),
        (format!("{twice} {{ {} }}", aliases(51)), Code::TooManyAliases),
        (repeated("a: __typename ", 21), Code::TooExpensive),
        (format!("{roots} {{ {} }}", "__typename ".repeat(7)), Code::TooExpensive),
        (format!("{{ viewer {{ id {} }} }}", "@skip(if: false)".repeat(21)), Code::TooExpensive),
        (format!("query {} {{ viewer {{ id }} }}", "@a".repeat(21)), Code::TooExpensive),
        (format!("query({}) {{ viewer {{ id }} }}", "$a: Int @a @b @c ".repeat(7)), Code::TooExpensive),
        (repeated("viewer { id } ", 2001), Code::TooExpensive),
        (operations(1200, 10), Code::TooExpensive),
    ]);
}

#[test]
fn bombs_of_many_levels() {
    let pages = "viewer { homeFeed(first: 100) { nodes { comments(first: 100) { nodes { id } } } } }";
    let types = "__schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } }";
    let ring = "{ viewer { id } } fragment F on Viewer { ...G } fragment G on Viewer { ...F }";
    refused(&[
        ("{".repeat(60_000), Code::TooDeep),
        (format!("{{ node(id: {}", "[".repeat(60_000)), Code::TooDeep),
        (repeated(pages, 1), Code::TooExpensive),
        ("{ viewer { ...F } } fragment F on Viewer { ...F }".to_owned(), Code::ValidationFailed),
        (ring.to_owned(), Code::ValidationFailed),
        (fan_out(29, "id"), Code::TooExpensive),
        (fan_out(30, "id"), Code::TooDeep),
        (fan_out(700, "id"), Code::TooDeep),
        (fan_out(12, "friend { id }"), Code::TooExpensive),
        (repeated(types, 1), Code::TooDeep),
        (introspection(12), Code::TooDeep),
    ]);
}

/// Fragments that each spread the next one twice: 2^levels fields when they are written out.
fn fan_out(levels: usize, leaf: &str) -> String {
    let mut text = "{ viewer { user { ...F0 } } }".to_owned();
    for level in 0..levels {
        write!(text, " fragment F{level} on User {{ ...F{0} ...F{0} }}", level + 1).unwrap();
    }
    text + &format!(" fragment F{levels} on User {{ {leaf} }}")
}

/// Every argument of every field of every type, each so many times.
fn introspection(times: usize) -> String {
    let spread = |name: &str| format!("...{name} ").repeat(times);
    format!(
        "{{ __schema {{ types {{ {} }} }} }} fragment A on __Type {{ fields {{ {} }} }}
        fragment B on __Field {{ args {{ {} }} }} fragment C on __InputValue {{ type {{ kind }} }}",
        spread("A"),
        spread("B"),
        spread("C")
    )
}

/// Many operations that are not chosen, each with the same fragment.
fn operations(times: usize, fields: usize) -> String {
    let mut text = format!("{{ viewer {{ ...F }} }} fragment F on Viewer {{ {} }}", "id ".repeat(fields));
    text = text.replacen('{', "query Q {", 1);
    (0..times).for_each(|n| write!(text, " query Q{n} {{ viewer {{ ...F }} }}").unwrap());
    text
}

#[test]
fn a_limit_names_its_number() {
    let rejected =
        admit("{ viewer { homeFeed(first: 100) { nodes { photos { images { url } } } } } }", json!({})).unwrap_err();
    assert_eq!(rejected.message(), "This operation has 6102 units of cost; at most 5000 are allowed.");
}

#[test]
fn introspection_can_be_switched_off() {
    let limits = Limits::new(SDL, &Graphql { introspection: false, ..Graphql::default() });
    let admitted = |query| limits.admit(Asked { query, operation_name: None }, Variables::default());
    assert_eq!(admitted("{ __type(name: \"User\") { name } }").unwrap_err().code, Code::ValidationFailed);
    assert!(admitted("{ __typename }").is_ok());
}
