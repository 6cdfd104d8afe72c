//! A little schema where everything goes wrong, and what is told of it.

use async_graphql::parser::types::{DocumentOperations, ExecutableDocument};
use async_graphql::{Context, EmptyMutation, Interface, Object, Positioned, Request, Schema, Subscription, Variables};
use futures_util::{FutureExt, Stream, StreamExt, stream};
use serde_json::{Value as Json, json};

use super::*;
use crate::base::config::Graphql;
use crate::base::error::RefusalCode;
use crate::graphql::compile::{Compiled, Compiler, Source, Validator};
use crate::graphql::order::Order;

struct Query;
struct Live;
struct Thing;

type Answer<T> = async_graphql::Result<T>;

fn broken<T>() -> Answer<T> {
    Err(Error::internal("the disk at /secret is full").into())
}

#[Object]
impl Thing {
    async fn good(&self) -> i32 {
        1
    }
    async fn bad(&self) -> Answer<i32> {
        broken()
    }
    async fn bad_or_null(&self) -> Answer<Option<i32>> {
        broken()
    }
    async fn thing(&self) -> Thing {
        Thing
    }
    async fn things(&self) -> Vec<Thing> {
        vec![Thing, Thing]
    }
    async fn things_or_nulls(&self) -> Option<Vec<Option<Thing>>> {
        Some(vec![Some(Thing), None])
    }
}

/// One of two objects, both of which have things.
#[derive(Interface)]
#[graphql(field(name = "good", ty = "i32"))]
enum Either {
    Thing(Thing),
    Other(Other),
}

struct Other;

#[Object]
impl Other {
    async fn good(&self) -> i32 {
        2
    }
    async fn thing(&self) -> Thing {
        Thing
    }
}

#[Object]
impl Query {
    async fn either(&self) -> Option<Either> {
        Some(Either::Other(Other))
    }
    async fn thing(&self) -> Thing {
        Thing
    }
    async fn maybe(&self) -> Option<Thing> {
        Some(Thing)
    }
    async fn bad_or_null(&self) -> Answer<Option<i32>> {
        broken()
    }
    async fn refused(&self) -> Answer<Option<i32>> {
        Err(Error::refused(RefusalCode::NotFound, "There is no such user.").into())
    }
    async fn signed_out(&self) -> Answer<Option<i32>> {
        Err(Error::unauthenticated().into())
    }
    async fn shared(&self) -> Answer<Option<i32>> {
        Err(Arc::new(Error::failed(Code::Overloaded, "Try again.")).into())
    }
    async fn stranger(&self) -> Answer<Option<i32>> {
        Err("a library said something".into())
    }
    async fn forgotten(&self, ctx: &Context<'_>) -> Answer<Option<i32>> {
        Ok(Some(*ctx.data::<i32>()?))
    }
    async fn positive(&self, #[graphql(validator(minimum = 1))] n: i32) -> Option<i32> {
        Some(n)
    }
    async fn panics(&self) -> i32 {
        "".parse().expect("a bug")
    }
}

#[Subscription]
impl Live {
    async fn ticks(&self) -> impl Stream<Item = Answer<Thing>> {
        stream::iter([Ok(Thing), broken()])
    }
    async fn refused(&self) -> async_graphql::Result<stream::Empty<i32>> {
        std::future::ready(Err(Error::unauthenticated().into())).await
    }
}

fn schema() -> Schema<Query, EmptyMutation, Live> {
    Schema::new(Query, EmptyMutation, Live)
}

/// The answer, with only the codes of its errors.
fn seen(result: Result<Response, Rejected>) -> Json {
    let (data, errors) = match result {
        Ok(response) => (response.data.into_json().unwrap(), response.errors),
        Err(rejected) => (json!("none"), rejected.errors),
    };
    let codes = errors.iter().map(|error| error.extensions.as_ref().and_then(|extensions| extensions.get("code")));
    json!({ "data": data, "codes": codes.collect::<Vec<_>>() })
}

fn compiled(query: &str, variables: Json) -> Result<(Compiler, Compiled), Rejected> {
    let builder = || Schema::build(Query, EmptyMutation, Live);
    let most = Graphql { root_fields: 1000, aliases: 1000, ..Graphql::default() };
    let compiler = Compiler::new(&schema().sdl(), Validator::new(builder()), &most);
    let compiled = compiler.compile(Source { query, operation_name: None }, Variables::from_json(variables))?;
    Ok((compiler, compiled))
}

fn request(compiled: &Compiled) -> Request {
    let mut request = Request::new("");
    let operation = Positioned::new(compiled.operation.as_ref().clone(), Pos::default());
    let operations = DocumentOperations::Single(operation);
    request.set_parsed_query(ExecutableDocument { operations, fragments: [].into() });
    request
}

fn executed(query: &str, variables: Json) -> Result<Response, Rejected> {
    let (compiler, compiled) = compiled(query, variables)?;
    let response = schema().execute(request(&compiled)).now_or_never().unwrap();
    let question = Question { types: compiler.types(), operation: &compiled.operation };
    let mut response = finish(&Chance::default(), question, response);
    Order::of(&compiled.operation).arrange(&mut response.data);
    Ok(response)
}

const INTERNAL: &str = "INTERNAL_SERVER_ERROR";

