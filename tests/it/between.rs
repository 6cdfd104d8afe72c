//! Two processes on the same databases, with Redis between them: what happens on one is heard on the other, in order and
//! without a hole, whatever Redis does in the meantime. And of all processes one takes in the bytes of an upload.
//!
//! Here nobody looks for himself in time: what is heard within a story was told.

use std::sync::Arc;
use std::time::{Duration, Instant};

use photograph::app::App;
use photograph::base::clock::Clock;
use photograph::base::config::Config;
use photograph::base::ids::UploadId;
use photograph::jobs::{self, Background};
use photograph::platform::db::Tx;
use reqwest::StatusCode;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::kit::redis::Server;
use crate::kit::{Front, Kit, PATIENCE, Person, Stream, eventually, photos};
use crate::uploads::{answer, begins_to_send_at, coming_in};

/// Longer than any story.
const POLL: u64 = 600_000;

const MEDIA: &str = "subscription($id: ID!) { mediaEvents(mediaId: $id) {
    __typename ... on CommentAdded { comment { text { plain } } }
} }";

/// Another process beside the server of a story.
struct Beside {
    app: Arc<App>,
    front: Front,
    background: Background,
    server: JoinHandle<()>,
    stop: CancellationToken,
}

impl Beside {
    async fn starts(kit: &Kit, role: &str) -> Self {
        Self::with(kit, |config| config.server.role = role.parse().expect("roles")).await
    }

    async fn with(kit: &Kit, change: impl FnOnce(&mut Config)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let mut config = kit.app.config.clone();
        change(&mut config);
        let app = App::start(config, Clock::system()).await.unwrap_or_else(|error| panic!("{}", error.detail()));
        let background = jobs::spawn(&app).await.unwrap_or_else(|error| panic!("{}", error.detail()));
        let stop = CancellationToken::new();
        let server = tokio::spawn(photograph::http::serve(app.clone(), listener, stop.clone()));
        Self { app, front: Front::at(address), background, server, stop }
    }

    async fn stops(self) {
        self.stop.cancel();
        self.background.stop().await;
        self.server.await.expect("it stops");
    }
}

async fn kit(redis: &Server, role: &str) -> Kit {
    Kit::with(|config| {
        config.server.role = role.parse().expect("roles");
        config.redis.url = Some(redis.url());
        config.log.poll_milliseconds = POLL;
    })
    .await
}

/// Waits until so many processes hear each other.
async fn hear_each_other(redis: &Server, processes: usize) {
    eventually("the processes hear each other", PATIENCE, async || {
        let channels = redis.says(&["PUBSUB", "CHANNELS", "*:log"]);
        let channel = channels.lines().next()?;
        let heard = redis.says(&["PUBSUB", "NUMSUB", channel]);
        heard.ends_with(&processes.to_string()).then_some(())
    })
    .await;
}

async fn listens_to(person: &Person, media: &str) -> Stream {
    let mut stream = person.listens(MEDIA, json!({ "id": media })).await;
    stream.next_is("StreamOpened").await;
    stream
}

/// The words of the next comments.
async fn hears(stream: &mut Stream, comments: usize) -> Vec<Value> {
    let mut words = vec![];
    while words.len() < comments {
        let event = stream.next().await;
        if event["__typename"] == "CommentAdded" {
            words.push(event["comment"]["text"]["plain"].clone());
        }
    }
    words
}

#[tokio::test]
async fn what_happens_on_one_is_heard_on_the_other_in_order() {
    let redis = Server::running(&[]).await;
    let kit = kit(&redis, "all").await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    let media = ada.publishes("dusk").await;
    kit.settle().await;
    let second = Beside::starts(&kit, "all").await;
    hear_each_other(&redis, 2).await;
    let mut stream = listens_to(&bob.at(&second.front), &media).await;
    let words: Vec<String> = (1..=30).map(|number| format!("word {number}")).collect();
    let mut times = vec![];
    for word in &words {
        ada.comments(&media, word).await;
        let commented = Instant::now();
        assert_eq!(hears(&mut stream, 1).await, [json!(word)]);
        times.push(commented.elapsed());
    }
    times.sort();
    println!("heard on the other process after {:?} (median), {:?} (longest)", times[15], times[29]);
    second.stops().await;
    kit.ends().await;
}

