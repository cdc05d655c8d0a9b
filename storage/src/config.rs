//! What does `dwell.toml` say? The settings of a store: read, checked, and created with commented defaults.

mod archive;
pub mod format;
mod hunts;
mod retention;
mod seal;

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::error::{Error, ErrorKind, Result};
use crate::privacy::Rule;
pub use archive::{ArchiveConfig, Rate};
pub use format::FormatConfig;
pub use hunts::HuntsConfig;
pub use retention::{NightlyConfig, RetentionConfig, RuleConfig};
pub use seal::SealConfig;

/// The file's name in the store.
pub const FILE_NAME: &str = "dwell.toml";

/// What `init` writes: every setting, commented out, with its default.
pub const DEFAULT_TEXT: &str = r#"# Settings of this dwell store. Everything here is optional; what is commented out shows the default.
# Each change is noted in the ledger by the next command that writes.

[ingest]
# Longer lines go to quarantine whole.
# max_line_bytes = 1048576
# Threads; 0 means all cores.
# jobs = 0
# A source is committed whenever this much of its input, or this many minutes, have passed.
# extent = "1GiB"
# extent_minutes = 5
# If more than this share of a file's lines becomes no rows, the ingest says so loudly.
# reject_percent = 10

# Log formats of your own, in the words of Squid's `logformat`, or another program's with its name before: 'nginx:...'.
[logformat]
# branch = '%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt'

# Log formats of your own whose fields have names or places (docs/own-format.md); `dwell formats meanings` lists what a
# field can mean, `dwell formats try FILE --format gate` shows what comes of it.
# [[format]]
# name = "gate"
# lexer = "delimited"
# separator = "|"
# columns = ["when", "client", "user", "verb", "target", "code", "bytes", "decision", "site"]
# time = { field = "when", spelling = "%d.%m.%Y %H:%M:%S" }
# nulls = ["", "-"]
# [format.fields]
# client = "client_ip"
# user = "user"
# verb = "method"
# target = "url"
# code = "status"
# bytes = "response_bytes"
# decision = "action"
# [format.verdicts]
# PASS = "allowed"
# BLOCK = "denied"

# How files are to be read when `ingest` is not told; the first entry whose glob matches the path counts.
# [[source]]
# path = "/var/log/branch/*.log"
# format = "branch"
# tz = "Europe/Berlin"
# What of these files may not be kept (docs/privacy.md); of the entries that match, the first with such a rule counts.
# It applies to sources taken in from then on. Either `drop` or `keep`, which drops all others.
# privacy.drop = ["cookie", "extra.x-virus-id"]
# privacy.cut_query = true
# privacy.truncate_ip = { v4 = 24, v6 = 48 }
# privacy.pseudonymise = ["user", "computer"]

[seal]
# A day is sealed this many hours after its end (UTC); what comes later opens an addendum.
# grace_hours = 48

# How long rows are kept, and what protects them (docs/retention.md). A day under a hold always stays.
[retention]
# A day expires when its date and its last ingest are both older than this many days. Unset: kept for ever.
# keep_days = 3650
# The law's limit, by date alone. Unset: none.
# max_days = 3650
# The most that the live files may take; beyond it the oldest days go. Unset: no limit.
# max_bytes = "500GiB"
# What must stay free on the disk of the store; below it the oldest days go. Unset: no limit.
# min_free = "20GiB"
# Retired files stay in trash/ for this many days before they are deleted.
# trash_days = 7
# Retire only what lies in an archive that was read back and compared.
# only_archived = false
# Percent of the live rows that one run may remove without --yes.
# limit_percent = 20

# Other times for some sources, by path or format or both; the first rule that matches a source counts for its rows.
# [[retention.rule]]
# source = "/var/log/branch/*"
# format = "squid"
# keep_days = 400

# Where sealed days are archived to (docs/archive.md), as many as you like: a folder, or s3://bucket/prefix. Credentials come
# from the environment (AWS_ACCESS_KEY_ID ...) or a profile in ~/.aws, never from here.
# [[archive]]
# name = "offsite"
# to = "s3://logs-archive/proxy"
# A day leaves it (`dwell archive --expire`) when its date is older than this many days. Unset: never.
# keep_days = 3650
# For how long the object store must refuse to delete what is written, and whether somebody may lift that (governance) or
# nobody (compliance). Unset: no lock.
# lock_days = 3650
# lock_mode = "governance"
# The most that goes over the line. Unset: no limit.
# limit = "10MiB/s"
# Objects sent at once. Unset: 4.
# jobs = 4
# An object store that is not Amazon's.
# endpoint = "https://s3.example.net"
# region = "auto"
# profile = "archive"

