//! Signing up, logging in and staying signed in; and everything somebody may try who should not get in.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::kit::{Kit, Person, account};

const MINUTE: Duration = Duration::from_mins(1);
const WHO: &str = "{ viewer { user { username } email sessions { id isCurrent } } }";

#[tokio::test]
async fn somebody_signs_up_and_is_signed_in() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("Ada.Lovelace").await;
    let answer = ada.asks(WHO, json!({})).await;
    assert_eq!(answer.text("/viewer/user/username"), "Ada.Lovelace");
    assert_eq!(answer.text("/viewer/email"), "ada.lovelace@example.org");
    assert_eq!(answer.data("/viewer/sessions"), &json!([{ "id": ada.tokens().session, "isCurrent": true }]));
    assert_eq!(kit.nobody().asks(WHO, json!({})).await.data("/viewer"), &Value::Null);
    kit.ends().await;
}

#[tokio::test]
async fn somebody_logs_in_by_name_or_by_email_in_any_case() {
    let kit = Kit::start().await;
    kit.signs_up("ada").await;
    for login in ["ada", "ADA", " ada\n", "ada@example.org", " Ada@Example.ORG "] {
        let input = json!({ "login": login, "password": "correct horse battery" });
        let payload = kit.nobody().does("logIn", input, "viewer { user { username } }").await;
        assert_eq!(payload["viewer"]["user"]["username"], "ada", "{login:?}");
    }
    kit.ends().await;
}

#[tokio::test]
async fn a_password_is_the_same_however_a_keyboard_composes_it() {
    let kit = Kit::start().await;
    let mut input = account("ada");
    input["password"] = json!("Cafe\u{301} noir\u{a0}d'e\u{301}te\u{301}");
    kit.nobody().does("signUp", input, "viewer { id }").await;
    for same in
        ["Café noir d'été", "Cafe\u{301} noir\u{a0}d'e\u{301}te\u{301}", "Caf\u{e9} noir\u{3000}d'\u{e9}te\u{301}"]
    {
        let payload = kit.nobody().tries("logIn", json!({ "login": "ada", "password": same }), "viewer { id }").await;
        assert!(payload.is_done(), "{same:?}");
    }
    for other in ["Cafe noir d'ete", "café noir d'été", " Café noir d'été "] {
        let payload = kit.nobody().tries("logIn", json!({ "login": "ada", "password": other }), "viewer { id }").await;
        assert_eq!(payload.refusal(), "BAD_CREDENTIAL", "{other:?}");
    }
    kit.ends().await;
}

#[tokio::test]
async fn a_wrong_password_and_a_wrong_name_look_the_same() {
    let kit = Kit::start().await;
    kit.signs_up("ada").await;
    let long = "x".repeat(100_000);
    let tries =
        [("ada", "wrong horse battery"), ("bob", "correct horse battery"), ("a\0da", "\0"), ("", ""), ("ada", &long)];
    let mut errors = vec![];
    for (login, password) in tries {
        let payload =
            kit.nobody().tries("logIn", json!({ "login": login, "password": password }), "session { id }").await;
        assert_eq!(payload.refusal(), "BAD_CREDENTIAL", "{login:?}");
        errors.push(payload.user_error().clone());
    }
    errors.dedup();
    assert_eq!(errors.len(), 1, "{errors:#?}");
    kit.ends().await;
}

