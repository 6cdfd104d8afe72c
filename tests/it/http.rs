//! GraphQL over HTTP to the letter: what each request is answered, with which status, label and code. Requests are
//! written by hand, byte by byte, so that nothing helpful comes in between.

use std::collections::HashMap;
use std::fmt::Write;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::kit::{Kit, PATIENCE};

/// What came back.
struct Reply {
    status: u16,
    headers: HashMap<String, String>,
    body: String,
}

impl Reply {
    fn read(text: &[u8]) -> Self {
        let text = String::from_utf8_lossy(text);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer of HTTP: {text:?}"));
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).expect("a status");
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        Self { status, headers, body: body.to_owned() }
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{} is not JSON: {}", self.status, self.body))
    }

    /// The code of the first error.
    fn code(&self) -> String {
        self.json().pointer("/errors/0/extensions/code").and_then(Value::as_str).unwrap_or_default().to_owned()
    }
}

/// Sends bytes as they are and reads until the server closes the connection.
async fn raw(kit: &Kit, request: &[u8]) -> Reply {
    let exchange = async {
        let mut connection = TcpStream::connect(kit.front.address).await.expect("a connection");
        connection.write_all(request).await.expect("the server takes the request");
        let mut answer = vec![];
        // A server that does not read a body to its end resets the connection after its answer.
        while connection.read_buf(&mut answer).await.is_ok_and(|length| length > 0) {}
        Reply::read(&answer)
    };
    timeout(PATIENCE, exchange).await.expect("the server answers")
}

type Headers<'a> = &'a [(&'a str, &'a str)];

async fn send(kit: &Kit, line: &str, headers: Headers<'_>, body: &str) -> Reply {
    let mut request = format!("{line} HTTP/1.1\r\nHost: photograph\r\nConnection: close\r\n");
    for (name, value) in headers {
        write!(request, "{name}: {value}\r\n").expect("a header");
    }
    if !line.starts_with("GET") && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("transfer-encoding")) {
        write!(request, "Content-Length: {}\r\n", body.len()).expect("a header");
    }
    raw(kit, format!("{request}\r\n{body}").as_bytes()).await
}

const JSON: (&str, &str) = ("Content-Type", "application/json");

async fn post(kit: &Kit, body: &Value) -> Reply {
    send(kit, "POST /graphql", &[JSON], &body.to_string()).await
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut all, byte| {
        write!(all, "%{byte:02X}").expect("a letter");
        all
    })
}

const GRAPHQL: &str = "application/graphql-response+json; charset=utf-8";
const LEGACY: &str = "application/json; charset=utf-8";
const SERVER: &str = r#"{"query":"{ server { name } }"}"#;
const NONSENSE: &str = r#"{"query":"{ nonsense }"}"#;

