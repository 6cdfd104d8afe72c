//! A client for load: one connection, one request after the other.

use axum::body::{Body, Bytes, to_bytes};
use futures_util::StreamExt;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST};
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
        self.asks_as(Some(token), operation).await
    }

    /// The same, of somebody who may not be signed in.
    ///
    /// # Errors
    /// When there is none, or it has errors.
    pub async fn asks_as(&mut self, token: Option<&str>, operation: &str) -> Result<Bytes> {
        let body = self.sends(token, operation, "application/json").await?;
        to_bytes(body, usize::MAX).await.map_err(Error::internal)
    }

    /// The first event of a subscription, as JSON. It ends with this client.
    ///
    /// # Errors
    /// When there is none.
    pub async fn subscribes(mut self, token: Option<&str>, operation: &str) -> Result<Bytes> {
        let mut body = self.sends(token, operation, "text/event-stream").await?.into_data_stream();
        let mut text = Vec::new();
        while let Some(piece) = body.next().await {
            text.extend_from_slice(&piece.map_err(Error::internal)?);
            if let Some(event) = first_event(&text) {
                return Ok(event);
            }
        }
        Err(Error::internal(format!("no event: {}", String::from_utf8_lossy(&text))))
    }

    async fn sends(&mut self, token: Option<&str>, operation: &str, accept: &str) -> Result<Body> {
        let request = Request::post("/graphql").header(HOST, &self.address);
        let request = request.header(CONTENT_TYPE, "application/json").header(ACCEPT, accept);
        let request = match token {
            Some(token) => request.header(AUTHORIZATION, format!("Bearer {token}")),
            None => request,
        };
        let request = request.body(Body::from(operation.to_owned())).map_err(Error::internal)?;
        self.sender.ready().await.map_err(Error::internal)?;
        let answer = self.sender.send_request(request).await.map_err(Error::internal)?;
        let (status, body) = (answer.status(), Body::new(answer.into_body()));
        if status == StatusCode::OK {
            return Ok(body);
        }
        let body = to_bytes(body, usize::MAX).await.map_err(Error::internal)?;
        Err(Error::internal(format!("{status}: {}", String::from_utf8_lossy(&body))))
    }
}

/// The data of the first whole line that has some.
fn first_event(text: &[u8]) -> Option<Bytes> {
    let whole = &text[..=text.iter().rposition(|byte| *byte == b'\n')?];
    let mut data = whole.split(|byte| *byte == b'\n').filter_map(|line| line.strip_prefix(b"data:"));
    data.find(|data| data.len() > 1).map(Bytes::copy_from_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_event_of_a_stream_is_found() {
        for (text, event) in [
            (&b"event: next\ndata: {\"a\":1}\n\nevent: next\ndata: 2\n\n"[..], Some(&b" {\"a\":1}"[..])),
            (b":\n\nevent: next\ndata: {\"a\"", None),
            (b"event: complete\ndata:\n\n", None),
            (b"", None),
        ] {
            assert_eq!(first_event(text).as_deref(), event);
        }
    }
}
