//! Several processes on the same databases: each does its part, none does another's, and nothing is done twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream;
use photograph::app::App;
use photograph::base::clock::Clock;
use photograph::base::config::Roles;
use photograph::base::error::{Code, Result};
use photograph::base::facts::Fact;
use photograph::base::ids::{LogicalShard, MediaId, PROCESSES, SessionId, UploadId, UserId};
use photograph::domain::likes;
use photograph::domain::sessions::Viewer;
use photograph::jobs::{self, Background};
use photograph::platform::db::{self, Tx, lease};
use photograph::platform::log;
use photograph::platform::queue::{self, Kinds, Lane};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::kit::{Front, Kit, PATIENCE, document, eventually, photos};

fn roles(text: &str) -> Roles {
    text.parse().expect("roles")
}

/// Another process beside the server of a story.
pub struct Beside {
    app: Arc<App>,
    /// What it does by itself.
    pub background: Background,
}

impl Beside {
    /// Starts it with a role.
    pub async fn starts(kit: &Kit, role: &str) -> Self {
        Self::starts_at(kit, role, Clock::system()).await
    }

    async fn starts_at(kit: &Kit, role: &str, clock: Clock) -> Self {
        let mut config = kit.app.config.clone();
        config.server.role = roles(role);
        let app = App::start(config, clock).await.unwrap_or_else(|error| panic!("{}", error.detail()));
        let background = jobs::spawn(&app).await.unwrap_or_else(|error| panic!("{}", error.detail()));
        Self { app, background }
    }

    fn number(app: &App) -> i64 {
        next(app).expect("a lease").0 % 1024 / 16
    }
}

#[tokio::test]
async fn each_process_makes_ids_of_its_own() {
    let kit = Kit::start().await;
    let second = Beside::starts(&kit, "all").await;
    assert_eq!((Beside::number(&kit.app), Beside::number(&second.app)), (0, 1));
    second.background.stop().await;
    let third = Beside::starts(&kit, "all").await;
    assert_eq!(Beside::number(&third.app), 1, "who stops gives the number back");
    third.background.stop().await;
    kit.ends().await;
}

fn next(app: &App) -> Result<UserId> {
    app.ids.next(&LogicalShard::new(1))
}

/// A clock that runs ahead by so many minutes.
fn ahead_by(minutes: i64) -> (Arc<AtomicI64>, Clock) {
    let ahead = Arc::new(AtomicI64::new(minutes * 60_000));
    (ahead.clone(), Clock::shifted(ahead))
}

#[tokio::test]
async fn a_process_that_was_frozen_for_longer_than_its_lease_makes_no_ids_with_its_old_number() {
    let kit = Kit::start().await;
    let (time, clock) = ahead_by(0);
    let frozen = Beside::starts_at(&kit, "api", clock).await;
    let before = next(&frozen.app).expect("a lease");
    // For others its lease has run out.
    kit.passes(Duration::from_mins(2));
    kit.app.ids.await_lease().await;
    let other = Beside::starts_at(&kit, "api", ahead_by(2).1).await;
    assert_eq!((Beside::number(&kit.app), Beside::number(&other.app)), (0, 1), "the lowest number that is free");
    // It wakes up.
    time.store(120_000, Ordering::Relaxed);
    let error = next(&frozen.app).expect_err("its lease has run out");
    assert_eq!(error.code(), Some(Code::Overloaded), "{}", error.detail());
    frozen.app.ids.await_lease().await;
    assert_eq!(Beside::number(&frozen.app), 2);
    assert!(next(&frozen.app).expect("a lease") > before);
    // It gives back the number that it has, and not the one it had first.
    frozen.background.stop().await;
    assert!(next(&frozen.app).is_err());
    // Which is free from the next millisecond on.
    let free = async || {
        let held = lease::held(&kit.app.db.databases()[0], kit.app.clock.now()).await.expect("a look");
        let numbers = ["process-0", "process-1", "process-2"].map(|name| held.iter().any(|held| held == name));
        (numbers == [true, true, false]).then_some(())
    };
    eventually("it gave its number back", PATIENCE, free).await;
    other.background.stop().await;
    kit.ends().await;
}