#[test]
fn null_stands_where_something_failed_and_may_be_null() {
    let cases = [
        ("{ maybe { good } }", json!({ "maybe": { "good": 1 } }), 0),
        ("{ badOrNull }", json!({ "badOrNull": null }), 1),
        ("{ thing { good badOrNull } }", json!({ "thing": { "good": 1, "badOrNull": null } }), 1),
        ("{ thing { badOrNull } }", json!({ "thing": { "badOrNull": null } }), 1),
        ("{ thing { good bad } }", json!(null), 1),
        ("{ maybe { good bad } badOrNull }", json!({ "maybe": null, "badOrNull": null }), 2),
        ("{ a: maybe { b: thing { c: bad } d: badOrNull } }", json!({ "a": null }), 2),
        ("{ maybe { things { good bad } } }", json!({ "maybe": null }), 2),
        (
            "{ maybe { things { badOrNull } } }",
            json!({ "maybe": { "things": [{ "badOrNull": null }, { "badOrNull": null }] } }),
            2,
        ),
        ("{ maybe { thingsOrNulls { bad } } }", json!({ "maybe": { "thingsOrNulls": [null, null] } }), 1),
        (
            "{ ...F } fragment F on Query { maybe { ... on Thing { ...G } } } fragment G on Thing { bad }",
            json!({ "maybe": null }),
            1,
        ),
        ("{ maybe { thing { good } } maybe { thing { bad } } }", json!({ "maybe": null }), 1),
        // What cannot be null is found where another object has the same key.
        (
            "{ either { ... on Thing { thing { good } } ... on Other { good thing { bad } } } }",
            json!({ "either": null }),
            1,
        ),
    ];
    for (query, data, errors) in cases {
        let codes = vec![INTERNAL; errors];
        assert_eq!(seen(executed(query, json!({}))), json!({ "data": data, "codes": codes }), "{query}");
    }
}

#[test]
fn every_error_has_a_code_of_the_list() {
    let cases = [
        ("{ refused }", json!({}), json!({ "refused": null }), "BAD_USER_INPUT"),
        ("{ signedOut }", json!({}), json!({ "signedOut": null }), "UNAUTHENTICATED"),
        ("{ shared }", json!({}), json!({ "shared": null }), "OVERLOADED"),
        ("{ stranger }", json!({}), json!({ "stranger": null }), INTERNAL),
        ("{ forgotten }", json!({}), json!({ "forgotten": null }), INTERNAL),
        ("{ positive(n: 0) }", json!({}), json!({ "positive": null }), "BAD_USER_INPUT"),
        ("{ nonsense }", json!({}), json!("none"), "GRAPHQL_VALIDATION_FAILED"),
        ("{ positive(n: \"x\") }", json!({}), json!("none"), "GRAPHQL_VALIDATION_FAILED"),
        ("query($n: Int!) { positive(n: $n) }", json!({ "n": "x" }), json!("none"), "BAD_USER_INPUT"),
    ];
    for (query, variables, data, code) in cases {
        assert_eq!(seen(executed(query, variables)), json!({ "data": data, "codes": [code] }), "{query}");
    }
}

#[test]
fn what_broke_is_not_told_but_can_be_found() {
    for query in ["{ badOrNull }", "{ stranger }", "{ forgotten }"] {
        let response = executed(query, json!({})).unwrap();
        let text = serde_json::to_string(&response).unwrap();
        assert!(!["secret", "library", "i32"].iter().any(|secret| text.contains(secret)), "{text}");
        let id = response.errors[0].extensions.as_ref().and_then(|extensions| extensions.get("errorId"));
        assert!(matches!(id, Some(Value::String(id)) if id.len() > 15), "{text}");
    }
}

#[test]
fn a_panic_is_an_internal_error() {
    let schema = schema();
    let execution = std::panic::AssertUnwindSafe(schema.execute("{ panics }")).catch_unwind();
    let panic = execution.now_or_never().unwrap().unwrap_err();
    let rejected = panicked(&Chance::default(), panic.as_ref());
    assert_eq!(rejected.code, Code::Internal);
    assert!(!rejected.message().contains("a bug"));
}

#[test]
fn many_errors_are_cut_short() {
    let many = (0..500).map(|n| format!("a{n}: badOrNull ")).collect::<Vec<_>>().concat();
    let response = executed(&format!("{{ {many} }}"), json!({})).unwrap();
    assert_eq!(response.errors.len(), MOST_ERRORS);
    assert!(matches!(response.data, Value::Object(fields) if fields.len() == 500));
    let nonsense = (0..500).map(|n| format!("a{n} ")).collect::<Vec<_>>().concat();
    assert_eq!(executed(&format!("{{ {nonsense} }}"), json!({})).unwrap_err().errors.len(), MOST_ERRORS);
}

#[test]
fn a_stream_begins_or_is_refused_and_later_errors_are_part_of_it() {
    let streamed = |query: &'static str| -> Vec<Json> {
        let (compiler, compiled) = match compiled(query, json!({})) {
            Ok(compiled) => compiled,
            Err(rejected) => return vec![seen(Err(rejected))],
        };
        let question = Question { types: compiler.types(), operation: &compiled.operation };
        let responses: Vec<Response> = schema().execute_stream(request(&compiled)).collect().now_or_never().unwrap();
        let tell = |(index, response)| match index {
            0 => begin(&Chance::default(), question, response),
            _ => Ok(finish(&Chance::default(), question, response)),
        };
        responses.into_iter().enumerate().map(tell).map(seen).collect()
    };
    let refused = json!({ "data": "none", "codes": ["UNAUTHENTICATED"] });
    assert_eq!(streamed("subscription { refused }"), [refused]);
    let not_valid = json!({ "data": "none", "codes": ["GRAPHQL_VALIDATION_FAILED"] });
    assert_eq!(streamed("subscription { nonsense }"), [not_valid]);
    let first = json!({ "data": { "ticks": { "good": 1, "badOrNull": null } }, "codes": [INTERNAL] });
    let second = json!({ "data": null, "codes": [INTERNAL] });
    assert_eq!(streamed("subscription { ticks { good badOrNull } }"), [first, second]);
}
