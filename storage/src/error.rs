//! What went wrong, where, and what the caller should do about it: the one error type of the ground floor.

use std::fmt;
use std::path::{Path, PathBuf};

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What the caller should do about an [`Error`]; the roof turns each kind into an exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request itself is wrong: a bad argument, a bad setting, an unknown name.
    InvalidInput,
    /// There is no store at the given place.
    NoStore,
    /// Another writer holds the lock.
    Locked,
    /// Bytes on disk are not the ones that were signed, or a signature does not hold.
    Integrity,
    /// The store was written by a newer version, or asks for something this build does not have.
    Unsupported,
    /// The operating system refused: disk full, no rights, unreadable file.
    Io,
    /// What the plan stood on changed under it; plan again.
    Conflict,
    /// The person at the keyboard stopped it.
    Interrupted,
    /// A broken promise of this program itself.
    Internal,
}

/// In which way something is not as it was signed: the exact word that `verify` has for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Breach {
    /// What the ledger names is not there.
    Missing,
    /// It is there, with other bytes.
    Altered,
    /// A file that no record names, and that no unfinished commit has left.
    ForeignFile,
    /// It was the store once, but newer records of it are known.
    RolledBack,
    /// A ledger file at the end that carries no signature that holds.
    UnsignedCommit,
    /// Signed, but by another key than the one known, pinned or vouched for.
    WrongKey,
    /// The lines of a sealed day are not those under its seal.
    SealedDayChanged,
}

impl Breach {
    /// All of them, in the order of a table.
    pub const ALL: [Self; 7] = [
        Self::Missing,
        Self::Altered,
        Self::ForeignFile,
        Self::RolledBack,
        Self::UnsignedCommit,
        Self::WrongKey,
        Self::SealedDayChanged,
    ];

    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Altered => "altered",
            Self::ForeignFile => "foreign file",
            Self::RolledBack => "rolled back",
            Self::UnsignedCommit => "unsigned commit",
            Self::WrongKey => "wrong key",
            Self::SealedDayChanged => "sealed day changed",
        }
    }
}

/// A failure with its kind, a lower-case fragment, the path it happened at, and the next step.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    path: Option<PathBuf>,
    advice: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
    breach: Option<Breach>,
}

impl Error {
    /// Makes an error of `kind` with a lower-case message fragment.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), path: None, advice: None, source: None, breach: None }
    }

    /// Makes an integrity error at `path`.
    pub fn integrity(path: impl AsRef<Path>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Integrity, message).at(path)
    }

    /// Wraps an operating-system error that happened while doing `what` at `path`. An error of this crate that came by way
    /// of the file system stays what it is.
    pub fn io(what: &str, path: impl AsRef<Path>, source: std::io::Error) -> Self {
        let source = match source.downcast::<Self>() {
            Ok(own) => return own,
            Err(source) => source,
        };
        Self::new(ErrorKind::Io, format!("cannot {what}")).at(path).caused_by(source)
    }

    /// Names the file or folder it happened at.
    #[must_use]
    pub fn at(mut self, path: impl AsRef<Path>) -> Self {
        self.path = Some(path.as_ref().to_path_buf());
        self
    }

    /// Names the file or folder it happened at, unless one is named.
    #[must_use]
    pub(crate) fn at_if_none(self, path: impl AsRef<Path>) -> Self {
        if self.path.is_some() { self } else { self.at(path) }
    }

    /// Forgets the file or folder, for lists that name it themselves.
    #[must_use]
    pub fn without_path(mut self) -> Self {
        self.path = None;
        self
    }

    /// Says what to do next.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// Keeps the underlying error.
    #[must_use]
    pub fn caused_by(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Says in which way it is not as it was signed.
    #[must_use]
    pub fn as_breach(mut self, breach: Breach) -> Self {
        self.breach = Some(breach);
        self
    }

    /// In which way it is not as it was signed, for an error of [`ErrorKind::Integrity`].
    pub fn breach(&self) -> Breach {
        self.breach.unwrap_or(Breach::Altered)
    }

    /// What the caller should do.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Where it happened, if at a file.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(path) = &self.path {
            write!(f, ": {}", path.display())?;
        }
        if let Some(source) = &self.source {
            write!(f, ": {source}")?;
        }
        if let Some(advice) = &self.advice {
            write!(f, "; {advice}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn std::error::Error + 'static))
    }
}
