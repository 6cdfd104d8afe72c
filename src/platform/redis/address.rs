//! From an address to connections: one server, Sentinel or a cluster, with or without TLS.

use std::path::Path;
use std::time::Duration;

use fred::rustls::pki_types::CertificateDer;
use fred::rustls::pki_types::pem::PemObject;
use fred::rustls::{ClientConfig, RootCertStore};
use fred::types::Builder;
use fred::types::config::{Config, ReconnectPolicy, TlsConfig, TlsConnector, UnresponsiveConfig};

use crate::base::error::{Error, Result};

/// The pause before the first attempt to connect again, in milliseconds; it doubles with each.
const FIRST_PAUSE: u32 = 20;
/// The longest pause, in milliseconds.
const LONGEST_PAUSE: u32 = 2000;
/// Messages that wait until they are heard; when more come, their hearers are told that they missed some.
const WAITING: usize = 1024;

/// Connections to an address, not yet made. `ca_file` is trusted for TLS beside what the system trusts.
pub(super) fn builder(url: &str, ca_file: Option<&Path>, timeout: Duration) -> Result<Builder> {
    // The address holds a password: neither it nor what the parser says of it is shown.
    let no_address = |_| {
        Error::internal("redis.url is not an address that redis://, redis-sentinel:// or redis-cluster:// can begin")
    };
    let mut config = Config::from_url(url).map_err(no_address)?;
    // A server that is away when this one starts is waited for like one that went away later.
    config.fail_fast = false;
    if config.tls.is_some() {
        config.tls = Some(TlsConfig::from(TlsConnector::from(trusting(ca_file)?)));
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
    Ok(builder)
}

fn trusting(ca_file: Option<&Path>) -> Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    // One certificate of the system that cannot be read is no reason to trust none of the others.
    roots.add_parsable_certificates(fred::rustls_native_certs::load_native_certs().certs);
    if let Some(file) = ca_file {
        let unread = |error| Error::internal(format!("redis.ca_file {} cannot be read: {error}", file.display()));
        for certificate in CertificateDer::pem_file_iter(file).map_err(unread)? {
            roots.add(certificate.map_err(unread)?).map_err(Error::internal)?;
        }
    }
    Ok(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_and_never_shown() {
        let timeout = Duration::from_millis(500);
        for good in [
            "redis://127.0.0.1",
            "rediss://user:secret@redis.example.org:6380/2",
            "redis-cluster://:secret@127.0.0.1:7000?node=127.0.0.1:7001",
            "redis-sentinel://127.0.0.1:26379?sentinelServiceName=main",
            "rediss-sentinel://127.0.0.1:26379?sentinelServiceName=main&sentinelPassword=secret",
        ] {
            assert!(builder(good, None, timeout).is_ok(), "{good}");
        }
        for bad in ["", "secret", "http://secret@127.0.0.1", "redis-sentinel://:secret@127.0.0.1:26379"] {
            let Err(error) = builder(bad, None, timeout) else { panic!("{bad} was taken") };
            assert!(!error.detail().contains("secret"), "{}", error.detail());
        }
    }
}
