//! Requests that are cancelled at any moment, because the client is gone or time is up: a change is done with everything
//! that follows it, or not at all, and nobody else meets what is left of its transaction.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use photograph::base::error::{Error, Result};
use photograph::base::ids::{LogicalShard, MediaId, SessionId, UserId};
use photograph::domain::likes;
use photograph::domain::sessions::Viewer;
use photograph::platform::log;
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::kit::{Kit, PATIENCE, eventually};

/// Nobody looks for work: what is not woken does not happen.
const NEVER: u64 = 24 * 60 * 60 * 1000;
/// Changes that are tried at most.
const MANY: i64 = 400;

/// Polls until `work` has waited `waits` times, and drops it. Its result, when it was done before.
async fn cancel_after<T>(waits: usize, work: impl Future<Output = T>) -> Option<T> {
    let (mut work, mut left) = (pin!(work), waits);
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

/// Whether somebody likes a media, in the primary itself.
async fn is_liked(kit: &Kit, media: MediaId, fan: UserId) -> bool {
    let reader = kit.app.db.read_own(&media);
    let query = format!("SELECT 1 FROM likes WHERE media_id = {} AND user_id = {}", media.0, fan.0);
    let row = reader.query_one_raw(Statement::from_string(reader.get_database_backend(), query)).await;
    row.expect("a look").is_some()
}

/// Waits until no connection is left in a transaction.
async fn nothing_is_open(kit: &Kit, media: MediaId) {
    let database = kit.app.db.database(&media);
    let reader = database.read_own();
    if reader.get_database_backend() == DbBackend::Sqlite {
        // The one writer of SQLite: it would refuse to begin.
        return database.write(async |_| Ok(())).await.expect("the writer is free");
    }
    let open = "SELECT 1 FROM pg_stat_activity \
        WHERE datname = current_database() AND state <> 'idle' AND pid <> pg_backend_pid()";
    eventually("no transaction is left open", PATIENCE, async || {
        let open = reader.query_all_raw(Statement::from_string(DbBackend::Postgres, open)).await.expect("a look");
        open.is_empty().then_some(())
    })
    .await;
}

/// Waits until everything that was committed is in the log, and this process knows.
async fn it_is_told(kit: &Kit, media: MediaId) {
    let database = kit.app.db.database(&media);
    eventually("the relay was woken", Duration::from_secs(5), async || {
        let is_empty = log::is_outbox_empty(database).await.expect("the outbox");
        let end = log::position(database).await.expect("the log");
        (is_empty && kit.app.live.position(database.number) == end).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_change_that_is_cancelled_anywhere_is_done_with_all_that_follows_or_not_at_all() {
    let kit = Kit::with(|config| {
        config.log.poll_milliseconds = NEVER;
        config.database.connections.0 = 3;
    })
    .await;
    let ada = kit.signs_up("ada").await;
    let media = ada.publishes("dusk").await;
    let id: MediaId = media.parse().expect("the ID of a media");
    it_is_told(&kit, id).await;
    let (mut waits, mut done, mut unknown, mut undone) = (0_usize, 0, 0, 0);
    // How often a change waits is not the same each time, and the commit is what it waits for last: around the end it is
    // tried again until it was cancelled there, too.
    for number in 1..=MANY {
        let fan = Viewer { user: UserId(number << 23), session: SessionId(1) };
        let answer = cancel_after(waits, Box::pin(likes::like(&kit.app, fan, id))).await;
        nothing_is_open(&kit, id).await;
        let liked = is_liked(&kit, id, fan.user).await;
        it_is_told(&kit, id).await;
        let seen = ada.sees_media(&media).await;
        done += i64::from(liked);
        assert_eq!(seen["likeCount"], done, "cancelled after {waits} waits");
        waits += 1;
        match (answer, liked) {
            (Some(answer), _) => {
                answer.unwrap_or_else(|error| panic!("{}", error.detail()));
                assert!(liked);
                if undone > 0 && unknown > 0 {
                    break;
                }
                waits = waits.saturating_sub(4);
            }
            (None, true) => unknown += 1,
            (None, false) => undone += 1,
        }
    }
    assert!(undone > 0 && unknown > 0, "before and in the commit: {undone}, {unknown}");
    kit.ends().await;
}

#[tokio::test]
async fn whatever_a_transaction_ends_with_its_connection_is_clean() {
    let kit = Kit::with(|config| config.database.connections.0 = 2).await;
    let place = LogicalShard::new(1);
    let written = async |waits: usize, name: &str, fails: bool| -> Option<Result<()>> {
        let insert = format!("INSERT INTO secrets (name, value) VALUES ('{name}', '')");
        let work = Box::pin(kit.app.db.write(&place, async |tx| {
            tx.conn().execute_unprepared(&insert).await?;
            // Where others wait as well.
            tokio::task::yield_now().await;
            if fails { Err(Error::not_found("secret")) } else { Ok(()) }
        }));
        cancel_after(waits, work).await
    };
    for fails in [false, true] {
        for waits in 0..usize::MAX {
            let name = format!("{fails}-{waits}");
            let answer = written(waits, &name, fails).await;
            // Two at once take every connection there is.
            let [again, beside] = [format!("{name}-again"), format!("{name}-beside")];
            let (again, beside) = tokio::join!(written(usize::MAX, &again, false), written(usize::MAX, &beside, false));
            for done in [again, beside] {
                done.expect("it is not cancelled").unwrap_or_else(|error| panic!("{name}: {}", error.detail()));
            }
            if let Some(answer) = answer {
                assert_eq!(answer.is_err(), fails);
                break;
            }
        }
    }
    let reader = kit.app.db.read_own(&place);
    let count =
        "SELECT name FROM secrets WHERE name LIKE 'true-%' AND name NOT LIKE '%-again' AND name NOT LIKE '%-beside'";
    let left = reader.query_all_raw(Statement::from_string(reader.get_database_backend(), count)).await;
    assert!(left.expect("a look").is_empty(), "what failed is undone");
    kit.ends().await;
}
