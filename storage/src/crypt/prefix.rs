//! What stands in the clear at the end of an encrypted file: which file it is, and which key it needs. Both are bound
//! into every module, so that no file and no part of one passes for another.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use super::{KeyName, cipher};
use crate::day::Day;
use crate::error::{Error, Result};

/// What a file is: the store, the day and the file's own name. What each module is authenticated with begins with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileId {
    /// The id of the store that wrote it.
    pub(crate) store: String,
    /// The day of its rows; for lines, of their ingest.
    pub(crate) day: Day,
    /// Its name, without `.parquet`.
    pub(crate) name: String,
}

impl FileId {
    /// The prefix.
    pub(crate) fn to_text(&self) -> String {
        format!("{}/{}/{}", self.store, self.day, self.name)
    }

    pub(crate) fn parse(prefix: &[u8]) -> Option<Self> {
        let mut parts = std::str::from_utf8(prefix).ok()?.split('/');
        let (store, day, name) = (parts.next()?, parts.next()?, parts.next()?);
        let whole = parts.next().is_none() && !store.is_empty() && !name.is_empty();
        whole.then_some(Self {
            store: store.to_owned(),
            day: day.parse().ok()?,
            name: name.to_owned(),
        })
    }

    /// The transaction that wrote it: its name without the number of the file.
    pub(crate) fn transaction(&self) -> &str {
        self.name.rsplit_once('-').map_or(self.name.as_str(), |(transaction, _)| transaction)
    }

    /// Whether a file that the ledger calls so can be this one. A file that is still being written lies in no day; one that
    /// compaction has sorted bears a letter before its number, which it gets when it is placed.
    pub(crate) fn is_called(&self, path: &str) -> bool {
        let path = Path::new(path);
        let folder = path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
        let day = folder.and_then(Day::from_folder);
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        stem.is_some_and(|stem| unmarked(stem) == unmarked(&self.name))
            && day.is_none_or(|day| day == self.day)
    }
}

/// The transaction and the number in the name of a file.
fn unmarked(stem: &str) -> (&str, &str) {
    let (transaction, number) = stem.rsplit_once('-').unwrap_or((stem, ""));
    (transaction, number.trim_start_matches(|c: char| c.is_ascii_lowercase()))
}

/// The structure `FileCryptoMetaData` of the format, with AES_GCM_V1.
///
/// The file's id stands in `aad_file_unique`, before its random bytes, and not in `aad_prefix`: what is authenticated is the
/// same, byte for byte, and DuckDB (2.0) knows no prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CryptoMetadata {
    /// What is authenticated with every module: the file's id, `/`, random bytes.
    pub(crate) unique: Vec<u8>,
    /// The path of the wrapped data key.
    pub(crate) key: Vec<u8>,
}

/// Heads of fields in Thrift's compact protocol: the next field, of a type.
const STRUCTURE: u8 = 0x1c;
const BINARY: u8 = 0x18;
/// The same, one field later.
const SECOND_BINARY: u8 = 0x28;
const END: u8 = 0;

/// Random bytes of a file.
const RANDOM_BYTES: usize = 8;

/// The longest footer and the longest text in it that are looked at.
const LONGEST: usize = 1 << 10;

impl CryptoMetadata {
    /// That of a new file.
    pub(super) fn new(file: &FileId, key: &KeyName) -> Result<Self> {
        let mut unique = file.to_text().into_bytes();
        unique.push(b'/');
        unique.extend_from_slice(&cipher::random::<RANDOM_BYTES>()?);
        Ok(Self { unique, key: key.path().into_bytes() })
    }

