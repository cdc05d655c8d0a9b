//! Where does a worker's share of the input begin and end? Cuts content at line ends, hashing and counting as it reads.
//!
//! One lock guards a reader; whoever holds it reads, hashes what was just read while it is warm, and counts newlines, so
//! that the chunk's first line number is known before the previous chunk is parsed. The digest always covers exactly the
//! bytes handed out, never a begun line, so an extent can end after any chunk.
//!
//! A line longer than the limit that fits into a chunk is left to the parser. One that does not is handed out in pieces
//! as it is read, so memory stays bounded whatever comes in.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use storage::clock::Micros;
use storage::digest::Digest;

use crate::format::Headers;
use crate::framing::{Cut, Framer, Framing};
use crate::input::{Content, ReadError};

/// Bytes read and hashed at once: they stay in the core's cache from the one to the other.
const STEP: usize = 256 << 10;

/// A chunk with this many lines is full, however short they are: what is kept of each line bounds the memory, too.
const LINES_FULL: u64 = 400_000;

/// What a chunk holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChunkKind {
    /// Whole lines; only the last of the content may lack its line end.
    Lines,
    /// A piece of a line longer than the limit. The last one has the newline, if the line has one.
    Long {
        /// The line begins here.
        first: bool,
        /// The line ends here, as far as is known yet.
        last: bool,
    },
    /// The beginning of a line whose end was lost by damage.
    Cut,
}

/// A share of the content; its bytes are the first `len` of the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk {
    /// What it holds.
    pub kind: ChunkKind,
    /// Its place among the chunks of the content, from 0.
    pub seq: u64,
    /// Number of its first line.
    pub first_line: i64,
    /// Offset of its first byte in the content.
    pub first_offset: u64,
    /// How many lines begin in it.
    pub lines: u64,
    /// How many bytes.
    pub len: usize,
}

/// How the content ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// At its end.
    Clean,
    /// Where it could not be decompressed any further, and why.
    Damaged(String),
}

/// Where reading starts: the beginning of a content, or the end of what is stored of it.
#[derive(Debug, Clone)]
pub struct Start {
    /// Offset of the first byte to hand out.
    pub offset: u64,
    /// Digest of all bytes before it.
    pub hasher: Sha256,
    /// Number of the line that begins there.
    pub line_no: i64,
    /// The header lines before it.
    pub headers: Headers,
}

impl Default for Start {
    fn default() -> Self {
        Self { offset: 0, hasher: Sha256::new(), line_no: 1, headers: Headers::default() }
    }
}

/// Reads a content chunk by chunk.
pub struct ChunkReader {
    content: Content,
    /// Bytes read but not handed out: a begun line (or more), not hashed.
    carry: Vec<u8>,
    hasher: Sha256,
    /// Offset of the first byte not handed out.
    given: u64,
    line_no: i64,
    seq: u64,
    long: bool,
    final_newline: bool,
    end: Option<End>,
    chunk_bytes: usize,
    line_bytes_max: usize,
    /// The header lines before the next chunk, and before the last one, if anybody wants to know.
    headers: Arc<Headers>,
    before: Arc<Headers>,
    watches: bool,
    framer: Framer,
    /// Ends of the records in the chunk that is being filled.
    cuts: Vec<Cut>,
}

impl std::fmt::Debug for ChunkReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ChunkReader(at {}, line {})", self.given, self.line_no)
    }
}

/// The part of the buffer that is being filled, and what is known of it.
struct Filling {
    len: usize,
    newlines: u64,
    /// One past the last newline.
    whole: usize,
    hashed: usize,
}

impl ChunkReader {
    /// A reader that hands out `head` (bytes read before), then the rest of `content`.
    pub fn new(content: Content, head: Vec<u8>, start: Start, sizes: (usize, usize)) -> Self {
        let (chunk_bytes, line_bytes_max) = sizes;
        Self {
            content,
            carry: head,
            hasher: start.hasher,
            given: start.offset,
            line_no: start.line_no,
            seq: 0,
            long: false,
            final_newline: true,
            end: None,
            chunk_bytes: chunk_bytes.max(1),
            line_bytes_max: line_bytes_max.max(1),
            before: Arc::default(),
            headers: Arc::new(start.headers),
            watches: false,
            framer: Framer::new(Framing::Lines),
            cuts: Vec::new(),
        }
    }