#[tokio::test]
async fn nobody_is_answered_with_an_id_while_no_lease_can_be_had() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let (media, phone) = (ada.publishes("dusk").await, ada.logs_in_again().await);
    let database = &kit.app.db.databases()[0];
    let others = async |statement: &str| {
        let written = database.write(async |tx| Ok(tx.conn().execute_unprepared(statement).await.map(|_| ())?)).await;
        written.expect("the leases can be written");
    };
    let rows: Vec<_> = (0..PROCESSES).map(|number| format!("('process-{number}', 'others', {})", i64::MAX)).collect();
    let update = "ON CONFLICT (name) DO UPDATE SET holder = 'others', held_until = excluded.held_until";
    others(&format!("INSERT INTO leases (name, holder, held_until) VALUES {} {update}", rows.join(", "))).await;
    kit.passes(Duration::from_mins(2));
    let comment = json!({ "mediaId": media, "text": "late" });
    let answer = ada.asks(&document("addComment", "comment { id }"), json!({ "input": comment })).await;
    assert_eq!(answer.code(), "OVERLOADED", "{:#}", answer.body);
    assert!(answer.body["errors"][0]["extensions"]["retryAfterMs"].is_u64(), "{:#}", answer.body);
    // Reads go on, and so does what needs no id.
    assert_eq!(ada.sees_media(&media).await["commentCount"], 0);
    ada.does("endSession", json!({ "sessionId": phone.tokens().session }), "endedSessionId").await;
    assert_eq!(phone.asks("{ viewer { user { id } } }", json!({})).await.code(), "UNAUTHENTICATED");
    others("DELETE FROM leases WHERE holder = 'others' AND name <> 'process-0'").await;
    kit.app.ids.await_lease().await;
    eventually("there is a lease again", PATIENCE, async || {
        let answer = ada.asks(&document("addComment", "comment { id }"), json!({ "input": comment })).await;
        answer.body.get("errors").is_none().then_some(())
    })
    .await;
    assert_eq!(Beside::number(&kit.app), 1);
    kit.ends().await;
}

#[tokio::test]
async fn each_process_does_what_its_role_says() {
    let kit = Kit::with(|config| {
        config.server.role = roles("api");
        config.log.poll_milliseconds = 20;
    })
    .await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    bob.follows(&ada).await;
    let ada_id: UserId = ada.id.parse().expect("the ID of a user");
    let database = kit.app.db.database(&ada_id);
    assert!(!log::is_outbox_empty(database).await.expect("the outbox"), "nobody relays");
    let relay = Beside::starts(&kit, "relay").await;
    eventually("the facts are in the log, and nobody does the steps", PATIENCE, async || {
        let is_empty = log::is_outbox_empty(database).await.expect("the outbox");
        let backlog = queue::backlog(database).await.expect("the queue");
        // To copy the follow, and to tell of it.
        (is_empty && backlog.waiting == 2).then_some(())
    })
    .await;
    let worker = Beside::starts(&kit, "worker").await;
    kit.settle().await;
    assert_eq!(bob.sees_list(&bob, "following").await, ["ada"]);
    for beside in [relay, worker] {
        serves_no_api(&beside).await;
        beside.background.stop().await;
    }
    kit.ends().await;
}

/// A process without the API says whether it is well, and nothing else.
async fn serves_no_api(beside: &Beside) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let (front, stop) = (Front::at(listener.local_addr().expect("its address")), CancellationToken::new());
    let server = tokio::spawn(photograph::http::serve(beside.app.clone(), listener, stop.clone()));
    let ready = front.client.get(front.url("/readyz")).send().await.expect("an answer");
    assert_eq!(ready.status(), 200);
    let answer = front.request(None, "{ __typename }", &json!({})).send().await.expect("an answer");
    assert_eq!(answer.status(), 404);
    stop.cancel();
    server.await.expect("it stops");
}

