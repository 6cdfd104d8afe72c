//! Reading a file as a client does: by an address signed before, with no key at hand.

use aws_sdk_s3::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};

use super::{S3, failed};
use crate::base::error::{Error, Result};

/// Sends a request to an address that holds its signature, instead of with the one that was just made.
#[derive(Debug)]
struct AsSigned(String);

impl Intercept for AsSigned {
    fn name(&self) -> &'static str {
        "AsSigned"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> std::result::Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let request = context.request_mut();
        let ours = |name: &str| name == "authorization" || name.starts_with("x-amz-") || name.starts_with("amz-sdk-");
        let names: Vec<String> = request.headers().iter().map(|(name, _)| name.to_owned()).collect();
        for name in names.iter().filter(|name| ours(name)) {
            request.headers_mut().remove(name.as_str());
        }
        Ok(request.set_uri(self.0.as_str())?)
    }
}

impl S3 {
    /// The whole of a file, by the address that a client would read it from.
    pub(in crate::platform::blobs) async fn fetch(&self, key: &str, url: &str) -> Result<Vec<u8>> {
        let get = self.ways.signer.get_object().bucket(&self.bucket).key(self.name(key));
        let file = get.customize().interceptor(AsSigned(url.to_owned())).send().await.map_err(failed)?;
        let bytes = file.body.collect().await.map_err(Error::internal)?;
        Ok(bytes.into_bytes().to_vec())
    }
}
