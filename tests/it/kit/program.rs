//! The program itself, as an operator runs it: started, killed, started again on the same folder and parts.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use super::{Folder, Front, PATIENCE, Parts, Person, eventually};

/// Where the program is.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_photograph");

/// A server in a process of its own.
pub struct Program {
    /// How it is reached while it runs.
    pub front: Front,
    /// Its folder, with its configuration, its data and its log.
    pub folder: Folder,
    parts: Parts,
    data: PathBuf,
    serves: bool,
    small_disk: Option<String>,
    is_next: bool,
    files: Option<u32>,
    running: Option<Child>,
}

impl Program {
    /// What a server needs, before its first start.
    pub async fn prepared() -> Self {
        let folder = Folder::fresh();
        let parts = Parts::migrated(&folder.0.join("data")).await;
        let mut program = Self::in_folder(folder, &parts.toml());
        program.parts = parts;
        program
    }

    /// A server that is told this by its configuration, on parts that others use as well.
    pub fn told(config: &str) -> Self {
        Self::in_folder(Folder::fresh(), config)
    }

    fn in_folder(folder: Folder, config: &str) -> Self {
        let config = format!("[telemetry]\nlog = \"warn\"\n{config}");
        std::fs::write(folder.0.join("photograph.toml"), config).expect("a file in the folder");
        let front = Front::at(free_address());
        let data = PathBuf::from("data");
        let (parts, small_disk, is_next, files) = (Parts::Embedded, None, false, None);
        Self { front, folder, parts, data, serves: true, small_disk, is_next, files, running: None }
    }

    /// One that keeps its data in this folder, which may be that of others as well.
    pub fn with_data(mut self, data: &Path) -> Self {
        data.clone_into(&mut self.data);
        self
    }

    /// One that serves nobody, so that nobody can ask it whether it is ready.
    pub fn in_the_back(mut self) -> Self {
        self.serves = false;
        self
    }

    /// One that is told when the disk is full, instead of being ended by the system.
    pub fn on_a_small_disk(mut self) -> Self {
        self.small_disk = Some("unlimited".to_owned());
        self
    }

    /// From its next start on, none of its files may grow beyond so many KiB.
    pub fn has_files_of_at_most(&mut self, kib: usize) {
        self.small_disk = Some(kib.to_string());
    }

    /// From the next start on it is the program, or its next version (`tests/next`).
    pub fn becomes_next(&mut self, is_next: bool) {
        self.is_next = is_next;
    }

    /// One that may open so many files.
    pub fn with_files(mut self, files: u32) -> Self {
        self.files = Some(files);
        self
    }

    /// Starts the server and waits until it is ready.
    pub async fn starts(&mut self) {
        let log = File::options().create(true).append(true).open(self.folder.0.join("log")).expect("a log");
        let (config, listen) = (self.folder.0.join("photograph.toml"), self.front.address.to_string());
        let mut command = self.command();
        command.args(["serve", "--listen", &listen, "--config"]).arg(config).arg("--data").arg(&self.data);
        command.current_dir(&self.folder.0).stdin(Stdio::null());
        command.stdout(log.try_clone().expect("the log")).stderr(log);
        self.running = Some(command.spawn().expect("the program starts"));
        if self.serves {
            self.is_ready().await;
        }
    }

    /// Waits until the server is ready.
    pub async fn is_ready(&self) {
        eventually("the server is ready", PATIENCE, async || {
            let ready = self.front.client.get(self.front.url("/readyz")).send().await;
            ready.is_ok_and(|answer| answer.status().is_success()).then_some(())
        })
        .await;
    }

    fn command(&self) -> Command {
        if self.is_next {
            // It stands beside the program; `tests/run` has built it.
            return Command::new(Path::new(PROGRAM).with_file_name("examples").join("photograph-next"));
        }
        if let Some(files) = self.files {
            let mut shell = Command::new("bash");
            shell.args(["-c", &format!(r#"ulimit -n {files}; exec "$@""#), "bash", PROGRAM]);
            return shell;
        }
        let Some(kib) = &self.small_disk else { return Command::new(PROGRAM) };
        // What the program says goes through a pipe to a process that has the room.
        let mut shell = Command::new("bash");
        let small = r#"trap "" XFSZ; kib=$1; shift; exec > >(exec cat) 2>&1; ulimit -Sf "$kib"; exec "$@""#;
        shell.args(["-c", small, "bash", kib, PROGRAM]);
        shell
    }

    /// The number of its process.
    pub fn process(&self) -> u32 {
        self.running.as_ref().expect("the server runs").id()
    }

    /// The addresses of its databases, for a look inside.
    pub fn databases(&self) -> Vec<String> {
        self.parts.databases(&self.folder.0.join(&self.data))
    }

    /// The address of the store that its photos are in, when they are not in its folder.
    pub fn store(&self) -> Option<&str> {
        match &self.parts {
            Parts::Embedded => None,
            Parts::Production(production) => Some(&production.servers.s3),
        }
    }

    /// Kills the server without a word of warning.
    pub fn is_killed(&mut self) {
        let mut running = self.running.take().expect("the server runs");
        running.kill().expect("it can be killed");
        running.wait().expect("it ends");
    }

    /// Asks the server to stop, as an operator or the system does, and waits until it has.
    pub async fn is_stopped(&mut self) -> ExitStatus {
        let mut running = self.running.take().expect("the server runs");
        let asked = Command::new("kill").args(["-TERM", &running.id().to_string()]).status();
        assert!(asked.expect("kill").success(), "the process can be asked to stop");
        eventually("the server stops", PATIENCE, async || running.try_wait().expect("its status")).await
    }

    /// Somebody with an account and a session.
    pub async fn signs_up(&self, username: &str) -> Person {
        Person::signs_up(&self.front, username).await
    }

    /// What the server said so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.0.join("log")).unwrap_or_default()
    }

    /// Ends the story and leaves nothing behind.
    pub async fn ends(mut self) {
        if self.running.is_some() {
            self.is_killed();
        }
        self.parts.drop().await;
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("The server said:\n{}", self.log());
        }
        if let Some(mut running) = self.running.take() {
            let _ = running.kill();
            let _ = running.wait();
        }
    }
}

/// Runs a command of the program to its end, in a folder.
pub fn run(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).envs(environment.iter().copied()).current_dir(folder).stdin(Stdio::null());
    command.output().expect("the program starts")
}

/// An address that was free a moment ago.
pub fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("the port's number")
}
