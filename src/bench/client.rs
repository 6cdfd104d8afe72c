//! A client for load: one connection, one request after the other.

use axum::body::{Body, Bytes, to_bytes};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::base::error::{Error, Result};

/// One connection to a server.
#[derive(Debug)]
pub struct Client {
    address: String,
    sender: SendRequest<Body>,
}

impl Client {
    /// Connects to a host and port.
    ///
    /// # Errors
    /// When nobody listens there.
    pub async fn connect(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await.map_err(Error::internal)?;
        stream.set_nodelay(true).map_err(Error::internal)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(Error::internal)?;
        tokio::spawn(connection);
        Ok(Self { address: address.to_owned(), sender })
    }

    /// The answer to an operation.
    ///
    /// # Errors
    /// When there is none, or it has errors.
    pub async fn asks(&mut self, token: &str, operation: &str) -> Result<Bytes> {
        let request = Request::post("/graphql")
            .header(HOST, &self.address)
            .header(CONTENT_TYPE, "application/json")
            .header(AUTHORIZATION, format!("Bearer {token}"))
            .body(Body::from(operation.to_owned()))
            .map_err(Error::internal)?;
        self.sender.ready().await.map_err(Error::internal)?;
        let answer = self.sender.send_request(request).await.map_err(Error::internal)?;
        let status = answer.status();
        let body = to_bytes(Body::new(answer.into_body()), usize::MAX).await.map_err(Error::internal)?;
        if status != StatusCode::OK {
            return Err(Error::internal(format!("{status}: {}", String::from_utf8_lossy(&body))));
        }
        Ok(body)
    }
}
