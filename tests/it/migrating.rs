//! Bringing databases up to date: once, by one process at a time, and never back.

use photograph::app::App;
use photograph::base::clock::Clock;
use sea_orm::ConnectionTrait;

use crate::kit::program::run;
use crate::kit::{Folder, Kit};

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_as_it_is() {
    let kit = Kit::start().await;
    let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29990101_000001_later', 0)";
    let older = "DELETE FROM seaql_migrations WHERE version = 'm29990101_000001_later'";
    let database = &kit.app.db.databases()[0];
    for (change, is_refused) in [(newer, true), (older, false)] {
        database
            .write(async |tx| {
                tx.conn().execute_unprepared(change).await?;
                Ok(())
            })
            .await
            .expect("the table of migrations can be written");
        let started = App::start(kit.app.config.clone(), Clock::system()).await;
        let said = started.err().map(|error| error.detail());
        assert_eq!(said.as_ref().is_some_and(|said| said.contains("newer than this program")), is_refused, "{said:?}");
    }
    kit.ends().await;
}

#[test]
fn processes_that_start_at_once_do_not_get_into_each_others_way() {
    let folder = Folder::fresh();
    let migrate = || run(&folder.0, &["migrate", "--data", "data"], &[]);
    let all: Vec<_> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..6).map(|_| scope.spawn(migrate)).collect();
        running.into_iter().map(|running| running.join().expect("a process")).collect()
    });
    for output in all {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
