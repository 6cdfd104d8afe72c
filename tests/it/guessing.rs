//! Guessing passwords: wrong ones are counted for an account from a network and for the account, log-ins for the network.

use std::time::Duration;

use futures_util::future::join_all;
use photograph::base::clock::Timestamp;
use serde_json::{Value, json};

use crate::kit::{Front, Kit};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const PASSWORD: &str = "correct horse battery";
const LIMITED: &str = "ACTION_LIMITED";

#[tokio::test]
async fn guessing_a_password_is_slowed_down_and_only_there() {
    let kit = Kit::with(|config| config.auth.wrong_passwords = 3).await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    for login in ["ada", "ADA", "ada@example.org"] {
        assert_eq!(tries_to_log_in(&kit.front, login, "a wrong password").await, "BAD_CREDENTIAL");
    }
    for login in ["ada", "ADA", "ada@example.org"] {
        assert_eq!(tries_to_log_in(&kit.front, login, PASSWORD).await, LIMITED, "{login} is the same account");
    }
    assert_eq!(tries_to_log_in(&kit.front, "bob", PASSWORD).await, "done", "{} is somebody else", bob.name);
    assert_eq!(tries_to_log_in(&elsewhere(&kit), "ada", PASSWORD).await, "done", "she is somewhere else");
    ada.refreshes().await;
    // One after a third of the time, and not all three.
    kit.passes(5 * MINUTE);
    assert_eq!(tries_to_log_in(&kit.front, "ada", "a wrong password").await, "BAD_CREDENTIAL");
    assert_eq!(tries_to_log_in(&kit.front, "ada", PASSWORD).await, LIMITED);
    kit.passes(5 * MINUTE);
    assert_eq!(tries_to_log_in(&kit.front, "ada", PASSWORD).await, "done");
    for _ in 0..3 {
        let tried = tries_to_log_in(&kit.front, "ada", "a wrong password").await;
        assert_eq!(tried, "BAD_CREDENTIAL", "with the right one all began anew");
    }
    kit.ends().await;
}

#[tokio::test]
async fn a_name_that_nobody_has_is_counted_like_one_that_somebody_has() {
    let kit = Kit::with(|config| config.auth.wrong_passwords = 2).await;
    kit.signs_up("ada").await;
    for logins in [["ada", "Ada"], ["nobody", "NoBody"], ["no@example.org", " NO@example.org"], ["a b", " A b "]] {
        for (login, expected) in
            logins.iter().chain(&logins).zip(["BAD_CREDENTIAL", "BAD_CREDENTIAL", LIMITED, LIMITED])
        {
            assert_eq!(tries_to_log_in(&kit.front, login, "a wrong password").await, expected, "{login:?}");
        }
    }
    kit.ends().await;
}

#[tokio::test]
async fn wrong_passwords_from_everywhere_are_bounded() {
    let kit = Kit::with(|config| {
        config.auth.wrong_passwords = 2;
        config.auth.wrong_passwords_of_account = 3;
    })
    .await;
    kit.signs_up("ada").await;
    let elsewhere = elsewhere(&kit);
    for front in [&kit.front, &kit.front, &elsewhere] {
        assert_eq!(tries_to_log_in(front, "ada", "a wrong password").await, "BAD_CREDENTIAL");
    }
    let nowhere = kit.front.from([127, 0, 0, 3].into());
    assert_eq!(tries_to_log_in(&nowhere, "ada", PASSWORD).await, LIMITED, "three for the account");
    kit.passes(20 * MINUTE);
    assert_eq!(tries_to_log_in(&nowhere, "ada", "a wrong password").await, "BAD_CREDENTIAL");
    assert_eq!(tries_to_log_in(&nowhere, "ada", PASSWORD).await, LIMITED);
    kit.passes(20 * MINUTE);
    assert_eq!(tries_to_log_in(&nowhere, "ada", PASSWORD).await, "done");
    kit.ends().await;
}

