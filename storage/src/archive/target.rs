//! Where does an archive lie? Behind a trait with few calls: a folder here, an object store in the roof.

mod directory;
mod faulty;
mod limited;
pub mod name;

use std::fmt::Debug;
use std::fs::File;
use std::io::{self, Cursor, Read, Write};
use std::ops::Range;
use std::path::Path;

use sha2::{Digest as _, Sha256};

pub use self::directory::DirTarget;
pub use self::faulty::{FaultyTarget, TargetFault};
pub use self::limited::{Limited, Pace};
use crate::clock::Micros;
use crate::digest::Digest;
use crate::error::{Breach, Error, ErrorKind, Result};

/// Objects are read in pieces of this size.
const PIECE_BYTES: u64 = 4 << 20;

/// What became of an object that was put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It is there, and durable.
    Stored,
    /// There is one of this name already; it was left as it is.
    Taken,
}

/// How long an object store must refuse to delete an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectLock {
    /// Who may lift it.
    pub mode: LockMode,
    /// When it ends.
    pub until: Micros,
}

/// Who may lift an object lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LockMode {
    /// Whoever has the right to.
    Governance,
    /// Nobody.
    Compliance,
}

impl LockMode {
    /// As the header of S3 has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Governance => "GOVERNANCE",
            Self::Compliance => "COMPLIANCE",
        }
    }
}

type Open<'a> = dyn Fn() -> io::Result<Box<dyn Read + Send + 'a>> + Sync + 'a;

/// The content of an object to be: its size, and a way to read it (again, if a try has failed).
pub struct Upload<'a> {
    bytes: u64,
    open: Box<Open<'a>>,
}

impl Debug for Upload<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upload").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

impl<'a> Upload<'a> {
    /// Content in memory.
    pub fn of_bytes(content: &'a [u8]) -> Self {
        Self {
            bytes: content.len() as u64,
            open: Box::new(move || Ok(Box::new(Cursor::new(content)))),
        }
    }

    /// The content of a file of this size.
    pub fn of_file(path: &'a Path, bytes: u64) -> Self {
        Self { bytes, open: Box::new(move || Ok(Box::new(File::open(path)?))) }
    }

    /// How long it is.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Reads it from the start.
    pub fn open(&self) -> io::Result<Box<dyn Read + Send + '_>> {
        (self.open)()
    }
}

/// An object that was listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// Whether it is no object at all: a link, a socket.
    pub is_odd: bool,
}

/// A place for objects. Names are relative and pass [`name::check`]; every call is done when it returns.
pub trait ArchiveTarget: Debug + Send + Sync {
    /// Where it is, as people name it. It never holds a credential.
    fn url(&self) -> &str;

    /// Stores an object durably, unless there is one of this name.
    fn put(&self, name: &str, upload: &Upload<'_>, lock: Option<ObjectLock>) -> Result<Put>;

    /// Reads exactly this range of an object; [`ErrorKind::Integrity`] if it is missing or shorter.
    fn get(&self, name: &str, range: Range<u64>) -> Result<Vec<u8>>;

    /// The size of an object; `None` if there is none.
    fn head(&self, name: &str) -> Result<Option<u64>>;

    /// Every object whose name begins with `prefix` (empty, or ending in `/`), in no order.
    fn list(&self, prefix: &str) -> Result<Vec<Listed>>;

    /// Removes an object; one that is not there is no failure.
    fn delete(&self, name: &str) -> Result<()>;

    /// Makes sure that it refuses to delete an object that is there; a target that can't has no locks.
    fn lock(&self, _name: &str, _lock: ObjectLock) -> Result<()> {
        Ok(())
    }

    /// Removes what writers that died have left aside; the caller is the only writer.
    fn clean(&self) -> Result<()> {
        Ok(())
    }
}

/// The digest by which the ledger knows a target.
pub fn digest_of(url: &str) -> Digest {
    Digest::of(url.as_bytes())
}

/// The error of an object that is named and not there.
pub fn missing(name: &str) -> Error {
    Error::integrity(name, "missing").as_breach(Breach::Missing)
}

/// Copies an object that must have this size and digest. What was written to `out` before an error is not to be used.
pub fn fetch(
    target: &dyn ArchiveTarget,
    name: &str,
    bytes: u64,
    sha256: &Digest,
    out: &mut dyn Write,
) -> Result<()> {
    check_size(target, name, bytes)?;
    let mut hasher = Sha256::new();
    let mut at = 0;
    while at < bytes {
        let end = bytes.min(at + PIECE_BYTES);
        let piece = target.get(name, at..end)?;
        if piece.len() as u64 != end - at {
            return Err(Error::integrity(name, "altered: it ends early"));
        }
        hasher.update(&piece);
        out.write_all(&piece).map_err(|error| {
            Error::new(ErrorKind::Io, format!("cannot write what was read of {name}"))
                .caused_by(error)
        })?;
        at = end;
    }
    if Digest::so_far(&hasher) == *sha256 {
        Ok(())
    } else {
        Err(Error::integrity(name, "altered: SHA-256 differs"))
    }
}

/// Whether an object is there, with this size.
pub fn check_size(target: &dyn ArchiveTarget, name: &str, bytes: u64) -> Result<()> {
    match target.head(name)? {
        None => Err(missing(name)),
        Some(found) if found == bytes => Ok(()),
        Some(found) => {
            Err(Error::integrity(name, format!("altered: {found} bytes long in place of {bytes}")))
        }
    }
}

/// Reads a small object whole; one beyond `limit` is refused unread.
pub fn read_small(target: &dyn ArchiveTarget, name: &str, limit: u64) -> Result<Option<Vec<u8>>> {
    match target.head(name)? {
        None => Ok(None),
        Some(0) => Ok(Some(Vec::new())),
        Some(bytes) if bytes <= limit => target.get(name, 0..bytes).map(Some),
        Some(bytes) => Err(Error::integrity(name, format!("{bytes} bytes long, at most {limit}"))),
    }
}
