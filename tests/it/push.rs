//! What happens to somebody reaches their phone: once, with everything the app needs, and only when it has to.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use photograph::app::App;
use photograph::base::config::Config;
use photograph::domain::pushes::{self, Turn};
use photograph::jobs::{self, Background};
use photograph::platform::imaging::{Format, Limits, inspect};
use photograph::platform::queue;
use serde_json::{Value, json};

use crate::kit::apns::{Apple, Received, Reply, TOPIC};
use crate::kit::phone::token;
use crate::kit::{Kit, Person, eventually, photos};

const PATIENCE: Duration = Duration::from_secs(20);

const EVENTS: &str = "subscription($after: StreamCursor) { activityEvents(after: $after) {
    __typename ... on StreamOpened { recovery } ... on ActivityChanged { activity { id } }
} }";

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

/// Every push that is to come has begun to wait: its time is counted from then.
async fn wait(kit: &Kit) {
    eventually("pushes wait", PATIENCE, async || {
        let mut steps = vec![];
        for database in kit.app.db.databases() {
            steps.extend(queue::beginning_with(database, r#"{"step":"push""#).await.expect("the queue"));
        }
        let waits = |step: &String| step.contains(r#""has_waited":true"#);
        (!steps.is_empty() && steps.iter().all(waits)).then_some(())
    })
    .await;
}

/// The kinds of what arrived, in order.
fn kinds(received: &[Received]) -> Vec<&str> {
    received.iter().map(|push| push.payload["photograph"]["kind"].as_str().expect("a kind")).collect()
}

impl Person {
    /// What became of the last push to each of their devices.
    async fn last_pushes(&self) -> Vec<Value> {
        self.devices().await.iter().map(|device| device["lastPush"].clone()).collect()
    }

    /// Waits until the last push to their first device has come to this.
    async fn waits_for_push(&self, status: &str, reason: &str) {
        eventually(&format!("a push that is {status} {reason}"), PATIENCE, async || {
            let last = self.last_pushes().await.remove(0);
            (last["status"] == status && last["reason"].as_str().unwrap_or_default() == reason).then_some(())
        })
        .await;
    }

    async fn sees_activities(&self) {
        let answer = self.asks("{ viewer { activities(first: 1) { edges { cursor } } } }", json!({})).await;
        let cursor = answer.text("/viewer/activities/edges/0/cursor");
        self.does("markActivitiesSeen", json!({ "upToCursor": cursor }), "viewer { id }").await;
    }

    async fn wants_pushes(&self, settings: Value) {
        self.does("updateNotificationSettings", settings, "viewer { id }").await;
    }
}

#[tokio::test]
async fn a_push_links_to_what_is_shown_and_to_nothing_that_was_cropped_away() {
    let apple = Apple::opens().await;
    let kit = pushing(&apple).await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    ada.has_phone("one").await;
    let upload = ada.uploads(&photos::jpeg(400, 400, 3), "image/jpeg").await;
    let crop = json!({ "x": 0.0, "y": 0.0, "width": 0.5, "height": 0.25 });
    let input = json!({ "photos": [{ "uploadId": upload, "crop": crop }] });
    let published = ada.does("publishMedia", input, "media { id }").await;
    kit.settle().await;
    bob.likes(published["media"]["id"].as_str().expect("an ID")).await;
    kit.settle().await;
    let received = apple.received();
    let url = received[0].payload["photograph"]["imageUrl"].as_str().expect("a link").to_owned();
    let image = kit.front.client.get(&url).send().await.expect("an answer").bytes().await.expect("the image");
    let header = inspect(&image, Some(Format::Jpeg), &Limits::default()).expect("a JPEG");
    assert_eq!((header.width, header.height), (200, 100));
    for other in ["high.jpg", "full.avif", "standard.webp"] {
        let answer = kit.front.client.get(url.replace("standard.jpg", other)).send().await.expect("an answer");
        assert_eq!(answer.status(), 404, "{other}");
    }
    kit.ends().await;
}

#[tokio::test]
async fn without_a_key_for_apple_pushes_are_logged_and_their_links_are_not() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    ada.has_phone("one").await;
    let photo = ada.publishes("dusk").await;
    kit.settle().await;
    bob.likes(&photo).await;
    kit.settle().await;
    assert_eq!(ada.last_pushes().await[0]["status"], "ACCEPTED");
    // It looks for links in the log.
    kit.ends().await;
}

#[tokio::test]
async fn a_like_is_pushed_with_everything_the_app_needs() {
    let apple = Apple::opens().await;
    let kit = pushing(&apple).await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    ada.has_phone("one").await;
    let photo = ada.publishes("dusk").await;
    kit.settle().await;
    bob.likes(&photo).await;
    kit.settle().await;
    let received = apple.received();
    let [push] = &received[..] else { panic!("one push: {received:?}") };
    assert_eq!((push.status, push.token.clone(), push.topic.as_str()), (200, token("one"), TOPIC));
    assert_eq!((push.kind.as_str(), push.priority.as_str()), ("alert", "10"));
    let until = push.expiration - kit.app.clock.now().seconds();
    assert!((80_000..=86_400).contains(&until), "a day: {until}");
    let (aps, data) = (&push.payload["aps"], &push.payload["photograph"]);
    assert_eq!(aps["alert"], json!({ "loc-key": "MEDIA_LIKED_ONE", "loc-args": ["bob"] }));
    assert_eq!((&aps["badge"], &aps["sound"], &aps["mutable-content"]), (&json!(1), &json!("default"), &json!(1)));
    assert_eq!((&aps["thread-id"], &data["mediaId"]), (&json!(photo), &json!(photo)));
    assert_eq!((&data["kind"], &data["unseenCount"]), (&json!("MEDIA_LIKED"), &json!(1)));
    assert_eq!(push.collapse_id.as_deref(), data["activityId"].as_str());
    let image = ada.front.client.get(data["imageUrl"].as_str().expect("a link")).send().await.expect("an answer");
    assert_eq!(image.status(), 200);
    let mut events = ada.listens(EVENTS, json!({ "after": data["cursor"] })).await;
    assert_eq!(events.next_is("StreamOpened").await["recovery"], "RECOVERED");
    assert_eq!(ada.last_pushes().await[0], json!({ "status": "ACCEPTED", "reason": null }));
    kit.ends().await;
}

#[tokio::test]
async fn what_is_added_takes_the_place_of_what_was_pushed_without_a_sound() {
    let apple = Apple::opens().await;
    let kit = pushing(&apple).await;
    let ada = kit.signs_up("ada").await;
    ada.has_phone("one").await;
    let photo = ada.publishes("dusk").await;
    kit.settle().await;
    for (number, name) in ["bob", "eve", "cy"].into_iter().enumerate() {
        kit.signs_up(name).await.likes(&photo).await;
        apple.gets(number + 1).await;
        kit.settle().await;
        // Not more than one a minute.
        kit.passes(Duration::from_secs(90));
    }
    kit.settle().await;
    let received = apple.received();
    let keys: Vec<&Value> = received.iter().map(|push| &push.payload["aps"]["alert"]["loc-key"]).collect();
    assert_eq!(keys, ["MEDIA_LIKED_ONE", "MEDIA_LIKED_TWO", "MEDIA_LIKED_MANY"]);
    assert_eq!(received[2].payload["aps"]["alert"]["loc-args"], json!(["cy", "eve", "1"]));
    let priorities: Vec<&str> = received.iter().map(|push| push.priority.as_str()).collect();
    assert_eq!(priorities, ["10", "5", "5"]);
    assert!(received[1].payload["aps"].get("sound").is_none());
    assert!(received.iter().all(|push| push.collapse_id == received[0].collapse_id));
    kit.ends().await;
}

#[tokio::test]
async fn what_comes_together_is_one_push() {
    let apple = Apple::opens().await;
    let kit = pushing_with(&apple, |config| config.push.delay_seconds = 30).await;
    let ada = kit.signs_up("ada").await;
    ada.has_phone("one").await;
    let photo = ada.publishes("dusk").await;
    for name in ["bob", "eve", "cy"] {
        kit.signs_up(name).await.likes(&photo).await;
    }
    eventually("three likes are told", PATIENCE, async || {
        let asked = "{ viewer { activities(first: 1) { nodes { actorCount } } } }";
        let answer = ada.asks(asked, json!({})).await;
        let nodes = answer.data("/viewer/activities/nodes");
        (nodes[0]["actorCount"] == 3).then_some(())
    })
    .await;
    assert!(apple.received().is_empty(), "{:?}", apple.received());
    wait(&kit).await;
    kit.passes(Duration::from_secs(31));
    ada.waits_for_push("ACCEPTED", "").await;
    // Those that came to it while it was being sent look again later, and find it done.
    kit.passes(Duration::from_mins(2));
    kit.settle().await;
    let received = apple.received();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].payload["aps"]["alert"]["loc-key"], "MEDIA_LIKED_MANY");
    kit.ends().await;
}

