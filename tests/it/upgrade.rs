//! Processes of two versions side by side: what only the newer one knows waits for it, and nothing else does.

use std::sync::Arc;

use photograph::app::App;
use photograph::base::clock::{Clock, Timestamp};
use photograph::base::edition::{Edition, LEVEL};
use photograph::base::error::Code;
use photograph::base::facts::Fact;
use photograph::base::ids::{MediaId, NodeLease, UploadId, UserId};
use photograph::jobs::{self, Background};
use photograph::platform::db::{Database, Tx};
use photograph::platform::log;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::json;
use tokio::io::AsyncWriteExt;

use crate::kit::{Kit, PATIENCE, Person, eventually, photos};
use crate::uploads::{answer, begins_to_send_at};

const LISTEN: &str = "subscription($id: ID!) { mediaEvents(mediaId: $id) {
    __typename ... on CommentAdded { comment { text { plain } } } } }";

/// What makes the schema that of the version before.
const OF_THE_VERSION_BEFORE: [&str; 5] = [
    "DROP TABLE fleet",
    "DROP TABLE schema_compat",
    "DROP INDEX steps_by_kind_buried_at",
    "ALTER TABLE steps DROP COLUMN kind",
    "DELETE FROM seaql_migrations WHERE version = 'm20261130_000020_fleet'",
];

/// A process of the next version beside the server of a story.
struct Newer {
    app: Arc<App>,
    background: Background,
}

impl Newer {
    async fn starts(kit: &Kit, role: &str) -> Self {
        let mut config = kit.app.config.clone();
        config.server.role = role.parse().expect("roles");
        let app = App::start_as(config, Clock::system(), Edition::Rehearsal).await;
        let app = app.unwrap_or_else(|error| panic!("{}", error.detail()));
        let background = jobs::spawn(&app).await.unwrap_or_else(|error| panic!("{}", error.detail()));
        Self { app, background }
    }
}

async fn run(database: &Database, statement: &str) {
    let run = async |tx: &Tx| Ok(tx.conn().execute_unprepared(statement).await.map(|_| ())?);
    database.write(run).await.unwrap_or_else(|error| panic!("{statement}: {}", error.detail()));
}

/// How many rows there are.
async fn count(database: &Database, rows: &str) -> i64 {
    let connection = database.read_own();
    let count = Statement::from_string(connection.get_database_backend(), format!("SELECT count(*) FROM {rows}"));
    let row = connection.query_one_raw(count).await.expect("the database answers").expect("a count");
    row.try_get_by_index(0).expect("a number")
}

async fn name_of_the_owner(person: &Person, media: &str) -> String {
    let query = "query($id: ID!) { media(by: { id: $id }) { owner { displayName } } }";
    person.asks(query, json!({ "id": media })).await.text("/media/owner/displayName")
}

#[tokio::test]
async fn what_only_a_newer_process_knows_waits_for_it_and_is_passed_over_by_streams() {
    let kit = Kit::with(|config| config.log.poll_milliseconds = 20).await;
    let (ada, bob) = (kit.signs_up("ada").await, kit.signs_up("bob").await);
    let media = ada.publishes("dusk").await;
    kit.settle().await;
    let mut events = bob.listens(LISTEN, json!({ "id": media })).await;
    events.next_is("StreamOpened").await;
    let id: MediaId = media.parse().expect("the ID of a media");
    let (database, now) = (kit.app.db.database(&id), kit.app.clock.now());
    assert_eq!(name_of_the_owner(&bob, &media).await, "ada");
    // A newer process changes what is kept in memory here, and tells of it in its own way.
    run(database, "UPDATE users SET display_name = 'Ada Lovelace' WHERE username = 'ada'").await;
    let newer = json!({ "fact": "rehearsed", "number": id.0 });
    run(database, &format!("INSERT INTO outbox (fact, recorded_at) VALUES ('{newer}', {})", now.0)).await;
    bob.comments(&media, "behind it").await;
    let moved = log::relay(database, now, |_| Ok(vec![])).await.expect("an answer");
    assert!(moved.entries.is_empty() && moved.unknown.is_some(), "{moved:?}");
    assert!(!log::is_outbox_empty(database).await.expect("a look"), "nothing passes it");
    let relay = Newer::starts(&kit, "relay").await;
    assert_eq!(events.next_is("CommentAdded").await["comment"]["text"]["plain"], "behind it");
    assert_eq!(name_of_the_owner(&bob, &media).await, "Ada Lovelace");
    // The newer relay stored the step that follows. Here it is not even claimed.
    eventually("all other steps are done", PATIENCE, async || {
        let left = count(database, "steps WHERE kind <> 'rehearse'").await + count(database, "outbox").await;
        (left == 0).then_some(())
    })
    .await;
    assert_eq!(count(database, "steps WHERE kind = 'rehearse' AND claim = 0 AND buried_at IS NULL").await, 1);
    let worker = Newer::starts(&kit, "worker").await;
    kit.settle().await;
    assert_eq!(count(database, &format!("rehearsals WHERE number = {}", id.0)).await, 1);
    // Whoever reads the log later passes over it, too.
    let entries = log::read(database, 0, 1000).await.expect("the log");
    assert_eq!(entries.iter().filter(|entry| entry.fact == Fact::Unknown).count(), 1);
    for newer in [relay, worker] {
        newer.background.stop().await;
    }
    kit.ends().await;
}

