//! Guessing passwords: wrong ones are counted for an account from a network, for the account and for the network.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use crate::kit::{Front, Kit};

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
    kit.passes(15 * MINUTE);
    assert_eq!(tries_to_log_in(&kit.front, "ada", PASSWORD).await, "done");
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
async fn wrong_passwords_from_everywhere_and_for_everybody_are_bounded() {
    let kit = Kit::with(|config| {
        config.auth.wrong_passwords = 2;
        config.auth.wrong_passwords_of_account = 3;
        config.auth.wrong_passwords_of_network = 4;
    })
    .await;
    let _people = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    let elsewhere = elsewhere(&kit);
    for front in [&kit.front, &kit.front, &elsewhere] {
        assert_eq!(tries_to_log_in(front, "ada", "a wrong password").await, "BAD_CREDENTIAL");
    }
    assert_eq!(tries_to_log_in(&elsewhere, "ada", PASSWORD).await, LIMITED, "three for the account");
    for login in ["eve", "joe", "kim"] {
        assert_eq!(tries_to_log_in(&elsewhere, login, "a wrong password").await, "BAD_CREDENTIAL");
    }
    assert_eq!(tries_to_log_in(&elsewhere, "bob", PASSWORD).await, LIMITED, "four from the network");
    assert_eq!(tries_to_log_in(&kit.front, "bob", PASSWORD).await, "done");
    kit.passes(5 * MINUTE);
    assert_eq!(tries_to_log_in(&elsewhere, "bob", PASSWORD).await, "done");
    assert_eq!(tries_to_log_in(&elsewhere, "ada", PASSWORD).await, LIMITED);
    kit.passes(55 * MINUTE);
    assert_eq!(tries_to_log_in(&elsewhere, "ada", PASSWORD).await, "done");
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
    let input = json!({ "login": login, "password": password });
    let query = "mutation($input: LogInInput!) { logIn(input: $input) { userErrors { code } } }";
    let answer = front.sends(None, query, &json!({ "input": input })).await.expect("an answer");
    let code = answer.data("/logIn/userErrors").pointer("/0/code").map(|code| code.as_str().expect("a code"));
    code.unwrap_or("done").to_owned()
}

/// The server as it is reached from another network.
fn elsewhere(kit: &Kit) -> Front {
    kit.front.from([127, 0, 0, 2].into())
}
