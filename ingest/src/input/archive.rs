//! What lies in an archive? Its members, one after the other, as streams: nothing is unpacked to disk.
//!
//! A thread of its own walks the archive and hands the bytes of each member over through a short queue; who drops a
//! member skips it. So the decoders of others run beside the parser, memory is bounded by the queue, and a panic of theirs
//! is damage of that archive.

mod bounds;
mod name;
mod tar;
mod zip;

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

pub(super) use self::bounds::Bounds;
use super::{Content, Failed, ReadError, note, sort_out};

/// How deep archives in archives are read.
pub const DEPTH_MAX: usize = 2;

/// Bytes handed over at once.
const PIECE: usize = 128 << 10;

/// Pieces that wait for the reader.
const QUEUE: usize = 4;

/// After so many bytes that nobody reads, the reader hears that the walk goes on.
const ALIVE: u64 = 16 << 20;

/// A kind of archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// tar: old, ustar, GNU or pax.
    Tar,
    /// zip.
    Zip,
}

/// Whether a content is an archive that is read, by its first bytes. Documents and programs that happen to be zip
/// archives are none.
pub fn kind(sample: &[u8]) -> Option<Kind> {
    if zip::begins(sample) {
        return Some(Kind::Zip);
    }
    tar::begins(sample).then_some(Kind::Tar)
}

/// What comes out of an archive.
#[derive(Debug)]
pub enum Entry {
    /// A file.
    Member(Member),
    /// A file that can't be read, and why.
    Unreadable {
        /// Its cleaned name.
        name: String,
        /// Why, with the next step.
        why: String,
    },
    /// Nothing yet: a long stretch is being skipped. Whoever waits may want to stop.
    Nothing,
    /// The archive can't be followed any further.
    Broken(ReadError),
    /// Its end.
    End,
}

/// A file in an archive. Dropping it (or the content made of it) skips the rest of it.
#[derive(Debug)]
pub struct Member {
    /// Its place among the files of the archive, from 0.
    pub nth: usize,
    /// Its name: relative, with `/`, and nothing in it that leads upwards.
    pub name: String,
    pieces: Receiver<Piece>,
    bounds: Arc<Bounds>,
}

impl Member {
    /// Its content, decompressed.
    ///
    /// # Errors
    /// Its first bytes can't be read.
    pub fn content(self) -> Result<Content, ReadError> {
        let failed = Failed::default();
        let (now, at) = (Vec::new(), 0);
        let failed_too = Arc::clone(&failed);
        let reader = Pieces { pieces: self.pieces, now, at, ended: false, failed: failed_too };
        Content::of_member(Box::new(reader), failed, self.bounds)
    }
}

/// Some bytes of a member, or how it ended.
#[derive(Debug)]
enum Piece {
    Bytes(Vec<u8>),
    End,
    Failed(ReadError),
}

/// An archive being walked.
#[derive(Debug)]
pub struct Archive {
    entries: Receiver<Entry>,
    gone: Arc<AtomicBool>,
}

impl Archive {
    /// Walks the archive that `content` is, of which `head` was read already. Members before the `from`th are left out.
    pub fn open(kind: Kind, content: Content, head: Vec<u8>, from: usize) -> Self {
        // Nothing is walked ahead: a member begins when it is asked for.
        let (sender, entries) = sync_channel(0);
        let gone = Arc::new(AtomicBool::new(false));
        let bounds = content.bounds();
        let walk = Walk { entries: sender, bounds, gone: Arc::clone(&gone), nth: 0, from };
        std::thread::spawn(move || walk.run(kind, content, head));
        Self { entries, gone }
    }

    /// What comes next.
    pub fn entry(&mut self) -> Entry {
        self.entries.recv().unwrap_or_else(|_| {
            Entry::Broken(ReadError::Damaged("its decoder stopped at it".to_owned()))
        })
    }
}

impl Drop for Archive {
    fn drop(&mut self) {
        self.gone.store(true, Ordering::Relaxed);
    }
}

/// Why a walk ends before the end.
enum Stop {
    /// No one listens.
    Gone,
    /// The archive can't be followed.
    Broken(ReadError),
}

impl Stop {
    fn damaged(why: impl Into<String>) -> Self {
        Self::Broken(ReadError::Damaged(why.into()))
    }
}

/// How the copy of a member ended.
enum Copied {
    /// To its end.
    Whole,
    /// Nobody wants the rest.
    Dropped,
    /// It can't be read on; the member's reader knows.
    Failed,
}

/// The side of an archive that walks.
struct Walk {
    entries: SyncSender<Entry>,
    bounds: Arc<Bounds>,
    gone: Arc<AtomicBool>,
    nth: usize,
    from: usize,
}