    /// The bytes of the structure.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = vec![STRUCTURE, STRUCTURE];
        binary(SECOND_BINARY, &self.unique, &mut out);
        out.extend_from_slice(&[END, END]);
        binary(BINARY, &self.key, &mut out);
        out.push(END);
        out
    }

    /// Reads it at the beginning of `bytes`, which nobody has checked.
    fn decode(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(&[STRUCTURE, STRUCTURE])?;
        let (unique, rest) = read_binary(SECOND_BINARY, rest)?;
        let (key, rest) = read_binary(BINARY, rest.strip_prefix(&[END, END])?)?;
        rest.starts_with(&[END]).then(|| Self { unique: unique.to_vec(), key: key.to_vec() })
    }

    /// Reads it from the last bytes of an encrypted file, which go back to the beginning of the footer or further.
    pub(crate) fn of_file_end(bytes: &[u8]) -> Option<Self> {
        let body = bytes.strip_suffix(&super::ENCRYPTED_MAGIC)?;
        let (rest, length) = body.split_last_chunk::<4>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        Self::decode(rest.get(rest.len().checked_sub(length)?..)?)
    }

    /// Reads it from a file; `None` if that is not encrypted as dwell does it. Nothing is verified.
    pub(crate) fn of_file(path: &Path) -> Result<Option<Self>> {
        let io = |error| Error::io("read", path, error);
        let file = File::open(path).map_err(|error| Error::io("open", path, error))?;
        let size = file.metadata().map_err(io)?.len();
        let mut magic = [0; 4];
        let mut end = [0; 8];
        if size < 12 {
            return Ok(None);
        }
        file.read_exact_at(&mut magic, 0).map_err(io)?;
        file.read_exact_at(&mut end, size - 8).map_err(io)?;
        let footer = u64::from(u32::from_le_bytes([end[0], end[1], end[2], end[3]]));
        if magic != super::ENCRYPTED_MAGIC || !end.ends_with(&magic) || footer > size - 12 {
            return Ok(None);
        }
        // The structure is much shorter than this; the encrypted footer behind it is not looked at.
        let mut bytes = vec![0; footer.min(4 * LONGEST as u64) as usize];
        file.read_exact_at(&mut bytes, size - 8 - footer).map_err(io)?;
        Ok(Self::decode(&bytes))
    }

    /// The file that it says to be.
    pub(crate) fn file(&self) -> Option<FileId> {
        let id = self.unique.len().checked_sub(RANDOM_BYTES)?;
        FileId::parse(self.unique[..id].strip_suffix(b"/")?)
    }

    /// The data key that it needs.
    pub(crate) fn key(&self) -> Option<KeyName> {
        KeyName::from_path(std::str::from_utf8(&self.key).ok()?)
    }
}

/// The id of the store that wrote a file, if that is encrypted; nothing is verified. What is no file of ours has none.
pub(crate) fn store_of(path: &Path) -> Result<Option<String>> {
    if !path.is_file() {
        return Ok(None);
    }
    Ok(CryptoMetadata::of_file(path)?.and_then(|clear| clear.file()).map(|file| file.store))
}

fn binary(head: u8, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(head);
    let mut length = bytes.len();
    while length >= 0x80 {
        out.push(length as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    out.extend_from_slice(bytes);
}

fn read_binary(head: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut rest = bytes.strip_prefix(&[head])?;
    let mut length = 0usize;
    for shift in [0, 7] {
        let (&byte, after) = rest.split_first()?;
        rest = after;
        length |= usize::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return if length <= LONGEST { rest.split_at_checked(length) } else { None };
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::Scope;
    use super::*;

    #[test]
    fn a_file_says_which_it_is() {
        let file = FileId { store: "dwell-1".into(), day: Day(20_000), name: "7-1-a-00".into() };
        let key = KeyName::new(Scope::Day(file.day)).unwrap();
        let clear = CryptoMetadata::new(&file, &key).unwrap();
        assert_eq!((clear.file(), clear.key()), (Some(file.clone()), Some(key)));
        assert_eq!(FileId::parse(file.to_text().as_bytes()), Some(file.clone()));
        assert_eq!(file.transaction(), "7-1-a");
        assert!(file.is_called("requests/day=2024-10-04/7-1-a-00.parquet"));
        assert!(file.is_called("7-1-a-00.parquet"));
        assert!(file.is_called("requests/day=2024-10-04/7-1-a-c00.parquet"));
        assert!(!file.is_called("requests/day=2024-10-04/7-1-b-c00.parquet"));
        assert!(!file.is_called("requests/day=2024-10-04/7-1-a-c01.parquet"));
        assert!(!file.is_called("requests/day=2024-10-05/7-1-a-00.parquet"));
        assert!(!file.is_called("requests/day=2024-10-04/7-1-a-01.parquet"));
        for bad in ["", "a/b", "a/2024-10-04/", "/2024-10-04/x", "a/2024-10-04/x/y", "a/b/c"] {
            assert!(FileId::parse(bad.as_bytes()).is_none(), "{bad}");
        }
    }

    #[test]
    fn the_structure_survives_and_no_cut_does() {
        let meta = CryptoMetadata { unique: vec![b'p'; 200], key: vec![] };
        let bytes = meta.encode();
        assert_eq!(CryptoMetadata::decode(&bytes), Some(meta.clone()));
        for end in 0..bytes.len() {
            assert_eq!(CryptoMetadata::decode(&bytes[..end]), None);
        }
        let mut file = bytes.clone();
        file.extend_from_slice(b"the encrypted footer");
        let length = file.len() as u32;
        file.extend_from_slice(&length.to_le_bytes());
        file.extend_from_slice(b"PARE");
        assert_eq!(CryptoMetadata::of_file_end(&file), Some(meta.clone()));
        file.splice(0..0, *b"blocks");
        assert_eq!(CryptoMetadata::of_file_end(&file), Some(meta));
        assert_eq!(CryptoMetadata::of_file_end(&file[8..]), None);
    }
}
