//! What is to be read: arguments become inputs, an input becomes a stream of decompressed bytes.

mod decode;
mod expand;

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use storage::extent::FileIdentity;

pub use self::decode::Compression;
pub use self::expand::{Missing, expand};

/// One input: a file, or standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// The name it goes by: its path as given or found, or what the caller named it.
    pub name: PathBuf,
    /// Where the bytes come from; `None` is standard input.
    pub file: Option<PathBuf>,
    /// Its size on disk, where that is known.
    pub size: Option<u64>,
}

/// Reading failed, in one of two very different ways.
#[derive(Debug)]
pub enum ReadError {
    /// The operating system could not give the bytes.
    Io(io::Error),
    /// The bytes are there, but can't be decompressed any further.
    Damaged(String),
}

/// The decompressed content of an input, from some byte on.
pub struct Content {
    reader: Box<dyn Read + Send>,
    /// The same file, where its bytes are the content: it can be entered anywhere.
    plain: Option<File>,
    failed: Arc<Mutex<Option<io::Error>>>,
    /// How it ended: `Some(Some(why))` by damage. Told again to whoever reads on.
    ended: Option<Option<String>>,
    /// How it is compressed.
    pub compression: Compression,
    /// The file's identity, where it is a file.
    pub identity: Option<FileIdentity>,
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Content({:?})", self.compression)
    }
}

impl Input {
    /// Whether [`Self::open`] can be called more than once and gives the same content.
    pub fn can_reopen(&self) -> bool {
        self.file
            .as_deref()
            .is_some_and(|path| std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file()))
    }

    /// Opens it at its first byte, decompressing by its first bytes, whatever its name.
    ///
    /// # Errors
    /// It can't be opened or read.
    pub fn open(&self) -> Result<Content, ReadError> {
        let Some(path) = &self.file else {
            return Content::new(Box::new(io::stdin()), None, None);
        };
        let file = File::open(path).map_err(ReadError::Io)?;
        let metadata = file.metadata().map_err(ReadError::Io)?;
        if metadata.is_dir() {
            return Err(ReadError::Io(io::ErrorKind::IsADirectory.into()));
        }
        let plain = if metadata.is_file() { file.try_clone().ok() } else { None };
        Content::new(Box::new(file), plain, identity(&metadata))
    }
}

#[cfg(unix)]
fn identity(metadata: &std::fs::Metadata) -> Option<FileIdentity> {
    use std::os::unix::fs::MetadataExt;
    metadata.is_file().then(|| FileIdentity { device: metadata.dev(), inode: metadata.ino() })
}

#[cfg(not(unix))]
fn identity(_: &std::fs::Metadata) -> Option<FileIdentity> {
    None
}

impl Content {
    /// The content of any reader.
    ///
    /// # Errors
    /// Its first bytes can't be read.
    pub fn new(
        reader: Box<dyn Read + Send>,
        plain: Option<File>,
        identity: Option<FileIdentity>,
    ) -> Result<Self, ReadError> {
        let failed = Arc::new(Mutex::new(None));
        let watched = Watched { reader, failed: Arc::clone(&failed) };
        let (reader, compression) =
            decode::decoder(Box::new(watched)).map_err(|error| sort_out(&failed, error))?;
        let plain = if compression == Compression::None { plain } else { None };
        Ok(Self { reader, plain, failed, ended: None, compression, identity })
    }

    /// The content of a reader as it is, whatever its first bytes look like.
    pub(crate) fn plain(reader: Box<dyn Read + Send>) -> Self {
        let failed = Arc::new(Mutex::new(None));
        let watched = Watched { reader, failed: Arc::clone(&failed) };
        let (compression, reader) = (Compression::None, Box::new(watched));
        Self { reader, plain: None, failed, ended: None, compression, identity: None }
    }

    /// A content whose every error is one of its decoder.
    #[cfg(test)]
    pub(crate) fn from_decoder(reader: Box<dyn Read + Send>) -> Self {
        let failed = Arc::new(Mutex::new(None));
        let compression = Compression::Gzip;
        Self { reader, plain: None, failed, ended: None, compression, identity: None }
    }

    /// Reads some bytes; 0 at the end.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] once all that could be decompressed has been read.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ReadError> {
        match &self.ended {
            Some(None) => return Ok(0),
            Some(Some(why)) => return Err(ReadError::Damaged(why.clone())),
            None => {}
        }
        loop {
            match self.reader.read(buffer) {
                Ok(0) if !buffer.is_empty() => {
                    self.ended = Some(None);
                    return Ok(0);
                }
                Ok(read) => return Ok(read),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let error = sort_out(&self.failed, error);
                    if let ReadError::Damaged(why) = &error {
                        self.ended = Some(Some(why.clone()));
                    }
                    return Err(error);
                }
            }
        }
    }

    /// Goes to byte `offset` from the beginning, of which `at` bytes have been read. Without a plain file the bytes on
    /// the way are read and dropped.
    ///
    /// # Errors
    /// It ends before `offset`, or can't be read.
    pub fn skip_to(&mut self, at: u64, offset: u64) -> Result<(), ReadError> {
        if let Some(mut file) = self.plain.as_ref().and_then(|file| file.try_clone().ok()) {
            file.seek(SeekFrom::Start(offset)).map_err(ReadError::Io)?;
            // The clone shares the position with the reader, but not what that has buffered.
            self.reader =
                Box::new(Watched { reader: Box::new(file), failed: Arc::clone(&self.failed) });
            return Ok(());
        }
        let mut left = offset.saturating_sub(at);
        let mut buffer = vec![0; 256 << 10];
        while left > 0 {
            let want = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            match self.read(&mut buffer[..want])? {
                0 => return Err(ReadError::Io(io::ErrorKind::UnexpectedEof.into())),
                read => left -= read as u64,
            }
        }
        Ok(())
    }
}

/// Notes the errors of the operating system, so that they are told from those of a decoder.
struct Watched {
    reader: Box<dyn Read + Send>,
    failed: Arc<Mutex<Option<io::Error>>>,
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer).inspect_err(|error| {
            if error.kind() != io::ErrorKind::Interrupted {
                let copy = error
                    .raw_os_error()
                    .map_or_else(|| error.kind().into(), io::Error::from_raw_os_error);
                *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(copy);
            }
        })
    }
}

fn sort_out(failed: &Mutex<Option<io::Error>>, error: io::Error) -> ReadError {
    match failed.lock().unwrap_or_else(PoisonError::into_inner).take() {
        Some(cause) => ReadError::Io(cause),
        None => ReadError::Damaged(error.to_string()),
    }
}

/// What to say about an input that can't be opened or read, with the next step.
pub fn explain(path: &Path, error: &io::Error) -> String {
    let advice = match error.kind() {
        io::ErrorKind::NotFound => "check the path",
        io::ErrorKind::PermissionDenied => "give this user the right to read it",
        _ => "check the file and its disk, then run the same command again",
    };
    format!("cannot read {}: {error}; {advice}", path.display())
}
