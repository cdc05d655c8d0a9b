//! Is this content new, known, or known up to somewhere? Told by its bytes: first by a prefix, then by digests.

pub(super) mod redacted;

use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use storage::digest::Digest;
use storage::extent::{PREFIX_BYTES, SourceState};
use storage::store::{Source, State, Store};

use crate::chunk::Start;
use crate::detect::SAMPLE_BYTES;
use crate::format::HeaderStream;
use crate::input::{Content, Input, ReadError};
use crate::raw;

use super::privacy::Known;
use super::work::Failure;

/// An opened content with its beginning.
#[derive(Debug)]
pub(super) struct Opened {
    /// The content, read up to the end of `sample`.
    pub(super) content: Content,
    /// Its first bytes, up to [`SAMPLE_BYTES`].
    pub(super) sample: Vec<u8>,
    /// The sample is all there is (or all that could be decompressed).
    pub(super) whole: bool,
}

/// What to do with a content.
#[derive(Debug)]
pub(super) enum Plan {
    /// It is stored already, as this source or as an earlier state of it.
    Already(Arc<Source>),
    /// It is new; or of a known source that held no lines until now.
    New(Opened, Option<Arc<Source>>),
    /// It begins with all of a known source: only the rest is stored.
    Continue(Box<Continue>),
}

/// How a known source goes on.
#[derive(Debug)]
pub(super) struct Continue {
    /// The source.
    pub(super) source: Arc<Source>,
    /// The content, positioned so that `head` and then it give the bytes from `start` on.
    pub(super) content: Content,
    /// Bytes read already.
    pub(super) head: Vec<u8>,
    /// Where to go on.
    pub(super) start: Start,
    /// The last line stored had no newline and is stored anew.
    pub(super) supersedes: Option<i64>,
    /// The content's first bytes.
    pub(super) sample: Vec<u8>,
}

/// The digest that identifies a content by its beginning.
pub(super) fn prefix(sample: &[u8]) -> Digest {
    Digest::of(&sample[..sample.len().min(PREFIX_BYTES as usize)])
}

/// Opens an input and reads its beginning.
pub(super) fn open(input: &Input) -> Result<Opened, ReadError> {
    begin(input.open()?)
}

/// Reads the beginning of a content.
pub(super) fn begin(mut content: Content) -> Result<Opened, ReadError> {
    let mut sample = vec![0; SAMPLE_BYTES];
    let mut len = 0;
    let whole = loop {
        if len == sample.len() {
            break false;
        }
        match content.read(&mut sample[len..]) {
            // Damage comes up again when the content is read on.
            Ok(0) | Err(ReadError::Damaged(_)) => break true,
            Ok(read) => len += read,
            Err(error) => return Err(error),
        }
    };
    sample.truncate(len);
    Ok(Opened { content, sample, whole })
}

/// Finds out what the store knows of a content.
pub(super) fn plan(store: &Store, input: &Input, opened: Opened) -> Result<Plan, Failure> {
    let state = store.state();
    let known = Known::new(store, &state)?;
    let Opened { content, sample, whole } = &opened;
    if *whole {
        let digest = Digest::of(sample);
        if let Some(source) = known.source(&state, sample.len() as u64, &digest) {
            return Ok(Plan::Already(Arc::clone(source)));
        }
    }
    // Hashed once: a store may know thousands of sources.
    let beginning = prefix(sample);
    let mut candidates: Vec<Arc<Source>> = state
        .sources
        .values()
        .filter(|source| may_continue(&known, source, input, &opened, beginning))
        .cloned()
        .collect();
    candidates.sort_by_key(|source| source.bytes);
    if candidates.is_empty() {
        let empty = |source: &&Arc<Source>| {
            source.bytes == 0
                && source.state != SourceState::Retired
                && is_same_place(source, input, content)
        };
        let found = state.sources.values().find(empty).cloned();
        return Ok(Plan::New(opened, found));
    }
    follow(store, (&state, &known), input, opened, &candidates)
}

