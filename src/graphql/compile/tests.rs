//! Operations of every size against a little schema: what they cost, and which are turned away.

use super::*;
use async_graphql::parser::types::OperationType;
use serde_json::json;
use std::fmt::Write;

mod documents;
mod normal;

const SDL: &str = r#"
    directive @cost(weight: String!) on FIELD_DEFINITION
    schema { query: Query mutation: Mutation subscription: Subscription }
    type Query {
        viewer: Viewer  node(id: ID!): Node  nodes(ids: [ID!]!): [Node]!  edit(input: Edit!): Int  find(by: Find!): Int
        search(query: String!, first: Int = 20): MediaConnection @cost(weight: "5")
    }
    type Mutation { likeMedia(input: LikeInput!): LikePayload!  logOut: Boolean! }
    type Subscription { homeFeedEvents(after: String): Event! }
    input LikeInput { mediaId: ID! }
    input Edit { mediaId: ID!  note: String  at: DateTime }
    input Find @oneOf { id: ID  name: String }
    scalar DateTime
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
    type Photo { id: ID!  images: [Image!]!  tags: [Tag!]! }
    type Tag { user: User! }
    type Image { url: String! }
"#;

/// The rules of async-graphql are not asked here: it has no way to read a schema from its text.
fn compiler(most: &Graphql) -> Compiler {
    Compiler::new(SDL, Validator::none(), most)
}

fn compile(query: &str, variables: serde_json::Value) -> Result<Compiled, Rejected> {
    let source = Source { query, operation_name: None };
    compiler(&Graphql::default()).compile(source, Variables::from_json(variables))
}

#[track_caller]
fn code(query: &str) -> Option<Code> {
    compile(query, json!({})).err().map(|rejected| rejected.code)
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
        ("{ node(id: \"a\") { ... on Media { photos { images { url } } } } }", 13),
        // A list within one that is weighed by its usual length is weighed by its longest.
        ("{ node(id: 1) { ... on Media { photos { tags { user { id } } } } } }", 83),
        ("{ nodes(ids: \"a\") { id } }", 1),
        ("{ node(id: \"a\") { ... on Media { knownLikers { id } } } }", 4),
        ("mutation { logOut }", 10),
        ("mutation { likeMedia(input: { mediaId: \"a\" }) { media { id } userErrors { message } } }", 12),
        ("subscription { homeFeedEvents { ... on MediaAdded { media { id } } } }", 2),
        ("{ __schema { types { name } } }", 0),
    ];
    for (query, expected) in cases {
        assert_eq!(compile(query, json!({})).unwrap().cost.requested, expected, "{query}");
    }
}

#[test]
fn a_page_size_or_a_list_can_be_a_variable() {
    let query = "query($n: Int!) { viewer { homeFeed(first: $n) { nodes { id } } } }";
    assert_eq!(compile(query, json!({ "n": 3 })).unwrap().cost.requested, 5);
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    assert_eq!(compile(query, json!({ "ids": ["a", "b"] })).unwrap().cost.requested, 2);
    let many: Vec<String> = (0..5001).map(|id| id.to_string()).collect();
    assert_eq!(compile(query, json!({ "ids": many })).unwrap_err().code, Code::TooExpensive);
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
        ("fragment F on User { id }", None, Err(Code::ValidationFailed)),
        ("{ viewer { id } } query A { viewer { id } }", None, Err(Code::ValidationFailed)),
        ("query A { viewer { id } } query A { viewer { id } }", Some("A"), Err(Code::ValidationFailed)),
        ("{ viewer { id }", None, Err(Code::ParseFailed)),
        ("", None, Err(Code::ParseFailed)),
    ];
    for (query, operation_name, expected) in cases {
        let source = Source { query, operation_name };
        let compiled = compiler(&Graphql::default()).compile(source, Variables::default());
        assert_eq!(
            compiled.map(|compiled| compiled.operation.ty).map_err(|rejected| rejected.code),
            expected,
            "{query}"
        );
    }
}