#[tokio::test]
async fn what_was_seen_is_not_pushed() {
    let apple = Apple::opens().await;
    let kit = pushing_with(&apple, |config| config.push.delay_seconds = 30).await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    ada.has_phone("one").await;
    let mut events = ada.logs_in_again().await.listens(EVENTS, json!({})).await;
    events.next_is("StreamOpened").await;
    let photo = ada.publishes("dusk").await;
    bob.likes(&photo).await;
    events.next_is("ActivityChanged").await;
    ada.sees_activities().await;
    wait(&kit).await;
    kit.passes(Duration::from_secs(31));
    ada.waits_for_push("SUPPRESSED", "Seen").await;
    kit.settle().await;
    assert!(apple.received().is_empty(), "{:?}", apple.received());
    kit.ends().await;
}

#[tokio::test]
async fn what_a_live_stream_told_is_not_pushed_to_that_session_but_to_others() {
    let apple = Apple::opens().await;
    let kit = pushing_with(&apple, |config| config.push.delay_seconds = 30).await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    let tablet = ada.logs_in_again().await;
    tablet.has_phone("two").await;
    kit.passes(Duration::from_secs(1));
    ada.has_phone("one").await;
    let mut events = ada.listens(EVENTS, json!({})).await;
    events.next_is("StreamOpened").await;
    let photo = ada.publishes("dusk").await;
    bob.likes(&photo).await;
    events.next_is("ActivityChanged").await;
    wait(&kit).await;
    kit.passes(Duration::from_secs(31));
    ada.waits_for_push("SUPPRESSED", "SeenLive").await;
    kit.settle().await;
    let tokens: Vec<String> = apple.received().into_iter().map(|push| push.token).collect();
    assert_eq!(tokens, [token("two")]);
    kit.ends().await;
}

