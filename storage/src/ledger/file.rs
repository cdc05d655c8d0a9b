//! What is in a file of the ledger? The records of one commit, a line each; an empty line; the checkpoint that covers
//! them and all before them.

use std::path::{Path, PathBuf};

use super::note::{Checkpoint, SignerKey, VerifierKey};
use crate::error::{Breach, Error, ErrorKind, Result};

/// The folder of the ledger in a store.
pub const FOLDER: &str = "ledger";

/// Digits of a file's name.
const DIGITS: usize = 10;

/// What the name of a time stamp ends with.
const STAMP: &str = ".tsr";

/// The name of file number `version`, from 1.
pub fn name(version: u64) -> String {
    format!("{version:010}")
}

/// The name of the words beside it.
pub fn text_name(version: u64) -> String {
    format!("{version:010}.text")
}

/// The name of the time stamp beside it: the answer of a time-stamping authority (RFC 3161) over its checkpoint.
pub fn stamp_name(version: u64) -> String {
    format!("{version:010}{STAMP}")
}

/// The number of the ledger file whose time stamp has this name.
pub fn stamp_of(name: &str) -> Option<u64> {
    name.strip_suffix(STAMP).and_then(version_of)
}

/// The number of a ledger file of this name.
pub fn version_of(name: &str) -> Option<u64> {
    let digits = name.len() == DIGITS && name.bytes().all(|byte| byte.is_ascii_digit());
    let version = if digits { name.parse().ok()? } else { return None };
    (version > 0).then_some(version)
}

/// The path of file number `version` in the store `dir`.
pub fn path(dir: &Path, version: u64) -> PathBuf {
    dir.join(FOLDER).join(name(version))
}

/// The path of the words beside it.
pub fn text_path(dir: &Path, version: u64) -> PathBuf {
    dir.join(FOLDER).join(text_name(version))
}

/// Writes a file: records and the checkpoint over the tree with them.
pub fn render(records: &[Vec<u8>], checkpoint: &Checkpoint, key: &SignerKey) -> Vec<u8> {
    let mut out = Vec::new();
    for record in records {
        out.extend_from_slice(record);
        out.push(b'\n');
    }
    out.push(b'\n');
    out.extend_from_slice(key.sign(&checkpoint.text()).as_bytes());
    out
}

/// A file that was read: its records, and its note still unchecked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerFile<'a> {
    /// The records, without their newlines.
    pub records: Vec<&'a [u8]>,
    /// The signed checkpoint.
    pub note: &'a str,
}

impl<'a> LedgerFile<'a> {
    /// Cuts a file into records and note.
    pub fn parse(bytes: &'a [u8]) -> Result<Self> {
        let bad = || Error::new(ErrorKind::Integrity, "no file of a ledger");
        let end = bytes.windows(2).position(|pair| pair == b"\n\n").ok_or_else(bad)?;
        let note = std::str::from_utf8(&bytes[end + 2..]).map_err(|_| bad())?;
        let records: Vec<_> = bytes[..end].split(|&byte| byte == b'\n').collect();
        if records.iter().any(|record| record.is_empty()) {
            return Err(bad());
        }
        Ok(Self { records, note })
    }

    /// The checkpoint, if `key` signed it for its own store.
    pub fn checkpoint(&self, key: &VerifierKey) -> Result<Checkpoint> {
        let checkpoint = Checkpoint::parse(key.open(self.note)?)?;
        if checkpoint.origin != key.name() {
            return Err(Error::new(ErrorKind::Integrity, "the checkpoint of another store")
                .as_breach(Breach::WrongKey));
        }
        Ok(checkpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;

    #[test]
    fn a_file_is_written_and_read() {
        let key = SignerKey::from_seed("s", &[1; 32]).unwrap();
        let checkpoint = Checkpoint { origin: "s".into(), size: 2, root: Digest::of(b"") };
        let bytes = render(&[b"{}".to_vec(), b"[]".to_vec()], &checkpoint, &key);
        let file = LedgerFile::parse(&bytes).unwrap();
        assert_eq!(file.records, [b"{}", b"[]"]);
        assert_eq!(file.checkpoint(&key.verifier().unwrap()).unwrap(), checkpoint);
        assert!(LedgerFile::parse(&bytes[1..4]).is_err());
        assert!(LedgerFile::parse(b"\n\nx").is_err());
    }

    #[test]
    fn names_have_ten_digits() {
        assert_eq!(name(7), "0000000007");
        assert_eq!(version_of("0000000007"), Some(7));
        for bad in ["0000000000", "7", "+000000007", "00000000007", "0000000007.text"] {
            assert_eq!(version_of(bad), None, "{bad}");
        }
    }
}