#[tokio::test]
async fn a_bad_sign_up_says_what_is_wrong_and_where() {
    let kit = Kit::start().await;
    kit.signs_up("ada").await;
    let long = "x".repeat(31);
    let cases = [
        ("username", json!("../etc/passwd"), "INVALID"),
        ("username", json!("a\0b"), "INVALID"),
        ("username", json!(long), "INVALID"),
        ("username", json!("Admin"), "RESERVED"),
        ("username", json!("official"), "RESERVED"),
        ("username", json!("photograph_Security"), "RESERVED"),
        ("password", json!("password123"), "WEAK_PASSWORD"),
        ("password", json!("qwertyuiop"), "WEAK_PASSWORD"),
        ("username", json!("ADA"), "TAKEN"),
        ("email", json!("not an address"), "INVALID"),
        ("email", json!("eve\0@example.org"), "INVALID"),
        ("email", json!("ADA@example.org"), "TAKEN"),
        ("password", json!("short"), "WEAK_PASSWORD"),
        ("password", json!("aaaaaaaaaaaaaa"), "WEAK_PASSWORD"),
        ("password", json!("i am eve indeed"), "WEAK_PASSWORD"),
        ("displayName", json!("E\0ve"), "INVALID"),
        ("acceptsRules", json!(false), "INVALID"),
    ];
    for (field, value, code) in cases {
        let mut input = account("eve");
        input[field] = value;
        let payload = kit.nobody().tries("signUp", input.clone(), "viewer { id } session { id }").await;
        assert_eq!(payload.refusal(), code, "{input}");
        assert_eq!(payload.user_error()["path"], json!(["input", field]), "{input}");
    }
    kit.signs_up("eve").await;
    kit.ends().await;
}

#[tokio::test]
async fn of_twenty_who_want_a_name_in_the_same_instant_one_gets_it() {
    let kit = Kit::start().await;
    let tries = join_all((0..20).map(|number| {
        let mut input = account(if number % 2 == 0 { "ada" } else { "ADA" });
        input["email"] = json!(format!("ada{number}@example.org"));
        tries_to_sign_up(kit.nobody(), input)
    }));
    let outcomes = tries.await;
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "done").count(), 1, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "TAKEN").count(), 19, "{outcomes:?}");
    let winner = outcomes.iter().position(|outcome| outcome == "done").expect("somebody won");
    let loser = (winner + 1) % 20;
    let mut input = account("bob");
    input["email"] = json!(format!("ada{loser}@example.org"));
    assert_eq!(tries_to_sign_up(kit.nobody(), input).await, "done", "what the losers came with is free");
    kit.ends().await;
}

#[tokio::test]
async fn of_twenty_who_come_with_one_address_in_the_same_instant_one_gets_in() {
    let kit = Kit::start().await;
    let tries = join_all((0..20).map(|number| {
        let mut input = account(&format!("ada{number}"));
        input["email"] = json!("ada@example.org");
        tries_to_sign_up(kit.nobody(), input)
    }));
    let outcomes = tries.await;
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "done").count(), 1, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "TAKEN").count(), 19, "{outcomes:?}");
    let loser = outcomes.iter().position(|outcome| outcome == "TAKEN").expect("somebody lost");
    let mut input = account(&format!("ada{loser}"));
    input["email"] = json!("another@example.org");
    assert_eq!(tries_to_sign_up(kit.nobody(), input).await, "done", "what the losers came with is free");
    kit.ends().await;
}

async fn tries_to_sign_up(nobody: Person, input: Value) -> String {
    let payload = nobody.tries("signUp", input, "viewer { id }").await;
    if payload.is_done() { "done".to_owned() } else { payload.refusal() }
}

#[tokio::test]
async fn a_session_is_renewed_again_and_again() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let first = ada.tokens();
    for _ in 0..3 {
        kit.passes(16 * MINUTE);
        assert_eq!(ada.asks(WHO, json!({})).await.code(), "UNAUTHENTICATED");
        ada.refreshes().await;
        assert_eq!(ada.asks(WHO, json!({})).await.text("/viewer/user/username"), "ada");
    }
    assert_ne!(ada.tokens().refresh, first.refresh);
    kit.passes(61 * 24 * 60 * MINUTE);
    assert_eq!(ada.tries_to_refresh(&ada.tokens().refresh).await.refusal(), "BAD_CREDENTIAL");
    kit.ends().await;
}

