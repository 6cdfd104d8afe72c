//! Devices: registered, moved, forgotten, and tried with a test push that shows Apple's answer.

use std::time::Duration;

use photograph::platform::apns::{Apns, Environment};
use serde_json::{Value, json};

use crate::kit::Kit;
use crate::kit::apns::{Apple, Reply, Service, TOPIC};
use crate::kit::phone::{DEVICE, RECEIPT, registration, token};

async fn pushing(apple: &Apple) -> Kit {
    let kit = Kit::with(|config| apple.configure(config)).await;
    apple.goes_by(&kit.app.clock);
    kit
}

#[tokio::test]
async fn a_device_belongs_to_the_session_that_registered_it() {
    let apple = Apple::opens().await;
    let kit = pushing(&apple).await;
    let ada = kit.signs_up("ada").await;
    let payload = ada.does("registerDevice", registration(&token("one").to_uppercase()), DEVICE).await;
    let device = &payload["device"];
    assert_eq!((&device["platform"], &device["name"]), (&json!("APNS"), &json!("Ada's phone")));
    assert_eq!((&device["session"]["isCurrent"], &device["lastPush"]), (&json!(true), &Value::Null));
    let id = device["id"].as_str().expect("an ID");
    let node = "query($id: ID!) { node(id: $id) { ... on Device { name } } }";
    assert_eq!(ada.asks(node, json!({ "id": id })).await.text("/node/name"), "Ada's phone");
    let bob = kit.signs_up("bob").await;
    assert_eq!(bob.asks(node, json!({ "id": id })).await.data("/node"), &Value::Null, "it is nobody else's business");

    let other = ada.logs_in_again().await;
    let tablet = other.has_phone("two").await;
    assert_eq!(ada.device_ids().await, [tablet.as_str(), id]);
    other.does("endSession", json!({ "sessionId": ada.tokens().session }), "endedSessionId").await;
    assert_eq!(other.device_ids().await, [tablet.as_str()], "it went with its session");
    kit.settle().await;
    assert_eq!(other.device_ids().await, [tablet]);
    kit.ends().await;
}

#[tokio::test]
async fn the_same_token_is_one_device_and_nobody_takes_it_from_somebody_who_is_signed_in() {
    let apple = Apple::opens().await;
    let kit = pushing(&apple).await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    let first = ada.has_phone("one").await;
    assert_eq!(ada.has_phone("one").await, first, "an app registers at every start");
    let again = ada.logs_in_again().await;
    assert_eq!(again.has_phone("one").await, first, "and after signing in anew");
    let takes = async || {
        let refused = bob.tries("registerDevice", registration(&token("one")), DEVICE).await;
        (refused.refusal(), refused.user_error()["path"].clone())
    };
    let taken = ("TAKEN".to_owned(), json!(["input", "target", "apns", "token"]));
    assert_eq!(takes().await, taken);
    ada.does("endSession", json!({ "sessionId": ada.tokens().session }), "endedSessionId").await;
    assert_eq!(takes().await, taken, "the device moved to the session in which it was registered last");
    assert_eq!(again.tests(&first).await["status"], "ACCEPTED");
    again.does("endSession", json!({ "sessionId": again.tokens().session }), "endedSessionId").await;
    let moved = bob.has_phone("one").await;
    assert_ne!(moved, first, "whoever signs in next on the phone has it at once");
    let ada = ada.logs_in_again().await;
    let refused = ada.tries("registerDevice", registration(&token("one")), DEVICE).await;
    assert_eq!(refused.refusal(), "TAKEN");
    kit.settle().await;
    assert_eq!((ada.device_ids().await, bob.device_ids().await), (vec![], vec![moved.clone()]));
    bob.does("unregisterDevice", json!({ "deviceId": moved }), "unregisteredDeviceId").await;
    let back = ada.has_phone("one").await;
    kit.settle().await;
    assert_eq!((ada.device_ids().await, bob.device_ids().await), (vec![back.clone()], vec![]));
    assert_eq!(ada.tests(&back).await["status"], "ACCEPTED");
    kit.ends().await;
}

#[tokio::test]
async fn only_so_many_devices_and_the_oldest_makes_room() {
    let apple = Apple::opens().await;
    let kit = Kit::with(|config| {
        apple.configure(config);
        config.push.devices = 2;
    })
    .await;
    let ada = kit.signs_up("ada").await;
    let mut phones = Vec::new();
    for name in ["one", "two", "three"] {
        phones.push(ada.has_phone(name).await);
        kit.passes(Duration::from_secs(1));
    }
    assert_eq!(ada.device_ids().await, [phones[2].as_str(), phones[1].as_str()]);
    kit.ends().await;
}

