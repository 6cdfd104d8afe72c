//! The plan of the house, run instead of remembered: who may know whom, and what may stand where.
//!
//! The sources are read as text, without comments and literals. Each rule is a function that finds what offends it,
//! and is tried on small sources that it must take and must refuse: a rule that cannot fail is a defect.

#[path = "architecture/reading.rs"]
mod reading;
#[path = "architecture/tried.rs"]
mod tried;

use reading::{Offense, Source, bare, read, sources, words_of};

/// Which rooms each room may know besides itself. What is not listed (`main`, `lib`, the commands) is the roof: it may
/// know all, and nobody knows it.
const ROOMS: [(&str, &[&str]); 7] = [
    ("base", &[]),
    ("platform", &["base"]),
    ("app", &["platform", "base"]),
    ("domain", &["app", "platform", "base"]),
    ("jobs", &["domain", "app", "platform", "base"]),
    ("graphql", &["domain", "app", "platform", "base"]),
    // The playground offers the people of the seed.
    ("http", &["graphql", "seed", "domain", "app", "platform", "base"]),
];
/// What `http` needs of the domain: who is asking, where the bytes of a photo go and come from, and the tables of filters.
const HTTP_KNOWS: [&str; 4] = ["filters", "media", "sessions", "uploads"];
/// The neighbors in `platform` that stand on another one: the relay of the log stores the steps that follow and tells all
/// processes, the secret behind the links is in the first database, like the signed tokens for Apple, filters are tables of
/// colors, and the decoder of HEIC runs in a sandbox.
const STANDS_ON: [(&str, &str); 12] = [
    ("queue", "db"),
    ("log", "db"),
    ("log", "queue"),
    ("log", "redis"),
    ("rate_limiter", "redis"),
    ("timelines", "redis"),
    ("links", "db"),
    ("told", "redis"),
    ("apns", "db"),
    ("apns", "token"),
    ("filters", "imaging"),
    ("heif", "sandbox"),
];
/// Lines of a source file without its unit tests.
const MOST_LINES: usize = 400;

// The rules, on the sources as they are.

#[test]
fn imports_go_only_down() {
    none(sources("src").iter().flat_map(looks_up));
}

#[test]
fn neighbors_in_platform_are_strangers() {
    none(sources("src").iter().flat_map(knows_a_neighbor));
}

#[test]
fn inside_domain_a_noun_uses_those_above_it() {
    let order = reading_order(&read("src/domain/mod.rs"));
    assert!(order.len() > 5, "src/domain/mod.rs lists the nouns in reading order, one `pub mod` each: {order:?}");
    none(sources("src").iter().flat_map(|source| knows_a_later_noun(source, &order)));
}

#[test]
fn databases_are_named_only_where_both_stand_side_by_side() {
    none(sources("src").iter().flat_map(names_a_database));
}

#[test]
fn there_is_no_sql_upstairs() {
    none(sources("src").iter().flat_map(has_sql_upstairs));
}

#[test]
fn tables_stay_in_their_room() {
    none(sources("src").iter().flat_map(leaks_a_table));
}

#[test]
fn time_and_chance_are_handed_in() {
    none(sources("src").iter().flat_map(takes_time_or_chance));
}

#[test]
fn a_file_says_what_it_is_for() {
    none(
        ["src", "tests", "migrations"].iter().flat_map(|folder| sources(folder)).flat_map(|source| is_silent(&source)),
    );
}

#[test]
fn a_file_is_short_enough_to_read() {
    none(sources("src").iter().flat_map(is_long));
}

// What each rule finds.

fn looks_up(source: &Source) -> Vec<Offense> {
    let room = source.room();
    let Some((_, known)) = ROOMS.iter().find(|(name, _)| *name == room) else { return vec![] };
    let imports = source.imports().into_iter();
    let up = imports.filter(|import| match import.part(0) {
        Some("domain") if room == "http" => !import.part(1).is_some_and(|noun| HTTP_KNOWS.contains(&noun)),
        Some(other) => other != room && !known.contains(&other),
        None => false,
    });
    up.map(|import| source.offense(import.line, format!("`{room}` may not know `{}`", import.text()))).collect()
}

fn knows_a_neighbor(source: &Source) -> Vec<Offense> {
    if source.room() != "platform" || source.module().len() < 2 {
        return vec![];
    }
    let own = source.module()[1].clone();
    let imports = source.imports().into_iter().filter(|import| import.part(0) == Some("platform"));
    let strange = imports.filter(|import| match import.part(1) {
        Some(other) => other != own && !STANDS_ON.contains(&(own.as_str(), other)),
        None => true,
    });
    strange
        .map(|import| source.offense(import.line, format!("`platform::{own}` may not know `{}`", import.text())))
        .collect()
}

