//! The limit: nothing but an HTTP/2 connection, on which a body that is there already is sent with headers that never
//! change.

use std::sync::Arc;

use bytes::Bytes;
use h2::client::SendRequest;
use hyper::header::AUTHORIZATION;
use hyper::{HeaderMap, Request};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

use super::{IDENTITY, TOPIC, token};
use crate::base::config::Config;
use crate::base::error::{Error, Result};

/// A connection.
pub(super) struct Bare {
    sender: SendRequest<Bytes>,
    url: String,
    headers: HeaderMap,
}

impl Bare {
    pub(super) async fn connect(config: &Config, port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("localhost", port)).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from("localhost").map_err(Error::internal)?;
        let stream = TlsConnector::from(Arc::new(tls()?)).connect(name, stream).await?;
        let (sender, connection) = h2::client::handshake(stream).await.map_err(Error::internal)?;
        tokio::spawn(connection);
        Ok(Self { sender, url: config.push.apns.production_url.clone(), headers: headers()? })
    }

    pub(super) async fn send(&self, number: u32, body: &str) -> Result<()> {
        let body = Bytes::copy_from_slice(body.as_bytes());
        let mut sender = self.sender.clone().ready().await.map_err(Error::internal)?;
        let mut request =
            Request::post(format!("{}/3/device/{}", self.url, token(number))).body(()).map_err(Error::internal)?;
        request.headers_mut().clone_from(&self.headers);
        let (answer, mut stream) = sender.send_request(request, false).map_err(Error::internal)?;
        stream.send_data(body, true).map_err(Error::internal)?;
        let answer = answer.await.map_err(Error::internal)?;
        if answer.status() == 200 { Ok(()) } else { Err(Error::internal(format!("{}", answer.status()))) }
    }
}

/// As many as a push has, and as long.
fn headers() -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("apns-topic", TOPIC),
        ("apns-id", "00000000-0000-8000-8000-000000000000"),
        ("apns-push-type", "alert"),
        ("apns-priority", "10"),
        ("apns-expiration", "1800000000"),
        ("apns-collapse-id", "act_11111111111"),
    ] {
        headers.insert(name, value.parse().map_err(Error::internal)?);
    }
    headers.insert(AUTHORIZATION, format!("bearer {}", "a".repeat(180)).parse().map_err(Error::internal)?);
    Ok(headers)
}

fn tls() -> Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(IDENTITY.as_bytes()).map_err(Error::internal)?)
        .map_err(Error::internal)?;
    let builder = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(Error::internal)?;
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}
