//! From an address to connections: one server, Sentinel or a cluster, with or without TLS.

use std::path::Path;
use std::time::Duration;

use fred::rustls::pki_types::CertificateDer;
use fred::rustls::pki_types::pem::PemObject;
use fred::rustls::{ClientConfig, RootCertStore};
use fred::types::Builder;
use fred::types::config::{ReconnectPolicy, TlsConfig, TlsConnector, UnresponsiveConfig};

use crate::base::config;
use crate::base::error::{Error, Result};

/// The pause before the first attempt to connect again, in milliseconds; it doubles with each.
const FIRST_PAUSE: u32 = 20;
/// The longest pause, in milliseconds.
const LONGEST_PAUSE: u32 = 2000;
/// Messages that wait until they are heard; when more come, their hearers are told that they missed some.
const WAITING: usize = 1024;

/// Connections to Redis, not yet made; `None` when there is none. `ca_file` is trusted for TLS beside what the system trusts.
pub(super) fn builder(redis: &config::Redis) -> Result<Option<Builder>> {
    let Some(mut config) = redis.address().map_err(Error::internal)? else { return Ok(None) };
    let timeout = Duration::from_millis(redis.timeout_milliseconds);
    // A server that is away when this one starts is waited for like one that went away later.
    config.fail_fast = false;
    if config.tls.is_some() {
        config.tls = Some(TlsConfig::from(TlsConnector::from(trusting(redis.ca_file.as_deref())?)));
    }
    let mut builder = Builder::from_config(config);
    builder.with_performance_config(|performance| performance.broadcast_channel_capacity = WAITING);
    builder.with_connection_config(|connection| {
        connection.connection_timeout = timeout.max(Duration::from_secs(2));
        connection.internal_command_timeout = timeout.max(Duration::from_secs(2));
        connection.max_command_attempts = 1;
        connection.reconnect_on_auth_error = true;
        connection.tcp.nodelay = Some(true);
        // A peer that vanished without a word is noticed, and the connection made again.
        connection.unresponsive = UnresponsiveConfig { max_timeout: Some(timeout * 4), interval: timeout };
    });
    let mut policy = ReconnectPolicy::new_exponential(0, FIRST_PAUSE, LONGEST_PAUSE, 2);
    policy.set_jitter(FIRST_PAUSE);
    builder.set_policy(policy);
    Ok(Some(builder))
}

fn trusting(ca_file: Option<&Path>) -> Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    // One certificate of the system that cannot be read is no reason to trust none of the others.
    roots.add_parsable_certificates(fred::rustls_native_certs::load_native_certs().certs);
    if let Some(file) = ca_file {
        let unread = |error| Error::internal(format!("redis.ca_file {} cannot be read: {error}", file.display()));
        let system = roots.len();
        for certificate in CertificateDer::pem_file_iter(file).map_err(unread)? {
            roots.add(certificate.map_err(unread)?).map_err(Error::internal)?;
        }
        if roots.len() == system {
            return Err(Error::internal(format!("redis.ca_file {} holds no certificate (PEM)", file.display())));
        }
    }
    Ok(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
}
