//! The way to Apple: one connection with many pushes on it, made anew when it is no longer good; and the token that proves
//! who sends, one for all processes.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use photograph::app::App;
use photograph::base::clock::Clock;
use photograph::base::config::Config;
use photograph::platform::apns::{Answer, Apns, Environment, Push, Urgency};

use crate::kit::apns::{Apple, Reply, TOPIC};
use crate::kit::{Kit, eventually};

/// How long something may take that is not told.
const PATIENCE: Duration = Duration::from_secs(20);

async fn pushing(apple: &Apple) -> Kit {
    pushing_with(apple, |_| {}).await
}

async fn pushing_with(apple: &Apple, change: impl FnOnce(&mut Config)) -> Kit {
    let kit = Kit::with(|config| {
        apple.configure(config);
        change(config);
    })
    .await;
    apple.goes_by(&kit.app.clock);
    kit
}

fn push(app: &App, number: u32) -> Push {
    Push {
        token: format!("{number:064x}"),
        topic: TOPIC.into(),
        environment: Environment::Production,
        id: format!("00000000-0000-8000-8000-{number:012x}"),
        collapse_id: None,
        urgency: Urgency::Now,
        expires_at: app.clock.now().after(Duration::from_hours(1)),
        payload: r#"{"aps":{"alert":"hello"}}"#.into(),
    }
}

async fn send(app: &App, number: u32) -> Answer {
    app.apns.send(&app.db, app.clock.now(), &push(app, number)).await.expect("the database")
}

fn later(reason: &str) -> Answer {
    Answer::Later { reason: reason.into(), after: None }
}

#[tokio::test]
async fn many_pushes_are_under_way_at_once_on_one_connection_and_never_more_than_apple_allows() {
    let apple = Apple::with(10).await;
    let kit = pushing(&apple).await;
    apple.will(vec![Reply::Slowly; 50]);
    let app = kit.app.clone();
    let sending = tokio::spawn(async move { join_all((0..50).map(|number| send(&app, number))).await });
    eventually("ten pushes are under way", PATIENCE, async || (apple.in_flight() == 10).then_some(())).await;
    apple.hurries();
    let answers = sending.await.expect("they are sent");
    assert!(answers.iter().all(|answer| *answer == Answer::Accepted), "{answers:?}");
    assert_eq!((apple.connections(), apple.most_in_flight(), apple.taken().len()), (1, 10, 50));
    kit.ends().await;
}

#[tokio::test]
async fn after_a_goodbye_pushes_go_over_a_fresh_connection() {
    let apple = Apple::opens().await;
    let kit = pushing(&apple).await;
    apple.will([Reply::TakesAndGoes]);
    assert_eq!(send(&kit.app, 1).await, Answer::Accepted);
    assert_eq!(send(&kit.app, 2).await, Answer::Accepted);
    assert_eq!(apple.connections(), 2);
    apple.will([Reply::GoAway]);
    assert_eq!(send(&kit.app, 3).await, Answer::Accepted, "what was under way is sent again");
    apple.will([Reply::Refuses]);
    assert_eq!(send(&kit.app, 4).await, Answer::Accepted);
    let ids: Vec<String> = apple.taken().into_iter().map(|push| push.id).collect();
    assert_eq!(ids.len(), 4, "{ids:?}");
    apple.will([Reply::GoAway, Reply::GoAway]);
    assert_eq!(send(&kit.app, 5).await, later("ConnectionFailed"), "once more, not for ever");
    kit.ends().await;
}

#[tokio::test]
async fn a_push_that_is_not_answered_does_not_hold_up_the_next() {
    let apple = Apple::opens().await;
    let kit = pushing_with(&apple, |config| config.push.apns.timeout_seconds = 1).await;
    apple.will([Reply::Never]);
    assert_eq!(send(&kit.app, 1).await, later("Timeout"));
    assert_eq!(send(&kit.app, 2).await, Answer::Accepted);
    assert_eq!(apple.connections(), 2);
    kit.ends().await;
}

#[tokio::test]
async fn a_connection_that_gives_no_sign_of_life_is_made_anew() {
    let apple = Apple::opens().await;
    let kit = pushing_with(&apple, |config| config.push.apns.ping_seconds = 1).await;
    apple.will([Reply::FallsSilent]);
    assert_eq!(send(&kit.app, 1).await, Answer::Accepted, "sent again when nothing was heard");
    assert_eq!(apple.connections(), 2);
    kit.ends().await;
}

#[tokio::test]
async fn while_nobody_is_there_a_push_waits_for_later() {
    let apple = Apple::opens().await;
    let kit = pushing_with(&apple, |config| config.push.apns.production_url = "https://localhost:1".into()).await;
    assert_eq!(send(&kit.app, 1).await, later("ConnectionFailed"));
    kit.ends().await;
}