#[tokio::test]
async fn answers_are_labelled_as_the_client_reads_them_and_refusals_always_as_graphql() {
    let kit = Kit::start().await;
    let cases: [(Headers<'_>, &str); 5] = [
        (&[JSON], LEGACY),
        (&[JSON, ("Accept", "application/json")], LEGACY),
        (&[JSON, ("Accept", "application/graphql-response+json")], GRAPHQL),
        (&[JSON, ("Accept", "application/graphql-response+json;q=0.5, application/json;q=0.9")], LEGACY),
        (&[JSON, ("Accept", "*/*")], GRAPHQL),
    ];
    for (headers, label) in cases {
        let reply = send(&kit, "POST /graphql", headers, SERVER).await;
        assert_eq!((reply.status, reply.header("content-type")), (200, label), "{headers:?}");
        assert_eq!(reply.header("cache-control"), "no-store");
        assert_eq!(reply.json()["data"], json!({ "server": { "name": "photograph" } }));
        let reply = send(&kit, "POST /graphql", headers, NONSENSE).await;
        assert_eq!((reply.status, reply.header("content-type")), (422, GRAPHQL), "{headers:?}");
        assert_eq!(reply.header("cache-control"), "no-store");
    }
    let reply = send(&kit, "POST /graphql", &[JSON, ("Accept", "text/html")], SERVER).await;
    assert_eq!((reply.status, reply.code().as_str()), (406, "BAD_USER_INPUT"));
    kit.ends().await;
}

/// What is not executed has a status, a code and no data.
async fn refused(kit: &Kit, cases: &[(&str, u16, &str)]) {
    for (body, status, code) in cases {
        let reply = send(kit, "POST /graphql", &[JSON], body).await;
        let seen = (reply.status, reply.code(), reply.json().get("data").is_some());
        assert_eq!(seen, (*status, (*code).to_owned(), false), "{body:.100}");
    }
}

#[tokio::test]
async fn a_request_that_is_ill_formed_is_refused() {
    let kit = Kit::start().await;
    let nested = format!("{{\"query\":\"{}\"}}", "[".repeat(60_000));
    let cases = [
        ("not json", 400, "BAD_USER_INPUT"),
        ("", 400, "BAD_USER_INPUT"),
        ("{", 400, "BAD_USER_INPUT"),
        (r#"{"query":"{ server "}"#, 400, "GRAPHQL_PARSE_FAILED"),
        (r#"{"query":""}"#, 400, "GRAPHQL_PARSE_FAILED"),
        (r#"{"query":"type A { b: C }"}"#, 400, "GRAPHQL_PARSE_FAILED"),
        ("[]", 422, "BATCH_NOT_ALLOWED"),
        (r#"[{"query":"{ server { name } }"}]"#, 422, "BATCH_NOT_ALLOWED"),
        ("7", 422, "BAD_USER_INPUT"),
        ("{}", 422, "BAD_USER_INPUT"),
        (r#"{"query":7}"#, 422, "BAD_USER_INPUT"),
        (r#"{"query":"{ server { name } }","variables":[]}"#, 422, "BAD_USER_INPUT"),
        (r#"{"query":"{ server { name } }","operationName":7}"#, 422, "BAD_USER_INPUT"),
        (r#"{"query":"{ server { name } }","extensions":"x"}"#, 422, "BAD_USER_INPUT"),
        (r#"{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"00"}}}"#, 422, "PERSISTED_QUERY_NOT_SUPPORTED"),
        (r#"{"documentId":"sha256:00"}"#, 422, "PERSISTED_QUERY_NOT_SUPPORTED"),
        (&nested, 422, "OPERATION_TOO_DEEP"),
    ];
    refused(&kit, &cases).await;
    kit.ends().await;
}

#[tokio::test]
async fn an_operation_that_cannot_be_executed_is_refused() {
    let kit = Kit::start().await;
    let cases = [
        (r#"{"query":"{ server { name } }","operationName":"A"}"#, 422, "OPERATION_RESOLUTION_FAILURE"),
        (r#"{"query":"query A { server { name } } query B { server { name } }"}"#, 422, "OPERATION_RESOLUTION_FAILURE"),
        (NONSENSE, 422, "GRAPHQL_VALIDATION_FAILED"),
        (r#"{"query":"{ server { ...F } } fragment F on Server { ...F }"}"#, 422, "GRAPHQL_VALIDATION_FAILED"),
        (r#"{"query":"{ node(id: [[]]) { id } }"}"#, 422, "GRAPHQL_VALIDATION_FAILED"),
        (r#"{"query":"query($id: ID!) { node(id: $id) { id } }"}"#, 422, "BAD_USER_INPUT"),
        (r#"{"query":"query($id: ID!) { node(id: $id) { id } }","variables":{"id":null}}"#, 422, "BAD_USER_INPUT"),
        (r#"{"query":"query($id: ID!) { node(id: $id) { id } }","variables":{"id":{}}}"#, 422, "BAD_USER_INPUT"),
        (
            r#"{"query":"query($by: UserLookup!) { user(by: $by) { id } }","variables":{"by":{}}}"#,
            422,
            "BAD_USER_INPUT",
        ),
        (r#"{"query":"subscription { homeFeedEvents { __typename } }"}"#, 422, "OPERATION_RESOLUTION_FAILURE"),
    ];
    refused(&kit, &cases).await;
    kit.ends().await;
}

#[tokio::test]
async fn errors_in_execution_are_a_partial_success() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let bearer = format!("Bearer {}", ada.tokens().access);
    let headers = [JSON, ("Authorization", bearer.as_str())];
    let body = json!({ "query": "{ server { name } viewer { homeFeed(first: 101) { nodes { id } } } }" }).to_string();
    let reply = send(&kit, "POST /graphql", &headers, &body).await;
    assert_eq!((reply.status, reply.code().as_str()), (294, "BAD_USER_INPUT"));
    assert_eq!(reply.json()["data"], json!({ "server": { "name": "photograph" }, "viewer": { "homeFeed": null } }));
    assert_eq!(reply.json()["errors"][0]["path"], json!(["viewer", "homeFeed"]));
    let like = json!({ "query": "mutation { likeMedia(input: { mediaId: \"med_1\" }) { media { id } } }" });
    let reply = post(&kit, &like).await;
    assert_eq!((reply.status, reply.code().as_str()), (294, "UNAUTHENTICATED"));
    assert_eq!(reply.json()["data"], Value::Null, "a payload cannot be null, so all is");
    kit.ends().await;
}

#[tokio::test]
async fn old_proxies_can_have_200_for_a_partial_success() {
    let kit = Kit::with(|config| config.http.partial_success_status = 200).await;
    let reply = post(&kit, &json!({ "query": "mutation { logOut { endedSessionId } }" })).await;
    assert_eq!((reply.status, reply.code().as_str()), (200, "UNAUTHENTICATED"));
    let reply = send(&kit, "POST /graphql", &[JSON], NONSENSE).await;
    assert_eq!(reply.status, 422);
    kit.ends().await;
}

#[tokio::test]
async fn only_json_in_utf_8_is_read() {
    let kit = Kit::start().await;
    let cases: [(Headers<'_>, u16); 8] = [
        (&[("Content-Type", "application/json; charset=UTF-8")], 200),
        (&[("Content-Type", "Application/JSON")], 200),
        (&[], 415),
        (&[("Content-Type", "text/plain")], 415),
        (&[("Content-Type", "application/graphql")], 415),
        (&[("Content-Type", "multipart/form-data; boundary=x")], 415),
        (&[("Content-Type", "application/json; charset=latin1")], 415),
        (&[JSON, ("Content-Encoding", "gzip")], 415),
    ];
    for (headers, status) in cases {
        assert_eq!(send(&kit, "POST /graphql", headers, SERVER).await.status, status, "{headers:?}");
    }
    kit.ends().await;
}

#[tokio::test]
async fn a_body_that_is_too_long_is_not_read() {
    let kit = Kit::with(|config| config.http.body_bytes = 1000).await;
    let said =
        "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2000000000\r\n\r\n";
    let reply = raw(&kit, said.as_bytes()).await;
    assert_eq!((reply.status, reply.code().as_str()), (413, "BAD_USER_INPUT"));
    let chunk = format!("400\r\n{}\r\n", "x".repeat(1024));
    let reply = send(&kit, "POST /graphql", &[JSON, ("Transfer-Encoding", "chunked")], &chunk).await;
    assert_eq!(reply.status, 413);
    assert_eq!(send(&kit, "POST /graphql", &[JSON], SERVER).await.status, 200);
    kit.ends().await;
}

#[tokio::test]
async fn get_is_for_queries() {
    let kit = Kit::start().await;
    let by = |query: &str, more: &str| format!("GET /graphql?query={}{more}", encoded(query));
    let variables = format!("&variables={}", encoded(r#"{"id":"nobody"}"#));
    let cases = [
        (by("{ server { name } }", ""), 200, ""),
        (by("query A { server { name } } query B { viewer { id } }", "&operationName=A"), 200, ""),
        (by("query($id: String!) { user(by: { username: $id }) { id } }", &variables), 200, ""),
        (by("{ server { name } }", "&operationName=&variables=&extensions="), 200, ""),
        (by("{ server { name } }", "&variables=%7B"), 400, "BAD_USER_INPUT"),
        (by("{ server { name } }", "&variables=7"), 422, "BAD_USER_INPUT"),
        (by("{ server { name } }", "&query=x"), 422, "BAD_USER_INPUT"),
        (by("{ server", ""), 400, "GRAPHQL_PARSE_FAILED"),
        (by("mutation { logOut { endedSessionId } }", ""), 405, "OPERATION_RESOLUTION_FAILURE"),
        (by("subscription { homeFeedEvents { __typename } }", ""), 422, "OPERATION_RESOLUTION_FAILURE"),
        ("GET /graphql".to_owned(), 422, "BAD_USER_INPUT"),
        ("GET /graphql?documentId=sha256:00".to_owned(), 422, "PERSISTED_QUERY_NOT_SUPPORTED"),
    ];
    for (line, status, code) in cases {
        let reply = send(&kit, &line, &[], "").await;
        assert_eq!((reply.status, reply.code().as_str()), (status, code), "{line}");
        assert_eq!(reply.header("cache-control"), "no-store", "{line}");
    }
    let mutation = send(&kit, &by("mutation { logOut { endedSessionId } }", ""), &[], "").await;
    assert_eq!(mutation.header("allow"), "POST");
    let put = send(&kit, "PUT /graphql", &[JSON], SERVER).await;
    assert!(put.status == 405 && put.header("allow").contains("POST"), "{} {}", put.status, put.header("allow"));
    kit.ends().await;
}

#[tokio::test]
async fn a_token_that_is_not_valid_is_told_at_once() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let good = format!("bearer {}", ada.tokens().access);
    let asked = |authorization: String| {
        let kit = &kit;
        async move { send(kit, "POST /graphql", &[JSON, ("Authorization", &authorization)], SERVER).await }
    };
    assert_eq!(asked(good.clone()).await.status, 200);
    kit.passes(Duration::from_mins(16));
    for none in ["", " ", "Bearer", "bearer "] {
        assert_eq!(asked(none.into()).await.status, 200, "{none:?} is sent by clients before anybody has logged in");
    }
    for authorization in
        [good, "Bearer nonsense".into(), "Bearer a b".into(), "Basic YWRhOmFkYQ==".into(), "null".into()]
    {
        let reply = asked(authorization.clone()).await;
        assert_eq!((reply.status, reply.code().as_str()), (401, "UNAUTHENTICATED"), "{authorization}");
        assert!(reply.header("www-authenticate").starts_with("Bearer"), "{authorization}");
    }
    let two = [JSON, ("Authorization", "Bearer a"), ("Authorization", "Bearer b")];
    assert_eq!(send(&kit, "POST /graphql", &two, SERVER).await.status, 401);
    kit.ends().await;
}

#[tokio::test]
async fn the_price_is_told_and_bounded() {
    let kit = Kit::start().await;
    let reply = post(&kit, &json!({ "query": "{ server { name limits { operationCost } } }" })).await;
    assert_eq!(reply.json()["extensions"]["cost"]["requestedQueryCost"], 2);
    let dear = "{ viewer { homeFeed(first: 100) { nodes { comments(first: 100) { nodes { id } } } } } }";
    let reply = post(&kit, &json!({ "query": dear })).await;
    assert_eq!((reply.status, reply.code().as_str()), (422, "OPERATION_TOO_EXPENSIVE"));
    assert!(reply.json()["errors"][0]["message"].as_str().is_some_and(|message| message.contains("5000")));
    kit.ends().await;
}

/// Fragments that each spread the next one twice.
fn fan_out(levels: usize) -> String {
    let mut query = "{ server { ...F0 } }".to_owned();
    for level in 0..levels {
        write!(query, " fragment F{level} on Server {{ ...F{0} ...F{0} }}", level + 1).expect("a fragment");
    }
    query + &format!(" fragment F{levels} on Server {{ name }}")
}

#[tokio::test]
async fn bombs_are_refused_and_the_server_lives() {
    let kit = Kit::start().await;
    let aliases = (0..200).map(|n| format!("a{n}: name ")).collect::<Vec<_>>().concat();
    let cases = [
        (fan_out(29), "OPERATION_TOO_EXPENSIVE"),
        (fan_out(300), "OPERATION_TOO_DEEP"),
        (format!("{{ server {{ {aliases} }} }}"), "TOO_MANY_ALIASES"),
        (format!("{{ server {{ name {} }} }}", "@skip(if: false) ".repeat(100)), "OPERATION_TOO_EXPENSIVE"),
        ("{ server { name } } ".repeat(10_000), "OPERATION_TOO_EXPENSIVE"),
        (format!("{{ server {{ {} }} }}", "nonsense".repeat(10_000)), "OPERATION_TOO_EXPENSIVE"),
        (format!("{{ node(id: {}{}) {{ id }} }}", "[".repeat(60), "]".repeat(60)), "GRAPHQL_VALIDATION_FAILED"),
        (format!("{{ {} }}", "server { ".repeat(60) + "name" + &" }".repeat(60)), "OPERATION_TOO_DEEP"),
    ];
    for (query, code) in cases {
        let reply = post(&kit, &json!({ "query": query })).await;
        assert_eq!((reply.status, reply.code().as_str()), (422, code), "{query:.100}");
    }
    assert_eq!(send(&kit, "POST /graphql", &[JSON], SERVER).await.status, 200);
    kit.ends().await;
}

/// What the library below gets wrong or does not know, and real clients send.
#[tokio::test]
async fn documents_of_real_clients_are_understood() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let media = ada.publishes("dusk").await;
    kit.settle().await;
    let cases = [
        (
            r#""Who I am." query("Whether to tell." $tell: Boolean = true) { server { name @include(if: $tell) } }"#,
            json!({}),
            "/server/name",
        ),
        (
            "query($id: ID!, $first: Int) { media(by: { id: $id }) { comments(first: $first) { nodes { id } } } }",
            json!({ "id": media }),
            "/media/comments/nodes",
        ),
        (
            "query($id: ID!, $order: CommentOrder) { media(by: { id: $id }) { comments(order: $order) { nodes { id } } } }",
            json!({ "id": media }),
            "/media/comments/nodes",
        ),
        ("query($id: ID!) { media(by: { id: $id }) { id } }", json!({ "id": media, "stranger": [] }), "/media/id"),
    ];
    for (query, variables, path) in cases {
        let answer = ada.asks(query, variables).await;
        assert_ne!(answer.data(path), &Value::Null, "{query}");
    }
    kit.ends().await;
}

#[tokio::test]
async fn introspection_works_for_the_playground_and_can_be_switched_off() {
    let kit = Kit::start().await;
    let query = format!(
        "{{ __schema {{ types {{ name fields {{ name args {{ name type {{ ...T }} }} type {{ ...T }} }} }} }} }}
        fragment T on __Type {{ kind name {}kind{} }}",
        "ofType { name ".repeat(9),
        " }".repeat(9)
    );
    let reply = post(&kit, &json!({ "query": query })).await;
    assert_eq!(reply.status, 200, "{:.300}", reply.body);
    kit.ends().await;
    let kit = Kit::with(|config| config.graphql.introspection = false).await;
    for query in ["{ __schema { types { name } } }", "{ __type(name: \"User\") { name } }"] {
        let reply = post(&kit, &json!({ "query": query })).await;
        assert_eq!((reply.status, reply.code().as_str()), (422, "GRAPHQL_VALIDATION_FAILED"));
    }
    assert_eq!(post(&kit, &json!({ "query": "{ __typename }" })).await.status, 200);
    kit.ends().await;
}

#[tokio::test]
async fn long_answers_are_packed_for_clients_that_unpack() {
    let kit = Kit::start().await;
    let body = json!({ "query": "{ __schema { types { name description } } }" }).to_string();
    let reply = send(&kit, "POST /graphql", &[JSON, ("Accept-Encoding", "gzip")], &body).await;
    assert_eq!((reply.status, reply.header("content-encoding")), (200, "gzip"));
    let reply = send(&kit, "POST /graphql", &[JSON, ("Accept-Encoding", "gzip")], SERVER).await;
    assert_eq!(reply.header("content-encoding"), "");
    kit.ends().await;
}

#[tokio::test]
async fn pages_of_every_origin_may_ask_but_never_with_cookies() {
    let kit = Kit::start().await;
    let preflight = [
        ("Origin", "https://app.example.org"),
        ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", "authorization,content-type"),
    ];
    for path in ["/graphql", "/uploads/upl_1/secret"] {
        let reply = send(&kit, &format!("OPTIONS {path}"), &preflight, "").await;
        assert_eq!(reply.status, 200, "{path}");
        assert_eq!(reply.header("access-control-allow-origin"), "*");
        assert_eq!(reply.header("access-control-allow-headers"), "authorization,content-type");
        assert!(reply.header("access-control-allow-methods").contains("PUT"));
        assert_eq!(reply.header("access-control-allow-credentials"), "");
    }
    let reply = send(&kit, "POST /graphql", &[JSON, ("Origin", "https://app.example.org")], SERVER).await;
    assert_eq!((reply.status, reply.header("access-control-allow-origin")), (200, "*"));
    kit.ends().await;
}

#[tokio::test]
async fn the_server_says_how_it_is() {
    let kit = Kit::start().await;
    let alive = send(&kit, "GET /livez", &[], "").await;
    assert_eq!((alive.status, alive.body.as_str()), (200, "ok"));
    for path in ["/readyz", "/healthz"] {
        let ready = send(&kit, &format!("GET {path}"), &[], "").await;
        let expected = json!({ "ready": true, "parts": { "database": "ok", "draining": false } });
        assert_eq!((ready.status, ready.json()), (200, expected), "{path}");
    }
    kit.ends().await;
}

#[tokio::test]
async fn the_playground_is_there_unless_it_is_switched_off() {
    let kit = Kit::start().await;
    let root = send(&kit, "GET /", &[], "").await;
    assert_eq!((root.status, root.header("location")), (307, "/playground"));
    assert!(send(&kit, "GET /playground/people.json", &[], "").await.json().is_array());
    kit.ends().await;
    let kit = Kit::with(|config| config.playground.enabled = false).await;
    for path in ["/", "/playground", "/playground/people.json"] {
        assert_eq!(send(&kit, &format!("GET {path}"), &[], "").await.status, 404, "{path}");
    }
    kit.ends().await;
}

#[tokio::test]
async fn images_can_be_kept_for_ever_and_no_path_leads_elsewhere() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let media = ada.publishes("dusk").await;
    kit.settle().await;
    let seen = ada.sees_media(&media).await;
    let url = seen["photos"][0]["images"][0]["url"].as_str().expect("a link");
    let path = url.strip_prefix(&kit.front.url("")).expect("a link to this server");
    for method in ["GET", "HEAD"] {
        let reply = send(&kit, &format!("{method} {path}"), &[], "").await;
        assert_eq!((reply.status, reply.header("content-type")), (200, "image/jpeg"), "{method}");
        assert_eq!(reply.header("cache-control"), "public, max-age=31536000, immutable, s-maxage=3600");
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        assert_eq!(reply.header("content-security-policy"), "default-src 'none'");
        assert!(reply.header("content-length").parse::<usize>().is_ok_and(|length| length > 100));
        assert_eq!(reply.body.is_empty(), method == "HEAD");
    }
    let elsewhere = [
        "/images/../../photograph.sqlite",
        "/images/%2e%2e/3mJr7AoUXx2Wqd/low.jpg",
        "/images/..%2f..%2fphotograph/3mJr7AoUXx2Wqd/low.jpg",
        "/images/3mJr7AoUXx2Wqd/3mJr7AoUXx2Wqd/%2e%2e%2flow.jpg",
        "/images/3mJr7AoUXx2Wqd/3mJr7AoUXx2Wqd/low.jpg",
        "/images/3mJr7AoUXx2Wqd/3mJr7AoUXx2Wqd/original.jpg",
        "/images/3mJr7AoUXx2Wqd/low.jpg",
        "/images/%00/%00/low.jpg",
        "/images/%ff/%ff/low.jpg",
    ];
    for path in elsewhere {
        let status = send(&kit, &format!("GET {path}"), &[], "").await.status;
        assert!(matches!(status, 400 | 404), "{status} {path}");
    }
    kit.ends().await;
}

#[tokio::test]
async fn uploads_that_cannot_be_taken_are_told_why() {
    let kit = Kit::with(|config| config.s3.bucket = None).await;
    let ada = kit.signs_up("ada").await;
    let upload = ada.announces(&crate::kit::photos::small_jpeg(1), "image/jpeg").await;
    let url = upload.url.expect("bytes are awaited");
    let path = url.strip_prefix(&kit.front.url("")).expect("a link to this server");
    let wrong = path.rsplit_once('/').expect("a secret at the end").0.to_owned() + "/wrong";
    let jpeg = ("Content-Type", "image/jpeg");
    let cases: [(String, Headers<'_>, u16, &str); 5] = [
        (format!("PUT {wrong}"), &[jpeg], 404, "NOT_FOUND"),
        ("PUT /uploads/nonsense/secret".into(), &[jpeg], 404, "NOT_FOUND"),
        (format!("PUT {path}"), &[jpeg, ("Transfer-Encoding", "chunked")], 411, "INVALID"),
        (format!("PUT {path}"), &[("Content-Type", "text/html")], 415, "UNSUPPORTED_MEDIA"),
        (format!("PUT {path}"), &[jpeg], 422, "INVALID"),
    ];
    for (line, headers, status, code) in cases {
        let reply = send(&kit, &line, headers, "").await;
        assert_eq!((reply.status, reply.code().as_str()), (status, code), "{line} {headers:?}");
    }
    let reply = send(&kit, &format!("GET {path}"), &[jpeg], "").await;
    assert_eq!((reply.status, reply.header("allow")), (405, "PUT,DELETE,HEAD,PATCH,POST"));
    // The others are for those who speak tus.
    for method in ["POST", "DELETE"] {
        let reply = send(&kit, &format!("{method} {path}"), &[jpeg], "").await;
        assert_eq!((reply.status, reply.header("tus-version")), (412, "1.0.0"), "{method}");
    }
    kit.ends().await;
}

#[tokio::test]
async fn an_address_with_nothing_says_where_to_look() {
    let kit = Kit::start().await;
    let reply = send(&kit, "GET /nonsense", &[], "").await;
    assert_eq!((reply.status, reply.code().as_str()), (404, "NOT_FOUND"));
    kit.ends().await;
}

#[tokio::test]
async fn fields_come_in_the_order_in_which_they_were_asked_for() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    // `email` waits for a database, `id` for nothing.
    let query = "{ viewer { user { username id } email id } server { version name } }";
    let answer = text_of(&ada, query).await;
    let places: Vec<_> = ["viewer", "user", "username", "email", "vwr_", "server", "version", "name\":\"photograph"]
        .into_iter()
        .map(|name| answer.find(name).unwrap_or_else(|| panic!("no {name} in {answer}")))
        .collect();
    assert!(places.is_sorted(), "{answer}");
    kit.ends().await;
}

/// The body of an answer as it came.
async fn text_of(person: &crate::kit::Person, query: &str) -> String {
    let request = person.front.request(Some(&person.tokens().access), query, &json!({}));
    request.send().await.expect("an answer").text().await.expect("a text")
}

#[tokio::test]
async fn a_request_names_one_host() {
    let kit = Kit::start().await;
    let cases = [
        ("GET /livez HTTP/1.1\r\n", 400),
        ("GET /livez HTTP/1.1\r\nHost: a\r\nHost: a\r\n", 400),
        ("GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n", 400),
        ("GET /livez HTTP/1.1\r\nHost: a/b\r\n", 400),
        ("GET /livez HTTP/1.1\r\nHost: user@a\r\n", 400),
        ("GET /livez HTTP/1.1\r\nHost: [::1]:8080\r\n", 200),
        ("GET /livez HTTP/1.1\r\nHost:\r\n", 200),
        ("GET /livez HTTP/1.0\r\n", 200),
        ("GET /livez HTTP/1.0\r\nHost: a\r\nHost: b\r\n", 400),
    ];
    for (head, status) in cases {
        let reply = raw(&kit, format!("{head}Connection: close\r\n\r\n").as_bytes()).await;
        assert_eq!(reply.status, status, "{head}");
        if status == 400 {
            assert_eq!(reply.code(), "BAD_USER_INPUT", "{head}");
        }
    }
    kit.ends().await;
}

#[tokio::test]
async fn whatever_is_answered_is_not_to_be_taken_for_something_else() {
    let kit = Kit::start().await;
    let paths = [
        "/",
        "/graphql",
        "/playground",
        "/playground/people.json",
        "/playground/assets/no.js",
        "/livez",
        "/readyz",
        "/nothing",
        "/uploads/upl_1/secret",
        "/images/key/seal/low.jpg",
        "/filters/no.cube",
    ];
    for (method, path) in paths.iter().flat_map(|path| ["GET", "POST", "OPTIONS"].map(|method| (method, path))) {
        let request = format!("{method} {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        let reply = raw(&kit, request.as_bytes()).await;
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{method} {path}");
    }
    let reply = raw(&kit, b"GET /livez HTTP/1.1\r\n\r\n").await;
    assert_eq!((reply.status, reply.header("x-content-type-options")), (400, "nosniff"));
    kit.ends().await;
}

#[tokio::test]
async fn a_schema_that_cannot_be_asked_for_is_not_told_in_errors_either() {
    for (is_told, introspection) in [(true, true), (false, false)] {
        let kit = Kit::with(|config| config.graphql.introspection = introspection).await;
        for query in [
            "{ servr { name } }",
            "{ server { nam } }",
            "{ viewer(a: 1) { id } }",
            "query($a: Strin) { server { name } }",
        ] {
            let refused = kit.nobody().asks(query, json!({})).await;
            let text = refused.body.to_string();
            assert!(is_told || !text.contains("Did you mean"), "{text}");
        }
        let suggested = kit.nobody().asks("{ servr { name } }", json!({})).await.body.to_string();
        assert_eq!(suggested.contains("Did you mean"), is_told, "{suggested}");
        kit.ends().await;
    }
}