#[tokio::test]
async fn nothing_is_pushed_to_whoever_wants_none() {
    let apple = Apple::opens().await;
    let kit = pushing(&apple).await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    ada.has_phone("one").await;
    let until = kit.app.clock.now().after(Duration::from_hours(1)).rfc3339();
    let photo = ada.publishes("dusk").await;
    ada.wants_pushes(json!({ "pausedUntil": until })).await;
    bob.likes(&photo).await;
    kit.settle().await;
    assert_eq!(ada.last_pushes().await[0], json!({ "status": "SUPPRESSED", "reason": "Paused" }));
    kit.passes(Duration::from_hours(2));
    ada.refreshes().await;
    bob.refreshes().await;
    ada.wants_pushes(json!({ "kinds": [{ "kind": "MEDIA_COMMENTED", "from": "NOBODY" }] })).await;
    bob.comments(&photo, "lovely").await;
    kit.settle().await;
    assert_eq!(ada.last_pushes().await[0], json!({ "status": "SUPPRESSED", "reason": "NotWanted" }));
    assert!(apple.received().is_empty(), "{:?}", apple.received());
    bob.follows(&ada).await;
    kit.settle().await;
    assert_eq!(kinds(&apple.received()), ["FOLLOWED"]);
    kit.ends().await;
}

#[tokio::test]
async fn whoever_lost_access_is_not_pushed_what_waits() {
    let apple = Apple::opens().await;
    let kit = pushing_with(&apple, |config| config.push.delay_seconds = 30).await;
    let (ada, bob, eve) = (kit.signs_up("ada").await, kit.signs_up("bob").await, kit.signs_up("eve").await);
    ada.has_phone("one").await;
    let gone = eve.logs_in_again().await;
    gone.has_phone("two").await;
    let mut events = ada.listens(EVENTS, json!({})).await;
    events.next_is("StreamOpened").await;
    let mut others = eve.listens(EVENTS, json!({})).await;
    others.next_is("StreamOpened").await;
    let (photo, other) = (ada.publishes("dusk").await, eve.publishes("dawn").await);
    bob.likes(&photo).await;
    bob.likes(&other).await;
    events.next_is("ActivityChanged").await;
    others.next_is("ActivityChanged").await;
    ada.blocks(&bob).await;
    gone.does_log_out().await;
    wait(&kit).await;
    kit.passes(Duration::from_secs(31));
    kit.settle().await;
    assert!(apple.received().is_empty(), "{:?}", apple.received());
    kit.ends().await;
}