/// Whether a content may begin with all of `source`, as far as its sample tells.
fn may_continue(
    known: &Known,
    source: &Source,
    input: &Input,
    opened: &Opened,
    beginning: Digest,
) -> bool {
    let Opened { content, sample, whole } = opened;
    let same_place = is_same_place(source, input, content);
    let stored = source.bytes;
    if *whole && (sample.len() as u64) < stored.min(PREFIX_BYTES) {
        // An older copy, if it is the same file; else nothing can be told from so few bytes.
        return same_place && !sample.is_empty();
    }
    if stored < PREFIX_BYTES {
        // So few bytes may be alike by chance: only the same file counts as grown, and the whole copy of a damaged one.
        let Ok(stored) = usize::try_from(stored) else { return false };
        let mended = source.state == SourceState::Damaged && source.counts.lines > 1;
        return stored > 0
            && (same_place || mended)
            && known.is(source, &source.sha256, &Digest::of(&sample[..stored]));
    }
    sample.len() as u64 >= PREFIX_BYTES && known.is(source, &source.prefix, &beginning)
}

/// Whether they go by the same path or are the same file.
fn is_same_place(source: &Source, input: &Input, content: &Content) -> bool {
    // Archives of one name hold other files each week: there only the content counts.
    let same_path = input.depth() == 0 && source.path == input.name;
    same_path || (source.identity.is_some() && source.identity == content.identity)
}

/// The place where a candidate ends in the content.
struct Match {
    source: Arc<Source>,
    start: Start,
    /// The bytes from `start` to the end of the source, unless they are too many to keep.
    tail: Option<Vec<u8>>,
}

/// Reads and hashes the content as far as the candidates reach.
fn follow(
    store: &Store,
    (state, known): (&State, &Known),
    input: &Input,
    opened: Opened,
    candidates: &[Arc<Source>],
) -> Result<Plan, Failure> {
    let Opened { mut content, sample, whole } = opened;
    let mut scan = Scan::default();
    let mut found: Option<Match> = None;
    let mut ahead = sample.as_slice();
    let mut buffer = vec![0; 256 << 10];
    for source in candidates {
        while scan.at < source.bytes {
            let want = usize::try_from(source.bytes - scan.at).unwrap_or(usize::MAX);
            if !ahead.is_empty() {
                let (now, rest) = ahead.split_at(want.min(ahead.len()));
                scan.take(now);
                ahead = rest;
                continue;
            }
            let room = want.min(buffer.len());
            match content.read(&mut buffer[..room]) {
                Ok(0) | Err(ReadError::Damaged(_)) => break,
                Ok(read) => scan.take(&buffer[..read]),
                Err(error) => return Err(error.into()),
            }
        }
        if scan.at < source.bytes {
            // It ends before; perhaps an earlier state of the same source.
            if let Some(source) = known.source(state, scan.at, &scan.digest()) {
                return Ok(Plan::Already(Arc::clone(source)));
            }
            // Or its beginning: an older copy, from before it was first taken in.
            if raw::digest_of_beginning(store, source, scan.at)? == Some(scan.digest()) {
                return Ok(Plan::Already(Arc::clone(source)));
            }
            if redacted::is_beginning(store, source, input, scan.at)? {
                return Ok(Plan::Already(Arc::clone(source)));
            }
            continue;
        }
        if known.is(source, &source.sha256, &scan.digest()) {
            found = Some(scan.matched(source));
        }
    }
    let ahead = ahead.to_vec();
    let Some(found) = found else {
        // A short content is all here: what comes from a pipe or an archive need not be read twice.
        let again = if whole && (input.depth() > 0 || !input.can_reopen()) {
            Opened { content, sample, whole }
        } else {
            reopen(input)?
        };
        return Ok(Plan::New(again, None));
    };
    if scan.at > found.source.bytes {
        return Ok(enter(input, found, sample)?);
    }
    let mut more = ahead;
    if more.is_empty() {
        more = match content.read(&mut buffer) {
            Ok(read) => buffer[..read].to_vec(),
            Err(ReadError::Damaged(_)) => Vec::new(),
            Err(error) => return Err(error.into()),
        };
    }
    match found.tail {
        _ if more.is_empty() => Ok(Plan::Already(found.source)),
        Some(ref tail) => {
            let head = [tail, more.as_slice()].concat();
            Ok(continued(found, content, head, sample))
        }
        None => Ok(enter(input, found, sample)?),
    }
}

