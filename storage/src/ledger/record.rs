//! What does a record say? The kinds of this version, and their canonical bytes.

mod archive;
mod compact;
mod drill;
mod encrypt;
mod files;
pub(crate) mod form;
mod hold;
mod ingest;
mod redact;
mod restore;
mod retire;
mod retry;
mod rotate;
mod seal;
mod shift;
mod side;
mod tables;

use serde::de::{DeserializeOwned, IgnoredAny};

pub use self::archive::{Archive, ArchiveDay, Expire};
pub use self::compact::{Compact, Table};
pub use self::drill::Drill;
pub use self::encrypt::Encrypt;
pub(crate) use self::files::known_name;
pub use self::hold::{Hold, Release};
pub use self::ingest::Ingest;
pub(crate) use self::ingest::{day_of, without_path};
pub use self::redact::{Redact, RedactedSource, ReplacedFile};
pub use self::restore::{Drop, Restore, RestoredDay, RestoredFile, SealSalts};
pub use self::retire::{Retire, RetireDay};
pub use self::retry::Retried;
pub use self::seal::Seal;
pub use self::shift::Shifted;
pub use self::side::NamedFile;
pub use self::tables::{TableFile, TableKey, Tables};
use super::chain::Rotation;
use super::json::{self, Int};
use super::note::VerifierKey;
use crate::clock::Micros;
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};

/// The version of the records that this build writes.
pub const RECORD_VERSION: u64 = 1;

/// The version of an ingest record whose source came in under a privacy rule: it has a member more.
const PRIVACY_VERSION: u64 = 2;

/// The version of the record of a key that takes the place of another.
const ROTATION_VERSION: u64 = 2;

/// The kinds that this build knows; later versions of dwell write more.
const KINDS: &[&str] = &[
    "key", "schema", "config", "ingest", "retry", "shift", "recover", "seal", "compact", "archive",
    "expire", "retire", "restore", "drop", "hold", "release", "redact", "drill", "encrypt",
    "intel", "pdns", "table",
];

/// One record of the ledger.
#[derive(Debug, Clone)]
pub struct Record {
    /// Its number, from 1; the leaf index plus one.
    pub seq: u64,
    /// When it was written.
    pub at: Micros,
    /// Digest of its salt and words, where it has words.
    pub text: Option<Digest>,
    /// What it says.
    pub body: Body,
}

/// What a record says, by kind.
#[derive(Debug, Clone)]
pub enum Body {
    /// The store's id and public key; record 1.
    Key(VerifierKey),
    /// A key that takes the place of the one before.
    Rotate(Box<Rotation>),
    /// The version of the columns that segments are written with from here on.
    Schema {
        /// The version.
        version: u32,
    },
    /// The digest of `dwell.toml` as the writer found it.
    Config {
        /// The digest; none if there was no such file.
        sha256: Option<Digest>,
    },
    /// A range of a source and the files its lines went to.
    Ingest(Box<Ingest>),
    /// Lines that were in quarantine, read anew.
    Retry(Box<Retried>),
    /// The rows of a source with corrected times.
    Shift(Box<Shifted>),
    /// The ledger was put together again.
    Recover(Recover),
    /// The rows of a day are sealed.
    Seal(Box<Seal>),
    /// Files of a day were put together.
    Compact(Box<Compact>),
    /// Days were written to an archive.
    Archive(Archive),
    /// Days were removed from an archive.
    Expire(Expire),
    /// Days were removed by retention.
    Retire(Retire),
    /// Days came back from an archive.
    Restore(Box<Restore>),
    /// A restored set is gone.
    Drop(Drop),
    /// Days must not be removed.
    Hold(Hold),
    /// A hold has ended.
    Release(Release),
    /// Lines were removed for a lawful reason.
    Redact(Box<Redact>),
    /// A restore for practice.
    Drill(Drill),
    /// The store is encrypted.
    Encrypt(Encrypt),
    /// Indicators came or went.
    Intel(Tables),
    /// Passive DNS came or went.
    Pdns(Tables),
    /// Summaries, findings or an accepted list came or went.
    Table(Tables),
}