#[tokio::test]
async fn a_new_fact_is_recorded_only_when_the_oldest_process_knows_it() {
    let kit = Kit::start().await;
    let newer = Newer::starts(&kit, "api,worker,relay").await;
    let first = &kit.app.db.databases()[0];
    let records = async || {
        newer.app.db.fleet.refresh(first, kit.app.clock.now()).await.expect("an answer");
        let id: MediaId = newer.app.ids.anywhere().expect("a lease");
        let fact = Fact::Rehearsed { number: id.0 };
        newer.app.db.write(&id, async |tx| log::record(tx, kit.app.clock.now(), &fact).await).await
    };
    let refused = records().await.expect_err("the server of the story does not know it");
    assert_eq!(refused.code(), Some(Code::Overloaded), "{}", refused.detail());
    // Everything else goes on.
    let ada = kit.signs_up("ada").await;
    ada.publishes("dusk").await;
    run(first, &format!("UPDATE fleet SET level = {}", LEVEL + 1)).await;
    records().await.expect("all know it");
    // A process without a level is one from before there were levels.
    run(first, &format!("DELETE FROM fleet WHERE level = {}", LEVEL + 1)).await;
    records().await.expect_err("one does not know it");
    kit.settle().await;
    newer.background.stop().await;
    kit.ends().await;
}

/// The bytes of a `PUT` have had names of their own since this level.
const NAMES_OF_THEIR_OWN: i16 = 2;

#[tokio::test]
async fn the_bytes_of_a_put_are_stored_where_a_worker_of_the_version_before_reads_them_while_one_runs() {
    let kit = Kit::with(|config| (config.s3.bucket, config.server.role) = (None, "api".parse().expect("a role"))).await;
    let (ada, first) = (kit.signs_up("ada").await, &kit.app.db.databases()[0]);
    let oldest_is = async |level: i16| {
        run(first, &format!("UPDATE fleet SET level = {level}")).await;
        kit.app.db.fleet.refresh(first, kit.app.clock.now()).await.expect("an answer");
    };
    let stored = async |upload: &str| kit.app.blobs.read(&format!("raw/{upload}")).await.expect("the store");
    let (photo, another) = (photos::small_jpeg(1), photos::small_jpeg(2));
    let (shared, own) = (ada.announces(&photo, "image/jpeg").await, ada.announces(&another, "image/jpeg").await);
    let id: UploadId = shared.id.parse().expect("the ID of an upload");
    let (database, row) = (kit.app.db.database(&id), format!("WHERE id = {}", id.0));
    oldest_is(NAMES_OF_THEIR_OWN - 1).await;
    let mut loser = begins_to_send_at(&kit.front, (&kit, &shared), &photo).await;
    run(database, &format!("UPDATE uploads SET transfer = 'of another process' {row}")).await;
    loser.write_all(&photo[photo.len() / 2..]).await.expect("the rest of it");
    assert_eq!(answer(loser).await, "HTTP/1.1 423 Locked");
    assert_eq!(stored(&shared.id).await, None, "only the holder of the lease writes there");
    run(database, &format!("UPDATE uploads SET transfer = NULL {row}")).await;
    assert!(ada.sends(&shared, &photo).await.is_success());
    assert_eq!((stored(&shared.id).await, count(database, "upload_parts").await), (Some(photo), 0));
    // What a process of the version before left there that was killed before it counted.
    let left = another[1..].to_vec();
    kit.app.blobs.write(&format!("raw/{}", own.id), &left).await.expect("the store");
    oldest_is(NAMES_OF_THEIR_OWN).await;
    assert!(ada.sends(&own, &another).await.is_success());
    assert_eq!(stored(&own.id).await, Some(left), "nothing is overwritten");
    let worker = Newer::starts(&kit, "worker,relay").await;
    kit.settle().await;
    for upload in [shared, own] {
        assert_eq!(ada.sees_upload(&upload.id).await["status"], "READY");
    }
    assert_eq!(kit.app.blobs.list("raw").await.expect("the store"), Vec::<String>::new());
    assert_eq!(count(database, "upload_parts").await, 0);
    worker.background.stop().await;
    kit.ends().await;
}

#[tokio::test]
async fn what_the_version_before_left_is_done_after_the_upgrade_and_what_cannot_be_read_is_left() {
    let kit = Kit::with(|config| config.server.role = "api".parse().expect("a role")).await;
    let ada = kit.signs_up("ada").await;
    let id: UserId = ada.id.parse().expect("the ID of a user");
    // Without the table of the fleet its lease could not be renewed, so it need not be.
    let lease = kit.app.ids.lease().expect("a lease");
    kit.app.ids.grant(NodeLease { until: Timestamp(i64::MAX), ..lease });
    for database in kit.app.db.databases() {
        for statement in OF_THE_VERSION_BEFORE {
            run(database, statement).await;
        }
    }
    let database = kit.app.db.database(&id);
    let (fact, unheard_of) = (json!({ "fact": "countsWait", "media": id }), json!({ "step": "unheardOf" }));
    run(database, &format!("INSERT INTO outbox (fact, recorded_at) VALUES ('{fact}', 0)")).await;
    let counts = json!({ "step": "addUpCounts", "media": id });
    run(database, &format!("INSERT INTO steps (step, due_at) VALUES ('{counts}', 0), ('{unheard_of}', 0)")).await;
    let newer = Newer::starts(&kit, "worker,relay").await;
    eventually("what can be done is done, and the rest is put off", PATIENCE, async || {
        let left = count(database, "steps WHERE due_at = 0 OR kind <> ''").await + count(database, "outbox").await;
        (left == 0).then_some(())
    })
    .await;
    assert_eq!(count(database, "steps WHERE tries = 0 AND buried_at IS NULL AND error IS NULL").await, 1);
    run(database, "DELETE FROM steps").await;
    newer.background.stop().await;
    kit.ends().await;
}
