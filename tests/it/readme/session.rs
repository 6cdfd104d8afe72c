//! A reader at their terminal: a server in one window, bash in the other, in an empty folder with a photo in it.

use std::fs::File;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use super::{Block, Kind, likeness};
use crate::kit::program::free_address;
use crate::kit::{Folder, Front, PATIENCE, eventually, photos};

const PROGRAM: &str = env!("CARGO_BIN_EXE_photograph");
/// The README's address.
const ADDRESS: &str = "127.0.0.1:8080";
/// How long all commands together may take. Most of it is `seed`, on a machine that is busy.
const SESSION: Duration = Duration::from_secs(160);
/// `cargo run` is the program that is built already.
const OPENING: &str = r#"set -euo pipefail
cargo() {
  [ "$1 ${2-}" = "run --" ] || { echo "only cargo run -- COMMAND is known here, not: cargo $*" >&2; return 1; }
  shift 2
  "$PROGRAM" "$@"
}
"#;

/// A reader's session.
pub struct Session {
    /// Where the server listens.
    pub address: SocketAddr,
    // Above the folder, so that they end before it goes.
    running: Vec<Process>,
    folder: Folder,
}

/// A process and those it started. They end with the session.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended is not killed: its number may be another's by now.
        if matches!(self.0.try_wait(), Ok(None)) {
            let group = format!("-{}", self.0.id());
            let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
            let _ = self.0.wait();
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("The server said:\n{}\nbash said:\n{}", self.said("server.err"), self.said("bash.err"));
        }
    }
}

impl Session {
    /// Sits down.
    pub fn begins() -> Self {
        let folder = Folder::fresh();
        std::fs::write(folder.0.join("photo.jpg"), photos::phone_jpeg()).expect("a photo in the folder");
        Self { address: free_address(), running: vec![], folder }
    }

    /// A text with the address of this session's server instead of the README's.
    pub fn addressed(&self, text: &str) -> String {
        text.replace(ADDRESS, &self.address.to_string())
    }

    /// Starts the server as the first of the commands does, and reads what it says.
    pub async fn starts(&mut self, blocks: &[Block]) {
        let is_command = |block: &&Block| matches!(block.kind, Kind::Server | Kind::Commands);
        let first = blocks.iter().find(is_command).expect("commands");
        assert!(first.kind == Kind::Server, "line {}: the server must be started before it is used", first.line);
        self.start(Command::new(PROGRAM), "server");
        let front = Front::at(self.address);
        eventually("the server is ready", PATIENCE, async || {
            let ready = front.client.get(front.url("/readyz")).send().await;
            ready.is_ok_and(|answer| answer.status().is_success()).then_some(())
        })
        .await;
        let answer = answer_to(blocks, first).expect("what the server says");
        assert_eq!(self.compare(first, Some(answer), "server"), None);
    }

    /// Runs all other commands in order, and compares what they print with what is shown. Keeps the variables that the
    /// conversations need.
    pub async fn runs(&mut self, blocks: &[Block], talks: &[&Block]) {
        let commands: Vec<&Block> = blocks.iter().filter(|block| block.kind == Kind::Commands).collect();
        let mut bash = Command::new("bash");
        bash.arg("-c").arg(script(&commands, talks));
        let ended = self.run(bash).await;
        let mut lies = vec![];
        for block in commands.into_iter().filter(|block| self.file(&format!("{}.out", block.line)).exists()) {
            lies.extend(self.compare(block, answer_to(blocks, block), &block.line.to_string()));
        }
        assert!(lies.is_empty(), "{}", lies.join("\n"));
        assert!(ended.success(), "a command failed, see below");
    }

    /// What goes over the wire, with the session's variables put in.
    pub fn with_variables(&self, talk: &Block) -> String {
        let variables = self.said("variables.out");
        let known = variables.lines().filter_map(|line| line.split_once('=')).filter(|(_, value)| !value.is_empty());
        known.fold(talk.text.clone(), |text, (name, value)| text.replace(&format!("${name}"), value))
    }

    fn start(&mut self, mut command: Command, name: &str) {
        let file = |end: &str| File::create(self.file(&format!("{name}.{end}"))).expect("a file in the folder");
        command.current_dir(&self.folder.0).stdin(Stdio::null()).stdout(file("out")).stderr(file("err"));
        command.env("PROGRAM", PROGRAM).env("PHOTOGRAPH__SERVER__LISTEN", self.address.to_string());
        command.env("NO_PROXY", "127.0.0.1").env("no_proxy", "127.0.0.1").process_group(0);
        self.running.push(Process(command.spawn().unwrap_or_else(|error| panic!("{name}: {error}"))));
    }

    async fn run(&mut self, command: Command) -> ExitStatus {
        self.start(command, "bash");
        let bash = &mut self.running.last_mut().expect("bash").0;
        eventually("the commands are done", SESSION, async || bash.try_wait().expect("its status")).await
    }

    /// What is wrong with an answer.
    fn compare(&self, block: &Block, shown: Option<&Block>, name: &str) -> Option<String> {
        let (answer, line) = (self.said(&format!("{name}.out")), block.line);
        let text = shown.map_or("", |shown| &shown.text);
        let same = match shown {
            Some(shown) if shown.kind == Kind::Json => likeness::json(text, &answer),
            _ => likeness::text(text, &answer),
        };
        same.err().map(|lie| format!("line {line}: {lie}\n-- the README says\n{text}\n-- the answer was\n{answer}"))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.0.join(name)
    }

    fn said(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).unwrap_or_default()
    }
}

/// All commands as one script. What each block prints goes to a file with the number of its line.
fn script(commands: &[&Block], talks: &[&Block]) -> String {
    let each = commands.iter().map(|block| format!("exec >{}.out\n{}", block.line, block.text));
    let names = talks.iter().flat_map(|talk| names(&talk.text));
    let told = names.map(|name| format!("printf '%s=%s\\n' {name} \"${{{name}-}}\"\n"));
    let opening = [OPENING.to_owned()].into_iter();
    opening.chain(each).chain(["exec >variables.out\n".to_owned()]).chain(told).collect()
}

/// The block right after some commands, when it is an answer.
fn answer_to<'a>(blocks: &'a [Block], commands: &Block) -> Option<&'a Block> {
    let next = blocks.iter().find(|block| block.line > commands.line)?;
    matches!(next.kind, Kind::Json | Kind::Text).then_some(next)
}

/// The names behind dollar signs: some are variables of the session, some of GraphQL.
fn names(text: &str) -> Vec<String> {
    let name = |rest: &str| rest.chars().take_while(char::is_ascii_alphanumeric).collect::<String>();
    let mut names: Vec<String> = text.split('$').skip(1).map(name).collect();
    names.sort();
    names.dedup();
    names
}