    /// From here on records end as this says, and not at line ends.
    pub fn frame(&mut self, framing: Framing) {
        self.framer = Framer::new(framing);
    }

    /// Where the records of the last chunk end, if that is not at line ends.
    pub fn take_cuts(&mut self) -> Option<Arc<[Cut]>> {
        (self.framer.framing() != Framing::Lines).then(|| std::mem::take(&mut self.cuts).into())
    }

    /// When the content was last changed, if that is known.
    pub fn modified_us(&self) -> Option<Micros> {
        self.content.modified_us
    }

    /// From here on header lines are remembered.
    pub fn watch_headers(&mut self) {
        self.watches = true;
    }

    /// The header lines in force where the last chunk began, if they are remembered.
    pub fn headers(&self) -> Option<Arc<Headers>> {
        self.watches.then(|| Arc::clone(&self.before))
    }

    fn see_headers(&mut self, text: &[u8]) {
        self.before = Arc::clone(&self.headers);
        let mut seen = Headers::clone(&self.headers);
        seen.see(text);
        if seen != *self.headers {
            self.headers = Arc::new(seen);
        }
    }

    /// Offset of the first byte not handed out.
    pub fn offset(&self) -> u64 {
        self.given
    }

    /// Number of the next line.
    pub fn line_no(&self) -> i64 {
        self.line_no
    }

    /// How many chunks were handed out.
    pub fn chunks(&self) -> u64 {
        self.seq
    }

    /// Digest of all bytes up to [`Self::offset`].
    pub fn digest(&self) -> Digest {
        Digest::so_far(&self.hasher)
    }

    /// Whether the last line handed out has its line end.
    pub fn final_newline(&self) -> bool {
        self.final_newline
    }

    /// Whether an extent may end here, and not inside a line that comes in pieces.
    pub fn can_stop(&self) -> bool {
        !self.long
    }

    /// How the content ended, once that is known.
    pub fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    /// Hands bytes that are no part of any line (a byte-order mark) over to the digest alone.
    pub fn skip(&mut self, bytes: usize) {
        let bytes = bytes.min(self.carry.len());
        self.hasher.update(&self.carry[..bytes]);
        self.carry.drain(..bytes);
        self.given += bytes as u64;
    }

    /// Whether anything is left to hand out; reads ahead a little to know.
    ///
    /// # Errors
    /// The operating system can't give the bytes.
    pub fn has_more(&mut self) -> Result<bool, ReadError> {
        if self.carry.is_empty() && self.end.is_none() {
            let mut ahead = vec![0; 64 << 10];
            let read = self.read(&mut ahead)?;
            ahead.truncate(read);
            self.carry = ahead;
        }
        Ok(!self.carry.is_empty())
    }

    /// The next chunk, its bytes at the beginning of `buffer`; `None` at the end. A chunk is handed out before it is full
    /// if the input comes slowly (from a pipe) and it is `due`.
    ///
    /// # Errors
    /// The operating system can't give the bytes. Damage is no error: see [`Self::end`].
    pub fn next(
        &mut self,
        buffer: &mut Vec<u8>,
        due: &dyn Fn() -> bool,
    ) -> Result<Option<Chunk>, ReadError> {
        let mut filling = self.unpack(buffer);
        loop {
            let enough = if self.long || filling.whole > 0 { self.chunk_bytes } else { 0 };
            let limit = self.line_bytes_max + 3;
            let goal = if enough > 0 { enough } else { self.chunk_bytes.max(limit) };
            let full = filling.len >= goal || filling.newlines >= LINES_FULL;
            if self.end.is_some() || full || (self.long && filling.whole > 0) {
                break;
            }
            let room = STEP.min(goal - filling.len);
            if buffer.len() < filling.len + room {
                buffer.resize(filling.len + room, 0);
            }
            let read = self.read(&mut buffer[filling.len..filling.len + room])?;
            filling.len += read;
            self.look(buffer, &mut filling, read);
            if read < room && filling.whole > 0 && due() {
                break;
            }
        }
        Ok(self.cut(buffer, &filling))
    }