#[tokio::test]
async fn log_ins_from_a_network_are_bounded_whatever_comes_of_them() {
    let kit = Kit::with(|config| config.auth.log_ins_of_network = 4).await;
    let _people = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    let mut tried = join_all((0..6).map(|_| tries_to_log_in(&kit.front, "ada", PASSWORD))).await;
    tried.sort();
    assert_eq!(tried, [LIMITED, LIMITED, "done", "done", "done", "done"]);
    let error = &logs_in(&kit.front, "bob", PASSWORD).await[0];
    let message = error["message"].as_str().expect("a sentence");
    assert!(message.contains("log-ins from this network") && !message.contains("password"), "{error}");
    let (now, retry_at) = (kit.app.clock.now(), error["retryAt"].as_str().expect("an instant"));
    let retry_at = Timestamp::of_rfc3339(retry_at).expect("an instant");
    // Five minutes for four: the first of them is free 75 seconds after it was used.
    assert!(retry_at.since(now) > MINUTE && retry_at.since(now) <= 75 * SECOND, "{error}");
    assert_eq!(tries_to_log_in(&elsewhere(&kit), "bob", PASSWORD).await, "done", "others are somewhere else");
    kit.passes(retry_at.since(now));
    assert_eq!(tries_to_log_in(&kit.front, "bob", "a wrong password").await, "BAD_CREDENTIAL");
    assert_eq!(tries_to_log_in(&kit.front, "bob", PASSWORD).await, LIMITED, "a wrong one counts as well");
    kit.ends().await;
}

#[tokio::test]
async fn an_operator_may_bound_no_log_ins() {
    let kit = Kit::with(|config| {
        config.auth.log_ins_of_network = 0;
        config.auth.wrong_passwords = 0;
        config.auth.wrong_passwords_of_account = 0;
    })
    .await;
    kit.signs_up("ada").await;
    let tried = join_all((0..26).map(|_| tries_to_log_in(&kit.front, "ada", "a wrong password"))).await;
    assert_eq!(tried, ["BAD_CREDENTIAL"; 26]);
    kit.ends().await;
}

#[tokio::test]
async fn overlong_passwords_and_many_right_ones_at_once_lock_nobody_out() {
    let kit = Kit::with(|config| config.auth.wrong_passwords = 3).await;
    kit.signs_up("ada").await;
    let long = "x".repeat(1025);
    for _ in 0..4 {
        assert_eq!(tries_to_log_in(&kit.front, "ada", &long).await, "BAD_CREDENTIAL");
    }
    let right = join_all((0..12).map(|_| tries_to_log_in(&kit.front, "ada", PASSWORD))).await;
    assert_eq!(right, ["done"; 12]);
    kit.ends().await;
}

#[tokio::test]
async fn of_many_guesses_at_once_no_more_are_answered_than_in_a_row() {
    let kit = Kit::with(|config| config.auth.wrong_passwords = 3).await;
    kit.signs_up("ada").await;
    let guesses = join_all((0..12).map(|_| tries_to_log_in(&kit.front, "ada", "a wrong password"))).await;
    let count = |expected: &str| guesses.iter().filter(|guess| *guess == expected).count();
    assert_eq!((count("BAD_CREDENTIAL"), count(LIMITED)), (3, 9), "{guesses:?}");
    assert_eq!(tries_to_log_in(&kit.front, "ada", PASSWORD).await, LIMITED);
    kit.ends().await;
}

async fn tries_to_log_in(front: &Front, login: &str, password: &str) -> String {
    let errors = logs_in(front, login, password).await;
    errors.first().map_or("done", |error| error["code"].as_str().expect("a code")).to_owned()
}

/// What comes of a log-in: why it is refused, if it is.
async fn logs_in(front: &Front, login: &str, password: &str) -> Vec<Value> {
    let input = json!({ "login": login, "password": password });
    let query = "mutation($input: LogInInput!) { logIn(input: $input) { userErrors {
        code message ... on ActionLimitedError { retryAt }
    } } }";
    let answer = front.sends(None, query, &json!({ "input": input })).await.expect("an answer");
    answer.data("/logIn/userErrors").as_array().expect("errors, or none").clone()
}

/// The server as it is reached from another network.
fn elsewhere(kit: &Kit) -> Front {
    kit.front.from([127, 0, 0, 2].into())
}