#[tokio::test]
async fn what_is_no_device_is_refused() {
    let apple = Apple::opens().await;
    let kit = pushing(&apple).await;
    let ada = kit.signs_up("ada").await;
    let long = "a".repeat(202);
    for bad in ["", "abc", "zz", "0123456789abcde", &long] {
        let refused = ada.tries("registerDevice", registration(bad), DEVICE).await;
        assert_eq!(refused.user_error()["path"], json!(["input", "target", "apns", "token"]), "{bad}");
    }
    let mut other = registration(&token("one"));
    other["target"]["apns"]["topic"] = json!("org.example.other");
    let refused = ada.tries("registerDevice", other, DEVICE).await;
    assert_eq!(refused.user_error()["path"], json!(["input", "target", "apns", "topic"]));
    let mut named = registration(&token("one"));
    named["name"] = json!("a".repeat(101));
    let refused = ada.tries("registerDevice", named, DEVICE).await;
    assert_eq!(refused.user_error()["limit"], "100");
    let phone = ada.has_phone("one").await;
    let bob = kit.signs_up("bob").await;
    for (mutation, selection) in [("unregisterDevice", "unregisteredDeviceId"), ("sendTestPush", "device { id }")] {
        let refused = bob.tries(mutation, json!({ "deviceId": phone }), selection).await;
        assert_eq!(refused.user_error()["code"], "NOT_FOUND");
    }
    ada.does("unregisterDevice", json!({ "deviceId": phone }), "unregisteredDeviceId").await;
    assert!(ada.device_ids().await.is_empty());
    kit.ends().await;
}

#[tokio::test]
async fn a_test_push_shows_what_apple_answered() {
    let apple = Apple::opens().await;
    let kit = pushing(&apple).await;
    let ada = kit.signs_up("ada").await;
    let phone = ada.has_phone("one").await;
    let receipt = ada.tests(&phone).await;
    let push = apple.gets(1).await.remove(0);
    assert_eq!((push.status, push.reason.as_str()), (200, ""));
    assert_eq!((receipt["status"].as_str(), receipt["providerId"].as_str()), (Some("ACCEPTED"), Some(&*push.id)));
    assert_eq!((push.kind.as_str(), push.priority.as_str(), push.token), ("alert", "10", token("one")));
    assert_eq!(push.payload["aps"]["alert"]["loc-key"], "TEST_PUSH");

    apple.will([Reply::Says(400, "DeviceTokenNotForTopic"), Reply::Says(413, "PayloadTooLarge")]);
    for reason in ["DeviceTokenNotForTopic", "PayloadTooLarge"] {
        let receipt = ada.tests(&phone).await;
        assert_eq!((receipt["status"].as_str(), receipt["reason"].as_str()), (Some("REJECTED"), Some(reason)));
    }
    apple.will([Reply::SaysLater(429, "TooManyRequests", 3), Reply::Says(503, "ServiceUnavailable")]);
    for reason in ["TooManyRequests", "ServiceUnavailable"] {
        let receipt = ada.tests(&phone).await;
        assert_eq!((receipt["status"].as_str(), receipt["reason"].as_str()), (Some("REJECTED"), Some(reason)));
    }
    assert_eq!(ada.devices().await[0]["lastPush"]["reason"], "ServiceUnavailable");
    assert_eq!(ada.device_ids().await, [phone], "none of that says that the device is gone");
    kit.ends().await;
}

#[tokio::test]
async fn a_server_that_may_not_push_says_so_loudly_and_forgets_no_device() {
    let apple = Apple::opens().await;
    let kit = pushing(&apple).await;
    let ada = kit.signs_up("ada").await;
    let phone = ada.has_phone("one").await;
    apple.will([Reply::Says(403, "InvalidProviderToken")]);
    let receipt = ada.tests(&phone).await;
    assert_eq!(
        (receipt["status"].as_str(), receipt["reason"].as_str()),
        (Some("REJECTED"), Some("InvalidProviderToken"))
    );
    kit.forgives("Apple does not let this server push");
    assert_eq!(ada.device_ids().await, [phone]);
    kit.ends().await;
}

