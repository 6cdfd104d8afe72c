//! A push service of our own that is as strict as Apple's: HTTP/2 over TLS, two services, and on demand every trouble that
//! Apple makes. What it checks stands in `apns/rules.rs`, after Apple's documentation.

mod certificates;
mod rules;

use std::collections::{HashSet, VecDeque};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use h2::Reason;
use h2::server::{Connection, SendResponse};
use hyper::{Request, Response};
use photograph::base::clock::Clock;
use photograph::base::config::Config;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::{Folder, eventually};
use certificates::Certificates;

/// The app of the stories.
pub const TOPIC: &str = "org.example.photograph";
pub const KEY_ID: &str = "ABC123DEFG";
pub const TEAM_ID: &str = "DEF123GHIJ";

/// How long a push may take to arrive.
const PATIENCE: Duration = Duration::from_secs(20);

/// Which of the two services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    Production,
    Sandbox,
}

/// What it does with the next push, in place of taking it.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Answers with a status and a reason.
    Says(u16, &'static str),
    /// The same with `Retry-After`, in seconds.
    SaysLater(u16, &'static str, u64),
    /// 410, with the instant since when it knows.
    Gone(i64),
    /// Says goodbye (GOAWAY) and answers nothing any more on this connection.
    GoAway,
    /// Takes it, and says goodbye.
    TakesAndGoes,
    /// Refuses the stream, as if it had never come.
    Refuses,
    /// Takes it when the story says so.
    Slowly,
    /// Never answers.
    Never,
    /// Falls silent: nothing on the connection is read or answered, not even a sign of life.
    FallsSilent,
}

/// A push as it arrived.
#[derive(Clone, Debug)]
pub struct Received {
    pub service: Service,
    /// The number of its connection, from 1.
    pub connection: usize,
    pub token: String,
    pub id: String,
    pub topic: String,
    pub kind: String,
    pub priority: String,
    pub expiration: i64,
    pub collapse_id: Option<String>,
    /// The token that proves who sent it; empty when the certificate does.
    pub proof: String,
    pub payload: Value,
    /// What was answered; 0 when nothing was.
    pub status: u16,
    pub reason: String,
}

/// Both services.
pub struct Apple {
    shared: Arc<Shared>,
    certificates: Certificates,
    folder: Folder,
    addresses: [SocketAddr; 2],
    _serving: JoinSet<()>,
}

struct Shared {
    state: Mutex<State>,
    /// The public half of the key.
    key: Vec<u8>,
    slow: Semaphore,
    /// Streams that a client may have open at once.
    at_once: u32,
}

#[derive(Default)]
struct State {
    received: Vec<Received>,
    replies: VecDeque<Reply>,
    unknown: HashSet<(Service, String)>,
    connections: usize,
    in_flight: usize,
    most_in_flight: usize,
    clock: Clock,
    proofs: rules::Proofs,
}

impl Apple {
    /// Starts both.
    pub async fn opens() -> Self {
        Self::with(1000).await
    }

    /// The same with so many pushes at once on a connection.
    pub async fn with(at_once: u32) -> Self {
        let folder = Folder::fresh();
        let (certificates, key) = (Certificates::new(&folder.0), certificates::key(&folder.0));
        let shared = Arc::new(Shared { state: Mutex::default(), key, slow: Semaphore::new(0), at_once });
        let mut serving = JoinSet::new();
        let mut addresses = Vec::new();
        for service in [Service::Production, Service::Sandbox] {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            addresses.push(listener.local_addr().expect("its address"));
            serving.spawn(serve(listener, certificates.acceptor(), shared.clone(), service));
        }
        let addresses = [addresses[0], addresses[1]];
        Self { shared, certificates, folder, addresses, _serving: serving }
    }

    /// Lets a server push to it with a key, at once.
    pub fn configure(&self, config: &mut Config) {
        self.reached_by(config);
        config.push.apns.key_file = Some(self.folder.0.join("key.p8"));
        config.push.apns.key_id = Some(KEY_ID.into());
        config.push.apns.team_id = Some(TEAM_ID.into());
    }

    /// The same with a certificate.
    pub fn configure_certificate(&self, config: &mut Config) {
        self.reached_by(config);
        config.push.apns.certificate_file = Some(self.certificates.identity.clone());
    }

    fn reached_by(&self, config: &mut Config) {
        let [production, sandbox] = self.addresses.map(|address| format!("https://localhost:{}", address.port()));
        config.push.delay_seconds = 0;
        config.push.apns.topics = vec![TOPIC.into()];
        (config.push.apns.production_url, config.push.apns.sandbox_url) = (production, sandbox);
        config.push.apns.ca_file = Some(self.certificates.authority.clone());
    }

    /// Goes by a server's clock from now on.
    pub fn goes_by(&self, clock: &Clock) {
        self.lock().clock = clock.clone();
    }

    /// What it does with the next pushes.
    pub fn will(&self, replies: impl IntoIterator<Item = Reply>) {
        self.lock().replies.extend(replies);
    }

    /// Does not know a token at one of the services.
    pub fn knows_not(&self, service: Service, token: &str) {
        self.lock().unknown.insert((service, token.to_owned()));
    }

    /// Takes those pushes that it was to take slowly.
    pub fn hurries(&self) {
        self.shared.slow.add_permits(10_000);
    }

    /// What arrived so far.
    pub fn received(&self) -> Vec<Received> {
        self.lock().received.clone()
    }

    /// What it took so far.
    pub fn taken(&self) -> Vec<Received> {
        self.received().into_iter().filter(|push| push.status == 200).collect()
    }

    /// Waits until so many pushes arrived.
    pub async fn gets(&self, count: usize) -> Vec<Received> {
        let enough = || Some(self.received()).filter(|received| received.len() >= count);
        eventually(&format!("{count} pushes"), PATIENCE, async || enough()).await
    }

    /// How many pushes were under way at once, at most.
    pub fn most_in_flight(&self) -> usize {
        self.lock().most_in_flight
    }

    /// How many are under way.
    pub fn in_flight(&self) -> usize {
        self.lock().in_flight
    }

    /// How many connections were made.
    pub fn connections(&self) -> usize {
        self.lock().connections
    }

    /// A file of its folder, for a story that sets a server up wrongly.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.0.join(name)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.lock()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("the state of the push service")
    }
}