# What `dwell nightly` does beside ingest, seal, compact, archive and retire.
[nightly]
# In so many nights every file of the store is read and compared once.
# verify_nights = 30
# Bring one archived day back to a scratch place each night, and ask it.
# drill = true

# What a night looks for (docs/hunts.md).
[hunts]
# A folder of hunts of your own, from the store's folder.
# dir = "/etc/dwell/hunts"
# Who and what is excused: lists as for `hunt run --allow`.
# allow = ["/etc/dwell/allow.txt"]
# Nothing below this level is told: informational, low, medium, high, critical.
# min_level = "low"
# Whether a night hunts at all.
# nightly = true
# How many of the newest days the first night hunts; older ones are hunted when they change.
# first_days = 30

[query]
# Memory for one query.
# memory_bytes = 1073741824
# Whether each query is noted in log/: who, when, the SQL, how many rows (docs/redaction.md).
# log = false

# Of a store that was made with `init --encrypt` (docs/encryption.md).
[encryption]
# Where its key lies. Unset: in the folder of keys, as <store id>.encryption.
# key_file = "/etc/dwell/store.key"
# Or what prints it (age, a KMS): run by whoever opens the store, if this file is his or root's and no one else may write it.
# key_command = "age --decrypt -i /etc/dwell/identity.txt /etc/dwell/store.key.age"
# Whether large queries may write what does not fit into memory, unencrypted, to a private folder.
# spill = false
"#;

/// [`DEFAULT_TEXT`] with one of its commented settings that are text turned on.
pub(crate) fn with_setting(name: &str, value: &str) -> String {
    let begin = format!("# {name} = ");
    let line = |line: &str| match line.starts_with(&begin) {
        true => format!("{name} = {}\n", toml::Value::String(value.to_owned())),
        false => format!("{line}\n"),
    };
    DEFAULT_TEXT.lines().map(line).collect()
}

/// The settings of a store.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How logs are taken in.
    pub ingest: IngestConfig,
    /// Log formats by name, in the words of Squid's `logformat`.
    pub logformat: BTreeMap<String, String>,
    /// Log formats whose fields have names or places.
    pub format: Vec<FormatConfig>,
    /// How files are to be read, by path; the first match counts.
    pub source: Vec<SourceConfig>,
    /// When days are sealed.
    pub seal: SealConfig,
    /// How long rows are kept.
    pub retention: RetentionConfig,
    /// Where sealed days are archived to.
    pub archive: Vec<ArchiveConfig>,
    /// What a night does.
    pub nightly: NightlyConfig,
    /// What a night looks for.
    pub hunts: HuntsConfig,
    /// Limits of a query.
    pub query: QueryConfig,
    /// How an encrypted store is opened.
    pub encryption: EncryptionConfig,
}

/// How an encrypted store is opened.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EncryptionConfig {
    /// Where the store key lies.
    pub key_file: Option<PathBuf>,
    /// What prints the store key.
    pub key_command: Option<String>,
    /// Whether queries may spill, in the clear.
    pub spill: bool,
}

/// How logs are taken in.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IngestConfig {
    /// Longer lines go to quarantine whole.
    #[serde(deserialize_with = "bytes")]
    pub max_line_bytes: u64,
    /// Threads; 0 means all cores.
    pub jobs: usize,
    /// Bytes of input after which a source is committed.
    #[serde(deserialize_with = "bytes")]
    pub extent: u64,
    /// Minutes after which a source is committed.
    pub extent_minutes: u64,
    /// Percent of a file's lines that may go to quarantine without a warning.
    pub reject_percent: u32,
}

/// A size: digits, and B, KiB, MiB or GiB.
fn parse_size(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|char: char| char.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" | "B" => 1_u64,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    let number: u64 = digits.trim().parse().ok()?;
    number.checked_mul(unit).filter(|size| *size > 0)
}

/// Reads a number of bytes: `1073741824`, or `"1GiB"` (also KiB, MiB, B).
fn bytes<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Size {
        Number(u64),
        Text(String),
    }
    let text = match serde::Deserialize::deserialize(deserializer)? {
        Size::Number(number) => return Ok(number),
        Size::Text(text) => text,
    };
    let size = parse_size(&text);
    size.ok_or_else(|| {
        serde::de::Error::custom(format!("`{text}` is no size; write it as \"64MiB\""))
    })
}