#[tokio::test]
async fn what_redis_lost_is_read_by_its_position() {
    let mut redis = Server::running(&[]).await;
    let kit = kit(&redis, "all").await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    let media = ada.publishes("dusk").await;
    kit.settle().await;
    let second = Beside::starts(&kit, "all").await;
    hear_each_other(&redis, 2).await;
    let mut stream = listens_to(&bob.at(&second.front), &media).await;
    ada.comments(&media, "one").await;
    assert_eq!(hears(&mut stream, 1).await, ["one"]);
    redis.stops();
    for word in ["two", "three"] {
        ada.comments(&media, word).await;
    }
    redis.starts().await;
    assert_eq!(hears(&mut stream, 2).await, ["two", "three"], "who hears anew looks for what was missed");
    hear_each_other(&redis, 2).await;
    // One message is lost without anybody knowing; the next one shows it.
    let publish = |may: &str| redis.says(&["ACL", "SETUSER", "default", may]);
    publish("-publish");
    // Whoever has just lost Redis may not try yet.
    let mut lost = vec![];
    eventually("it was tried to tell", PATIENCE, async || {
        ada.comments(&media, "four").await;
        lost.push("four");
        redis.says(&["INFO", "errorstats"]).contains("NOPERM").then_some(())
    })
    .await;
    publish("+publish");
    ada.comments(&media, "five").await;
    let expected = [lost, vec!["five"]].concat();
    assert_eq!(hears(&mut stream, expected.len()).await, expected);
    second.stops().await;
    kit.ends().await;
}

#[tokio::test]
async fn each_does_its_part_as_soon_as_it_is_told() {
    let redis = Server::running(&[]).await;
    let kit = kit(&redis, "api").await;
    let (relay, worker) = (Beside::starts(&kit, "relay").await, Beside::starts(&kit, "worker").await);
    hear_each_other(&redis, 3).await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    bob.follows(&ada).await;
    kit.settle().await;
    assert_eq!(bob.sees_list(&bob, "following").await, ["ada"], "a step was done");
    let media = ada.publishes("dusk").await;
    let mut stream = listens_to(&bob, &media).await;
    ada.comments(&media, "hello").await;
    assert_eq!(hears(&mut stream, 1).await, ["hello"]);
    kit.settle().await;
    worker.stops().await;
    relay.stops().await;
    kit.ends().await;
}

#[tokio::test]
async fn a_session_ends_everywhere() {
    let redis = Server::running(&[]).await;
    let kit = kit(&redis, "all").await;
    let ada = kit.signs_up("ada").await;
    let phone = ada.logs_in_again().await;
    let media = ada.publishes("dusk").await;
    kit.settle().await;
    let second = Beside::starts(&kit, "all").await;
    hear_each_other(&redis, 2).await;
    let mut stream = listens_to(&phone.at(&second.front), &media).await;
    ada.does("endSession", json!({ "sessionId": phone.tokens().session }), "endedSessionId").await;
    stream.is_cut_off().await;
    let me = "{ viewer { user { id } } }";
    assert_eq!(phone.at(&second.front).asks(me, json!({})).await.code(), "UNAUTHENTICATED");
    let third = Beside::starts(&kit, "all").await;
    assert_eq!(phone.at(&third.front).asks(me, json!({})).await.code(), "UNAUTHENTICATED", "it knows what was before");
    assert_eq!(ada.at(&third.front).asks(me, json!({})).await.text("/viewer/user/id"), ada.id);
    third.stops().await;
    second.stops().await;
    kit.ends().await;
}

/// Streams of somebody on a process: one that many can share, and one of their own.
async fn listens_at(person: &Person, front: &Front) -> [Stream; 2] {
    let open = async |field: &str| {
        let query = format!("subscription {{ {field} {{ __typename ... on StreamClosing {{ reason }} }} }}");
        let mut stream = person.at(front).listens(&query, json!({})).await;
        stream.next_is("StreamOpened").await;
        stream
    };
    [open("homeFeedEvents").await, open("activityEvents").await]
}

/// The session of these streams has ended: they say so, their sockets close, and its tokens are refused.
async fn has_ended(person: &Person, front: &Front, streams: [Stream; 2]) {
    for mut stream in streams {
        assert_eq!(stream.next_is("StreamClosing").await["reason"], "SESSION_ENDED");
        stream.is_cut_off().await;
    }
    let answer = person.at(front).asks("{ viewer { user { id } } }", json!({})).await;
    assert_eq!((answer.status, answer.code()), (401, "UNAUTHENTICATED"));
    assert_eq!(person.at(front).tries_to_refresh(&person.tokens().refresh).await.refusal(), "BAD_CREDENTIAL");
}

/// No process relays: what the log would tell is not told. At the end one does.
async fn ends_with_a_relay(kit: Kit, second: Beside) {
    second.stops().await;
    let relay = Beside::starts(&kit, "relay,worker").await;
    kit.settle().await;
    relay.stops().await;
    kit.ends().await;
}