async fn serve(listener: TcpListener, tls: TlsAcceptor, shared: Arc<Shared>, service: Service) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(connect(stream, tls.clone(), shared.clone(), service));
        while connections.try_join_next().is_some() {}
    }
}

async fn connect(stream: TcpStream, tls: TlsAcceptor, shared: Arc<Shared>, service: Service) {
    let Ok(stream) = tls.accept(stream).await else { return };
    let has_certificate = stream.get_ref().1.peer_certificates().is_some();
    let mut builder = h2::server::Builder::new();
    builder.max_concurrent_streams(shared.at_once);
    let Ok(connection) = builder.handshake(stream).await else { return };
    let number = {
        let mut state = shared.lock();
        state.connections += 1;
        state.connections
    };
    let talk = Talk { shared, service, number, has_certificate };
    talk.over(connection).await;
}

/// One connection.
#[derive(Clone)]
struct Talk {
    shared: Arc<Shared>,
    service: Service,
    number: usize,
    has_certificate: bool,
}

impl Talk {
    async fn over(self, mut connection: Connection<TlsStream<TcpStream>, Bytes>) {
        let mut answering = JoinSet::new();
        let mut unanswered = Vec::new();
        while let Some(Ok((request, mut respond))) = connection.accept().await {
            let reply = self.shared.lock().replies.pop_front();
            match reply {
                Some(Reply::GoAway) => connection.abrupt_shutdown(Reason::NO_ERROR),
                Some(Reply::Refuses) => respond.send_reset(Reason::REFUSED_STREAM),
                Some(Reply::Never) => {
                    answering.spawn(self.clone().notes(request, 0));
                    unanswered.push(respond);
                }
                Some(Reply::FallsSilent) => std::future::pending().await,
                Some(Reply::TakesAndGoes) => {
                    answering.spawn(self.clone().answers(request, respond, None));
                    connection.graceful_shutdown();
                }
                reply => {
                    answering.spawn(self.clone().answers(request, respond, reply));
                }
            }
        }
        // What was taken is answered.
        while answering.join_next().await.is_some() {}
    }