#[tokio::test]
async fn a_lease_has_one_holder_until_it_runs_out() {
    let kit = Kit::start().await;
    let database = &kit.app.db.databases()[0];
    let tries = async |holder: &str| {
        let now = kit.app.clock.now();
        let until = now.after(Duration::from_secs(10));
        lease::hold(database, "the bell".into(), holder, now, until).await.expect("an answer")
    };
    assert!(tries("ada").await && !tries("bob").await && tries("ada").await);
    kit.passes(Duration::from_secs(11));
    assert!(tries("bob").await && !tries("ada").await);
    lease::release(database, "the bell".into(), "bob", kit.app.clock.now().before(Duration::from_secs(1)))
        .await
        .expect("it is his");
    assert!(tries("ada").await);
    kit.ends().await;
}

#[tokio::test]
async fn only_the_last_claim_of_a_step_counts() {
    let kit = Kit::with(|config| config.server.role = roles("api,relay")).await;
    let ada = kit.signs_up("ada").await;
    // One step follows from an account that closes, and one from an account that opens.
    ada.goes_private().await;
    ada.goes_public().await;
    let ada_id: UserId = ada.id.parse().expect("the ID of a user");
    let database = kit.app.db.database(&ada_id);
    let claims = async |kind| {
        eventually("the step is there", PATIENCE, async || {
            queue::claim(database, (Lane::Short, &Kinds::of([kind])), kit.app.clock.now(), 1)
                .await
                .expect("a look")
                .pop()
        })
        .await
    };
    let other = claims("renewLinks").await;
    assert!(queue::done(database, &other).await.expect("an answer"));
    let first = claims("approveWaiting").await;
    assert!(queue::renew(database, &first, kit.app.clock.now()).await.expect("an answer"));
    kit.passes(queue::LEASE + Duration::from_secs(1));
    let second = claims("approveWaiting").await;
    assert_eq!((first.id, first.tries, second.tries), (second.id, 1, 2));
    let now = kit.app.clock.now();
    assert!(!queue::renew(database, &first, now).await.expect("an answer"));
    assert!(!queue::done(database, &first).await.expect("an answer"));
    assert!(!queue::retry(database, &first, now, "late".into()).await.expect("an answer"));
    assert!(!queue::bury(database, &first, now, "late".into()).await.expect("an answer"));
    assert_eq!(queue::backlog(database).await.expect("the queue").waiting, 1);
    assert!(queue::done(database, &second).await.expect("an answer"));
    kit.ends().await;
}

#[tokio::test]
async fn a_photo_given_to_two_workers_is_ready_once() {
    let kit = Kit::with(|config| config.log.poll_milliseconds = 5).await;
    let other = Beside::starts(&kit, "worker").await;
    let ada = kit.signs_up("ada").await;
    let photo = photos::phone_jpeg();
    let upload = ada.announces(photo, "image/jpeg").await;
    assert!(ada.sends(&upload, photo).await.is_success());
    ada.completes(&upload).await;
    // The leases of whoever works on it run out, again and again, but not so often that it is given up.
    let (id, mut times): (UploadId, u32) = (upload.id.parse().expect("the ID of an upload"), 0);
    eventually("it is ready", PATIENCE, async || {
        if times < 5 {
            kit.passes(queue::LEASE + Duration::from_secs(1));
            times += 1;
        }
        (ada.sees_upload(&upload.id).await["status"] == "READY").then_some(())
    })
    .await;
    other.background.stop().await;
    kit.passes(Duration::from_hours(1));
    kit.settle().await;
    let entries = log::read(kit.app.db.database(&id), 0, 1000).await.expect("the log");
    let told = entries.iter().filter(|entry| entry.fact == Fact::UploadProcessed { upload: id }).count();
    assert_eq!(told, 1);
    kit.ends().await;
}

/// How many like the photo, and how many of them at the same moment.
const FANS: i64 = 1000;
const AT_ONCE: usize = 100;