#[tokio::test]
async fn ends_of_sessions_are_found_while_the_log_stands_still() {
    let kit = Kit::with(|config| {
        config.server.role = "api".parse().expect("roles");
        config.log.poll_milliseconds = 20;
        config.auth.ended_poll_milliseconds = 100;
        config.redis.url = None;
    })
    .await;
    let ada = kit.signs_up("ada").await;
    let phone = ada.logs_in_again().await;
    let second = Beside::starts(&kit, "api").await;
    let (there, other) = (listens_at(&phone, &second.front).await, listens_at(&ada, &second.front).await);
    ada.does("endSession", json!({ "sessionId": phone.tokens().session }), "endedSessionId").await;
    has_ended(&phone, &second.front, there).await;
    // The next one ends because a refresh token of it is used again.
    let old = ada.tokens().refresh;
    ada.refreshes().await;
    ada.refreshes().await;
    assert_eq!(ada.tries_to_refresh(&old).await.refusal(), "BAD_CREDENTIAL");
    has_ended(&ada, &second.front, other).await;
    ends_with_a_relay(kit, second).await;
}

#[tokio::test]
async fn ends_of_sessions_are_told_by_redis_while_the_log_stands_still() {
    let redis = Server::running(&[]).await;
    let kit = Kit::with(|config| {
        config.server.role = "api".parse().expect("roles");
        config.log.poll_milliseconds = 20;
        config.auth.ended_poll_milliseconds = POLL;
        config.redis.url = Some(redis.url());
    })
    .await;
    let ada = kit.signs_up("ada").await;
    let phone = ada.logs_in_again().await;
    let second = Beside::starts(&kit, "api").await;
    hear_each_other(&redis, 2).await;
    let there = listens_at(&phone, &second.front).await;
    ada.does("endSession", json!({ "sessionId": phone.tokens().session }), "endedSessionId").await;
    has_ended(&phone, &second.front, there).await;
    ends_with_a_relay(kit, second).await;
}

#[tokio::test]
async fn ends_of_sessions_that_redis_does_not_tell_are_found() {
    let redis = Server::running(&[]).await;
    let kit = Kit::with(|config| {
        config.server.role = "api".parse().expect("roles");
        config.log.poll_milliseconds = 20;
        config.auth.ended_poll_milliseconds = 100;
        config.redis.url = Some(redis.url());
    })
    .await;
    let ada = kit.signs_up("ada").await;
    let phone = ada.logs_in_again().await;
    // A process whose messages are all lost.
    let second = Beside::with(&kit, |config| config.redis.url = None).await;
    let here = listens_at(&phone, &kit.front).await;
    let end = json!({ "sessionId": phone.tokens().session });
    ada.at(&second.front).does("endSession", end, "endedSessionId").await;
    has_ended(&phone, &kit.front, here).await;
    ends_with_a_relay(kit, second).await;
}

#[tokio::test]
async fn a_token_accepted_by_one_process_makes_the_one_before_it_worthless_on_all() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let second = Beside::starts(&kit, "api").await;
    let (there, old) = (ada.at(&second.front), ada.tokens().refresh);
    there.refreshes().await;
    assert_eq!(there.asks("{ viewer { user { id } } }", json!({})).await.status, 200);
    eventually("the acceptance is stored", PATIENCE, async || {
        let mut stored = 0;
        for database in kit.app.db.databases() {
            let reader = database.read_own();
            let query = "SELECT id FROM sessions WHERE rotation = 1 AND accepted_rotation = 1";
            let query = Statement::from_string(reader.get_database_backend(), query);
            stored += reader.query_all_raw(query).await.expect("an answer").len();
        }
        (stored == 1).then_some(())
    })
    .await;
    second.stops().await;
    kit.passes(Duration::from_secs(31));
    assert_eq!(ada.tries_to_refresh(&old).await.refusal(), "BAD_CREDENTIAL");
    kit.ends().await;
}

#[tokio::test]
async fn wrong_passwords_are_counted_by_all_together_and_by_each_while_redis_is_away() {
    let mut redis = Server::running(&[]).await;
    let kit = Kit::with(|config| {
        config.redis.url = Some(redis.url());
        config.auth.wrong_passwords = 4;
    })
    .await;
    let ada = kit.signs_up("ada").await;
    let second = Beside::starts(&kit, "all").await;
    let tries = async |front: &Front, password: &str| {
        let input = json!({ "login": "ada", "password": password });
        kit.nobody().at(front).tries("logIn", input, "session { id }").await
    };
    for front in [&kit.front, &second.front, &kit.front, &second.front] {
        assert_eq!(tries(front, "a wrong password").await.refusal(), "BAD_CREDENTIAL");
    }
    for front in [&kit.front, &second.front] {
        assert_eq!(tries(front, "correct horse battery").await.refusal(), "ACTION_LIMITED");
    }
    assert!(!redis.says(&["KEYS", "*"]).contains("ada"), "no names stand in Redis");
    kit.passes(Duration::from_mins(15));
    assert!(tries(&kit.front, "correct horse battery").await.is_done());
    assert_eq!(redis.says(&["DBSIZE"]), "2", "wrong passwords of the account, and log-ins of the network");
    redis.stops();
    for _ in 0..4 {
        assert_eq!(tries(&second.front, "a wrong password").await.refusal(), "BAD_CREDENTIAL");
    }
    assert_eq!(tries(&second.front, "correct horse battery").await.refusal(), "ACTION_LIMITED");
    assert!(tries(&kit.front, "correct horse battery").await.is_done(), "{} is counted by each", ada.name);
    assert!(second.app.redis.as_ref().is_some_and(|redis| redis.epoch().is_none()));
    second.stops().await;
    kit.ends().await;
}

