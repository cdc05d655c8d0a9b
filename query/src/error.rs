//! What went wrong with a query, where in its text, and what the caller should do: the one error type of this room.

use std::fmt;
use std::path::{Path, PathBuf};

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// What the caller should do about an [`Error`]; the roof turns each kind into an exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The text of the query is wrong: syntax, an unknown table, column or function, types that do not fit.
    Usage,
    /// The query asks for something that SQL may not do here: it only reads.
    ReadOnly,
    /// An operator needed more memory than the limit and cannot spill.
    MemoryLimit,
    /// Bytes on disk are not the ones that were signed.
    Integrity,
    /// Somebody stopped the query.
    Cancelled,
    /// The operating system refused, or a value made the query fail while it ran.
    Other,
}

/// Where in the text of a query an error points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The line, from 1.
    pub line: u64,
    /// The column in characters, from 1.
    pub column: u64,
    /// How many characters are meant; at least 1.
    pub width: u64,
    /// The text of that line.
    pub excerpt: String,
}

/// A failure with its kind, a lower-case fragment, the place in the query or the file, and the next step.
#[derive(Debug)]
pub struct Error(Box<Facts>);

#[derive(Debug)]
struct Facts {
    kind: ErrorKind,
    message: String,
    place: Option<Place>,
    path: Option<PathBuf>,
    operator: Option<String>,
    help: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// Makes an error of `kind` with a lower-case message fragment.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Facts {
            kind,
            message: message.into(),
            place: None,
            path: None,
            operator: None,
            help: None,
            source: None,
        }))
    }

    /// Points at a place in the query.
    #[must_use]
    pub fn at(mut self, place: Option<Place>) -> Self {
        self.0.place = place.or(self.0.place);
        self
    }

    /// Names the file it happened in.
    #[must_use]
    pub fn in_file(mut self, path: impl AsRef<Path>) -> Self {
        self.0.path = Some(path.as_ref().to_path_buf());
        self
    }

    /// Names the operator of the plan that failed.
    #[must_use]
    pub fn by_operator(mut self, operator: impl Into<String>) -> Self {
        self.0.operator = Some(operator.into());
        self
    }

    /// Says what to do next.
    #[must_use]
    pub fn advise(mut self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    /// Keeps the underlying error.
    #[must_use]
    pub fn caused_by(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What the caller should do.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The message alone, without place and advice.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Where in the text of the query, if it is about that.
    pub fn place(&self) -> Option<&Place> {
        self.0.place.as_ref()
    }

    /// Which file, if it is about one.
    pub fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }

    /// Which operator of the plan, where a limit was reached.
    pub fn operator(&self) -> Option<&str> {
        self.0.operator.as_deref()
    }

    /// The next step, if one is known.
    pub fn help(&self) -> Option<&str> {
        self.0.help.as_deref()
    }
}

impl fmt::Display for Error {
    /// Writes the message on one line; where a place is known, the line of the query and a caret below it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        if let Some(path) = self.0.path.as_ref().map(|path| path.display().to_string()) {
            // An error from the ground floor names its path already.
            if !self.0.message.contains(&path) {
                write!(f, ": {path}")?;
            }
        }
        let Some(place) = &self.0.place else {
            return match &self.0.help {
                Some(help) => write!(f, "; {help}"),
                None => Ok(()),
            };
        };
        let number = place.line.to_string();
        let margin = " ".repeat(number.len());
        // Tabs stay tabs, so that the caret stands below its column whatever their width.
        let indent: String = place
            .excerpt
            .chars()
            .take(usize::try_from(place.column.saturating_sub(1)).unwrap_or(0))
            .map(|c| if c == '\t' { '\t' } else { ' ' })
            .collect();
        let caret = "^".repeat(usize::try_from(place.width.max(1)).unwrap_or(1));
        write!(f, " (line {}, column {})", place.line, place.column)?;
        write!(f, "\n{margin} |\n{number} | {}\n{margin} | {indent}{caret}", place.excerpt)?;
        match &self.0.help {
            Some(help) => write!(f, " {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn std::error::Error + 'static))
    }
}

impl From<storage::Error> for Error {
    fn from(error: storage::Error) -> Self {
        let kind = match error.kind() {
            storage::ErrorKind::Integrity => ErrorKind::Integrity,
            storage::ErrorKind::Interrupted => ErrorKind::Cancelled,
            storage::ErrorKind::InvalidInput => ErrorKind::Usage,
            _ => ErrorKind::Other,
        };
        let path = error.path().map(Path::to_path_buf);
        let made = Self::new(kind, error.to_string()).caused_by(error);
        match path {
            Some(path) => made.in_file(path),
            None => made,
        }
    }
}