impl Person {
    async fn does_log_out(&self) {
        let answer = self.asks("mutation { logOut { endedSessionId userErrors { message } } }", json!({})).await;
        answer.text("/logOut/endedSessionId");
    }
}

#[tokio::test]
async fn what_apple_does_not_take_now_is_tried_again_when_it_says() {
    let apple = Apple::opens().await;
    let kit = pushing(&apple).await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    ada.has_phone("one").await;
    let photo = ada.publishes("dusk").await;
    kit.settle().await;
    apple.will([Reply::SaysLater(429, "TooManyRequests", 60)]);
    bob.likes(&photo).await;
    ada.waits_for_push("RETRYING", "TooManyRequests").await;
    // Later than it would be tried by itself, and too early for Apple.
    kit.passes(Duration::from_secs(50));
    bob.comments(&photo, "lovely").await;
    assert_eq!(kinds(&apple.gets(2).await), ["MEDIA_LIKED", "MEDIA_COMMENTED"]);
    apple.will([Reply::Says(503, "ServiceUnavailable")]);
    kit.passes(Duration::from_secs(30));
    apple.gets(3).await;
    ada.waits_for_push("RETRYING", "ServiceUnavailable").await;
    kit.passes(Duration::from_mins(1));
    kit.settle().await;
    let received = apple.received();
    assert_eq!(kinds(&received), ["MEDIA_LIKED", "MEDIA_COMMENTED", "MEDIA_LIKED", "MEDIA_LIKED"]);
    assert!(received[2].id == received[0].id && received[3].id == received[0].id, "it is the same push");
    assert_eq!(ada.last_pushes().await[0]["status"], "ACCEPTED");
    kit.ends().await;
}

#[tokio::test]
async fn what_is_never_taken_has_an_end_and_is_said_aloud() {
    let apple = Apple::opens().await;
    let kit = pushing(&apple).await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    ada.has_phone("one").await;
    let photo = ada.publishes("dusk").await;
    kit.settle().await;
    apple.will(vec![Reply::Says(500, "InternalServerError"); 100]);
    bob.likes(&photo).await;
    apple.gets(1).await;
    ada.waits_for_push("RETRYING", "InternalServerError").await;
    kit.passes(Duration::from_hours(20));
    ada.refreshes().await;
    eventually("it is noted", PATIENCE, async || {
        let asked = "{ viewer { devices { lastPush { attemptedAt } } } }";
        let answer = ada.asks(asked, json!({})).await;
        let at = answer.text("/viewer/devices/0/lastPush/attemptedAt");
        (at > kit.app.clock.now().before(Duration::from_hours(1)).rfc3339()).then_some(())
    })
    .await;
    kit.forgives("no push was taken for a minute");
    kit.passes(Duration::from_hours(5));
    kit.settle().await;
    ada.refreshes().await;
    assert_eq!(ada.last_pushes().await[0], json!({ "status": "REJECTED", "reason": "Expired" }));
    assert!(apple.received().len() >= 2 && apple.taken().is_empty());
    kit.ends().await;
}

#[tokio::test]
async fn a_device_that_is_gone_is_removed_and_the_others_get_theirs() {
    let apple = Apple::opens().await;
    let kit = pushing(&apple).await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    let first = ada.has_phone("one").await;
    let second = ada.has_phone("two").await;
    let photo = ada.publishes("dusk").await;
    kit.settle().await;
    apple.knows_not(crate::kit::apns::Service::Production, &token("one"));
    apple.knows_not(crate::kit::apns::Service::Sandbox, &token("one"));
    bob.likes(&photo).await;
    kit.settle().await;
    assert_eq!(ada.device_ids().await, [second]);
    assert!(!ada.device_ids().await.contains(&first));
    let taken: Vec<String> = apple.taken().into_iter().map(|push| push.token).collect();
    assert_eq!(taken, [token("two")]);
    kit.ends().await;
}

