//! What stands on a line of the query log? An entry of the chain, and beside it its words.

use crate::clock::Micros;
use crate::crypt::Vault;
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::ledger::json::{self, Int};

use sha2::{Digest as _, Sha256};

/// One entry of the chain; it holds no text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number, from 1, over all files.
    pub number: u64,
    /// When.
    pub at: Micros,
    /// Digest of the entry before; zeros for the first.
    pub previous: Digest,
    /// What happened.
    pub event: Event,
    /// Digest of the salt and the words, where it has words.
    pub words: Option<Digest>,
}

/// What an entry notes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A query began.
    Ask,
    /// A query ended.
    Answer {
        /// The entry with which it began.
        of: u64,
        /// Rows that were given out.
        rows: u64,
        /// How long it took.
        elapsed_ms: u64,
        /// `done`, `failed` or `interrupted`.
        outcome: String,
    },
}

/// The words of an entry.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// Who asked.
    pub by: String,
    /// What.
    pub sql: String,
}

impl Words {
    /// As they stand in an encrypted store.
    pub(super) fn sealed(&self, vault: &Vault) -> Result<Self> {
        let by = vault.seal_text("log by", &self.by)?;
        Ok(Self { by, sql: vault.seal_text("log sql", &self.sql)? })
    }

    /// What [`Words::sealed`] was made of.
    pub(super) fn unsealed(&self, vault: &Vault) -> Result<Self> {
        let by = vault.unseal_text("log by", &self.by)?;
        Ok(Self { by, sql: vault.unseal_text("log sql", &self.sql)? })
    }
}

/// A line: an entry, and its words with their salt unless they were removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// The entry.
    pub entry: Entry,
    /// Its words.
    pub words: Option<(Digest, Words)>,
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryBody {
    at: Int,
    event: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ms: Option<Int>,
    n: Int,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    of: Option<Int>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outcome: Option<String>,
    prev: Digest,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rows: Option<Int>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    words: Option<Digest>,
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct LineBody {
    entry: EntryBody,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    salt: Option<Digest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    words: Option<Words>,
}

const ASK: &str = "ask";
const ANSWER: &str = "answer";

impl EntryBody {
    fn new(entry: &Entry) -> Self {
        let mut body = Self {
            at: entry.at.into(),
            event: ASK.into(),
            ms: None,
            n: entry.number.into(),
            of: None,
            outcome: None,
            prev: entry.previous,
            rows: None,
            words: entry.words,
        };
        if let Event::Answer { of, rows, elapsed_ms, outcome } = &entry.event {
            body.event = ANSWER.into();
            (body.of, body.rows) = (Some((*of).into()), Some((*rows).into()));
            (body.ms, body.outcome) = (Some((*elapsed_ms).into()), Some(outcome.clone()));
        }
        body
    }

    fn into_entry(self) -> Result<Entry> {
        let event = match (self.event.as_str(), self.of, self.rows, self.ms, self.outcome) {
            (ASK, None, None, None, None) => Event::Ask,
            (ANSWER, Some(of), Some(rows), Some(ms), Some(outcome)) => {
                Event::Answer { of: of.get()?, rows: rows.get()?, elapsed_ms: ms.get()?, outcome }
            }
            _ => return Err(broken()),
        };
        let (number, at) = (self.n.get()?, self.at.get()?);
        Ok(Entry { number, at, previous: self.prev, event, words: self.words })
    }
}

fn broken() -> Error {
    Error::new(ErrorKind::Integrity, "no line of the log of queries")
}

impl Entry {
    /// What the next entry names it by: SHA-256 of its canonical form.
    pub fn digest(&self) -> Result<Digest> {
        Ok(Digest::of(&json::to_bytes(&EntryBody::new(self))?))
    }
}

impl LogLine {
    /// A line with the digest of its words, under a fresh salt.
    pub(super) fn new(mut entry: Entry, words: Option<Words>) -> Result<Self> {
        let Some(words) = words else { return Ok(Self { entry, words: None }) };
        let mut salt = [0; 32];
        getrandom::fill(&mut salt).map_err(|error| {
            Error::new(ErrorKind::Io, "the system gives no random bytes").caused_by(error)
        })?;
        let salt = Digest(salt);
        entry.words = Some(digest_of(&salt, &words)?);
        Ok(Self { entry, words: Some((salt, words)) })
    }

    /// Whether its words are the ones that its entry names. A line whose words were removed has none to compare.
    pub fn words_hold(&self) -> Result<bool> {
        match &self.words {
            None => Ok(true),
            Some((salt, words)) => Ok(self.entry.words == Some(digest_of(salt, words)?)),
        }
    }

    /// Whether its words were removed.
    pub fn is_shredded(&self) -> bool {
        self.entry.words.is_some() && self.words.is_none()
    }

    /// Its bytes, with the newline.
    pub fn render(&self) -> Result<Vec<u8>> {
        let (salt, words) = self.words.clone().unzip();
        let mut bytes =
            json::to_bytes(&LineBody { entry: EntryBody::new(&self.entry), salt, words })?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Reads a line without its newline; every byte must be as [`LogLine::render`] writes it.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let body: LineBody =
            serde_json::from_slice(bytes).map_err(|error| broken().caused_by(error))?;
        let words = match (body.salt, body.words) {
            (Some(salt), Some(words)) => Some((salt, words)),
            (None, None) => None,
            _ => return Err(broken()),
        };
        let line = Self { entry: body.entry.into_entry()?, words };
        if line.render()?.strip_suffix(b"\n") == Some(bytes) { Ok(line) } else { Err(broken()) }
    }
}

fn digest_of(salt: &Digest, words: &Words) -> Result<Digest> {
    let mut hasher = Sha256::new();
    hasher.update(salt.0);
    hasher.update(json::to_bytes(words)?);
    Ok(Digest(hasher.finalize().into()))
}
