//! The certificates of the push service, one for a server that proves itself by one, and a key for those that do by key.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use photograph::base::chance::Chance;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig, crypto};

/// Where they are.
pub struct Certificates {
    /// Who signs them all.
    pub authority: PathBuf,
    /// That of a server that pushes, with its key.
    pub identity: PathBuf,
    tls: Arc<ServerConfig>,
}

impl Certificates {
    pub fn new(folder: &Path) -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority =
            CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority");
        let signed = |name: &str| {
            let key = KeyPair::generate().expect("a key");
            let params = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
            let certificate = params.signed_by(&key, &authority).expect("a certificate");
            (certificate.pem(), key.serialize_pem())
        };
        let (chain, key) = signed("localhost");
        let (identity, identity_key) = signed("push.example.org");
        let write = |name: &str, text: String| {
            let path = folder.join(name);
            std::fs::write(&path, text).expect("a file");
            path
        };
        let tls = Arc::new(tls(&authority.pem(), &chain, &key));
        Self {
            authority: write("authority.pem", authority.pem()),
            identity: write("identity.pem", identity + &identity_key),
            tls,
        }
    }

    pub fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.tls.clone())
    }
}

/// Whoever shows a certificate shows one of the authority; nobody has to.
fn tls(authority: &str, chain: &str, key: &str) -> ServerConfig {
    let certificate = |pem: &str| CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate");
    let provider = Arc::new(crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(certificate(authority)).expect("an authority");
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
    let verifier = verifier.allow_unauthenticated().build().expect("a verifier");
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("a key");
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.expect("versions of TLS").with_client_cert_verifier(verifier);
    let mut config = builder.with_single_cert(vec![certificate(chain)], key).expect("a certificate with its key");
    config.alpn_protocols = vec![b"h2".to_vec()];
    config
}

/// A key as Apple gives it, in `key.p8`. Returns its public half.
pub fn key(folder: &Path) -> Vec<u8> {
    let chance = Chance::default();
    let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, chance.secure()).expect("a key");
    let text = BASE64.encode(made.as_ref());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n");
    std::fs::write(folder.join("key.p8"), pem).expect("a file");
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, made.as_ref(), chance.secure());
    pair.expect("the key").public_key().as_ref().to_vec()
}
