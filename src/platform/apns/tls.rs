//! TLS towards Apple: whom we trust, and who we are when that is told by a certificate.

use std::path::Path;
use std::sync::Arc;

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

use crate::base::config;
use crate::base::error::{Error, Result};

/// What opens connections: HTTP/2 and nothing else.
pub(super) fn connector(config: &config::Apns) -> Result<TlsConnector> {
    let provider = Arc::new(crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(Error::internal)?.with_root_certificates(roots(config.ca_file.as_deref())?);
    let mut tls = match &config.certificate_file {
        Some(file) => {
            let (chain, key) = identity(file)?;
            builder.with_client_auth_cert(chain, key).map_err(|error| unusable("certificate_file", file, error))?
        }
        None => builder.with_no_client_auth(),
    };
    tls.alpn_protocols = vec![b"h2".to_vec()];
    Ok(TlsConnector::from(Arc::new(tls)))
}

/// What the system trusts, and the certificates of a file.
fn roots(ca_file: Option<&Path>) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(file) = ca_file {
        for certificate in certificates("ca_file", file)? {
            roots.add(certificate).map_err(|error| unusable("ca_file", file, error))?;
        }
    }
    Ok(roots)
}

/// A certificate and its key, out of one file.
fn identity(file: &Path) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
    let key = PrivateKeyDer::from_pem_file(file).map_err(|error| unusable("certificate_file", file, error))?;
    Ok((certificates("certificate_file", file)?, key))
}

fn certificates(option: &str, file: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let found = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<std::result::Result<Vec<_>, _>>);
    let found = found.map_err(|error| unusable(option, file, error))?;
    match found.is_empty() {
        true => Err(unusable(option, file, "it holds no certificate (PEM)")),
        false => Ok(found),
    }
}

pub(super) fn unusable(option: &str, file: &Path, why: impl std::fmt::Display) -> Error {
    Error::internal(format!("push.apns.{option} {} cannot be used: {why}", file.display()))
}