/// Longer than a sender is silent before another process may take its place.
const SENDER_SILENT: Duration = Duration::from_secs(4);

#[tokio::test]
async fn of_all_processes_one_receives_the_bytes_of_an_upload() {
    let kit = Kit::with(|config| config.s3.bucket = None).await;
    let (ada, photo) = (kit.signs_up("ada").await, photos::small_jpeg(1));
    let second = Beside::starts(&kit, "api").await;
    let upload = ada.announces(&photo, "image/jpeg").await;
    let rest = &photo[photo.len() / 2..];
    let mut first = begins_to_send_at(&second.front, (&kit, &upload), &photo).await;
    assert_eq!(ada.sends(&upload, &photo).await, StatusCode::LOCKED);
    assert_eq!(coming_in(&kit).len(), 1, "no second file was begun");
    // The phone changed networks, nobody told that process, and the phone reaches another one.
    kit.passes(SENDER_SILENT);
    let mut next = begins_to_send_at(&kit.front, (&kit, &upload), &photo).await;
    first.write_all(rest).await.expect("the rest of it");
    assert_eq!(answer(first).await, "HTTP/1.1 423 Locked", "it brings them no more");
    assert_eq!(ada.sees_upload(&upload.id).await["status"], "AWAITING_BYTES", "nothing of it counts");
    next.write_all(rest).await.expect("the rest of it");
    let mut line = String::new();
    BufReader::new(next).read_line(&mut line).await.expect("an answer");
    assert_eq!(line.trim(), "HTTP/1.1 204 No Content");
    assert_eq!(ada.sees_upload(&upload.id).await["status"], "READY");
    kit.settle().await;
    assert_eq!((coming_in(&kit), kit.app.blobs.list("raw").await.expect("the store")), (vec![], vec![]));
    second.stops().await;
    kit.ends().await;
}

#[tokio::test]
async fn a_lease_ends_with_its_transfer_and_with_its_process() {
    let kit = Kit::with(|config| config.s3.bucket = None).await;
    let (ada, photo) = (kit.signs_up("ada").await, photos::small_jpeg(1));
    let second = Beside::starts(&kit, "api").await;
    // Whether the process was killed while bytes came, and by how much its clock was ahead.
    for killed_ahead in [None, Some(0), Some(3_600_000)] {
        let tus = json!({ "contentType": "image/jpeg", "byteSize": photo.len(), "prefers": "TUS" });
        let upload = ada.announces_as(tus).await;
        let address = upload.url.clone().expect("bytes are awaited");
        let there = address.replace(&kit.front.url(""), &second.front.url(""));
        let sends = async |address: &str, from: usize, to: usize| {
            let patch = kit.front.client.patch(address).header("tus-resumable", "1.0.0");
            let patch = patch.header("content-type", "application/offset+octet-stream").header("upload-offset", from);
            patch.body(photo[from..to].to_vec()).send().await.expect("an answer").status()
        };
        assert_eq!(sends(&there, 0, 100).await, StatusCode::NO_CONTENT);
        if let Some(ahead) = killed_ahead {
            let id: UploadId = upload.id.parse().expect("the ID of an upload");
            let (heard_at, row) = (kit.app.clock.now().0 + ahead, format!("WHERE id = {}", id.0));
            let lease = format!("UPDATE uploads SET transfer = 'lost', transfer_heard_at = {heard_at} {row}");
            let lost = async |tx: &Tx| Ok(tx.conn().execute_unprepared(&lease).await.map(|_| ())?);
            kit.app.db.write(&id, lost).await.expect("the table can be written");
        }
        if killed_ahead == Some(0) {
            assert_eq!(sends(&address, 100, photo.len()).await, StatusCode::LOCKED);
            kit.passes(SENDER_SILENT);
        }
        assert_eq!(sends(&address, 100, photo.len()).await, StatusCode::NO_CONTENT);
        assert_eq!(ada.sees_upload(&upload.id).await["status"], "READY");
    }
    second.stops().await;
    kit.ends().await;
}
