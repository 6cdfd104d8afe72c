//! The rules of the house, on small sources that they must take and must refuse.

use super::reading::{Offense, Source, bare, imports, words_of};
use super::{
    has_sql_upstairs, is_long, is_silent, knows_a_later_noun, knows_a_neighbor, leaks_a_table, looks_up,
    names_a_database, reading_order, takes_time_or_chance,
};

fn source(path: &str, text: &str) -> Source {
    Source { path: path.into(), text: text.into() }
}

fn check(rule: impl Fn(&Source) -> Vec<Offense>, path: &str, text: &str) -> Vec<usize> {
    rule(&source(path, text)).iter().map(|offense| offense.line).collect()
}

#[test]
fn code_has_no_comments_and_no_literals() {
    let text = "a // b\n/* c /* d */ e */ f \"g\\\"h\" r#\"i\"j\"# 'k' '\\'' &'l m b\"n\"";
    let words: Vec<String> = words_of(&bare(text)).map(str::to_owned).collect();
    assert_eq!(words, ["a", "f", "l", "m", "b"]);
    assert_eq!(bare(text).lines().count(), 2);
}

#[test]
fn paths_are_found_wherever_they_stand() {
    let code =
        bare("use crate::base::{ids::UserId, page::{self, Page},};\nfn f() -> crate::app::App { super::g::<u8>() }");
    let module = ["domain".to_owned(), "likes".to_owned(), "like".to_owned()];
    let found: Vec<(usize, String)> = imports(&code, &module).iter().map(|i| (i.line, i.text())).collect();
    let expected = [
        (1, "base::ids::UserId"),
        (1, "base::page::self"),
        (1, "base::page::Page"),
        (2, "app::App"),
        (2, "domain::likes::g"),
    ];
    assert_eq!(found, expected.map(|(line, path)| (line, path.to_owned())));
}

#[test]
fn super_climbs_out_of_a_file() {
    let sees = |path: &str, text: &str| source(path, text).imports()[0].text();
    assert_eq!(sees("src/domain/likes/mod.rs", "use super::media;"), "domain::media");
    assert_eq!(sees("src/domain/likes/like.rs", "use super::super::media;"), "domain::media");
    assert_eq!(sees("src/domain/likes/mod.rs", "mod tests { fn f() {} use super::super::media; }"), "domain::media");
    assert_eq!(sees("src/graphql/media.rs", "use super::super::jobs::settle;"), "jobs::settle");
}

#[test]
fn looking_up_is_refused() {
    let upward = [
        ("src/base/page.rs", "use crate::app::App;"),
        ("src/platform/db/mod.rs", "fn f(_: crate::domain::users::User) {}"),
        ("src/app.rs", "use crate::jobs;"),
        ("src/domain/likes/mod.rs", "use crate::{app::App, graphql::error};"),
        ("src/graphql/media.rs", "use crate::jobs::settle;"),
        ("src/jobs/after.rs", "use super::super::graphql::schema;"),
        ("src/http/graphql.rs", "use crate::domain::likes;"),
        ("src/http/graphql.rs", "use crate::domain::{sessions, likes};"),
        ("src/http/graphql.rs", "use crate::jobs;"),
        ("src/graphql/media.rs", "use crate::seed;"),
    ];
    for (path, text) in upward {
        assert_eq!(check(looks_up, path, text), [1], "{path}: {text}");
    }
}

#[test]
fn looking_down_is_taken() {
    let downward = [
        ("src/platform/db/mod.rs", "use crate::base::ids::UserId; use crate::platform::db::tx;"),
        ("src/http/graphql.rs", "use crate::{app::App, base, domain::sessions::Viewer, graphql};"),
        ("src/jobs/after.rs", "use crate::domain::likes; // crate::graphql\nconst TEXT: &str = \"crate::graphql\";"),
        ("src/main.rs", "use crate::jobs; use crate::graphql;"),
    ];
    for (path, text) in downward {
        assert_eq!(check(looks_up, path, text), [0; 0], "{path}: {text}");
    }
}

