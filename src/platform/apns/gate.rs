//! The way to one of Apple's two services: one connection, made when it is needed and made anew when it is no longer good.
//!
//! `a2` is not asked to send: it knows no hosts but Apple's, never checks whether an idle connection is alive, and keeps
//! using one on which Apple has said goodbye (GOAWAY). Its words for pushes and answers are used all the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use hyper::{Request, Uri};
use tokio::sync::Mutex;
use tokio_rustls::TlsConnector;

use super::answer::Answer;
use super::connection::{Broken, Connection, Route};
use crate::base::config;
use crate::base::error::{Error, Result};

/// The port of HTTPS.
const PORT: u16 = 443;

/// The way to a service.
pub(super) struct Gate {
    /// What every address at the service starts with.
    pub url: String,
    tls: TlsConnector,
    route: Route,
    timeout: Duration,
    current: Mutex<Option<Arc<Connection>>>,
    opened: AtomicU64,
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Gate({})", self.url)
    }
}

impl Gate {
    /// The way to a service at an address; nothing is opened yet.
    pub(super) fn to(url: &str, tls: &TlsConnector, config: &config::Apns) -> Result<Self> {
        let url = url.trim_end_matches('/').to_owned();
        let uri: Uri = url.parse().map_err(|error| Error::internal(format!("{url} is no address: {error}")))?;
        let host = uri.host().ok_or_else(|| Error::internal(format!("{url} names no host")))?.to_owned();
        let ping = Duration::from_secs(config.ping_seconds);
        let route = Route { host, port: uri.port_u16().unwrap_or(PORT), ping };
        let timeout = Duration::from_secs(config.timeout_seconds);
        Ok(Self { url, tls: tls.clone(), route, timeout, current: Mutex::default(), opened: AtomicU64::new(0) })
    }

    /// Sends a request, and once more on a fresh connection when the one there was is no longer good. So that is also what
    /// happens to those that Apple had not begun when it said goodbye.
    pub(super) async fn ask(&self, request: Request<()>, body: &Bytes) -> Answer {
        match tokio::time::timeout(self.timeout, self.ask_twice(request, body)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(broken)) => {
                tracing::debug!(%broken, "no way to APNs");
                Answer::silence("ConnectionFailed")
            }
            Err(_) => {
                // Whoever does not answer one push may not answer the next: it gets another connection.
                self.current.lock().await.take();
                Answer::silence("Timeout")
            }
        }
    }

    async fn ask_twice(&self, request: Request<()>, body: &Bytes) -> std::result::Result<Answer, Broken> {
        let connection = self.connection().await?;
        match connection.ask(request.clone(), body.clone()).await {
            Ok(answer) => Ok(answer),
            Err(broken) => {
                tracing::debug!(%broken, "a push goes over a fresh connection");
                self.leave(&connection).await;
                self.connection().await?.ask(request, body.clone()).await
            }
        }
    }

    /// How many connections were opened so far.
    pub(super) fn opened(&self) -> u64 {
        self.opened.load(Ordering::Relaxed)
    }

    /// The connection, opened by whoever comes first while the others wait.
    async fn connection(&self) -> std::result::Result<Arc<Connection>, Broken> {
        let mut current = self.current.lock().await;
        if let Some(connection) = current.as_ref().filter(|connection| connection.is_open()) {
            return Ok(connection.clone());
        }
        let connection = Arc::new(Connection::open(&self.tls, &self.route).await?);
        self.opened.fetch_add(1, Ordering::Relaxed);
        *current = Some(connection.clone());
        Ok(connection)
    }

    /// Uses a connection no more; what is under way on it comes to its end.
    async fn leave(&self, connection: &Arc<Connection>) {
        let mut current = self.current.lock().await;
        if current.as_ref().is_some_and(|current| Arc::ptr_eq(current, connection)) {
            current.take();
        }
    }
}
