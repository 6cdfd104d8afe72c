//! A database without room left: whoever writes is told to come back later, an operator finds it in the log, and reading goes
//! on.

use std::time::Duration;

use photograph::base::ids::MediaId;
use photograph::platform::db::Tx;
use sea_orm::{ConnectionTrait, DbBackend};
use serde_json::json;

use crate::kit::{Answer, Kit, Person};
use crate::processes::Beside;

/// More long comments than fit where there is room for a few pages.
const MANY: usize = 50;

/// Takes the room of the database of a media away, or gives it back.
async fn has_room(kit: &Kit, media: MediaId, has_room: bool) {
    let database = kit.app.db.database(&media);
    let statements: &[&str] = match (database.read_own().get_database_backend(), has_room) {
        // As many pages as there are; the writer has one connection.
        (DbBackend::Sqlite, false) => &["PRAGMA max_page_count = 1"],
        (DbBackend::Sqlite, true) => &["PRAGMA max_page_count = 1000000"],
        (_, false) => &[
            "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS \
                $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$",
            "CREATE TRIGGER no_room BEFORE INSERT ON comments EXECUTE FUNCTION no_room()",
        ],
        (_, true) => &["DROP TRIGGER no_room ON comments", "DROP FUNCTION no_room()"],
    };
    let change = async |tx: &Tx| {
        for statement in statements {
            tx.conn().execute_unprepared(statement).await?;
        }
        Ok(())
    };
    database.write(change).await.expect("a change of the database");
}

async fn comments(person: &Person, media: &str) -> Answer {
    let input = json!({ "mediaId": media, "text": "so ".repeat(600) });
    let mutation = "mutation($input: AddCommentInput!) { addComment(input: $input) { comment { id } } }";
    person.asks(mutation, json!({ "input": input })).await
}

#[tokio::test]
async fn whoever_writes_is_told_to_come_back_and_the_operator_of_the_disk() {
    let kit = Kit::with(|config| {
        config.server.role = "api".parse().expect("a role");
        config.log.poll_milliseconds = 20;
    })
    .await;
    let ada = kit.signs_up("ada").await;
    let others = Beside::starts(&kit, "relay,worker").await;
    let media = ada.publishes("dusk").await;
    let id: MediaId = media.parse().expect("the ID of a media");
    kit.settle().await;
    // They would log errors of their own.
    others.background.stop().await;
    has_room(&kit, id, false).await;
    let mut refused = None;
    for _ in 0..MANY {
        let answer = comments(&ada, &media).await;
        if answer.body.get("errors").is_some() {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("there is no room for so many");
    assert_eq!(refused.code(), "OVERLOADED", "{:#}", refused.body);
    let retry_after = &refused.body["errors"][0]["extensions"]["retryAfterMs"];
    assert!(retry_after.as_u64().is_some_and(|after| Duration::from_millis(after) >= Duration::from_secs(1)));
    kit.forgives("full");
    assert_eq!(ada.sees_media(&media).await["id"], media.as_str(), "what is there can be read");
    has_room(&kit, id, true).await;
    assert!(comments(&ada, &media).await.body.get("errors").is_none(), "there is room again");
    let others = Beside::starts(&kit, "relay,worker").await;
    kit.settle().await;
    others.background.stop().await;
    kit.ends().await;
}