    /// Puts what was carried over to the beginning of the buffer.
    fn unpack(&mut self, buffer: &mut Vec<u8>) -> Filling {
        let len = self.carry.len();
        if buffer.len() < len {
            buffer.resize(len.max(self.chunk_bytes), 0);
        }
        buffer[..len].copy_from_slice(&self.carry);
        self.carry.clear();
        let mut filling = Filling { len, newlines: 0, whole: 0, hashed: 0 };
        self.framer.rewind();
        self.cuts.clear();
        self.look(buffer, &mut filling, len);
        filling
    }

    /// Counts the newlines of the last `read` bytes and hashes up to the last of them.
    fn look(&mut self, buffer: &[u8], filling: &mut Filling, read: usize) {
        let from = filling.len - read;
        if self.framer.framing() != Framing::Lines && !self.long {
            self.framer.scan(&buffer[..filling.len], from, &mut self.cuts);
            let Some(&(last, _)) = self.cuts.last() else { return };
            (filling.newlines, filling.whole) = (self.cuts.len() as u64, last);
            self.hasher.update(&buffer[filling.hashed..last]);
            filling.hashed = last;
            return;
        }
        let fresh = &buffer[from..filling.len];
        let Some(last) = memchr::memrchr(b'\n', fresh) else { return };
        if self.long {
            // Only the first newline counts: it ends the line that comes in pieces.
            let first = memchr::memchr(b'\n', fresh).unwrap_or(last);
            filling.whole = from + first + 1;
            return;
        }
        filling.newlines += memchr::memchr_iter(b'\n', fresh).count() as u64;
        filling.whole = from + last + 1;
        self.hasher.update(&buffer[filling.hashed..filling.whole]);
        filling.hashed = filling.whole;
    }

    /// Reads into `target`; notes the end.
    fn read(&mut self, target: &mut [u8]) -> Result<usize, ReadError> {
        match self.content.read(target) {
            Ok(0) => {
                self.end = Some(End::Clean);
                Ok(0)
            }
            Ok(read) => Ok(read),
            Err(ReadError::Damaged(why)) => {
                self.end = Some(End::Damaged(why));
                Ok(0)
            }
            Err(error) => Err(error),
        }
    }

    /// Decides where the chunk ends, and keeps the rest for the next.
    fn cut(&mut self, buffer: &[u8], filling: &Filling) -> Option<Chunk> {
        if filling.len == 0 {
            self.line_no += i64::from(std::mem::take(&mut self.long));
            return None;
        }
        let ended = self.end.is_some();
        let damaged = matches!(self.end, Some(End::Damaged(_)));
        let (kind, len, lines) = if self.long {
            let last = filling.whole > 0 || ended;
            let len = if filling.whole > 0 { filling.whole } else { filling.len };
            (ChunkKind::Long { first: false, last }, len, 0)
        } else if filling.whole == 0 && filling.len > self.line_bytes_max + 2 {
            (ChunkKind::Long { first: true, last: ended }, filling.len, 1)
        } else if filling.whole == 0 && damaged {
            (ChunkKind::Cut, filling.len, 1)
        } else if ended && !damaged {
            let begun = u64::from(filling.whole < filling.len);
            (ChunkKind::Lines, filling.len, filling.newlines + begun)
        } else {
            (ChunkKind::Lines, filling.whole, filling.newlines)
        };
        if kind == ChunkKind::Lines && len > filling.whole {
            self.cuts.push((len, self.framer.rest_is_header()));
        }
        self.hasher.update(&buffer[filling.hashed.min(len)..len]);
        self.carry.extend_from_slice(&buffer[len..filling.len]);
        let (first_line, first_offset) = (self.line_no, self.given);
        self.given += len as u64;
        self.final_newline = buffer[len - 1] == b'\n';
        if self.watches {
            self.see_headers(if kind == ChunkKind::Lines { &buffer[..len] } else { &[] });
        }
        let seq = self.seq;
        self.seq += 1;
        match kind {
            ChunkKind::Long { last, .. } => {
                self.long = !last;
                self.line_no += i64::from(last);
            }
            _ => self.line_no += lines as i64,
        }
        Some(Chunk { kind, seq, first_line, first_offset, lines, len })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::{Cursor, Read};

    /// Gives a few bytes at a time.
    struct Drip(Cursor<Vec<u8>>, usize);
    impl Read for Drip {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let len = buffer.len().min(self.1);
            self.0.read(&mut buffer[..len])
        }
    }

