//! What is to be read: arguments become inputs, an input becomes a stream of decompressed bytes.

pub mod archive;
mod decode;
mod expand;

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use storage::clock::Micros;
use storage::extent::FileIdentity;

use self::archive::{Archive, Bounds, Entry};
use crate::detect::SAMPLE_BYTES;

pub use self::decode::Compression;
pub use self::expand::{Missing, expand};

/// Between the name of an archive and that of a file in it, in names of inputs.
pub const MEMBER: &str = "!/";

/// How often files in one archive are looked for from its beginning again. Rarely one has to be (its content begins like
/// a stored one and differs later); a bound keeps it from being done for each of many.
const REOPENS_MAX: u32 = 64;

/// One input: a file, standard input, or a file in an archive.
#[derive(Debug, Clone)]
pub struct Input {
    /// The name it goes by: its path as given or found, or what the caller named it.
    pub name: PathBuf,
    /// Where the bytes come from; `None` is standard input.
    pub file: Option<PathBuf>,
    /// Its size on disk, where that is known.
    pub size: Option<u64>,
    /// Where it lies in the archive that `file` is.
    place: Option<Place>,
}

/// Where a file lies in an archive, or in an archive in an archive.
#[derive(Debug, Clone)]
struct Place {
    /// Which file of the archive it is; if that is an archive itself, which file of it; and so on.
    nth: Vec<usize>,
    /// How often the archive may still be opened again.
    reopens: Arc<AtomicU32>,
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
    failed: Failed,
    /// How it ended: `Some(Some(why))` by damage. Told again to whoever reads on.
    ended: Option<Option<String>>,
    /// Bytes read before decompression.
    packed: Arc<AtomicU64>,
    /// What may come out of the archive it lies in.
    bounds: Option<Arc<Bounds>>,
    /// How it is compressed.
    pub compression: Compression,
    /// The file's identity, where it is a file.
    pub identity: Option<FileIdentity>,
    /// When the file was last changed, where it is a file: the year of times that print none follows from it.
    pub modified_us: Option<Micros>,
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Content({:?})", self.compression)
    }
}

/// Where the errors of the operating system are noted, to tell them from those of a decoder.
type Failed = Arc<Mutex<Option<io::Error>>>;

impl Input {
    /// A file that goes by its path.
    pub fn of_file(path: impl Into<PathBuf>) -> Self {
        let name = path.into();
        Self { file: Some(name.clone()), name, size: None, place: None }
    }

    /// The `nth` file, called `name`, of the archive that this input is.
    pub(crate) fn member(&self, nth: usize, name: &str) -> Self {
        let mut whole = self.name.clone().into_os_string();
        whole.push(MEMBER);
        whole.push(name);
        let mut place = self.place.clone().unwrap_or_else(|| Place {
            nth: Vec::new(),
            reopens: Arc::new(AtomicU32::new(REOPENS_MAX)),
        });
        place.nth.push(nth);
        Self { name: whole.into(), file: self.file.clone(), size: None, place: Some(place) }
    }

    /// In how many archives it lies.
    pub(crate) fn depth(&self) -> usize {
        self.place.as_ref().map_or(0, |place| place.nth.len())
    }

    /// Whether [`Self::open`] can be called more than once and gives the same content.
    pub fn can_reopen(&self) -> bool {
        if self.place.as_ref().is_some_and(|place| place.reopens.load(Ordering::Relaxed) == 0) {
            return false;
        }
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
        let mut content = Content::new(Box::new(file), plain, identity(&metadata))?;
        content.modified_us = modified(&metadata);
        let Some(place) = &self.place else { return Ok(content) };
        let left = |left: u32| Some(left.saturating_sub(1));
        let _ = place.reopens.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left);
        place.nth.iter().try_fold(content, |content, nth| member(content, *nth))
    }
}

/// The content of the `nth` file of an archive.
fn member(mut content: Content, nth: usize) -> Result<Content, ReadError> {
    let mut head = Vec::new();
    (&mut content).take(SAMPLE_BYTES as u64).read_to_end(&mut head).map_err(ReadError::Io)?;
    if let Some(kind) = archive::kind(&head) {
        let mut archive = Archive::open(kind, content, head, nth);
        loop {
            match archive.entry() {
                Entry::Member(member) => return member.content(),
                Entry::Nothing => {}
                Entry::Broken(error) => return Err(error),
                Entry::Unreadable { .. } | Entry::End => break,
            }
        }
    }
    Err(ReadError::Damaged("the archive has changed while it was read".to_owned()))
}

