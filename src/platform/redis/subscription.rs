//! Hearing what other processes say: channels on a connection of its own, taken up again whenever it breaks.
//!
//! What is said while nobody listens is lost, and so is what comes faster than it is heard. That must not matter: after
//! each such hole the hearer is told to look for itself.

use std::time::Duration;

use fred::clients::SubscriberClient;
use fred::interfaces::{ClientLike, EventInterface, PubsubInterface};
use fred::types::config::Server;
use fred::types::{Builder, ConnectHandle, Message, RespVersion};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinHandle;

use crate::base::error::{Error, Result};

/// How often a silent connection is asked whether it is still there.
const LOOK: Duration = Duration::from_secs(3);
/// How long to wait before channels are asked for again.
const PAUSE: Duration = Duration::from_millis(200);

/// What is heard on some channels.
#[derive(Debug)]
pub struct Subscription {
    client: SubscriberClient,
    channels: Vec<String>,
    messages: Receiver<Message>,
    connected: Receiver<Server>,
    connection: ConnectHandle,
    heartbeat: JoinHandle<()>,
}

/// Something heard.
#[derive(Debug)]
pub enum Heard {
    /// A message on a channel.
    Message {
        /// Its channel.
        channel: String,
        /// Its text.
        text: String,
    },
    /// The channels are heard from now on, and what was said before may have been missed.
    Anew,
}

impl Subscription {
    pub(super) fn open(builder: &Builder, channels: Vec<String>) -> Result<Self> {
        let mut builder = builder.clone();
        // In the older protocol a connection that listens cannot be asked anything.
        builder.with_config(|config| config.version = RespVersion::RESP3);
        let client = builder.build_subscriber_client().map_err(Error::internal)?;
        let (messages, connected) = (client.message_rx(), client.reconnect_rx());
        let connection = client.connect();
        let heartbeat = tokio::spawn(beat(client.clone()));
        Ok(Self { client, channels, messages, connected, connection, heartbeat })
    }

    /// The next thing heard; `None` when the connection has ended for good.
    pub async fn next(&mut self) -> Option<Heard> {
        loop {
            let heard = tokio::select! {
                connected = self.connected.recv() => match connected {
                    Err(RecvError::Closed) => return None,
                    _ => self.listens().await.then_some(Heard::Anew),
                },
                message = self.messages.recv() => match message {
                    Err(RecvError::Closed) => return None,
                    Err(RecvError::Lagged(_)) => Some(Heard::Anew),
                    Ok(message) => message.value.as_string().map(|text| {
                        Heard::Message { channel: message.channel.to_string(), text }
                    }),
                },
            };
            if heard.is_some() {
                return heard;
            }
        }
    }

    /// Asks for the channels until they are heard, or until there is another connection to ask on.
    async fn listens(&mut self) -> bool {
        while let Err(error) = self.asks().await {
            tracing::debug!(%error, "channels of Redis could not be heard");
            if !self.connected.is_empty() {
                return false;
            }
            tokio::time::sleep(PAUSE).await;
        }
        true
    }

    /// Asks for the channels. The client is content when that is on its way; Redis has done it when it answers what it was
    /// asked afterwards. What is said in between would be missed by somebody who believes to listen.
    async fn asks(&self) -> Result<(), fred::error::Error> {
        self.client.subscribe(self.channels.clone()).await?;
        self.client.ping::<fred::types::Value>(None).await.map(|_| ())
    }
}

/// Nothing tells a connection that listens in silence from one whose other end is gone, so it is asked.
async fn beat(client: SubscriberClient) {
    loop {
        tokio::time::sleep(LOOK).await;
        let answer = tokio::time::timeout(LOOK, client.ping::<fred::types::Value>(None)).await;
        // One that is being made again needs no push.
        if answer.is_err() && client.is_connected() {
            let _ = client.force_reconnection().await;
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.heartbeat.abort();
        self.connection.abort();
    }
}