#[test]
fn platform_neighbors() {
    assert_eq!(check(knows_a_neighbor, "src/platform/blobs/mod.rs", "\nuse crate::platform::db::Db;"), [2]);
    assert_eq!(check(knows_a_neighbor, "src/platform/db/mod.rs", "use super::queue;"), [1]);
    assert_eq!(check(knows_a_neighbor, "src/platform/queue/mod.rs", "use crate::platform::log::live;"), [1]);
    assert_eq!(check(knows_a_neighbor, "src/platform/queue/mod.rs", "use super::db::Db;"), [0; 0]);
    assert_eq!(check(knows_a_neighbor, "src/platform/blobs/disk.rs", "use super::Blobs;"), [0; 0]);
}

#[test]
fn nouns_in_reading_order() {
    let order = reading_order("//! Words.\npub mod users;\npub mod media;\n// pub mod ghosts;\npub mod likes;\n");
    assert_eq!(order, ["users", "media", "likes"]);
    let lines = |path: &str, text: &str| check(|source| knows_a_later_noun(source, &order), path, text);
    assert_eq!(lines("src/domain/media/mod.rs", "use crate::domain::likes;"), [1]);
    assert_eq!(lines("src/domain/media/list.rs", "\nfn f() { super::super::likes::count() }"), [2]);
    assert_eq!(lines("src/domain/likes/mod.rs", "use crate::domain::{media, users}; use super::likes::table;"), [0; 0]);
}

#[test]
fn databases_by_name() {
    assert_eq!(check(names_a_database, "src/domain/likes/table.rs", "SqliteQueryBuilder"), [1]);
    assert_eq!(check(names_a_database, "src/jobs/relay.rs", "\n\nif backend == DbBackend::MySql {}"), [3]);
    for path in ["src/platform/db/dialect.rs", "src/domain/likes/sql.rs"] {
        assert_eq!(check(names_a_database, path, "DbBackend::Postgres"), [0; 0]);
    }
    assert_eq!(check(names_a_database, "src/base/config.rs", "// Postgres\n\"Sqlite\""), [0; 0]);
}

#[test]
fn sql_upstairs() {
    assert_eq!(check(has_sql_upstairs, "src/graphql/media.rs", "use sea_orm::EntityTrait;"), [1]);
    assert_eq!(check(has_sql_upstairs, "src/http/ops.rs", "sqlx::query(x)"), [1]);
    assert_eq!(check(has_sql_upstairs, "src/domain/likes/table.rs", "use sea_orm::EntityTrait;"), [0; 0]);
}

#[test]
fn tables_that_leak() {
    assert_eq!(check(leaks_a_table, "src/graphql/media.rs", "use crate::domain::media::Column;"), [1]);
    assert_eq!(check(leaks_a_table, "src/jobs/erase.rs", "ActiveModel"), [1]);
    assert_eq!(check(leaks_a_table, "src/domain/media/mod.rs", "pub mod table;"), [1]);
    assert_eq!(check(leaks_a_table, "src/domain/media/mod.rs", "\npub use table::{Model, Entity};"), [2]);
    assert_eq!(check(leaks_a_table, "src/domain/media/mod.rs", "mod table;\npub use table::Model as Media;"), [0; 0]);
    assert_eq!(check(leaks_a_table, "src/domain/media/publish.rs", "use super::table::{ActiveModel};"), [0; 0]);
}

#[test]
fn time_and_chance() {
    for text in ["std::time::SystemTime::now()", "rand::thread_rng()", "tokio::time::sleep(x).await", "Instant::now()"]
    {
        assert_eq!(check(takes_time_or_chance, "src/domain/feed/mod.rs", text), [1], "{text}");
    }
    assert_eq!(check(takes_time_or_chance, "src/jobs/worker.rs", "tokio::time::sleep(x).await"), [0; 0]);
    assert_eq!(check(takes_time_or_chance, "src/http/socket.rs", "\nOffsetDateTime::now_utc()"), [2]);
    assert_eq!(check(takes_time_or_chance, "src/base/clock.rs", "SystemTime::now()"), [0; 0]);
}

#[test]
fn silence_and_length() {
    assert_eq!(check(is_silent, "src/a.rs", "use std::fmt;\n//! Too late to say what this is for."), [1]);
    assert_eq!(check(is_silent, "src/a.rs", "//! Who may see whom."), [0; 0]);
    assert_eq!(check(is_long, "src/a.rs", &"\n".repeat(401)), [400]);
    let long_tests = format!("{}#[cfg(test)]\nmod tests {{{0}}}", "\n".repeat(399));
    assert_eq!(check(is_long, "src/a.rs", &long_tests), [0; 0]);
}