#[tokio::test]
async fn a_refresh_that_is_repeated_at_once_gets_the_same_answer() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let old = ada.tokens().refresh;
    kit.passes(10 * MINUTE);
    let answers = join_all((0..5).map(|_| ada.tries_to_refresh(&old))).await;
    kit.passes(Duration::from_secs(20));
    let late = ada.tries_to_refresh(&old).await.done();
    for answer in answers {
        assert_eq!(answer.done(), late);
    }
    kit.ends().await;
}

#[tokio::test]
async fn a_phone_that_lost_the_answer_stays_signed_in() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let old = ada.tokens().refresh;
    let lost = ada.tries_to_refresh(&old).await.done();
    for late in [Duration::from_secs(33), 20 * MINUTE, 24 * 60 * MINUTE] {
        kit.passes(late);
        let again = ada.tries_to_refresh(&old).await.done();
        assert_eq!(again["tokens"]["refreshToken"], lost["tokens"]["refreshToken"], "{late:?}");
        assert_ne!(again["tokens"]["accessToken"], lost["tokens"]["accessToken"], "{late:?}");
    }
    ada.refreshes().await;
    assert_eq!(ada.asks(WHO, json!({})).await.text("/viewer/user/username"), "ada");
    assert_eq!(ada.tries_to_refresh(&old).await.refusal(), "BAD_CREDENTIAL");
    assert_eq!(ada.asks(WHO, json!({})).await.code(), "UNAUTHENTICATED");
    kit.ends().await;
}

#[tokio::test]
async fn a_new_refresh_token_that_was_used_makes_the_one_before_it_worthless() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let old = ada.tokens().refresh;
    ada.refreshes().await;
    ada.refreshes().await;
    assert_eq!(ada.tries_to_refresh(&old).await.refusal(), "BAD_CREDENTIAL");
    assert_eq!(ada.asks(WHO, json!({})).await.code(), "UNAUTHENTICATED");
    kit.ends().await;
}

#[tokio::test]
async fn ids_in_an_access_token_are_those_of_the_api() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let tokens = ada.tokens();
    let claims = tokens.access.split('.').nth(1).expect("claims");
    let claims: Value = serde_json::from_slice(&BASE64.decode(claims).expect("base64")).expect("JSON");
    assert_eq!([&claims["sub"], &claims["sid"]], [&json!(ada.id), &json!(tokens.session)]);
    assert_eq!(claims["aud"], "photograph-api");
    assert!(claims["iss"].as_str().is_some_and(|issuer| issuer.starts_with("urn:photograph:")), "{claims}");
    kit.ends().await;
}

#[tokio::test]
async fn a_refresh_token_that_is_used_twice_ends_the_session() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let phone = ada.logs_in_again().await;
    let stolen = ada.tokens().refresh;
    ada.refreshes().await;
    assert_eq!(ada.asks(WHO, json!({})).await.text("/viewer/user/username"), "ada");
    assert!(ada.tries_to_refresh(&stolen).await.is_done(), "another tab");
    kit.passes(Duration::from_secs(31));
    assert_eq!(ada.tries_to_refresh(&stolen).await.refusal(), "BAD_CREDENTIAL");
    assert_eq!(ada.tries_to_refresh(&ada.tokens().refresh).await.refusal(), "BAD_CREDENTIAL");
    assert_eq!(ada.asks(WHO, json!({})).await.code(), "UNAUTHENTICATED");
    let others = phone.asks(WHO, json!({})).await;
    assert_eq!(others.data("/viewer/sessions"), &json!([{ "id": phone.tokens().session, "isCurrent": true }]));
    kit.ends().await;
}

