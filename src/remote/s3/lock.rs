//! How is an object store told to refuse the deletion of an object? By a request of its own (PutObjectRetention), signed as all
//! others are.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use object_store::ClientOptions;
use object_store::aws::{AwsAuthorizer, AwsCredentialProvider};
use object_store::client::{HttpClient, HttpConnector as _, HttpRequest, ReqwestConnector};
use storage::archive::ObjectLock;
use storage::{Day, Error, ErrorKind, Result};

/// Sends such requests to one bucket.
pub(super) struct Locker {
    base: String,
    region: String,
    client: HttpClient,
}

fn wrong(what: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(ErrorKind::Io, "the request failed").caused_by(what)
}

/// What is asked for: the mode, and the second after which the object may go.
fn document(lock: ObjectLock) -> String {
    let seconds = lock.until.div_euclid(1_000_000).rem_euclid(86_400);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let day = Day::of(lock.until);
    let mode = lock.mode.name();
    format!(
        "<Retention xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Mode>{mode}</Mode>\
         <RetainUntilDate>{day}T{hour:02}:{minute:02}:{second:02}Z</RetainUntilDate></Retention>"
    )
}

/// A path as it stands in an address: `=` is the one character of our names that has to be written otherwise.
fn escaped(path: &str) -> String {
    path.replace('=', "%3D")
}

impl Locker {
    /// For the objects below `base`.
    pub(super) fn new(
        base: String,
        region: String,
        options: &ClientOptions,
    ) -> anyhow::Result<Self> {
        let client = ReqwestConnector::default().connect(options)?;
        Ok(Self { base, region, client })
    }

    /// Locks the object at `path`.
    pub(super) async fn lock(
        &self,
        credentials: &AwsCredentialProvider,
        path: &str,
        lock: ObjectLock,
    ) -> Result<()> {
        let credential = credentials.get_credential().await.map_err(wrong)?;
        let body = document(lock);
        let checksum = checksum(body.as_bytes());
        let mut request = HttpRequest::new(body.into());
        *request.method_mut() = "PUT".parse().map_err(|_| wrong("no method"))?;
        let address = format!("{}/{}?retention=", self.base, escaped(path));
        *request.uri_mut() = address.parse().map_err(|_| wrong("no address"))?;
        let checksum = checksum.parse().map_err(|_| wrong("no checksum"))?;
        request.headers_mut().insert("x-amz-checksum-sha256", checksum);
        AwsAuthorizer::new(&credential, "s3", &self.region).authorize(&mut request, None);
        let response = self.client.execute(request).await.map_err(wrong)?;
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        let said = response.into_body().bytes().await.map_err(wrong)?;
        let said: String = String::from_utf8_lossy(&said).chars().take(300).collect();
        Err(wrong(format!("{status}: {}", said.replace(['\n', '\r'], " "))))
    }
}

/// SHA-256 in base64, as the header has it.
fn checksum(body: &[u8]) -> String {
    BASE64_STANDARD.encode(storage::Digest::of(body).0)
}

#[cfg(test)]
mod tests {
    use storage::archive::LockMode;

    use super::*;

    #[test]
    fn the_request_says_what_is_asked() {
        let lock = ObjectLock { mode: LockMode::Compliance, until: 1_795_169_425_918_000 };
        assert!(document(lock).contains("<Mode>COMPLIANCE</Mode>"));
        assert!(document(lock).contains("<RetainUntilDate>2026-11-20T10:10:25Z</RetainUntilDate>"));
        assert_eq!(checksum(b"abc"), "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
    }
}