#[tokio::test]
async fn however_often_it_is_done_it_is_pushed_once() {
    let apple = Apple::opens().await;
    let kit = pushing(&apple).await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    let photo = ada.publishes("dusk").await;
    bob.likes(&photo).await;
    kit.settle().await;
    ada.has_phone("one").await;
    let asked = "{ viewer { activities(first: 1) { nodes { id } } } }";
    let activity = ada.asks(asked, json!({})).await.text("/viewer/activities/nodes/0/id");
    let (user, activity) = (ada.id.parse().expect("a user"), activity.parse().expect("an activity"));
    apple.will([Reply::Slowly]);
    let app = kit.app.clone();
    let pushing =
        tokio::spawn(
            async move { join_all((0..8).map(|_| pushes::push(&app, user, activity, Turn::default()))).await },
        );
    eventually("one is under way", PATIENCE, async || (apple.in_flight() == 1).then_some(())).await;
    apple.hurries();
    for next in pushing.await.expect("they are pushed") {
        next.expect("the database");
    }
    for _ in 0..3 {
        pushes::push(&kit.app, user, activity, Turn::default()).await.expect("the database");
    }
    assert_eq!(apple.received().len(), 1);
    kit.ends().await;
}

#[tokio::test]
async fn what_is_taken_back_is_taken_off_the_screen() {
    let apple = Apple::opens().await;
    let kit = pushing(&apple).await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    ada.has_phone("one").await;
    let photo = ada.publishes("dusk").await;
    bob.likes(&photo).await;
    kit.settle().await;
    bob.unlikes(&photo).await;
    kit.settle().await;
    let received = apple.received();
    assert_eq!(kinds(&received), ["MEDIA_LIKED", "ACTIVITY_REMOVED"]);
    let (first, silent) = (&received[0], &received[1]);
    assert_eq!((silent.kind.as_str(), silent.priority.as_str()), ("background", "5"));
    assert_eq!(silent.payload["aps"], json!({ "content-available": 1 }));
    let data = &silent.payload["photograph"];
    assert_eq!((&data["activityId"], &data["unseenCount"]), (&first.payload["photograph"]["activityId"], &json!(0)));
    kit.ends().await;
}

#[tokio::test]
async fn what_was_seen_elsewhere_clears_the_badge_once() {
    let apple = Apple::opens().await;
    let kit = pushing(&apple).await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    ada.has_phone("one").await;
    let photo = ada.publishes("dusk").await;
    bob.likes(&photo).await;
    kit.settle().await;
    ada.sees_activities().await;
    kit.settle().await;
    let received = apple.received();
    assert_eq!(kinds(&received), ["MEDIA_LIKED", "ACTIVITY_SEEN"]);
    assert_eq!(received[1].payload["photograph"]["unseenCount"], 0);
    ada.wants_pushes(json!({ "kinds": [{ "kind": "MEDIA_COMMENTED", "from": "NOBODY" }] })).await;
    bob.comments(&photo, "lovely").await;
    kit.settle().await;
    ada.sees_activities().await;
    kit.settle().await;
    assert_eq!(apple.received().len(), 2, "nothing was pushed since, so there is nothing to clear");
    kit.ends().await;
}

/// Another process beside the server of a story, which does its work.
async fn works_beside(kit: &Kit) -> (Arc<App>, Background) {
    let mut config = kit.app.config.clone();
    config.server.role = "worker".parse().expect("a role");
    let app = App::start(config, kit.app.clock.clone()).await;
    let app = app.unwrap_or_else(|error| panic!("{}", error.detail()));
    let background = jobs::spawn(&app).await.unwrap_or_else(|error| panic!("{}", error.detail()));
    (app, background)
}

#[tokio::test]
async fn a_process_that_dies_while_apple_answers_loses_no_push() {
    let apple = Apple::opens().await;
    let kit = pushing_with(&apple, |config| config.server.role = "api,relay".parse().expect("roles")).await;
    let (_, first) = works_beside(&kit).await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    ada.has_phone("one").await;
    let photo = ada.publishes("dusk").await;
    kit.settle().await;
    apple.will([Reply::Slowly]);
    bob.likes(&photo).await;
    eventually("it is under way", PATIENCE, async || (apple.in_flight() == 1).then_some(())).await;
    drop(first);
    apple.hurries();
    let (_, second) = works_beside(&kit).await;
    // Longer than whoever died could hold it.
    kit.passes(Duration::from_mins(3));
    apple.gets(2).await;
    kit.settle().await;
    let received = apple.received();
    assert_eq!(received.len(), 2);
    assert_eq!((&received[0].id, &received[0].collapse_id), (&received[1].id, &received[1].collapse_id));
    assert_eq!(ada.last_pushes().await[0]["status"], "ACCEPTED");
    second.stop().await;
    kit.ends().await;
}
