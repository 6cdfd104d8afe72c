//! Where the pushes of the benchmark go: a process of its own that takes everything, so that its CPU is not counted.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use bytes::Bytes;
use h2::RecvStream;
use h2::server::SendResponse;
use hyper::{Request, Response};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, crypto};

use super::IDENTITY;
use crate::base::error::{Error, Result};

/// Streams on a connection at once: as many as Apple allows.
const AT_ONCE: u32 = 1000;

/// The process. It ends with this.
pub(super) struct Sink {
    /// Where it listens.
    pub port: u16,
    process: Child,
}

impl Sink {
    pub(super) fn start() -> Result<Self> {
        let program = std::env::current_exe()?;
        let mut process = Command::new(program).args(["bench", "push-sink"]).stdout(Stdio::piped()).spawn()?;
        let output = process.stdout.take();
        let mut sink = Self { port: 0, process };
        let mut line = String::new();
        if let Some(output) = output {
            BufReader::new(output).read_line(&mut line)?;
        }
        sink.port = line.trim().parse().map_err(|_| Error::internal("the sink did not start"))?;
        Ok(sink)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Takes pushes for ever, and tells its port first.
///
/// # Errors
/// When it cannot listen.
pub async fn serve(say: impl Fn(&str)) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let acceptor = TlsAcceptor::from(Arc::new(tls()?));
    say(&listener.local_addr()?.port().to_string());
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(take_all(acceptor.clone(), stream));
    }
}

async fn take_all(acceptor: TlsAcceptor, stream: TcpStream) -> Result<()> {
    let stream = acceptor.accept(stream).await?;
    let mut builder = h2::server::Builder::new();
    builder.max_concurrent_streams(AT_ONCE);
    let mut connection = builder.handshake::<_, Bytes>(stream).await.map_err(Error::internal)?;
    while let Some(push) = connection.accept().await {
        let (request, respond) = push.map_err(Error::internal)?;
        tokio::spawn(take(request, respond));
    }
    Ok(())
}

async fn take(request: Request<RecvStream>, mut respond: SendResponse<Bytes>) -> Result<()> {
    let id = request.headers().get("apns-id").cloned();
    let mut body = request.into_body();
    while let Some(chunk) = body.data().await {
        let length = chunk.map_err(Error::internal)?.len();
        body.flow_control().release_capacity(length).map_err(Error::internal)?;
    }
    let mut answer = Response::new(());
    answer.headers_mut().extend(id.map(|id| (hyper::header::HeaderName::from_static("apns-id"), id)));
    respond.send_response(answer, true).map(|_| ()).map_err(Error::internal)
}

fn tls() -> Result<ServerConfig> {
    let certificate = CertificateDer::from_pem_slice(IDENTITY.as_bytes()).map_err(Error::internal)?;
    let key = PrivateKeyDer::from_pem_slice(IDENTITY.as_bytes()).map_err(Error::internal)?;
    let builder = ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(Error::internal)?.with_no_client_auth();
    let mut config = builder.with_single_cert(vec![certificate], key).map_err(Error::internal)?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}
