//! One connection to Apple, with many pushes on it at once: as many as Apple allows, the rest wait.
//!
//! It is asked for a sign of life while it is open, busy or not: firewalls forget connections without a word, and then
//! whatever is sent into them is lost for a quarter of an hour.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use h2::client::{Builder, SendRequest};
use h2::{Ping, PingPong, RecvStream};
use hyper::Request;
use hyper::header::RETRY_AFTER;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use super::answer::Answer;

/// Bytes of an answer that are read: a reason is far shorter.
const ANSWER: usize = 16 << 10;
/// How long a sign of life may take.
const PONG: Duration = Duration::from_secs(10);

/// Why nothing came back, in words for the log and the receipt.
pub(super) type Broken = Box<dyn std::error::Error + Send + Sync>;

/// An open connection.
#[derive(Debug)]
pub(super) struct Connection {
    sender: SendRequest<Bytes>,
    is_over: Arc<AtomicBool>,
}

/// Where to, and how often it has to say that it is alive.
#[derive(Clone, Debug)]
pub(super) struct Route {
    /// The host, as its certificate names it.
    pub host: String,
    /// The port.
    pub port: u16,
    /// How often.
    pub ping: Duration,
}

impl Connection {
    /// Opens one.
    pub(super) async fn open(tls: &TlsConnector, route: &Route) -> Result<Self, Broken> {
        let stream = TcpStream::connect((route.host.as_str(), route.port)).await?;
        stream.set_nodelay(true)?;
        let stream = tls.connect(ServerName::try_from(route.host.clone())?, stream).await?;
        // Apple says how many at once in its first words; before, one is enough.
        let builder = Builder::new().initial_max_send_streams(1).enable_push(false).clone();
        let (sender, mut connection) = builder.handshake::<_, Bytes>(stream).await?;
        let (is_over, beat) = (Arc::new(AtomicBool::new(false)), connection.ping_pong());
        let (over, every) = (is_over.clone(), route.ping);
        tokio::spawn(async move {
            tokio::select! {
                ended = connection => tracing::debug!(?ended, "a connection to APNs ended"),
                () = falls_silent(beat, every) => tracing::warn!("a connection to APNs gave no sign of life"),
            }
            over.store(true, Ordering::Relaxed);
        });
        Ok(Self { sender, is_over })
    }

    /// Whether it can be tried.
    pub(super) fn is_open(&self) -> bool {
        !self.is_over.load(Ordering::Relaxed)
    }

    /// Sends a request and reads what comes back.
    pub(super) async fn ask(&self, request: Request<()>, body: Bytes) -> Result<Answer, Broken> {
        let mut sender = self.sender.clone().ready().await?;
        let (answer, mut stream) = sender.send_request(request, false)?;
        stream.send_data(body, true)?;
        let answer = answer.await?;
        let retry_after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        let status = answer.status().as_u16();
        let body = read(answer.into_body()).await?;
        Ok(Answer::read(status, retry_after, &body))
    }
}

async fn read(mut body: RecvStream) -> Result<Bytes, Broken> {
    let mut all = BytesMut::new();
    while let Some(chunk) = body.data().await {
        let chunk = chunk?;
        body.flow_control().release_capacity(chunk.len())?;
        if all.len() + chunk.len() > ANSWER {
            return Err("an answer without an end".into());
        }
        all.extend_from_slice(&chunk);
    }
    Ok(all.freeze())
}

/// Comes back when a connection gave no sign of life in time.
async fn falls_silent(beat: Option<PingPong>, every: Duration) {
    let Some(mut beat) = beat else { return std::future::pending().await };
    loop {
        tokio::time::sleep(every).await;
        match tokio::time::timeout(PONG.min(every), beat.ping(Ping::opaque())).await {
            Ok(Ok(_)) => {}
            // The connection itself tells that it ended.
            Ok(Err(_)) => return std::future::pending().await,
            Err(_) => return,
        }
    }
}