    fn chunks(
        text: &[u8],
        drip: usize,
        head: usize,
        sizes: (usize, usize),
    ) -> Vec<(Chunk, Vec<u8>)> {
        let rest = text[head..].to_vec();
        let content = Content::new(Box::new(Drip(Cursor::new(rest), drip)), None, None).unwrap();
        let mut reader = ChunkReader::new(content, text[..head].to_vec(), Start::default(), sizes);
        let mut buffer = Vec::new();
        let mut all = Vec::new();
        while let Some(chunk) = reader.next(&mut buffer, &|| false).unwrap() {
            all.push((chunk, buffer[..chunk.len].to_vec()));
            let given: Vec<u8> = all.iter().flat_map(|(_, bytes)| bytes.clone()).collect();
            assert_eq!(reader.digest(), Digest::of(&given));
            assert_eq!(reader.offset() as usize, given.len());
        }
        assert_eq!(reader.end(), Some(&End::Clean));
        assert!(!reader.has_more().unwrap());
        all
    }

    proptest! {
        #[test]
        fn every_byte_and_line_comes_out_once(
            text in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'a'), Just(b'\r')], 0..200),
            drip in 1usize..40, head in 0usize..50, chunk in 1usize..60, limit in 1usize..40,
        ) {
            let head = head.min(text.len());
            let all = chunks(&text, drip, head, (chunk, limit));
            let joined: Vec<u8> = all.iter().flat_map(|(_, bytes)| bytes.clone()).collect();
            prop_assert_eq!(&joined, &text);
            let lines = text.split_inclusive(|&byte| byte == b'\n').count() as u64;
            prop_assert_eq!(all.iter().map(|(chunk, _)| chunk.lines).sum::<u64>(), lines);
            let mut offset = 0;
            for (at, (chunk, bytes)) in all.iter().enumerate() {
                prop_assert_eq!(chunk.seq, at as u64);
                prop_assert_eq!(chunk.first_offset, offset);
                let before = &text[..offset as usize];
                let newlines = before.iter().filter(|&&byte| byte == b'\n').count() as i64;
                prop_assert_eq!(chunk.first_line, 1 + newlines);
                offset += chunk.len as u64;
                match chunk.kind {
                    ChunkKind::Lines => prop_assert!(bytes.ends_with(b"\n") || offset as usize == text.len()),
                    ChunkKind::Long { last, .. } => prop_assert!(last || !bytes.ends_with(b"\n")),
                    ChunkKind::Cut => prop_assert!(false),
                }
            }
        }
    }

    #[test]
    fn a_chunk_holds_no_more_lines_than_memory_bears() {
        let text = vec![b'\n'; 3_000_000];
        let all = chunks(&text, usize::MAX, 0, (16 << 20, 100));
        assert_eq!(all.iter().map(|(chunk, _)| chunk.lines).sum::<u64>(), 3_000_000);
        let most = all.iter().map(|(chunk, _)| chunk.lines).max();
        assert!(most.is_some_and(|most| most < LINES_FULL + STEP as u64), "{most:?}");
    }

    #[test]
    fn a_cut_line_stands_alone() {
        struct Broken(Cursor<Vec<u8>>);
        impl Read for Broken {
            fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
                match self.0.read(buffer)? {
                    0 => Err(std::io::Error::other("broken")),
                    read => Ok(read),
                }
            }
        }
        let packed = {
            let text = b"one\ntwo\nthr".to_vec();
            Content::from_decoder(Box::new(Broken(Cursor::new(text))))
        };
        let mut reader = ChunkReader::new(packed, Vec::new(), Start::default(), (100, 100));
        let mut buffer = Vec::new();
        let chunk = reader.next(&mut buffer, &|| false).unwrap().unwrap();
        assert_eq!((chunk.kind, chunk.lines, chunk.len), (ChunkKind::Lines, 2, 8));
        let chunk = reader.next(&mut buffer, &|| false).unwrap().unwrap();
        assert_eq!((chunk.kind, chunk.first_line, chunk.len), (ChunkKind::Cut, 3, 3));
        assert!(reader.next(&mut buffer, &|| false).unwrap().is_none());
        assert!(matches!(reader.end(), Some(End::Damaged(_))) && !reader.final_newline());
    }
}
