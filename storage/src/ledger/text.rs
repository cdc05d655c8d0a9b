//! Where do the words of a record lie? Beside it, in `<number>.text`: each under a random salt, so that a word can be
//! removed later and its digest in the record tells nothing.

use std::collections::BTreeMap;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};

use super::json;
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};

/// The words of one record: names of our own (`by`, `path`, `reason`) and what people or logs say.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Text(BTreeMap<String, String>);

impl Text {
    /// Words with one entry: who did it.
    #[must_use]
    pub fn by(who: &str) -> Self {
        Self::default().with("by", who)
    }

    /// Adds an entry; an empty value adds none.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        if !value.is_empty() {
            self.0.insert(name.to_owned(), value.to_owned());
        }
        self
    }

    /// Adds a path: as text, and as base64 too if it is not UTF-8.
    #[must_use]
    pub fn with_path(self, path: &Path) -> Self {
        match path.to_str() {
            Some(text) => self.with("path", text),
            None => self
                .with("path", &path.to_string_lossy())
                .with("path_bytes", &BASE64_STANDARD.encode(path.as_os_str().as_bytes())),
        }
    }

    /// An entry; empty if there is none.
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// The path.
    pub fn path(&self) -> PathBuf {
        match BASE64_STANDARD.decode(self.get("path_bytes")) {
            Ok(bytes) if !bytes.is_empty() => std::ffi::OsString::from_vec(bytes).into(),
            _ => self.get("path").into(),
        }
    }

    /// All entries.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether there are no words.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// One line of a text file: the words of record `seq`, and the salt of their digest.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Form", into = "Form")]
pub struct TextLine {
    /// 32 random bytes, in hex.
    pub salt: Digest,
    /// Number of the record.
    pub seq: u64,
    /// The words.
    pub text: Text,
    /// The digest of the words, once they and their salt are destroyed.
    pub shredded: Option<Digest>,
}

/// A line as it stands in the file: words with their salt, or the digest of what they were.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    redacted: Option<Digest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    salt: Option<Digest>,
    seq: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<Text>,
}

impl TryFrom<Form> for TextLine {
    type Error = &'static str;

    fn try_from(form: Form) -> Result<Self, Self::Error> {
        let seq = form.seq;
        match (form.salt, form.text, form.redacted) {
            (Some(salt), Some(text), None) => Ok(Self { salt, seq, text, shredded: None }),
            (None, None, Some(digest)) => Ok(Self {
                salt: Digest::default(),
                seq,
                text: Text::default(),
                shredded: Some(digest),
            }),
            _ => Err("neither words nor what is left of them"),
        }
    }
}

impl From<TextLine> for Form {
    fn from(line: TextLine) -> Self {
        match line.shredded {
            Some(digest) => Self { redacted: Some(digest), salt: None, seq: line.seq, text: None },
            None => {
                Self { redacted: None, salt: Some(line.salt), seq: line.seq, text: Some(line.text) }
            }
        }
    }
}

impl TextLine {
    /// The words of record `seq` under a fresh salt.
    pub fn new(seq: u64, text: Text) -> Result<Self> {
        let mut salt = [0; 32];
        getrandom::fill(&mut salt).map_err(|error| {
            Error::new(ErrorKind::Io, "the system gives no random bytes").caused_by(error)
        })?;
        Ok(Self { salt: Digest(salt), seq, text, shredded: None })
    }

    /// Destroys the words and their salt; the digest stays.
    pub fn shred(&mut self) -> Result<()> {
        let digest = self.digest()?;
        *self = Self {
            salt: Digest::default(),
            seq: self.seq,
            text: Text::default(),
            shredded: Some(digest),
        };
        Ok(())
    }

    /// What the record keeps: SHA-256 of the salt's bytes and the canonical text.
    pub fn digest(&self) -> Result<Digest> {
        if let Some(digest) = self.shredded {
            return Ok(digest);
        }
        let mut hasher = Sha256::new();
        hasher.update(self.salt.0);
        hasher.update(json::to_bytes(&self.text)?);
        Ok(Digest(hasher.finalize().into()))
    }
}

/// Writes a text file.
pub fn render(lines: &[TextLine]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    for line in lines {
        out.extend_from_slice(&json::to_bytes(line)?);
        out.push(b'\n');
    }
    Ok(out)
}

/// Reads a text file; every byte must be as [`render`] writes it.
pub fn parse(bytes: &[u8]) -> Result<Vec<TextLine>> {
    let bad = || Error::new(ErrorKind::Integrity, "not as dwell wrote it");
    let body = bytes.strip_suffix(b"\n").ok_or_else(bad)?;
    let lines = body
        .split(|&byte| byte == b'\n')
        .map(|line| serde_json::from_slice(line).map_err(|error| bad().caused_by(error)))
        .collect::<Result<Vec<_>>>()?;
    if render(&lines)? == bytes { Ok(lines) } else { Err(bad()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_with_their_digest() {
        let path = PathBuf::from(std::ffi::OsString::from_vec(b"/var/\xff.log".to_vec()));
        let words = Text::by("anna").with("reason", "").with_path(&path);
        let line = TextLine::new(3, words.clone()).unwrap();
        let bytes = render(&[line.clone(), TextLine::new(4, Text::by("é\n\"")).unwrap()]).unwrap();
        let read = parse(&bytes).unwrap();
        assert_eq!(read[0], line);
        assert_eq!(read[0].digest().unwrap(), line.digest().unwrap());
        assert_eq!(read[0].text.path(), path);
        assert_eq!(read[1].text.get("by"), "é\n\"");
        assert_eq!(read[0].text.get("reason"), "");
    }

    #[test]
    fn shredded_words_keep_their_digest() {
        let mut line = TextLine::new(3, Text::by("anna").with("where", "user = 'erika'")).unwrap();
        let digest = line.digest().unwrap();
        line.shred().unwrap();
        line.shred().unwrap();
        let bytes = render(&[line.clone()]).unwrap();
        assert_eq!(bytes, format!("{{\"redacted\":\"{digest}\",\"seq\":3}}\n").into_bytes());
        assert_eq!(parse(&bytes).unwrap(), [line.clone()]);
        assert_eq!((line.digest().unwrap(), line.text.is_empty()), (digest, true));
        let both = format!("{{\"redacted\":\"{digest}\",\"salt\":\"{digest}\",\"seq\":3}}\n");
        assert!(parse(both.as_bytes()).is_err());
    }

    #[test]
    fn every_flipped_bit_changes_the_digest_or_is_refused() {
        let line = TextLine::new(3, Text::by("anna").with_path(Path::new("/a"))).unwrap();
        let digest = line.digest().unwrap();
        let bytes = render(&[line]).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            if let Ok(read) = parse(&flipped) {
                let same = read.len() == 1 && read[0].seq == 3;
                assert!(!same || read[0].digest().unwrap() != digest, "bit {bit}");
            }
        }
    }
}