impl Default for IngestConfig {
    fn default() -> Self {
        Self {
            max_line_bytes: 1 << 20,
            jobs: 0,
            extent: 1 << 30,
            extent_minutes: 5,
            reject_percent: 10,
        }
    }
}

/// How files whose path matches are to be read.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceConfig {
    /// A glob over the path.
    pub path: String,
    /// The format's name (built in, or from `[logformat]` or `[[format]]`).
    #[serde(default)]
    pub format: Option<String>,
    /// The time zone of lines that print none.
    #[serde(default)]
    pub tz: Option<String>,
    /// What of them may not be kept.
    #[serde(default)]
    pub privacy: Option<Rule>,
}

/// Limits of a query.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QueryConfig {
    /// Memory for one query.
    #[serde(deserialize_with = "bytes")]
    pub memory_bytes: u64,
    /// Whether each query is noted in `log/`.
    pub log: bool,
}

impl Default for QueryConfig {
    fn default() -> Self {
        Self { memory_bytes: 1 << 30, log: false }
    }
}

impl Config {
    /// Reads the text of a `dwell.toml`; an error names the line.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let line = 1 + bytes[..error.valid_up_to()].iter().filter(|&&b| b == b'\n').count();
            Error::new(ErrorKind::InvalidInput, format!("line {line}: not UTF-8"))
        })?;
        let config: Self = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start.min(text.len()));
            let line = 1 + text.as_bytes()[..at].iter().filter(|&&b| b == b'\n').count();
            let what = error.message().trim_end().replace('\n', " ");
            Error::new(ErrorKind::InvalidInput, format!("line {line}: {what}"))
        })?;
        let retention = config.retention.mistake().map(|what| format!("[retention]: {what}"));
        let archive =
            || archive::mistake(&config.archive).map(|what| format!("[[archive]]: {what}"));
        match retention.or_else(archive) {
            Some(what) => Err(Error::new(ErrorKind::InvalidInput, what)),
            None => Ok(config),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_text_says_the_defaults() {
        assert_eq!(Config::parse(DEFAULT_TEXT.as_bytes()).unwrap(), Config::default());
    }

    #[test]
    fn every_commented_default_is_a_setting() {
        let text: String = DEFAULT_TEXT
            .lines()
            .map(|line| match line.strip_prefix("# ") {
                Some(setting) if setting.contains(" = ") || setting.starts_with('[') => setting,
                _ => line,
            })
            .fold(String::new(), |text, line| text + line + "\n");
        let config = Config::parse(text.as_bytes()).unwrap();
        assert_eq!(config.ingest, IngestConfig::default());
        assert_eq!(config.query, QueryConfig::default());
        assert_eq!(config.retention.keep_days, Some(3650));
        let unset = RetentionConfig {
            keep_days: None,
            max_days: None,
            max_bytes: None,
            min_free: None,
            rule: Vec::new(),
            ..config.retention
        };
        assert_eq!((unset, config.nightly), (RetentionConfig::default(), NightlyConfig::default()));
        assert_eq!(config.format[0].fields.len(), 7);
        assert_eq!(config.source[0].format.as_deref(), Some("branch"));
        assert!(config.source[0].privacy.as_ref().is_some_and(|rule| rule.cuts_query()));
    }

    #[test]
    fn a_mistake_is_named_with_its_line() {
        let error = Config::parse(b"[ingest]\n\nmax_lines = 3\n").unwrap_err().to_string();
        assert!(error.starts_with("line 3: ") && error.contains("max_lines"), "{error}");
        let error = Config::parse(b"[ingest]\n\xff = 3\n").unwrap_err().to_string();
        assert!(error.starts_with("line 2: "), "{error}");
        let error = Config::parse(b"[ingest]\nextent = \"3 apples\"\n").unwrap_err().to_string();
        assert!(error.starts_with("line 2: ") && error.contains("64MiB"), "{error}");
        let config = Config::parse(b"[ingest]\nextent = \"64MiB\"\n").unwrap();
        assert_eq!(config.ingest.extent, 64 << 20);
        let text = b"[[source]]\npath = \"*\"\nprivacy.drop = [\"usr\"]\n";
        let error = Config::parse(text).unwrap_err().to_string();
        assert!(error.starts_with("line 3: ") && error.contains("`usr`"), "{error}");
        let error = Config::parse(b"a\n[query\n").unwrap_err().to_string();
        assert!(error.starts_with("line 1: "), "{error}");
    }
}
