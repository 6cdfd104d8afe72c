//! Sending to Apple: the request, the proof of who sends, and the way to the service that knows the token.

use bytes::Bytes;
use hyper::Request;
use hyper::header::{AUTHORIZATION, HeaderName};

use super::answer::Answer;
use super::gate::Gate;
use super::provider::{Proof, Provider};
use super::trouble::Trouble;
use super::{Environment, Push, Urgency, tls};
use crate::base::clock::Timestamp;
use crate::base::config;
use crate::base::error::{Error, Result};
use crate::platform::db::Db;
use crate::platform::token::Es256Key;

// Apple's headers, by the names of its documentation.
const TOPIC: HeaderName = HeaderName::from_static("apns-topic");
const ID: HeaderName = HeaderName::from_static("apns-id");
const PUSH_TYPE: HeaderName = HeaderName::from_static("apns-push-type");
const PRIORITY: HeaderName = HeaderName::from_static("apns-priority");
const EXPIRATION: HeaderName = HeaderName::from_static("apns-expiration");
const COLLAPSE_ID: HeaderName = HeaderName::from_static("apns-collapse-id");

/// The two services and who we are there.
#[derive(Debug)]
pub struct Live {
    production: Gate,
    sandbox: Gate,
    /// `None` when the certificate of the connections says who we are.
    provider: Option<Provider>,
    trouble: Trouble,
}

impl Live {
    /// Readies it; `None` when neither a key nor a certificate is set.
    pub(super) fn open(config: &config::Apns) -> Result<Option<Self>> {
        if config.key_file.is_none() && config.certificate_file.is_none() {
            return Ok(None);
        }
        let connector = tls::connector(config)?;
        let (production, sandbox) =
            (Gate::to(&config.production_url, &connector, config)?, Gate::to(&config.sandbox_url, &connector, config)?);
        Ok(Some(Self { production, sandbox, provider: provider(config)?, trouble: Trouble::default() }))
    }

    pub(super) async fn send(&self, db: &Db, now: Timestamp, push: &Push) -> Result<Answer> {
        let answer = self.ask(db, now, push).await?;
        if self.trouble.note(&answer, now) {
            tracing::error!(last = ?answer, "no push was taken for a minute: is the way to Apple open?");
        }
        Ok(answer)
    }

    async fn ask(&self, db: &Db, now: Timestamp, push: &Push) -> Result<Answer> {
        let (gate, body) = (self.gate(push.environment), Bytes::from(push.payload.clone()));
        let Some(provider) = &self.provider else {
            return Ok(gate.ask(request(gate, push, None)?, &body).await);
        };
        let proof = provider.proof(db, now).await?;
        let answer = gate.ask(request(gate, push, Some(&proof))?, &body).await;
        if !answer.is_stale_proof() {
            return Ok(answer);
        }
        match provider.replace(db, now, &proof).await? {
            Some(proof) => Ok(gate.ask(request(gate, push, Some(&proof))?, &body).await),
            None => Ok(answer),
        }
    }

    pub(super) fn connections(&self) -> u64 {
        self.production.opened() + self.sandbox.opened()
    }

    /// The address of a service.
    pub(super) fn url(&self, environment: Environment) -> &str {
        &self.gate(environment).url
    }

    fn gate(&self, environment: Environment) -> &Gate {
        match environment {
            Environment::Production => &self.production,
            Environment::Sandbox => &self.sandbox,
        }
    }
}

fn provider(config: &config::Apns) -> Result<Option<Provider>> {
    let (Some(file), Some(key), Some(team)) = (&config.key_file, &config.key_id, &config.team_id) else {
        return Ok(None);
    };
    let pem = std::fs::read_to_string(file).map_err(|error| tls::unusable("key_file", file, error))?;
    let signs = Es256Key::from_pem(key, &pem);
    let signs = signs.map_err(|error| tls::unusable("key_file", file, error.detail()))?;
    Ok(Some(Provider::new(signs, key, team)))
}

/// The headers that Apple wants, with the values of its documentation.
fn request(gate: &Gate, push: &Push, proof: Option<&Proof>) -> Result<Request<()>> {
    let (kind, priority) = match push.urgency {
        Urgency::Now => (a2::PushType::Alert, a2::Priority::High),
        Urgency::Quiet => (a2::PushType::Alert, a2::Priority::Normal),
        Urgency::Background => (a2::PushType::Background, a2::Priority::Normal),
    };
    let mut request = Request::post(format!("{}/3/device/{}", gate.url, push.token))
        .header(TOPIC, &push.topic)
        .header(ID, &push.id)
        .header(PUSH_TYPE, kind.to_string())
        .header(PRIORITY, priority.to_string())
        .header(EXPIRATION, push.expires_at.seconds());
    if let Some(id) = &push.collapse_id {
        request = request.header(COLLAPSE_ID, a2::CollapseId::new(id).map_err(Error::internal)?.value);
    }
    if let Some(proof) = proof {
        request = request.header(AUTHORIZATION, proof.bearer.clone());
    }
    request.body(()).map_err(Error::internal)
}