#[tokio::test]
async fn logging_out_ends_a_session_and_no_other() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let phone = ada.logs_in_again().await;
    let answer = ada.asks("mutation { logOut { endedSessionId userErrors { code } } }", json!({})).await;
    assert_eq!(answer.text("/logOut/endedSessionId"), ada.tokens().session);
    assert_eq!(ada.asks(WHO, json!({})).await.code(), "UNAUTHENTICATED");
    assert_eq!(ada.tries_to_refresh(&ada.tokens().refresh).await.refusal(), "BAD_CREDENTIAL");
    assert_eq!(phone.asks(WHO, json!({})).await.text("/viewer/user/username"), "ada");
    kit.ends().await;
}

#[tokio::test]
async fn another_session_can_be_ended_but_not_another_persons() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    let phone = ada.logs_in_again().await;
    let end = |session: String| json!({ "sessionId": session });
    let refused = bob.tries("endSession", end(phone.tokens().session), "endedSessionId").await;
    assert_eq!(refused.refusal(), "NOT_FOUND");
    ada.does("endSession", end(phone.tokens().session), "endedSessionId").await;
    assert_eq!(phone.asks(WHO, json!({})).await.code(), "UNAUTHENTICATED");
    assert_eq!(bob.asks(WHO, json!({})).await.text("/viewer/user/username"), "bob");
    kit.ends().await;
}

#[tokio::test]
async fn what_is_not_a_token_of_this_server_is_refused() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let good = ada.tokens().access;
    let [header, claims, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!("no JWT: {good}") };
    let none = BASE64.encode(r#"{"alg":"none","typ":"JWT"}"#);
    let symmetric = BASE64.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
    let later = BASE64.encode(with_expiry(claims, 4_000_000_000));
    let forged = [
        format!("{none}.{claims}."),
        format!("{none}.{claims}.{signature}"),
        format!("{symmetric}.{claims}.{signature}"),
        format!("{header}.{later}.{signature}"),
        format!("{header}.{claims}.{}", BASE64.encode([0; 64])),
        format!("{header}.{claims}"),
        ada.tokens().refresh,
        "nonsense".to_owned(),
    ];
    for token in forged {
        let answer = ada.with_token(&token).asks(WHO, json!({})).await;
        assert_eq!(answer.code(), "UNAUTHENTICATED", "{token:?}");
        assert_eq!(answer.status, 401, "{token:?}");
    }
    assert_eq!(ada.asks(WHO, json!({})).await.text("/viewer/user/username"), "ada");
    kit.ends().await;
}

fn with_expiry(claims: &str, seconds: i64) -> String {
    let mut claims: Value = serde_json::from_slice(&BASE64.decode(claims).expect("base64")).expect("JSON");
    claims["exp"] = json!(seconds);
    claims.to_string()
}

#[tokio::test]
async fn a_token_of_another_server_is_refused() {
    let (here, there) = (Kit::start().await, Kit::start().await);
    let ada = here.signs_up("ada").await;
    let twin = there.signs_up("ada").await;
    let answer = ada.with_token(&twin.tokens().access).asks(WHO, json!({})).await;
    assert_eq!(answer.code(), "UNAUTHENTICATED");
    assert_eq!(ada.tries_to_refresh(&twin.tokens().refresh).await.refusal(), "BAD_CREDENTIAL");
    there.ends().await;
    here.ends().await;
}

#[tokio::test]
async fn what_needs_somebody_is_refused_to_nobody() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let media = ada.publishes("dusk").await;
    let upload = json!({ "contentType": "image/jpeg", "byteSize": 1000 });
    let tries = [
        ("followUser", json!({ "userId": ada.id })),
        ("blockUser", json!({ "userId": ada.id })),
        ("likeMedia", json!({ "mediaId": media })),
        ("deleteMedia", json!({ "mediaId": media })),
        ("addComment", json!({ "mediaId": media, "text": "hello" })),
        ("updatePrivacySettings", json!({ "isPrivate": true })),
        ("createUpload", upload),
    ];
    for (mutation, input) in tries {
        assert_eq!(kit.nobody().tries(mutation, input, "").await.code(), "UNAUTHENTICATED", "{mutation}");
    }
    kit.ends().await;
}