/// When a file was last changed.
fn modified(metadata: &std::fs::Metadata) -> Option<Micros> {
    let since = metadata.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Micros::try_from(since.as_micros()).ok()
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
        let (failed, packed) = (Failed::default(), Arc::default());
        let watched = Watched { reader, failed: Arc::clone(&failed), packed: Arc::clone(&packed) };
        let (reader, compression) =
            decode::decoder(Box::new(watched)).map_err(|error| sort_out(&failed, error))?;
        let plain = if compression == Compression::None { plain } else { None };
        Ok(Self {
            reader,
            plain,
            failed,
            ended: None,
            packed,
            bounds: None,
            compression,
            identity,
            modified_us: None,
        })
    }

    /// The content of a file in an archive; `reader` notes the errors of the operating system in `failed` itself.
    fn of_member(
        reader: Box<dyn Read + Send>,
        failed: Failed,
        bounds: Arc<Bounds>,
    ) -> Result<Self, ReadError> {
        let (reader, compression) =
            decode::decoder(reader).map_err(|error| sort_out(&failed, error))?;
        let bounds = Some(bounds);
        let packed = Arc::default();
        let identity = None;
        Ok(Self {
            reader,
            plain: None,
            failed,
            ended: None,
            packed,
            bounds,
            compression,
            identity,
            modified_us: None,
        })
    }

    /// What may come out of it, if it is an archive.
    fn bounds(&self) -> Arc<Bounds> {
        let new = || Arc::new(Bounds::new(Arc::clone(&self.packed)));
        self.bounds.clone().unwrap_or_else(new)
    }

    /// All of it as a reader, of which `head` was read before, and where that notes the errors of the operating system.
    fn after(self, head: Vec<u8>) -> (Box<dyn Read + Send>, Failed) {
        let failed = Arc::clone(&self.failed);
        (Box::new(Cursor::new(head).chain(self)), failed)
    }

    /// The content of a reader as it is, whatever its first bytes look like.
    pub(crate) fn plain(reader: Box<dyn Read + Send>) -> Self {
        let (failed, packed) = (Failed::default(), Arc::default());
        let watched = Watched { reader, failed: Arc::clone(&failed), packed: Arc::clone(&packed) };
        let (compression, reader) = (Compression::None, Box::new(watched));
        let (plain, ended, bounds, identity) = (None, None, None, None);
        Self {
            reader,
            plain,
            failed,
            ended,
            packed,
            bounds,
            compression,
            identity,
            modified_us: None,
        }
    }

    /// A content whose every error is one of its decoder.
    #[cfg(test)]
    pub(crate) fn from_decoder(reader: Box<dyn Read + Send>) -> Self {
        let (failed, packed, compression) = (Failed::default(), Arc::default(), Compression::Gzip);
        let (plain, ended, bounds, identity) = (None, None, None, None);
        Self {
            reader,
            plain,
            failed,
            ended,
            packed,
            bounds,
            compression,
            identity,
            modified_us: None,
        }
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
                Ok(read) => {
                    let bounds = self.bounds.as_ref();
                    let within = bounds.map_or(Ok(()), |bounds| bounds.unpacked(read as u64));
                    self.ended = within.err().map(Some);
                    return Ok(read);
                }
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
            let (failed, packed) = (Arc::clone(&self.failed), Arc::clone(&self.packed));
            self.reader = Box::new(Watched { reader: Box::new(file), failed, packed });
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

/// Reads it like a file. What it says of an error stands in `failed` as ever.
impl Read for Content {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Self::read(self, buffer).map_err(|error| match error {
            ReadError::Io(error) => {
                note(&self.failed, &error);
                error
            }
            ReadError::Damaged(why) => io::Error::other(why),
        })
    }
}

/// Notes the errors of the operating system, so that they are told from those of a decoder, and counts the bytes.
struct Watched {
    reader: Box<dyn Read + Send>,
    failed: Failed,
    packed: Arc<AtomicU64>,
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer).inspect_err(|error| note(&self.failed, error))?;
        self.packed.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Notes an error of the operating system.
fn note(failed: &Mutex<Option<io::Error>>, error: &io::Error) {
    if error.kind() != io::ErrorKind::Interrupted {
        let copy =
            error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error);
        *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(copy);
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
