//! How does an archive lie in a bucket? Each object under the prefix, put only if it is not there, large ones in parts; a
//! lock is asked for when the object is whole.

mod lock;

use std::fmt;
use std::io::Read;
use std::ops::Range;
use std::time::Duration;

use anyhow::Result;
use futures::TryStreamExt as _;
use object_store::aws::{AmazonS3, AmazonS3Builder, Checksum};
use object_store::path::Path;
use object_store::{
    ClientOptions, MultipartUpload, ObjectStore, ObjectStoreExt as _, PutMode, PutPayload,
    RetryConfig,
};
use storage::archive::target::{Listed, missing, name};
use storage::archive::{ArchiveTarget, ObjectLock, Put, Upload};
use storage::config::ArchiveConfig;
use storage::{Error, ErrorKind};
use tokio::runtime::Runtime;

use self::lock::Locker;
use super::credentials::{Access, access};
use crate::exit::usage;

/// Larger objects are sent in parts.
const WHOLE_BYTES: u64 = 16 << 20;

/// The least size of a part; no object has more than so many.
const PART_BYTES: u64 = 8 << 20;
const MOST_PARTS: u64 = 9_000;

/// How long a request may take: a part on a slow line.
const TIMEOUT: Duration = Duration::from_secs(300);

/// For how long a request is repeated.
const RETRY: Duration = Duration::from_secs(120);
const TRIES: usize = 8;

/// A bucket, or a prefix in one.
pub(super) struct S3Target {
    url: String,
    prefix: String,
    store: AmazonS3,
    locker: Locker,
    runtime: Runtime,
}

impl fmt::Debug for S3Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Target").field("url", &self.url).finish_non_exhaustive()
    }
}

/// Bucket and prefix of `s3://bucket/prefix`.
fn parse(to: &str) -> Result<(&str, String)> {
    let rest = to.strip_prefix("s3://").unwrap_or(to);
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let prefix = prefix.trim_matches('/');
    let good_bucket = !bucket.is_empty()
        && bucket.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    if !good_bucket || !(prefix.is_empty() || name::is_good(prefix)) {
        return Err(usage(format!("`{to}` is no bucket: write s3://BUCKET/PREFIX")));
    }
    Ok((bucket, prefix.to_owned()))
}

impl S3Target {
    /// The bucket and prefix that the settings name.
    pub(super) fn open(settings: &ArchiveConfig) -> Result<Self> {
        let (bucket, prefix) = parse(&settings.to)?;
        let access = access(settings)?;
        let region = access.region.clone().unwrap_or_else(|| "us-east-1".into());
        let plain_http = access.endpoint.as_deref().is_some_and(|it| it.starts_with("http://"));
        let options = ClientOptions::new().with_timeout(TIMEOUT).with_allow_http(plain_http);
        let retry = RetryConfig { max_retries: TRIES, retry_timeout: RETRY, ..Default::default() };
        let mut builder = start(&access)?
            .with_bucket_name(bucket)
            .with_region(&region)
            .with_client_options(options.clone())
            .with_virtual_hosted_style_request(access.virtual_hosted)
            .with_retry(retry);
        if let Some(endpoint) = &access.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        if settings.lock().is_some() {
            // An object store that locks objects wants to be sure of what it locks.
            builder = builder.with_checksum_algorithm(Checksum::SHA256);
        }
        let store = builder.build().map_err(|error| {
            usage(format!("cannot use {}", settings.to)).context(error.to_string())
        })?;
        let base = base_url(&access, bucket, &region);
        let locker = Locker::new(base, region, &options)?;
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let slash = if prefix.is_empty() { "" } else { "/" };
        let url = format!("s3://{bucket}{slash}{prefix}");
        Ok(Self { url, prefix, store, locker, runtime })
    }

    fn path(&self, object: &str) -> storage::Result<Path> {
        name::check(object)?;
        let full = if self.prefix.is_empty() {
            object.to_owned()
        } else {
            format!("{}/{object}", self.prefix)
        };
        Path::parse(&full).map_err(|error| {
            Error::new(ErrorKind::InvalidInput, "no name of an object").at(full).caused_by(error)
        })
    }

    fn failed(&self, what: &str, object: &str, error: object_store::Error) -> Error {
        let place = format!("{}/{object}", self.url);
        let advice = match &error {
            object_store::Error::Unauthenticated { .. }
            | object_store::Error::PermissionDenied { .. } => {
                "look at AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY or AWS_PROFILE, and at what they may do in the bucket"
            }
            object_store::Error::NotFound { .. } => "is the name of the bucket right?",
            _ => "look at the endpoint and the network; the command can be repeated",
        };
        Error::new(ErrorKind::Io, format!("cannot {what}"))
            .at(place)
            .caused_by(short(&error))
            .advise(advice)
    }

