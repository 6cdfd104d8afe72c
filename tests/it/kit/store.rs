//! An S3 server for one story: the project's own, in a process of its own, so that it can go away and come back.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use photograph::base::config::Config;

use super::Folder;

/// What the server's own bucket and key are called.
pub const BUCKET: &str = "photograph";
const KEY: &str = "photograph";
const SECRET: &str = "photograph-secret";

/// An S3 server.
pub struct Store {
    /// Its address.
    pub url: String,
    folder: Folder,
    running: Option<Child>,
}

impl Store {
    /// A server with an empty bucket.
    pub fn starts() -> Self {
        let folder = Folder::fresh();
        let (running, url) = start(&folder.0, "0");
        Self { url, folder, running: Some(running) }
    }

    /// Tells a server of photograph to keep its files here.
    pub fn configure(&self, config: &mut Config) {
        let s3 = &mut config.s3;
        (s3.bucket, s3.endpoint) = (Some(BUCKET.into()), Some(self.url.clone()));
        (s3.region, s3.path_style, s3.prefix) = (Some("us-east-1".into()), true, "a/".into());
        (s3.access_key_id, s3.secret_access_key) = (Some(KEY.into()), Some(SECRET.into()));
        s3.public_endpoint = None;
    }

    /// Goes away without a word.
    pub fn goes(&mut self) {
        let mut running = self.running.take().expect("the store runs");
        running.kill().expect("it can be killed");
        running.wait().expect("it ends");
    }

    /// Is there again, with what it had, at the same address.
    pub fn comes_back(&mut self) {
        let port = self.url.rsplit(':').next().expect("a port").to_owned();
        let (running, url) = start(&self.folder.0, &port);
        assert_eq!(url, self.url);
        self.running = Some(running);
    }

    /// The keys of the objects in a folder of the bucket, without the server's prefix.
    pub fn has(&self, folder: &str) -> Vec<String> {
        let root = self.folder.0.join(BUCKET).join("a");
        let mut keys: Vec<String> = files(&root.join(folder))
            .iter()
            .map(|path| path.strip_prefix(&root).expect("a file below the bucket").display().to_string())
            .collect();
        keys.sort();
        keys
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Some(mut running) = self.running.take() {
            let _ = running.kill();
            let _ = running.wait();
        }
    }
}

/// Starts the program that was built beside photograph, and reads where it listens.
fn start(folder: &Path, port: &str) -> (Child, String) {
    let program = Path::new(env!("CARGO_BIN_EXE_photograph")).with_file_name("photograph-s3-server");
    let mut command = Command::new(&program);
    command.arg(folder).arg(port).stdin(Stdio::null()).stdout(Stdio::piped());
    let started = command.spawn();
    let mut running = started.unwrap_or_else(|error| panic!("{}: {error}; build --workspace", program.display()));
    let mut url = String::new();
    let said = running.stdout.take().expect("its output");
    BufReader::new(said).read_line(&mut url).expect("it says where it listens");
    (running, url.trim().to_owned())
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return vec![] };
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