#[tokio::test]
async fn a_service_with_a_certificate_of_others_is_not_believed() {
    let (apple, impostor) = (Apple::opens().await, Apple::opens().await);
    let kit = pushing_with(&apple, |config| {
        let mut others = Config::default();
        impostor.configure(&mut others);
        config.push.apns.production_url = others.push.apns.production_url;
    })
    .await;
    assert_eq!(send(&kit.app, 1).await, later("ConnectionFailed"));
    assert!(impostor.received().is_empty());
    kit.ends().await;
}

#[tokio::test]
async fn a_certificate_proves_as_well_who_sends() {
    let apple = Apple::opens().await;
    let kit = Kit::with(|config| apple.configure_certificate(config)).await;
    assert_eq!(send(&kit.app, 1).await, Answer::Accepted);
    assert_eq!(apple.taken()[0].proof, "");
    kit.ends().await;
}

#[tokio::test]
async fn one_token_for_all_processes_renewed_before_it_is_too_old() {
    let apple = Apple::opens().await;
    let kit = pushing(&apple).await;
    let beside = App::start(kit.app.config.clone(), kit.app.clock.clone()).await;
    let beside = beside.unwrap_or_else(|error| panic!("{}", error.detail()));
    let both: [&Arc<App>; 2] = [&kit.app, &beside];
    let round = async || {
        let sent = join_all((0..10).map(|number| send(both[number as usize % 2], number))).await;
        assert!(sent.iter().all(|answer| *answer == Answer::Accepted), "{sent:?}");
    };
    let proofs = || apple.taken().into_iter().map(|push| push.proof).collect::<HashSet<_>>().len();
    round().await;
    kit.passes(Duration::from_mins(49));
    round().await;
    assert_eq!(proofs(), 1);
    kit.passes(Duration::from_mins(2));
    round().await;
    kit.passes(Duration::from_mins(51));
    round().await;
    assert_eq!(proofs(), 3);
    kit.ends().await;
}

#[tokio::test]
async fn a_token_that_apple_finds_too_old_is_replaced_but_not_too_often() {
    let apple = Apple::opens().await;
    let kit = pushing(&apple).await;
    assert_eq!(send(&kit.app, 1).await, Answer::Accepted);
    kit.passes(Duration::from_mins(15));
    apple.will([Reply::Says(403, "ExpiredProviderToken")]);
    let denied = Answer::Denied { reason: "ExpiredProviderToken".into() };
    assert_eq!(send(&kit.app, 2).await, denied, "another one would be refused as well");
    kit.passes(Duration::from_mins(10));
    apple.will([Reply::Says(403, "ExpiredProviderToken")]);
    assert_eq!(send(&kit.app, 3).await, Answer::Accepted);
    let proofs: HashSet<String> = apple.taken().into_iter().map(|push| push.proof).collect();
    assert_eq!(proofs.len(), 2);
    kit.ends().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_push_is_noticed_by_the_service_of_the_stories() {
    let apple = Apple::opens().await;
    let kit = pushing(&apple).await;
    let good = push(&kit.app, 1);
    let background = r#"{"aps":{"content-available":1}}"#.to_owned();
    let bad = [
        ("BadMessageId", Push { id: "one".into(), ..good.clone() }),
        ("TopicDisallowed", Push { topic: "org.example.other".into(), ..good.clone() }),
        (
            "PayloadTooLarge",
            Push { payload: format!(r#"{{"aps":{{"alert":"{}"}}}}"#, "a".repeat(4096)), ..good.clone() },
        ),
        ("PayloadEmpty", Push { payload: String::new(), ..good.clone() }),
        ("BadPayload", Push { payload: background.clone(), ..good.clone() }),
        ("BadPayload", Push { urgency: Urgency::Background, ..good.clone() }),
    ];
    for (reason, push) in bad {
        let answer = kit.app.apns.send(&kit.app.db, kit.app.clock.now(), &push).await.expect("the database");
        assert_eq!(answer, Answer::Refused { reason: reason.into() });
    }
    let stranger = Apple::opens().await;
    let mut config = Config::default();
    apple.configure(&mut config);
    let mut others = Config::default();
    stranger.configure(&mut others);
    config.push.apns.key_file = others.push.apns.key_file;
    // A name of its own: the shared token is that of the right key.
    config.push.apns.key_id = Some("ZZZ123ZZZZ".into());
    let apns = Apns::open(&config.push.apns).expect("a key");
    let answer = apns.send(&kit.app.db, Clock::system().now(), &good).await.expect("the database");
    assert_eq!(answer, Answer::Denied { reason: "InvalidProviderToken".into() });
    kit.ends().await;
}