/// How a ledger came to be put together again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recover {
    /// Data files found and taken over.
    pub files: u64,
    /// Rows in them.
    pub rows: u64,
    /// Records of the ledger that was lost, as far as it was known on this machine.
    pub records_lost: u64,
    /// The key line of the store before, if its private key was lost.
    pub old_key: Option<String>,
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope<B> {
    at: Int,
    body: B,
    kind: String,
    seq: Int,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<Digest>,
    v: Int,
}

/// What is read of a record before its kind is known: every version has these two.
#[derive(serde::Deserialize)]
struct Probe {
    kind: String,
    v: Int,
    #[serde(rename = "body")]
    _body: IgnoredAny,
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyBody {
    key: String,
    store: String,
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct SchemaBody {
    version: Int,
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfigBody {
    sha256: Option<Digest>,
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RecoverBody {
    files: Int,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    old_key: Option<String>,
    records_lost: Int,
    rows: Int,
}

impl Body {
    /// The lowest version of records that can say it.
    fn version(&self) -> u64 {
        match self {
            Self::Ingest(ingest) if ingest.extent.source.privacy.is_some() => PRIVACY_VERSION,
            Self::Rotate(_) => ROTATION_VERSION,
            _ => RECORD_VERSION,
        }
    }

    /// The transaction that its files name, if it brought any.
    pub fn transaction(&self) -> Option<&str> {
        match self {
            Self::Ingest(ingest) => Some(&ingest.transaction),
            Self::Retry(retried) => Some(&retried.transaction),
            Self::Shift(shifted) => Some(&shifted.transaction),
            Self::Compact(compact) => Some(&compact.tx),
            Self::Redact(redact) => Some(&redact.tx),
            _ => None,
        }
    }

    /// The kind, as `system.ledger` shows it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Key(_) | Self::Rotate(_) => "key",
            Self::Schema { .. } => "schema",
            Self::Config { .. } => "config",
            Self::Ingest(_) => "ingest",
            Self::Retry(_) => "retry",
            Self::Shift(_) => "shift",
            Self::Recover(_) => "recover",
            Self::Seal(_) => "seal",
            Self::Compact(_) => "compact",
            Self::Archive(_) => "archive",
            Self::Expire(_) => "expire",
            Self::Retire(_) => "retire",
            Self::Restore(_) => "restore",
            Self::Drop(_) => "drop",
            Self::Hold(_) => "hold",
            Self::Release(_) => "release",
            Self::Redact(_) => "redact",
            Self::Drill(_) => "drill",
            Self::Encrypt(_) => "encrypt",
            Self::Intel(_) => "intel",
            Self::Pdns(_) => "pdns",
            Self::Table(_) => "table",
        }
    }

    /// What it says, in a few words without log text.
    pub fn detail(&self) -> String {
        match self {
            Self::Key(key) => format!("key {}", key.line()),
            Self::Rotate(rotation) => {
                format!("key {}, vouched for by {}", rotation.new.line(), rotation.old.id())
            }
            Self::Schema { version } => format!("columns of version {version}"),
            Self::Config { sha256: Some(sha256) } => format!("dwell.toml is {sha256}"),
            Self::Config { sha256: None } => "no dwell.toml".into(),
            Self::Ingest(ingest) => ingest.detail(),
            Self::Retry(retried) => retried.detail(),
            Self::Shift(shifted) => shifted.detail(),
            Self::Recover(recover) => format!(
                "ledger rebuilt from {} files with {} rows; {} records lost",
                recover.files, recover.rows, recover.records_lost
            ),
            Self::Seal(body) => body.detail(),
            Self::Compact(body) => body.detail(),
            Self::Archive(body) => body.detail(),
            Self::Expire(body) => body.detail(),
            Self::Retire(body) => body.detail(),
            Self::Restore(body) => body.detail(),
            Self::Drop(body) => body.detail(),
            Self::Hold(body) => body.detail(),
            Self::Release(body) => body.detail(),
            Self::Redact(body) => body.detail(),
            Self::Drill(body) => body.detail(),
            Self::Encrypt(body) => body.detail(),
            Self::Intel(body) | Self::Pdns(body) | Self::Table(body) => body.detail(),
        }
    }
}

fn enveloped<B: serde::Serialize>(record: &Record, body: B) -> Result<Vec<u8>> {
    json::to_bytes(&Envelope {
        at: record.at.into(),
        body,
        kind: record.body.kind().into(),
        seq: record.seq.into(),
        text: record.text,
        v: record.body.version().into(),
    })
}

fn opened<B: DeserializeOwned>(line: &[u8]) -> Result<Envelope<B>> {
    serde_json::from_slice(line).map_err(|error| {
        // A member that this build does not know is how a careless newer version would look.
        let kind = if error.to_string().starts_with("unknown field") {
            ErrorKind::Unsupported
        } else {
            ErrorKind::Integrity
        };
        Error::new(kind, "a record that this version cannot read").caused_by(error)
    })
}

impl Record {
    /// The canonical line, without newline: the data of the leaf.
    pub fn to_line(&self) -> Result<Vec<u8>> {
        match &self.body {
            Body::Key(key) => {
                enveloped(self, KeyBody { key: key.line(), store: key.name().to_owned() })
            }
            Body::Rotate(rotation) => enveloped(self, rotate::RotateBody::new(rotation)),
            Body::Schema { version } => {
                enveloped(self, SchemaBody { version: u64::from(*version).into() })
            }
            Body::Config { sha256 } => enveloped(self, ConfigBody { sha256: *sha256 }),
            Body::Ingest(ingest) => enveloped(self, ingest::IngestBody::new(ingest)),
            Body::Retry(retried) => enveloped(self, retry::RetryBody::new(retried)),
            Body::Shift(shifted) => enveloped(self, shift::ShiftBody::new(shifted)),
            Body::Recover(recover) => enveloped(
                self,
                RecoverBody {
                    files: recover.files.into(),
                    old_key: recover.old_key.clone(),
                    records_lost: recover.records_lost.into(),
                    rows: recover.rows.into(),
                },
            ),
            Body::Seal(body) => enveloped(self, body),
            Body::Compact(body) => enveloped(self, body),
            Body::Archive(body) => enveloped(self, body),
            Body::Expire(body) => enveloped(self, body),
            Body::Retire(body) => enveloped(self, body),
            Body::Restore(body) => enveloped(self, body),
            Body::Drop(body) => enveloped(self, body),
            Body::Hold(body) => enveloped(self, body),
            Body::Release(body) => enveloped(self, body),
            Body::Redact(body) => enveloped(self, body),
            Body::Drill(body) => enveloped(self, body),
            Body::Encrypt(body) => enveloped(self, body),
            Body::Intel(body) | Body::Pdns(body) | Body::Table(body) => enveloped(self, body),
        }
    }

    /// Reads a line. A version or kind of the future is [`ErrorKind::Unsupported`].
    pub fn parse(line: &[u8]) -> Result<Self> {
        let probe: Probe = serde_json::from_slice(line)
            .map_err(|error| Error::new(ErrorKind::Integrity, "no record").caused_by(error))?;
        let known = probe.v == Int::from(RECORD_VERSION)
            || (probe.v == Int::from(PRIVACY_VERSION) && probe.kind == "ingest")
            || (probe.v == Int::from(ROTATION_VERSION) && probe.kind == "key");
        if !known || !KINDS.contains(&probe.kind.as_str()) {
            let what = format!("a record of kind `{}`, version {}", probe.kind, probe.v.0);
            return Err(Error::new(ErrorKind::Unsupported, what)
                .advise("the store was written by a newer version of dwell: use that"));
        }
        fn finish<B>(
            envelope: Envelope<B>,
            body: impl FnOnce(B) -> Result<Body>,
        ) -> Result<Record> {
            Ok(Record {
                seq: envelope.seq.get()?,
                at: envelope.at.get()?,
                text: envelope.text,
                body: body(envelope.body)?,
            })
        }
        match probe.kind.as_str() {
            "key" if probe.v == Int::from(ROTATION_VERSION) => finish(opened(line)?, rotate::read),
            "key" => finish(opened(line)?, |body: KeyBody| {
                let key = VerifierKey::parse(&body.key)?;
                if key.name() == body.store {
                    Ok(Body::Key(key))
                } else {
                    Err(Error::new(ErrorKind::Integrity, "the key of another store"))
                }
            }),
            "schema" => finish(opened(line)?, |body: SchemaBody| {
                Ok(Body::Schema { version: body.version.get()? })
            }),
            "config" => {
                finish(opened(line)?, |body: ConfigBody| Ok(Body::Config { sha256: body.sha256 }))
            }
            "recover" => finish(opened(line)?, |body: RecoverBody| {
                Ok(Body::Recover(Recover {
                    files: body.files.get()?,
                    rows: body.rows.get()?,
                    records_lost: body.records_lost.get()?,
                    old_key: body.old_key,
                }))
            }),
            "retry" => finish(opened(line)?, |body: retry::RetryBody| {
                Ok(Body::Retry(Box::new(body.into_retried()?)))
            }),
            "shift" => finish(opened(line)?, |body: shift::ShiftBody| {
                Ok(Body::Shift(Box::new(body.into_shifted()?)))
            }),
            "seal" => finish(opened(line)?, |body| Ok(Body::Seal(Box::new(body)))),
            "compact" => finish(opened(line)?, |body| Ok(Body::Compact(Box::new(body)))),
            "archive" => finish(opened(line)?, |body| Ok(Body::Archive(body))),
            "expire" => finish(opened(line)?, |body| Ok(Body::Expire(body))),
            "retire" => finish(opened(line)?, |body| Ok(Body::Retire(body))),
            "restore" => finish(opened(line)?, |body| Ok(Body::Restore(Box::new(body)))),
            "drop" => finish(opened(line)?, |body| Ok(Body::Drop(body))),
            "hold" => finish(opened(line)?, |body| Ok(Body::Hold(body))),
            "release" => finish(opened(line)?, |body| Ok(Body::Release(body))),
            "redact" => finish(opened(line)?, |body| Ok(Body::Redact(Box::new(body)))),
            "drill" => finish(opened(line)?, |body| Ok(Body::Drill(body))),
            "encrypt" => finish(opened(line)?, |body| Ok(Body::Encrypt(body))),
            "intel" => finish(opened(line)?, |body| Ok(Body::Intel(body))),
            "pdns" => finish(opened(line)?, |body| Ok(Body::Pdns(body))),
            "table" => finish(opened(line)?, |body| Ok(Body::Table(body))),
            _ => finish(opened(line)?, |body: ingest::IngestBody| {
                Ok(Body::Ingest(Box::new(body.into_ingest()?)))
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(record: &Record) -> Record {
        let line = record.to_line().unwrap();
        assert!(json::is_canonical(&line));
        let read = Record::parse(&line).unwrap();
        assert_eq!(read.to_line().unwrap(), line);
        read
    }

    #[test]
    fn small_records_survive() {
        let key = super::super::note::SignerKey::from_seed("s", &[1; 32]).unwrap();
        let next = super::super::note::SignerKey::from_seed("s", &[2; 32]).unwrap();
        let bodies = [
            Body::Key(key.verifier().unwrap()),
            Body::Rotate(Box::new(Rotation::sign(&key, &next, 2).unwrap())),
            Body::Schema { version: 1 },
            Body::Config { sha256: Some(Digest::of(b"x")) },
            Body::Config { sha256: None },
            Body::Encrypt(Encrypt::with("0123456789abcdef")),
            Body::Recover(Recover { files: 3, rows: 1 << 60, records_lost: 0, old_key: None }),
        ];
        for (at, body) in bodies.into_iter().enumerate() {
            let record = Record { seq: at as u64 + 1, at: -5, text: None, body };
            let read = round(&record);
            assert_eq!((read.seq, read.at, read.body.kind()), (record.seq, -5, record.body.kind()));
            assert_eq!(read.body.detail(), record.body.detail());
        }
    }

    #[test]
    fn what_is_newer_is_refused_as_newer() {
        for line in [
            r#"{"at":1,"body":{},"kind":"notary","seq":2,"v":1}"#,
            r#"{"at":1,"body":{"version":1},"kind":"schema","seq":2,"v":2}"#,
            r#"{"at":1,"body":{"version":1,"more":1},"kind":"schema","seq":2,"v":1}"#,
            r#"{"at":1,"body":{"version":1},"kind":"schema","seq":2,"v":1,"x":0}"#,
        ] {
            assert_eq!(Record::parse(line.as_bytes()).unwrap_err().kind(), ErrorKind::Unsupported);
        }
        for line in ["", "{}", r#"{"at":1,"body":{},"kind":"schema","seq":2,"v":1}"#] {
            assert_eq!(Record::parse(line.as_bytes()).unwrap_err().kind(), ErrorKind::Integrity);
        }
    }
}
