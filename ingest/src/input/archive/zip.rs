//! Which files does a zip archive hold? By its directory; where that is lost, by the headers in front of the files.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use zip::ZipArchive;
use zip::read::read_zipfile_from_stream;
use zip::result::ZipError;

use super::{Copied, Stop, Walk, name};
use crate::input::{Content, Failed, ReadError, note, sort_out};

/// The largest archive that is held in memory where it can't be entered anywhere: it comes from a pipe, or lies in
/// another archive. Its directory stands at its end.
const MEMORY: u64 = 64 << 20;

/// The most that is read to find and read the directory: it is kept in memory, some 200,000 files.
const DIRECTORY: u64 = 16 << 20;

/// What documents and programs that are zip archives begin with.
const NO_LOGS: [&[u8]; 4] =
    [b"[Content_Types].xml", b"mimetype", b"META-INF/", b"AndroidManifest.xml"];

/// Whether a content begins as an archive that may hold logs.
pub(super) fn begins(sample: &[u8]) -> bool {
    if sample.starts_with(b"PK\x05\x06") {
        return true;
    }
    // One that was to be spread over disks, and wasn't.
    let sample = sample.strip_prefix(b"PK00").unwrap_or(sample);
    let Some(first) = sample.strip_prefix(b"PK\x03\x04") else { return false };
    first.get(26..).is_some_and(|name| !NO_LOGS.iter().any(|known| name.starts_with(known)))
}

/// Hands over the files of the archive.
pub(super) fn walk(out: &mut Walk, mut content: Content, head: Vec<u8>) -> Result<(), Stop> {
    if let Some(mut file) = content.plain.take() {
        let failed = Failed::default();
        let broken = |error| Stop::Broken(ReadError::Io(error));
        let size = file.seek(SeekFrom::End(0)).map_err(broken)?;
        out.bounds.packed(size);
        let file = BufReader::with_capacity(64 << 10, Noted { file, failed: Arc::clone(&failed) });
        return Zip { size, failed, out }.run(file);
    }
    let (reader, failed) = content.after(head);
    let mut bytes = Vec::new();
    let read = reader.take(MEMORY + 1).read_to_end(&mut bytes);
    if bytes.len() as u64 > MEMORY {
        let why = "it is a zip archive of more than 64 MiB that is no file of its own; save it to a \
                   file and ingest that";
        return Err(Stop::damaged(why));
    }
    let size = bytes.len() as u64;
    Zip { size, failed: Failed::default(), out }.run(Cursor::new(bytes))?;
    read.map(drop).map_err(|error| Stop::Broken(sort_out(&failed, error)))
}

struct Zip<'a> {
    /// Bytes of the archive.
    size: u64,
    failed: Failed,
    out: &'a mut Walk,
}