    /// Puts a small object in one request.
    fn put_whole(&self, object: &str, upload: &Upload<'_>) -> storage::Result<Put> {
        let mut bytes = Vec::with_capacity(usize::try_from(upload.bytes()).unwrap_or(0));
        open(upload)?.read_to_end(&mut bytes).map_err(unread)?;
        check_read(bytes.len() as u64, upload)?;
        let path = self.path(object)?;
        let payload = PutPayload::from(bytes);
        let put = self.store.put_opts(&path, payload.clone(), PutMode::Create.into());
        match self.runtime.block_on(put) {
            Ok(_) => Ok(Put::Stored),
            Err(
                object_store::Error::AlreadyExists { .. }
                | object_store::Error::Precondition { .. },
            ) => Ok(Put::Taken),
            Err(error) if knows_no_condition(&error) => {
                if self.head(object)?.is_some() {
                    return Ok(Put::Taken);
                }
                self.runtime
                    .block_on(self.store.put(&path, payload))
                    .map(|_| Put::Stored)
                    .map_err(|error| self.failed("store", object, error))
            }
            Err(error) => Err(self.failed("store", object, error)),
        }
    }

    /// Puts a large object part by part; it is there when the last one is.
    fn put_parts(&self, object: &str, upload: &Upload<'_>) -> storage::Result<Put> {
        if self.head(object)?.is_some() {
            return Ok(Put::Taken);
        }
        let path = self.path(object)?;
        let failed = |error| self.failed("store", object, error);
        let mut parts = self.runtime.block_on(self.store.put_multipart(&path)).map_err(failed)?;
        let sent = self.send_parts(object, upload, &mut *parts);
        match sent {
            Ok(()) => Ok(Put::Stored),
            Err(error) => {
                // What stays is for the bucket's rule on unfinished uploads.
                let _ = self.runtime.block_on(parts.abort());
                Err(error)
            }
        }
    }

    fn send_parts(
        &self,
        object: &str,
        upload: &Upload<'_>,
        parts: &mut dyn MultipartUpload,
    ) -> storage::Result<()> {
        let failed = |error| self.failed("store", object, error);
        let size = PART_BYTES.max(upload.bytes().div_ceil(MOST_PARTS));
        let mut from = open(upload)?;
        let mut sent = 0;
        loop {
            let mut part = Vec::new();
            from.by_ref().take(size).read_to_end(&mut part).map_err(unread)?;
            if part.is_empty() {
                break;
            }
            sent += part.len() as u64;
            self.runtime.block_on(parts.put_part(part.into())).map_err(failed)?;
        }
        check_read(sent, upload)?;
        self.runtime.block_on(parts.complete()).map(drop).map_err(failed)
    }
}

/// A builder that knows who we are. Without keys the roles of a machine of Amazon's count, where nothing else is named.
fn start(access: &Access) -> Result<AmazonS3Builder> {
    match (&access.key_id, &access.secret) {
        (Some(key_id), Some(secret)) => {
            let builder =
                AmazonS3Builder::new().with_access_key_id(key_id).with_secret_access_key(secret);
            Ok(match &access.token {
                Some(token) => builder.with_token(token),
                None => builder,
            })
        }
        _ if access.endpoint.is_none() => Ok(AmazonS3Builder::from_env()),
        _ => Err(usage(
            "no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
        )),
    }
}

/// Where the objects of a bucket are.
fn base_url(access: &Access, bucket: &str, region: &str) -> String {
    match &access.endpoint {
        // An endpoint of this style names the bucket itself.
        Some(endpoint) if access.virtual_hosted => endpoint.trim_end_matches('/').to_owned(),
        Some(endpoint) => format!("{}/{bucket}", endpoint.trim_end_matches('/')),
        None if access.virtual_hosted => format!("https://{bucket}.s3.{region}.amazonaws.com"),
        None => format!("https://s3.{region}.amazonaws.com/{bucket}"),
    }
}

/// Whether a store does not know how to put only what is not there.
fn knows_no_condition(error: &object_store::Error) -> bool {
    matches!(error, object_store::Error::NotImplemented { .. })
        || error.to_string().contains("NotImplemented")
}