impl Walk {
    fn run(mut self, kind: Kind, content: Content, head: Vec<u8>) {
        let walked = match kind {
            Kind::Tar => tar::walk(&mut self, content, head),
            Kind::Zip => zip::walk(&mut self, content, head),
        };
        let last = match walked {
            Ok(()) => Entry::End,
            Err(Stop::Broken(error)) => Entry::Broken(error),
            Err(Stop::Gone) => return,
        };
        // Whoever is gone needs no last word.
        let _ = self.entries.send(last);
    }

    fn tell(&self, entry: Entry) -> Result<(), Stop> {
        self.entries.send(entry).map_err(|_| Stop::Gone)
    }

    /// Counts a file; whether it is wanted.
    fn count(&mut self) -> bool {
        self.nth += 1;
        self.nth > self.from
    }

    /// Tells of a file that can't be read.
    fn unreadable(&mut self, name: String, why: impl Into<String>) -> Result<(), Stop> {
        if self.count() { self.tell(Entry::Unreadable { name, why: why.into() }) } else { Ok(()) }
    }

    /// Hands a file over. It has as many bytes as `reader` gives, or `size`, if that is known.
    fn member(
        &mut self,
        name: String,
        size: Option<u64>,
        reader: &mut dyn Read,
        failed: &Failed,
    ) -> Result<Copied, Stop> {
        if !self.count() {
            return Ok(Copied::Dropped);
        }
        let (sender, pieces) = sync_channel(QUEUE);
        let (nth, bounds) = (self.nth - 1, Arc::clone(&self.bounds));
        self.tell(Entry::Member(Member { nth, name, pieces, bounds }))?;
        let mut copied = 0;
        loop {
            let mut bytes = vec![0; PIECE];
            let (piece, end) = match fill(reader, &mut bytes) {
                Ok(0) if size.is_some_and(|size| size != copied) => {
                    let why = "the archive ends before it does".to_owned();
                    (Piece::Failed(ReadError::Damaged(why)), Some(Copied::Failed))
                }
                Ok(0) => (Piece::End, Some(Copied::Whole)),
                Ok(read) => {
                    copied += read as u64;
                    bytes.truncate(read);
                    (Piece::Bytes(bytes), None)
                }
                Err((read, error)) if read > 0 => {
                    bytes.truncate(read);
                    if sender.send(Piece::Bytes(bytes)).is_err() {
                        return Ok(Copied::Failed);
                    }
                    (Piece::Failed(sort_out(failed, error)), Some(Copied::Failed))
                }
                Err((_, error)) => (Piece::Failed(sort_out(failed, error)), Some(Copied::Failed)),
            };
            if sender.send(piece).is_err() {
                return Ok(end.unwrap_or(Copied::Dropped));
            }
            if let Some(end) = end {
                return Ok(end);
            }
        }
    }

    /// Reads what nobody wants to its end; how many bytes that were.
    fn pass(&self, reader: &mut dyn Read, failed: &Failed) -> Result<u64, Stop> {
        let mut buffer = vec![0; PIECE];
        let (mut passed, mut told) = (0, 0);
        loop {
            if self.gone.load(Ordering::Relaxed) {
                return Err(Stop::Gone);
            }
            let read = match reader.read(&mut buffer) {
                Ok(0) => return Ok(passed),
                Ok(read) => read as u64,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Stop::Broken(sort_out(failed, error))),
            };
            passed += read;
            self.bounds.unpacked(read).map_err(Stop::damaged)?;
            if passed - told >= ALIVE {
                told = passed;
                self.tell(Entry::Nothing)?;
            }
        }
    }
}

/// Fills a buffer as far as the bytes go. An error comes with how many there were before it.
fn fill(reader: &mut dyn Read, buffer: &mut [u8]) -> Result<usize, (usize, io::Error)> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err((filled, error)),
        }
    }
    Ok(filled)
}

/// The bytes of a member as they come through the queue.
struct Pieces {
    pieces: Receiver<Piece>,
    now: Vec<u8>,
    at: usize,
    ended: bool,
    failed: Failed,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.now.len() {
            if self.ended || buffer.is_empty() {
                return Ok(0);
            }
            match self.pieces.recv() {
                Ok(Piece::Bytes(bytes)) => (self.now, self.at) = (bytes, 0),
                Ok(Piece::End) => self.ended = true,
                Ok(Piece::Failed(ReadError::Io(error))) => {
                    note(&self.failed, &error);
                    return Err(error);
                }
                Ok(Piece::Failed(ReadError::Damaged(why))) => return Err(io::Error::other(why)),
                Err(_) => return Err(io::Error::other("its decoder stopped at it")),
            }
        }
        let len = buffer.len().min(self.now.len() - self.at);
        buffer[..len].copy_from_slice(&self.now[self.at..self.at + len]);
        self.at += len;
        Ok(len)
    }
}

#[cfg(test)]
mod tests;