#[test]
fn a_parse_error_says_where_but_quotes_nothing() {
    let rejected = compile("{ viewer { id } secret\"", json!({})).unwrap_err();
    assert_eq!(rejected.errors[0].locations[0].column, 23);
    assert!(rejected.message().starts_with("This is not GraphQL: expected "), "{}", rejected.message());
    assert!(!rejected.message().contains("secret"));
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
    let twice = "{ viewer { user { ...F friend { ...F } } } } fragment F on User";
    let roots = |times: usize| (0..times).map(|n| format!("a{n}: __typename ")).collect::<Vec<_>>().concat();
    refused(&[
        (format!("{{ viewer {{ {} }} }}", aliases(101)), Code::TooManyAliases),
        (format!("{twice} {{ {} }}", aliases(51)), Code::TooManyAliases),
        (format!("{{ {} }}", roots(21)), Code::TooExpensive),
        (format!("{{ ...F }} fragment F on Query {{ {} }}", roots(21)), Code::TooExpensive),
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
        (
            repeated(
                "node(id: 1) { ... on Media { photos { tags { user { media(first: 20) { nodes { photos { id } } } } } } } } ",
                1,
            ),
            Code::TooExpensive,
        ),
        (repeated(types, 1), Code::TooDeep),
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

/// Many operations that are not chosen, each with the same fragment.
fn operations(times: usize, fields: usize) -> String {
    let mut text = format!("{{ viewer {{ ...F }} }} fragment F on Viewer {{ {} }}", "id ".repeat(fields));
    text = text.replacen('{', "query Q {", 1);
    (0..times).for_each(|n| write!(text, " query Q{n} {{ viewer {{ ...F }} }}").unwrap());
    text
}

#[test]
fn a_limit_names_its_number() {
    let photos_and_comments = "photos { images { url } } comments(first: 20) { nodes { author { id } } }";
    let query = format!("{{ viewer {{ homeFeed(first: 100) {{ nodes {{ {photos_and_comments} }} }} }} }}");
    let rejected = compile(&query, json!({})).unwrap_err();
    assert_eq!(rejected.message(), "This operation has 5402 units of cost; at most 5000 are allowed.");
}

#[test]
fn introspection_can_be_switched_off() {
    let compiler = compiler(&Graphql { introspection: false, ..Graphql::default() });
    let compiled = |query| compiler.compile(Source { query, operation_name: None }, Variables::default());
    assert_eq!(compiled("{ __type(name: \"User\") { name } }").unwrap_err().code, Code::ValidationFailed);
    assert!(compiled("{ __typename }").is_ok());
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn values_of_a_document_fit_or_it_is_not_valid() {
    let misfits = [
        ("{ viewer { homeFeed(first: 2147483648) { totalCount } } }", "The argument `first` must be of type `Int`."),
        ("{ viewer { homeFeed(first: 5.0) { totalCount } } }", "The argument `first` must be of type `Int`."),
        ("{ viewer { homeFeed(first: \"5\") { totalCount } } }", "The argument `first` must be of type `Int`."),
        (
            "{ node(id: 1) { ... on Media { comments(order: \"NEWEST\") { nodes { id } } } } }",
            "The argument `order` must be of type `Order!`.",
        ),
        (
            "{ node(id: 1) { ... on Media { comments(order: LATEST) { nodes { id } } } } }",
            "The argument `order` must be of type `Order!`.",
        ),
        ("{ nodes(ids: [1, null]) { id } }", "The argument `ids.1` must be of type `ID!`."),
        ("{ edit(input: { mediaId: 1, x: 2 }) }", "The argument `input` has no field `x`."),
        ("{ edit(input: {}) }", "The argument `input.mediaId` of type `ID!` is missing."),
        (
            "{ edit(input: { mediaId: 1, at: \"today\" }) }",
            "The argument `input.at` must be an instant, such as 2026-11-22T18:30:00.000Z.",
        ),
        (
            "query($n: Int) { edit(input: { mediaId: 1, note: $n }) }",
            "The variable `$n` of type `Int` does not fit the argument `input.note` of type `String`.",
        ),
        (
            "query($i: ID) { nodes(ids: [$i]) { id } }",
            "The variable `$i` of type `ID` does not fit the argument `ids.0` of type `ID!`.",
        ),
        (
            "query($n: Int = \"5\") { viewer { homeFeed(first: $n) { totalCount } } }",
            "The default of the variable `$n` must be of type `Int`.",
        ),
        ("{ find(by: { id: 1, name: \"a\" }) }", "Exactly one field of the argument `by` must be given."),
        ("query($i: ID) { find(by: { id: $i }) }", "Exactly one field of the argument `by` must be given."),
        (
            "query($s: String!) { viewer { id @skip(if: $s) } }",
            "The variable `$s` of type `String!` does not fit the argument `if` of type `Boolean!`.",
        ),
        (
            "query($b: Boolean) { viewer { ... @include(if: $b) { id } } }",
            "The variable `$b` of type `Boolean` does not fit the argument `if` of type `Boolean!`.",
        ),
        // Also what is skipped, in fragments and in other operations.
        (
            "{ viewer @skip(if: true) { homeFeed(first: 5.0) { totalCount } } }",
            "The argument `first` must be of type `Int`.",
        ),
        (
            "{ viewer { ...F } } fragment F on Viewer { homeFeed(first: 5.0) { totalCount } }",
            "The argument `first` must be of type `Int`.",
        ),
    ];
    for (query, message) in misfits {
        let rejected = compile(query, json!({})).unwrap_err();
        assert_eq!((rejected.code, rejected.message()), (Code::ValidationFailed, message), "{query}");
        assert_eq!(rejected.errors[0].locations.len(), 1, "{query}");
    }
    for query in [
        "query($o: Order! = OLDEST, $n: Int = 5) { node(id: 1) { ... on Media { comments(order: $o, first: $n) { nodes { id } } } } }",
        "query($o: Order) { node(id: 1) { ... on Media { comments(order: $o) { nodes { id } } } } }",
        "query($i: ID!) { nodes(ids: [$i]) { id } find(by: { id: $i }) }",
        "{ nodes(ids: 1) { id } edit(input: { mediaId: \"a\", note: null, at: \"2026-11-22T18:30:00.000Z\" }) }",
    ] {
        assert_eq!(code(&query.replace("$i: ID!", "$i: ID! = 1")), None, "{query}");
    }
}

#[test]
fn fields_with_one_key_are_one_field_wherever_one_object_has_both() {
    let conflicts = [
        "{ viewer { id id: homeFeed { totalCount } } }",
        "{ viewer { homeFeed(first: 1) { totalCount } homeFeed(first: 2) { totalCount } } }",
        "{ viewer { homeFeed { totalCount } homeFeed(first: 2) { totalCount } } }",
        "{ viewer { a: id ...F } } fragment F on Viewer { a: user { id } }",
        "{ viewer { user { a: id } ...F } } fragment F on Viewer { user { a: username } }",
        "{ node(id: 1) { a: id ... on User { a: username } } }",
        // Shapes must agree on different objects, too.
        "{ node(id: 1) { ... on User { a: username } ... on Media { a: owner { id } } } }",
        "{ node(id: 1) { ... on User { a: friend { id } } ... on Media { a: owner { id } } } }",
        "{ node(id: 1) { ... on User { a: __typename } ... on Media { a: owner { id } } } }",
        "{ node(id: 1) { ... on User { a: media { totalCount } } ... on Media { a: owner { totalCount: id } } } }",
    ];
    for query in conflicts {
        let rejected = compile(query, json!({})).unwrap_err();
        let is_conflict = rejected.message().contains(" conflict: ");
        assert!(rejected.code == Code::ValidationFailed && is_conflict, "{query}: {}", rejected.message());
    }
    for query in [
        "{ node(id: 1) { ... on User { a: id } ... on Media { a: id } } }",
        "{ node(id: 1) { ... on User { media(first: 1) { totalCount } } ... on Media { media: comments(first: 2) { nodes { id } } } } }",
        "{ viewer { homeFeed(first: 1, after: \"a\") { totalCount } homeFeed(after: \"a\", first: 1) { totalCount } } }",
    ] {
        assert_eq!(code(query), None, "{query}");
    }
}

#[test]
fn what_is_merged_or_skipped_costs_nothing_more() {
    let cost = |query: &str| compile(query, json!({})).unwrap().cost;
    let once = cost("{ node(id: 1) { ... on Media { photos { images { url } } } } }");
    let twice = "{ node(id: 1) { ...A ...B } } fragment A on Media { photos { images { url } } } fragment B on Media { photos { images { url } id } }";
    assert_eq!(cost(twice), once);
    assert_eq!(once.costliest_path, "node.photos.images");
    let skipped = "{ node(id: 1) { ... on Media { photos { images { url } } } } viewer @skip(if: true) { homeFeed { nodes { id } } } }";
    assert_eq!(cost(skipped), once);
    let alternatives = "{ node(id: 1) { ... on Media { photos { images { url } } } ... on User { friend { id } } } }";
    assert_eq!(cost(alternatives), once);
    assert_eq!(cost("{ __typename }"), Cost { requested: 0, maximum: 5000, costliest_path: String::new() });
}

#[test]
fn the_screens_of_an_app_cost_less_than_what_is_allowed() {
    let compiler = Compiler::new(&crate::graphql::sdl(), Validator::none(), &Graphql::default());
    let tagged = "photos { id images { url width } tags { user { id username } position { x y } } }";
    let said = "caption { plain entities { offset ... on MentionEntity { user { id } } ... on HashtagEntity { hashtag { name } } } }";
    let comments = "comments(first: 2) { nodes { id author { username } text { plain } } }";
    let feed =
        |media: &str| format!("{{ viewer {{ homeFeed(first: 20) {{ nodes {{ id owner {{ id }} {media} }} }} }} }}");
    let rows = "activities(first: 100) { nodes { id actors { username } ... on MediaLikedActivity { media { photos { image { url } } } } } }";
    for screen in [feed(tagged), feed(&format!("{tagged} {said} {comments}")), format!("{{ viewer {{ {rows} }} }}")] {
        let compiled = compiler.compile(Source { query: &screen, operation_name: None }, Variables::default());
        assert!(compiled.is_ok_and(|compiled| compiled.cost.requested < 4500), "{screen}");
    }
}

#[test]
fn every_scalar_of_the_schema_is_checked() {
    let types = Types::new(&crate::graphql::sdl());
    let custom: Vec<&str> = types.custom_scalars().collect();
    assert!(custom.len() > 5);
    for scalar in custom {
        assert!(crate::graphql::scalars::check(scalar, &Value::Boolean(true)).is_err(), "{scalar}");
    }
}
