//! How the store is reached: address, region, credentials, and how long an answer is waited for.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{self as sdk, Credentials, RequestChecksumCalculation, ResponseChecksumValidation};
use aws_smithy_http_client::{Builder, tls};

use crate::base::config;
use crate::base::error::{Error, Result};

/// How long a connection may take to be made, a short answer to begin, and a request with all its tries.
const CONNECT: Duration = Duration::from_secs(2);
const ANSWER: Duration = Duration::from_secs(6);
const REQUEST: Duration = Duration::from_secs(15);
/// The same where a whole photo is sent.
const SEND: Duration = Duration::from_mins(1);
const SEND_AT_LAST: Duration = Duration::from_mins(3);
/// How often a request is tried, the first time included.
const TRIES: u32 = 3;
/// The region of stores that have none, when the environment names none either.
const NO_REGION: &str = "us-east-1";

/// How the store is reached.
#[derive(Debug)]
pub(super) struct Ways {
    /// By this server.
    pub(super) client: Client,
    /// By clients: it only signs.
    pub(super) signer: Client,
    /// By clients, as an address without a path.
    pub(super) origin: String,
}

/// How a store is reached that has not been asked anything yet.
///
/// # Errors
/// When Amazon's store is meant and no region is known.
pub(super) async fn ways(config: &config::S3, bucket: &str) -> Result<Ways> {
    let shared = shared(config).await;
    let region = match (shared.region(), &config.endpoint) {
        (Some(region), _) => region.clone(),
        (None, Some(_)) => Region::from_static(NO_REGION),
        (None, None) => return Err(Error::internal("Set s3.region: the region of the bucket is not known.")),
    };
    let at = |endpoint: Option<&String>| {
        let client = sdk::Builder::from(&shared).region(region.clone()).force_path_style(config.path_style);
        // Only the checksums that we give: not every store that speaks like S3 knows the others.
        let client = client
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
        let client = match endpoint {
            Some(endpoint) => client.endpoint_url(endpoint),
            None => client,
        };
        Client::from_conf(client.build())
    };
    let public = config.public_endpoint.as_ref().or(config.endpoint.as_ref());
    let origin = origin(config, bucket, region.as_ref());
    Ok(Ways { client: at(config.endpoint.as_ref()), signer: at(public), origin })
}

/// The keys that are configured; else those of the environment, a web identity, the container or the machine, which are
/// renewed by themselves.
async fn shared(config: &config::S3) -> SdkConfig {
    let http = Builder::new().tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring)).build_https();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .retry_config(RetryConfig::standard().with_max_attempts(TRIES))
        .timeout_config(patience(ANSWER, REQUEST));
    if let Some(region) = &config.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let (Some(id), Some(secret)) = (&config.access_key_id, &config.secret_access_key) {
        loader = loader.credentials_provider(Credentials::new(id, secret, None, None, "configuration"));
    }
    loader.load().await
}

fn patience(answer: Duration, request: Duration) -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(CONNECT).read_timeout(answer).operation_timeout(request).build()
}

/// What a request that sends a whole photo does otherwise.
pub(super) fn sending() -> sdk::Builder {
    sdk::Builder::new().timeout_config(patience(SEND, SEND_AT_LAST))
}

/// The address by which clients reach the bucket, without a path.
fn origin(config: &config::S3, bucket: &str, region: &str) -> String {
    let amazon = format!("https://s3.{region}.amazonaws.com");
    let endpoint = config.public_endpoint.as_ref().or(config.endpoint.as_ref()).unwrap_or(&amazon);
    let (scheme, rest) = endpoint.split_once("://").unwrap_or(("https", endpoint));
    let host = rest.split('/').next().unwrap_or_default();
    if config.path_style { format!("{scheme}://{host}") } else { format!("{scheme}://{bucket}.{host}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_reach_the_store_where_its_signatures_say() {
        let here = |endpoint: Option<&str>, public: Option<&str>, path_style| {
            let (endpoint, public_endpoint) = (endpoint.map(str::to_owned), public.map(str::to_owned));
            let config = config::S3 { endpoint, public_endpoint, path_style, ..config::S3::default() };
            origin(&config, "photos", "eu-west-1")
        };
        assert_eq!(here(None, None, false), "https://photos.s3.eu-west-1.amazonaws.com");
        assert_eq!(here(None, None, true), "https://s3.eu-west-1.amazonaws.com");
        assert_eq!(here(Some("http://127.0.0.1:9000/"), None, true), "http://127.0.0.1:9000");
        let public = Some("https://store.example.org");
        assert_eq!(here(Some("http://minio:9000"), public, true), "https://store.example.org");
        assert_eq!(here(Some("http://minio:9000"), public, false), "https://photos.store.example.org");
    }
}