impl Zip<'_> {
    fn run<R: Read + Seek>(mut self, mut reader: R) -> Result<(), Stop> {
        let begin = reader.stream_position();
        let listed = self.listed_files(&mut reader);
        let left = Arc::new(AtomicU64::new(DIRECTORY));
        let limited = Limited { reader: &mut reader, left: Arc::clone(&left) };
        match (begin, ZipArchive::new(limited)) {
            (Ok(_), Ok(archive)) => {
                left.store(u64::MAX, Ordering::Relaxed);
                self.by_directory(archive, listed)
            }
            (Err(error), _) | (_, Err(ZipError::Io(error))) if self.has_failed() => {
                Err(Stop::Broken(sort_out(&self.failed, error)))
            }
            _ if left.load(Ordering::Relaxed) == 0 => Err(Stop::damaged(
                "its directory is damaged, or longer than 16 MiB; unpack it and ingest the folder",
            )),
            _ => self.by_headers(&mut reader),
        }
    }

    fn has_failed(&self) -> bool {
        self.failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner).is_some()
    }

    /// How many files the directory lists, as far as that is simple to say.
    fn listed_files(&self, reader: &mut (impl Read + Seek)) -> Option<usize> {
        const END: usize = 22;
        let tail = self.size.min((END + usize::from(u16::MAX)) as u64);
        reader.seek(SeekFrom::Start(self.size - tail)).ok()?;
        let mut bytes = Vec::new();
        reader.take(tail).read_to_end(&mut bytes).ok()?;
        let at = memchr::memmem::rfind(&bytes, b"PK\x05\x06")?;
        let count = bytes.get(at + 10..at + 12)?;
        let count = u16::from_le_bytes([count[0], count[1]]);
        (count != u16::MAX).then_some(usize::from(count))
    }

    fn by_directory<R: Read + Seek>(
        &mut self,
        mut archive: ZipArchive<R>,
        listed: Option<usize>,
    ) -> Result<(), Stop> {
        let mut packed = 0u64;
        for at in 0..archive.len() {
            if self.out.gone.load(Ordering::Relaxed) {
                return Err(Stop::Gone);
            }
            let name = archive.name_for_index(at).unwrap_or_default().replace('\\', "/");
            let Some(name) = name::clean(&name).filter(|_| !name.ends_with('/')) else { continue };
            let encrypted = match archive.by_index_raw(at) {
                Ok(file) if file.is_dir() || file.is_symlink() => continue,
                Ok(file) => {
                    packed = packed.saturating_add(file.compressed_size());
                    file.encrypted()
                }
                Err(error) => {
                    self.refuse(name, error)?;
                    continue;
                }
            };
            // A few bytes that stand for many files are a bomb.
            if packed > self.size {
                return Err(Stop::damaged("its files overlap"));
            }
            if encrypted {
                let why = "it is encrypted; unpack it with its password and ingest the file";
                self.out.unreadable(name, why)?;
                continue;
            }
            match archive.by_index(at) {
                // A damaged file is told to its reader; the next one can be found all the same.
                Ok(mut file) => {
                    self.out.member(name, None, &mut file, &self.failed)?;
                }
                Err(error) => self.refuse(name, error)?,
            }
        }
        if listed.is_some_and(|listed| listed > archive.len()) {
            let why = "of files with one name only the last can be read; unpack it";
            return Err(Stop::damaged(why));
        }
        Ok(())
    }

    fn refuse(&mut self, name: String, error: ZipError) -> Result<(), Stop> {
        let why = match error {
            ZipError::Io(error) if self.has_failed() => {
                return Err(Stop::Broken(sort_out(&self.failed, error)));
            }
            ZipError::UnsupportedArchive(_) | ZipError::CompressionMethodNotSupported(_) => {
                "it is packed in a way that is not read (deflate, bzip2, zstd and stored files are); \
                 unpack it and ingest the file"
                    .to_owned()
            }
            error => format!("its header is damaged ({error})"),
        };
        self.out.unreadable(name, why)
    }

    /// Without the directory: as far as each file's own header says how long it is.
    fn by_headers(&mut self, reader: &mut (impl Read + Seek)) -> Result<(), Stop> {
        reader.seek(SeekFrom::Start(0)).map_err(|error| Stop::Broken(ReadError::Io(error)))?;
        let lost = |files: usize| {
            let why =
                format!("its directory is lost; {files} files came out, others may be missing");
            Err(Stop::damaged(why))
        };
        loop {
            let Ok(Some(mut file)) = read_zipfile_from_stream(reader) else {
                return lost(self.out.nth);
            };
            let path = file.name().replace('\\', "/");
            let name = name::clean(&path).filter(|_| !file.is_dir() && !path.ends_with('/'));
            let Some(name) = name else { continue };
            if let Copied::Failed = self.out.member(name, None, &mut file, &self.failed)? {
                return lost(self.out.nth);
            }
        }
    }
}

/// Notes the errors of the operating system.
struct Noted {
    file: File,
    failed: Failed,
}

impl Read for Noted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer).inspect_err(|error| note(&self.failed, error))
    }
}

impl Seek for Noted {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

/// Reads so many bytes at most, until it is let go.
struct Limited<'a, R> {
    reader: &'a mut R,
    left: Arc<AtomicU64>,
}

impl<R: Read> Read for Limited<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left.load(Ordering::Relaxed);
        let room = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        if room == 0 && !buffer.is_empty() {
            return Err(io::Error::other("too long a directory"));
        }
        let read = self.reader.read(&mut buffer[..room])?;
        self.left.store(left - read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

impl<R: Seek> Seek for Limited<'_, R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.reader.seek(to)
    }
}