#[tokio::test]
async fn a_thousand_people_like_one_photo_at_once_and_each_is_counted() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let media = ada.publishes("dusk").await;
    let id: MediaId = media.parse().expect("the ID of a media");
    let like = async |number: i64, is_liked: bool| {
        let fan = Viewer { user: UserId(number << 23), session: SessionId(number) };
        let done = match is_liked {
            true => likes::like(&kit.app, fan, id).await,
            false => likes::unlike(&kit.app, fan, id).await,
        };
        done.unwrap_or_else(|error| panic!("{}", error.detail()));
    };
    stream::iter(1..=FANS).for_each_concurrent(AT_ONCE, |number| like(number, true)).await;
    assert_eq!(ada.sees_media(&media).await["likeCount"], FANS, "exact before anything is added up");
    stream::iter(1..=FANS / 4).for_each_concurrent(AT_ONCE, |number| like(number, false)).await;
    assert_eq!(ada.sees_media(&media).await["likeCount"], FANS - FANS / 4);
    kit.settle().await;
    assert_eq!(ada.sees_media(&media).await["likeCount"], FANS - FANS / 4);
    let left = kit.app.db.read_own(&id);
    let statement = |text: &str| Statement::from_string(left.get_database_backend(), text);
    let waiting = left.query_all_raw(statement("SELECT id FROM count_deltas")).await.expect("a look");
    assert!(waiting.is_empty(), "all is added up");
    let recount = left.query_all_raw(statement("SELECT user_id FROM likes")).await.expect("a look");
    assert_eq!(recount.len(), usize::try_from(FANS - FANS / 4).expect("a number"));
    kit.ends().await;
}

#[tokio::test]
async fn one_sees_at_once_what_one_has_done() {
    let kit = Kit::start().await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    for _ in 0..5 {
        bob.follows(&ada).await;
        kit.settle().await;
        assert_eq!(bob.sees_list(&bob, "following").await, ["ada"]);
        bob.unfollows(&ada).await;
        kit.settle().await;
        assert!(bob.sees_list(&bob, "following").await.is_empty());
    }
    kit.ends().await;
}

#[tokio::test]
async fn who_waits_for_another_for_too_long_is_told_to_come_again() {
    let kit = Kit::with(|config| {
        config.server.role = roles("api");
        config.database.limits.lock_seconds = 1;
    })
    .await;
    let ada = kit.signs_up("ada").await;
    let id: UserId = ada.id.parse().expect("the ID of a user");
    let touch = format!("UPDATE users SET display_name = 'Ada' WHERE id = {}", id.0);
    let touches = async |tx: &Tx| Ok(tx.conn().execute_unprepared(&touch).await.map(|_| ())?);
    let waiting = kit.app.db.write(&id, async |tx| {
        touches(tx).await?;
        let began = Instant::now();
        let waited = kit.app.db.write(&id, touches).await;
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        Ok(waited.expect_err("somebody else has the row"))
    });
    let error = waiting.await.expect("who has the row goes on");
    assert_eq!(error.code(), Some(Code::Overloaded), "{}", error.detail());
    let others = Beside::starts(&kit, "relay,worker").await;
    kit.settle().await;
    others.background.stop().await;
    kit.ends().await;
}

#[tokio::test]
async fn a_look_at_the_databases_finds_them_well() {
    let kit = Kit::start().await;
    let found = db::look(&kit.app.config).await.expect("a configuration that has sense");
    assert!(found.len() >= kit.app.db.databases().len());
    for place in found {
        assert_eq!(place.wrong, Vec::<String>::new(), "{place:?}");
        assert!(!place.seen.is_empty() && !place.what.contains('@'), "{place:?}");
    }
    kit.ends().await;
}

#[tokio::test]
async fn a_look_at_a_database_that_is_not_there_says_so() {
    let mut config = photograph::base::config::Config::default();
    config.database.url = Some("postgres://photograph:hunter2@127.0.0.1:1/photograph".into());
    let found = db::look(&config).await.expect("a configuration that has sense");
    let [place] = &found[..] else { panic!("one place: {found:?}") };
    assert_eq!(place.what, "Postgres 127.0.0.1:1/photograph");
    assert!(place.wrong[0].contains("Check the address") && !format!("{place:?}").contains("hunter2"), "{place:?}");
}