fn knows_a_later_noun(source: &Source, order: &[String]) -> Vec<Offense> {
    if source.room() != "domain" || source.module().len() < 2 {
        return vec![];
    }
    let own = source.module()[1].clone();
    let place = |noun: &str| order.iter().position(|known| known == noun);
    let imports = source.imports().into_iter().filter(|import| import.part(0) == Some("domain"));
    let later = imports.filter(|import| import.part(1).and_then(place) > place(&own));
    later
        .map(|import| {
            source.offense(import.line, format!("`{}` comes after `{own}` in src/domain/mod.rs", import.text()))
        })
        .collect()
}

fn names_a_database(source: &Source) -> Vec<Offense> {
    if source.path.starts_with("src/platform/db/") || source.path.ends_with("/sql.rs") {
        return vec![];
    }
    let is_name =
        |word: &str| ["Sqlite", "Postgres", "DbBackend", "DatabaseBackend"].iter().any(|name| word.contains(name));
    source.words(is_name, "a database is named only in src/platform/db and in files called sql.rs")
}

fn has_sql_upstairs(source: &Source) -> Vec<Offense> {
    if !matches!(source.room(), "graphql" | "http") {
        return vec![];
    }
    source.words(|word| matches!(word, "sea_orm" | "sea_query" | "sqlx"), "SQL lives beside its table, below")
}

fn leaks_a_table(source: &Source) -> Vec<Offense> {
    let mut found = vec![];
    let in_a_noun = source.room() == "domain" && source.module().len() > 1;
    if !in_a_noun && source.room() != "platform" {
        found.extend(source.words(is_of_a_table, "tables are private to their noun; ask its functions"));
    }
    for (line, text) in source.lines() {
        let text = text.trim_start();
        let public = text.starts_with("pub");
        if in_a_noun && public && text.contains(" mod table") {
            found.push(source.offense(line, "the table of a noun is private: `mod table;`".into()));
        }
        if in_a_noun && public && text.contains("use table::") && words_of(text).any(is_of_a_table) {
            found.push(source.offense(line, "only `Model` leaves a table, under the name of the noun".into()));
        }
    }
    found
}

fn is_of_a_table(word: &str) -> bool {
    matches!(word, "ActiveModel" | "Column" | "Entity" | "PrimaryKey")
}

fn takes_time_or_chance(source: &Source) -> Vec<Offense> {
    let code = source.code();
    let forbidden: &[&str] = match source.room() {
        "domain" => {
            &["SystemTime::now", "now_utc", "thread_rng", "rand::", "SystemRandom", "time::sleep", "Instant::now"]
        }
        "base" => &["thread_rng", "rand::rng", "time::sleep"],
        _ => &["SystemTime::now", "now_utc", "thread_rng", "SystemRandom"],
    };
    let lines = code.lines().zip(1..);
    let taken = lines.filter(|(text, _)| forbidden.iter().any(|name| text.contains(name)));
    taken
        .map(|(_, line)| source.offense(line, "time and chance are handed in: `app.clock`, `app.chance`".into()))
        .collect()
}

fn is_silent(source: &Source) -> Vec<Offense> {
    let first = source.text.lines().next().unwrap_or_default();
    let says = first.strip_prefix("//! ").is_some_and(|sentence| sentence.len() > 10);
    if says { vec![] } else { vec![source.offense(1, "the first line says what the file is for: `//! …`".into())] }
}

fn is_long(source: &Source) -> Vec<Offense> {
    let tests = source.text.find("#[cfg(test)]\nmod tests {").unwrap_or(source.text.len());
    let lines = source.text[..tests].lines().count();
    if lines <= MOST_LINES {
        vec![]
    } else {
        vec![source.offense(MOST_LINES, format!("{lines} lines; at most {MOST_LINES}"))]
    }
}

/// The nouns of `src/domain/mod.rs`, in its order.
fn reading_order(text: &str) -> Vec<String> {
    let code = bare(text);
    let nouns = code.lines().filter_map(|line| line.trim().strip_prefix("pub mod ")?.strip_suffix(';'));
    nouns.map(str::to_owned).collect()
}

fn none(offenses: impl Iterator<Item = Offense>) {
    let found: Vec<String> = offenses.map(|offense| offense.to_string()).collect();
    assert!(found.is_empty(), "\n{}\n(see tests/README.md, architecture)", found.join("\n"));
}