#[tokio::test]
async fn a_device_that_apple_knows_no_more_is_removed_unless_it_was_registered_again() {
    let apple = Apple::opens().await;
    let kit = pushing(&apple).await;
    let ada = kit.signs_up("ada").await;
    let phone = ada.has_phone("one").await;
    let before = kit.app.clock.now().0 - 60_000;
    apple.will([Reply::Gone(before)]);
    let receipt = ada.tests(&phone).await;
    assert_eq!((receipt["status"].as_str(), receipt["reason"].as_str()), (Some("REJECTED"), Some("Unregistered")));
    assert_eq!(ada.device_ids().await, [phone.as_str()], "it was registered after that");

    kit.passes(Duration::from_mins(1));
    apple.will([Reply::Gone(kit.app.clock.now().0)]);
    let receipt = ada.tests(&phone).await;
    assert_eq!((receipt["status"].as_str(), receipt["reason"].as_str()), (Some("UNREGISTERED"), Some("Unregistered")));
    assert!(ada.device_ids().await.is_empty());
    let again = ada.has_phone("one").await;
    assert_eq!(ada.tests(&again).await["status"], "ACCEPTED", "who comes back is welcome");
    kit.ends().await;
}

#[tokio::test]
async fn a_token_that_one_service_does_not_know_is_tried_at_the_other_once() {
    let apple = Apple::opens().await;
    let kit = pushing(&apple).await;
    let ada = kit.signs_up("ada").await;
    let phone = ada.has_phone("one").await;
    apple.knows_not(Service::Production, &token("one"));
    assert_eq!(ada.tests(&phone).await["status"], "ACCEPTED");
    assert_eq!(ada.tests(&phone).await["status"], "ACCEPTED");
    let services: Vec<Service> = apple.received().iter().map(|push| push.service).collect();
    assert_eq!(services, [Service::Production, Service::Sandbox, Service::Sandbox], "it is remembered");

    let stranger = ada.has_phone("two").await;
    apple.knows_not(Service::Production, &token("two"));
    apple.knows_not(Service::Sandbox, &token("two"));
    let receipt = ada.tests(&stranger).await;
    assert_eq!(
        (receipt["status"].as_str(), receipt["reason"].as_str()),
        (Some("UNREGISTERED"), Some("BadDeviceToken"))
    );
    assert_eq!(ada.device_ids().await, [phone]);
    kit.ends().await;
}

#[tokio::test]
async fn test_pushes_are_bounded() {
    let apple = Apple::opens().await;
    let kit = pushing(&apple).await;
    let ada = kit.signs_up("ada").await;
    let phone = ada.has_phone("one").await;
    for _ in 0..10 {
        ada.tests(&phone).await;
    }
    let refused = ada.tries("sendTestPush", json!({ "deviceId": phone }), RECEIPT).await;
    assert_eq!(refused.user_error()["code"], "ACTION_LIMITED");
    assert_eq!(apple.received().len(), 10);
    kit.ends().await;
}

#[tokio::test]
async fn without_a_key_a_push_is_only_logged() {
    let kit = Kit::start().await;
    assert!(!kit.app.apns.is_live());
    let ada = kit.signs_up("ada").await;
    let phone = ada.has_phone("one").await;
    let receipt = ada.tests(&phone).await;
    assert_eq!((receipt["status"].as_str(), receipt["reason"].as_str()), (Some("ACCEPTED"), Some("Logged")));
    kit.ends().await;
}

#[tokio::test]
async fn an_operator_learns_whether_apple_takes_the_key() {
    let apple = Apple::opens().await;
    let kit = pushing(&apple).await;
    let look = async |topic: &str| {
        let found = kit.app.apns.check(&kit.app.db, kit.app.clock.now(), topic).await.expect("the database");
        found.into_iter().map(|found| found.is_ok()).collect::<Vec<_>>()
    };
    assert_eq!(look(TOPIC).await, [true, true]);
    assert_eq!(look("org.example.other").await, [false, false]);
    apple.will([Reply::Says(403, "InvalidProviderToken"), Reply::Says(500, "InternalServerError")]);
    assert_eq!(look(TOPIC).await, [false, false]);
    kit.ends().await;
}

#[tokio::test]
async fn a_key_that_is_none_is_found_out_at_the_start() {
    let apple = Apple::opens().await;
    let mut config = photograph::base::config::Config::default();
    apple.configure(&mut config);
    assert!(Apns::open(&config.push.apns).is_ok());
    for content in ["", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
        std::fs::write(apple.file("bad.p8"), content).expect("a file");
        config.push.apns.key_file = Some(apple.file("bad.p8"));
        let error = Apns::open(&config.push.apns).expect_err("that is no key");
        assert!(
            error.detail().contains("push.apns.key_file") && error.detail().contains("bad.p8"),
            "{}",
            error.detail()
        );
    }
    assert_eq!(Environment::Production.other(), Environment::Sandbox);
}