/// What went wrong, without the pages that some servers answer with.
fn short(error: &object_store::Error) -> String {
    let text = error.to_string().replace(['\n', '\r'], " ");
    text.chars().take(300).collect()
}

fn open<'a>(upload: &'a Upload<'_>) -> storage::Result<Box<dyn Read + Send + 'a>> {
    upload.open().map_err(unread)
}

fn unread(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Io, "cannot read what is to be archived").caused_by(error)
}

fn check_read(read: u64, upload: &Upload<'_>) -> storage::Result<()> {
    if read == upload.bytes() {
        return Ok(());
    }
    let what = format!("{read} bytes were read in place of {}", upload.bytes());
    Err(Error::new(ErrorKind::Integrity, what))
}

impl ArchiveTarget for S3Target {
    fn url(&self) -> &str {
        &self.url
    }

    fn put(
        &self,
        object: &str,
        upload: &Upload<'_>,
        lock: Option<ObjectLock>,
    ) -> storage::Result<Put> {
        let put = if upload.bytes() <= WHOLE_BYTES {
            self.put_whole(object, upload)?
        } else {
            self.put_parts(object, upload)?
        };
        if let (Some(lock), Put::Stored) = (lock, put) {
            self.lock(object, lock)?;
        }
        Ok(put)
    }

    fn lock(&self, object: &str, lock: ObjectLock) -> storage::Result<()> {
        let path = self.path(object)?;
        let locked = self.locker.lock(self.store.credentials(), path.as_ref(), lock);
        self.runtime.block_on(locked).map_err(|error| {
            Error::new(ErrorKind::Io, "cannot lock")
                .at(format!("{}/{object}", self.url))
                .caused_by(error)
                .advise("the bucket must have been made with object lock; or take lock_days out of dwell.toml")
        })
    }

    fn get(&self, object: &str, range: Range<u64>) -> storage::Result<Vec<u8>> {
        let path = self.path(object)?;
        let wanted = range.end.saturating_sub(range.start);
        match self.runtime.block_on(self.store.get_range(&path, range)) {
            Ok(bytes) if bytes.len() as u64 == wanted => Ok(bytes.to_vec()),
            Ok(_) => Err(Error::integrity(object, "altered: it ends early")),
            Err(object_store::Error::NotFound { .. }) => Err(missing(object)),
            Err(error) => Err(self.failed("read", object, error)),
        }
    }

    fn head(&self, object: &str) -> storage::Result<Option<u64>> {
        let path = self.path(object)?;
        match self.runtime.block_on(self.store.head(&path)) {
            Ok(found) => Ok(Some(found.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed("look at", object, error)),
        }
    }

    fn list(&self, prefix: &str) -> storage::Result<Vec<Listed>> {
        let below = prefix.trim_end_matches('/');
        let full = match (self.prefix.is_empty(), below.is_empty()) {
            (true, true) => None,
            (false, true) => Some(Path::from(self.prefix.as_str())),
            _ => Some(self.path(below)?),
        };
        let found = self
            .runtime
            .block_on(async { self.store.list(full.as_ref()).try_collect::<Vec<_>>().await });
        let found = found.map_err(|error| self.failed("list", prefix, error))?;
        let own = if self.prefix.is_empty() { String::new() } else { format!("{}/", self.prefix) };
        let listed = found.into_iter().filter_map(|meta| {
            let name = meta.location.as_ref().strip_prefix(&own)?.to_owned();
            Some(Listed { name, bytes: meta.size, is_odd: false })
        });
        Ok(listed.collect())
    }

    fn delete(&self, object: &str) -> storage::Result<()> {
        let path = self.path(object)?;
        match self.runtime.block_on(self.store.delete(&path)) {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.failed("remove", object, error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_read() {
        assert_eq!(parse("s3://b").unwrap(), ("b", String::new()));
        assert_eq!(parse("s3://b/p/q/").unwrap(), ("b", "p/q".to_owned()));
        for bad in ["s3://", "s3:///p", "s3://b/../c", "s3://key:secret@b/p", "s3://b/a b"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn objects_have_one_address() {
        let mut access = Access::default();
        assert_eq!(base_url(&access, "b", "eu"), "https://s3.eu.amazonaws.com/b");
        access.endpoint = Some("http://127.0.0.1:9000/".into());
        assert_eq!(base_url(&access, "b", "eu"), "http://127.0.0.1:9000/b");
        access.virtual_hosted = true;
        assert_eq!(base_url(&access, "b", "eu"), "http://127.0.0.1:9000");
    }
}