/// Opens a content again that turned out to be new.
fn reopen(input: &Input) -> Result<Opened, ReadError> {
    if input.can_reopen() {
        return open(input);
    }
    let message = "it begins like a source that is stored, but differs later, and can't be read \
                   twice; save it to a file and ingest that";
    Err(ReadError::Io(std::io::Error::other(message)))
}

/// Opens a content again and goes to where the source ends.
fn enter(input: &Input, found: Match, sample: Vec<u8>) -> Result<Plan, ReadError> {
    if !input.can_reopen() {
        return reopen(input).map(|opened| Plan::New(opened, None));
    }
    let mut content = input.open()?;
    content.skip_to(0, found.start.offset)?;
    Ok(continued(found, content, Vec::new(), sample))
}

fn continued(found: Match, content: Content, head: Vec<u8>, sample: Vec<u8>) -> Plan {
    let Match { source, start, .. } = found;
    let supersedes = (!source.final_newline).then_some(start.line_no);
    Plan::Continue(Box::new(Continue { source, content, head, start, supersedes, sample }))
}

/// The longest begun line that is kept while a content is hashed.
const TAIL_BYTES: usize = 4 << 20;

/// Hashes a content, remembering where its last line began.
#[derive(Default)]
struct Scan {
    at: u64,
    /// Covers everything up to `line_at`.
    whole: Sha256,
    line_at: u64,
    /// Covers everything up to `at`.
    all: Sha256,
    /// The bytes from `line_at` on, up to [`TAIL_BYTES`] of them.
    tail: Vec<u8>,
    headers: HeaderStream,
}

impl Scan {
    fn take(&mut self, bytes: &[u8]) {
        self.headers.take(bytes);
        let mut begun = bytes;
        if let Some(last) = memchr::memrchr(b'\n', bytes) {
            self.all.update(&bytes[..=last]);
            self.whole = self.all.clone();
            self.line_at = self.at + last as u64 + 1;
            self.tail.clear();
            begun = &bytes[last + 1..];
        }
        self.all.update(begun);
        if self.tail.len() <= TAIL_BYTES {
            self.tail.extend_from_slice(begun);
        }
        self.at += bytes.len() as u64;
    }

    fn digest(&self) -> Digest {
        Digest::so_far(&self.all)
    }

    /// Where `source`, which ends here, goes on.
    fn matched(&self, source: &Arc<Source>) -> Match {
        let source = Arc::clone(source);
        let line_no = source.next_line();
        if source.final_newline {
            let headers = self.headers.headers().clone();
            let start = Start { offset: self.at, hasher: self.all.clone(), line_no, headers };
            return Match { source, start, tail: Some(Vec::new()) };
        }
        // Bytes before the first line (a byte-order mark) are no part of the line that is read anew.
        let bom = if self.line_at == 0 { source.bom.len() } else { 0 };
        let mut hasher = self.whole.clone();
        hasher.update(&source.bom[..bom]);
        let (offset, line_no) = (self.line_at + bom as u64, line_no - 1);
        let start = Start { offset, hasher, line_no, headers: self.headers.headers().clone() };
        let whole = self.line_at + self.tail.len() as u64 == self.at;
        let tail = whole.then(|| self.tail[bom.min(self.tail.len())..].to_vec());
        Match { source, start, tail }
    }
}
