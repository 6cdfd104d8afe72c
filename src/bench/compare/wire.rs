//! Counts the SQL statements of any program: it stands between a server and Postgres and reads what the server sends.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use url::Url;

use crate::base::error::{Error, Result};

/// Where nobody says otherwise.
const PORT: u16 = 5432;
/// What begins, ends or sets up and is not counted.
const FRAMES: [&str; 7] = ["BEGIN", "START", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SET"];

/// A port that leads to Postgres.
#[derive(Debug)]
pub(super) struct Wire {
    port: u16,
    statements: Arc<AtomicU64>,
    _passing: JoinSet<()>,
}

impl Wire {
    /// Opens a port before the Postgres at an address.
    pub(super) async fn before(home: &str) -> Result<Self> {
        let url = Url::parse(home).map_err(Error::internal)?;
        let target = (url.host_str().unwrap_or("localhost").to_owned(), url.port().unwrap_or(PORT));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(Error::internal)?;
        let port = listener.local_addr().map_err(Error::internal)?.port();
        let statements = Arc::new(AtomicU64::new(0));
        let mut passing = JoinSet::new();
        passing.spawn(pass_all(listener, target, statements.clone()));
        Ok(Self { port, statements, _passing: passing })
    }

    /// An address by way of this.
    pub(super) fn address(&self, address: &str) -> Result<String> {
        let mut url = Url::parse(address).map_err(Error::internal)?;
        let unfit = || Error::internal("database.url has no host");
        url.set_host(Some("127.0.0.1")).map_err(Error::internal)?;
        url.set_port(Some(self.port)).map_err(|()| unfit())?;
        // What is encrypted cannot be read.
        url.query_pairs_mut().append_pair("sslmode", "disable");
        Ok(url.into())
    }

    /// Statements so far.
    pub(super) fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }
}

async fn pass_all(listener: TcpListener, target: (String, u16), statements: Arc<AtomicU64>) {
    let mut open = JoinSet::new();
    while let Ok((server, _)) = listener.accept().await {
        let (target, statements) = (target.clone(), statements.clone());
        open.spawn(async move { pass(server, target, &statements).await.is_ok() });
    }
}

async fn pass(server: TcpStream, target: (String, u16), statements: &AtomicU64) -> std::io::Result<()> {
    let postgres = TcpStream::connect(target).await?;
    server.set_nodelay(true)?;
    postgres.set_nodelay(true)?;
    let ((mut asked, mut answered), (mut answers, mut asks)) = (server.into_split(), postgres.into_split());
    let there = async {
        let (mut messages, mut piece) = (Messages::default(), vec![0; 64 * 1024]);
        loop {
            let length = asked.read(&mut piece).await?;
            if length == 0 {
                return asks.shutdown().await;
            }
            statements.fetch_add(messages.read(&piece[..length]), Ordering::Relaxed);
            asks.write_all(&piece[..length]).await?;
        }
    };
    tokio::try_join!(there, async { copy(&mut answers, &mut answered).await.map(|_| ()) })?;
    Ok(())
}

/// What a client of Postgres sends, message by message.
#[derive(Debug, Default)]
struct Messages {
    has_begun: bool,
    unread: Vec<u8>,
}

impl Messages {
    /// How many statements more were to be executed.
    fn read(&mut self, piece: &[u8]) -> u64 {
        self.unread.extend_from_slice(piece);
        let mut statements = 0;
        loop {
            // Only the first message has no letter before its length.
            let letter = usize::from(self.has_begun);
            let Some(length) = self.unread.get(letter..letter + 4) else { return statements };
            let length = u32::from_be_bytes([length[0], length[1], length[2], length[3]]) as usize + letter;
            let Some(message) = self.unread.get(..length) else { return statements };
            statements += u64::from(self.has_begun && is_statement(message));
            self.has_begun = true;
            self.unread.drain(..length);
        }
    }
}

/// Whether a message executes what was prepared, or a statement in it that is more than a frame for others.
fn is_statement(message: &[u8]) -> bool {
    match message {
        [b'E', ..] => true,
        [b'Q', _, _, _, _, text @ ..] => {
            let text = String::from_utf8_lossy(text).trim_start().to_uppercase();
            !FRAMES.iter().any(|frame| text.starts_with(frame))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(letter: &str, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).expect("short");
        [letter.as_bytes(), &length.to_be_bytes(), body].concat()
    }

    #[test]
    fn statements_are_counted_however_they_arrive() {
        let sent = [
            message("", b"\0\x03\0\0user\0E\0\0"),
            message("Q", b"BEGIN\0"),
            message("P", b"name\0SELECT 1\0"),
            message("B", b"E"),
            message("E", b"\0\0\0\0\0"),
            message("S", b""),
            message("Q", b" select 2\0"),
            message("Q", b"commit\0"),
        ]
        .concat();
        for size in [1, 3, 7, sent.len()] {
            let mut messages = Messages::default();
            assert_eq!(sent.chunks(size).map(|piece| messages.read(piece)).sum::<u64>(), 2, "{size}");
            assert!(messages.unread.is_empty());
        }
    }
}
