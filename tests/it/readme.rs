//! The README, run: its commands in the order a reader types them, its answers, its socket, its tables and its links.
//!
//! Blocks marked `sh` are one session in an empty folder, against the program on the embedded parts. The block after a
//! command, marked `json` or `text`, is its answer, where `…` stands for anything; a command without one must say nothing.
//! The answers must be the same to the letter, save for what `…` covers and the digits of instants.

mod conversation;
mod likeness;
mod session;

use std::path::Path;

use crate::kit::Folder;
use crate::kit::program::run;

use conversation::converse;
use session::Session;

/// A fenced block.
pub struct Block {
    /// What stands behind the fence.
    pub kind: Kind,
    /// What is in it.
    pub text: String,
    /// The line it begins in, for those who search.
    pub line: usize,
}

/// What a block is, and so what becomes of it here.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `cargo run` alone: the server, started for all that follows.
    Server,
    /// `tests/run`: it is what runs this, so it is only looked at.
    Tests,
    /// Other commands: run.
    Commands,
    /// What the commands before it print, as JSON.
    Json,
    /// What the commands before it print.
    Text,
    /// What goes over a socket: held with the server.
    Conversation,
    /// A configuration: loaded.
    Configuration,
    /// A picture, or the configuration of another program: to be read.
    Reading,
}

impl Kind {
    fn of(mark: &str, text: &str) -> Option<Self> {
        Some(match (mark, text.trim()) {
            ("sh", "cargo run") => Self::Server,
            ("sh", "tests/run") => Self::Tests,
            ("sh", _) => Self::Commands,
            ("json", _) => Self::Json,
            ("text", _) => Self::Text,
            ("websocket", _) => Self::Conversation,
            ("toml", _) => Self::Configuration,
            ("nginx" | "", _) => Self::Reading,
            _ => return None,
        })
    }
}

#[tokio::test]
async fn its_commands_run_and_its_answers_are_true() {
    let mut session = Session::begins();
    let blocks = blocks(&session.addressed(&readme()));
    assert!(blocks.iter().any(|block| block.kind == Kind::Conversation), "the README shows what goes over a socket");
    let talks: Vec<&Block> = blocks.iter().filter(|block| block.kind == Kind::Conversation).collect();
    session.starts(&blocks).await;
    session.runs(&blocks, &talks).await;
    for talk in talks {
        converse(session.address, &session.with_variables(talk)).await;
    }
}

#[test]
fn its_tests_command_is_there() {
    use std::os::unix::fs::PermissionsExt;
    assert!(blocks(&readme()).iter().any(|block| block.kind == Kind::Tests), "the README says how to run the tests");
    let found = std::fs::metadata(at("tests/run")).expect("tests/run is there");
    assert_eq!(found.permissions().mode() & 0o111, 0o111, "tests/run can be executed");
}

#[test]
fn its_other_commands_are_known() {
    let (folder, readme) = (Folder::fresh(), readme());
    let inline: Vec<&str> = readme.split('`').filter_map(|text| text.strip_prefix("cargo run -- ")).collect();
    assert!(!inline.is_empty(), "the README names commands in its sentences");
    for command in inline {
        let arguments: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
        let tried = run(&folder.0, &arguments, &[]);
        assert!(tried.status.success(), "{command}: {}", String::from_utf8_lossy(&tried.stderr));
    }
}

#[test]
fn its_options_are_those_of_the_program() {
    let (folder, readme) = (Folder::fresh(), readme());
    let table = run(&folder.0, &["config", "table"], &[]);
    assert!(table.status.success());
    let shown = readme.split_once("<!-- options -->").and_then(|(_, rest)| rest.split_once("<!-- /options -->"));
    let shown = shown.expect("the README has a table of options between its marks").0;
    let table = String::from_utf8(table.stdout).expect("a table in UTF-8");
    assert_eq!(shown.trim(), table.trim(), "put the output of `photograph config table` there");
}

#[test]
fn its_configurations_load() {
    let folder = Folder::fresh();
    let all = blocks(&readme());
    let configurations: Vec<&Block> = all.iter().filter(|block| block.kind == Kind::Configuration).collect();
    assert!(configurations.len() >= 2, "the README shows configurations");
    for block in configurations {
        std::fs::write(folder.0.join("example.toml"), &block.text).expect("a file in the folder");
        let shown = run(&folder.0, &["config", "show", "--config", "example.toml"], &[]);
        assert!(shown.status.success(), "line {}: {}", block.line, String::from_utf8_lossy(&shown.stderr));
    }
}

#[test]
fn it_lists_every_code_of_an_error() {
    let (readme, source) = (readme(), std::fs::read_to_string(at("src/base/error.rs")).expect("the list of codes"));
    let codes: Vec<&str> = source.lines().filter_map(|line| line.split_once("=> \"")?.1.strip_suffix("\",")).collect();
    assert!(codes.len() > 10, "{codes:?}");
    for code in codes {
        assert!(readme.contains(&format!("`{code}`")), "the README's table of errors has no {code}");
    }
}

#[test]
fn its_links_lead_somewhere() {
    let readme = readme();
    let headings: Vec<String> = readme.lines().filter(|line| line.starts_with('#')).map(anchor).collect();
    let links: Vec<&str> = readme.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0)).collect();
    assert!(links.len() > 10, "{links:?}");
    for link in links.into_iter().filter(|link| !link.starts_with("https://")) {
        match link.strip_prefix('#') {
            Some(heading) => assert!(headings.iter().any(|known| known == heading), "there is no heading {heading}"),
            None => assert!(at(link).exists(), "there is no file {link}"),
        }
    }
}

fn at(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn readme() -> String {
    std::fs::read_to_string(at("README.md")).expect("README.md")
}

/// How a heading is linked to.
fn anchor(heading: &str) -> String {
    heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-")
}

/// The fenced blocks of a text.
fn blocks(text: &str) -> Vec<Block> {
    let mut lines = text.lines().enumerate();
    let mut found = vec![];
    while let Some((number, line)) = lines.next() {
        let Some(mark) = line.strip_prefix("```") else { continue };
        let inside: Vec<&str> = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
        let (line, text) = (number + 1, inside.join("\n") + "\n");
        let kind = Kind::of(mark, &text).unwrap_or_else(|| panic!("line {line}: what is to be done with {mark}?"));
        found.push(Block { kind, text, line });
    }
    found
}