    /// Checks a push, and answers as it was told or as the rules say.
    async fn answers(self, request: Request<h2::RecvStream>, mut respond: SendResponse<Bytes>, reply: Option<Reply>) {
        {
            let mut state = self.shared.lock();
            state.in_flight += 1;
            state.most_in_flight = state.most_in_flight.max(state.in_flight);
        }
        let mut push = self.read(request).await;
        let mut extra = (None, None);
        match reply {
            Some(Reply::Says(status, reason)) => (push.status, push.reason) = (status, reason.into()),
            Some(Reply::SaysLater(status, reason, seconds)) => {
                (push.status, push.reason, extra.0) = (status, reason.into(), Some(seconds));
            }
            Some(Reply::Gone(since)) => (push.status, push.reason, extra.1) = (410, "Unregistered".into(), Some(since)),
            Some(Reply::Slowly) => drop(self.shared.slow.acquire().await.expect("it is open")),
            _ => {}
        }
        let (id, status, reason) = (push.id.clone(), push.status, push.reason.clone());
        {
            let mut state = self.shared.lock();
            state.in_flight -= 1;
            state.received.push(push);
        }
        let mut response = Response::builder().status(status).header("apns-id", id);
        if let Some(seconds) = extra.0 {
            response = response.header("retry-after", seconds);
        }
        let is_taken = status == 200;
        let Ok(mut stream) = respond.send_response(response.body(()).expect("a response"), is_taken) else { return };
        if !is_taken {
            let mut body = serde_json::json!({ "reason": reason });
            if let Some(since) = extra.1 {
                body["timestamp"] = since.into();
            }
            let _ = stream.send_data(Bytes::from(body.to_string()), true);
        }
    }

    async fn notes(self, request: Request<h2::RecvStream>, status: u16) {
        let push = Received { status, ..self.read(request).await };
        self.shared.lock().received.push(push);
    }

    /// Reads a push and judges it.
    async fn read(&self, request: Request<h2::RecvStream>) -> Received {
        let (head, mut body) = request.into_parts();
        let mut bytes = Vec::new();
        while let Some(Ok(chunk)) = body.data().await {
            let _ = body.flow_control().release_capacity(chunk.len());
            bytes.extend_from_slice(&chunk);
        }
        let header = |name: &str| {
            head.headers.get(name).map(|value| value.to_str().expect("a header is text").to_owned()).unwrap_or_default()
        };
        let token = head.uri.path().strip_prefix("/3/device/").unwrap_or_default().to_owned();
        let mut push = Received {
            service: self.service,
            connection: self.number,
            token,
            id: header("apns-id"),
            topic: header("apns-topic"),
            kind: header("apns-push-type"),
            priority: header("apns-priority"),
            expiration: header("apns-expiration").parse().unwrap_or(-1),
            collapse_id: Some(header("apns-collapse-id")).filter(|id| !id.is_empty()),
            proof: header("authorization"),
            payload: serde_json::from_slice(&bytes).unwrap_or_default(),
            status: 200,
            reason: String::new(),
        };
        let mut state = self.shared.lock();
        let now = state.clock.now();
        let unknown = state.unknown.contains(&(self.service, push.token.clone()));
        let wrong = rules::wrong_request(&head, &push, bytes.len());
        let wrong = wrong.or_else(|| {
            if self.has_certificate { None } else { state.proofs.wrong(&push.proof, &self.shared.key, now) }
        });
        let wrong = wrong.or(unknown.then_some((400, "BadDeviceToken")));
        if let Some((status, reason)) = wrong {
            (push.status, push.reason) = (status, reason.to_owned());
        }
        push
    }
}
