//! What must hold for any bytes? The targets of the fuzzer: every format, and every reader of bytes from outside.

mod containers;
mod lines;
mod times;

use std::fmt;

use chrono_tz::Tz;
use storage::extent::LineEnd;

use crate::detect::{Sample, detect};
use crate::format::{self, FORMATS, Format, LineContext};

pub use self::lines::read_back;

/// The moment at which everything is read: 2026-11-24T00:00:00Z.
pub const NOW_US: i64 = 1_795_478_400_000_000;

/// Lines that a format learns from.
const SAMPLE_LINES: usize = 400;

type Check = Box<dyn Fn(&[u8], Manner) -> Result<(), String> + Send + Sync>;

/// How texts are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// As follows from their bytes: in small pieces or whole, with other line ends, with a limit of line lengths.
    Any,
    /// Always alike.
    Usual,
}

/// A reader of bytes, and what must hold of it whatever the bytes are. That nothing panics is for the caller to see.
pub struct Target {
    /// The name of the format, or of the reader.
    pub name: &'static str,
    check: Check,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({})", self.name)
    }
}

impl Target {
    fn new(
        name: &'static str,
        check: impl Fn(&[u8], Manner) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        Self { name, check: Box::new(check) }
    }

    /// A reader that reads all bytes alike.
    fn of(name: &'static str, check: fn(&[u8]) -> Result<(), String>) -> Self {
        Self::new(name, move |bytes, _| check(bytes))
    }

    /// Reads `bytes`.
    ///
    /// # Errors
    /// What does not hold.
    pub fn check(&self, bytes: &[u8]) -> Result<(), String> {
        (self.check)(bytes, Manner::Any)
    }

    /// Reads `bytes` in the same way as all others, so that the work can be compared.
    ///
    /// # Errors
    /// What does not hold.
    pub fn check_usually(&self, bytes: &[u8]) -> Result<(), String> {
        (self.check)(bytes, Manner::Usual)
    }
}

/// A format: any text is accounted for and comes back, read by what is learned of its first lines.
fn of_format(format: &'static dyn Format) -> Target {
    Target::new(format.id(), move |bytes, manner| {
        let (chunk, cx) = circumstances(bytes, manner);
        let sample = Sample::new(bytes, true);
        let learned = format.learn(&sample.lines[..sample.lines.len().min(SAMPLE_LINES)]);
        let Some(parser) = learned.or_else(|| format.compile("").ok()) else {
            return Err("it reads nothing without a description".to_owned());
        };
        let localized = cx.zone.and_then(|_| parser.localized());
        let parser = localized.unwrap_or(parser);
        read_back(parser.as_ref(), bytes, chunk, &cx).map(drop)
    })
}

/// Every target there is.
pub fn targets() -> Vec<Target> {
    let formats = FORMATS.iter().copied().map(of_format);
    let readers = [
        Target::new("described", described),
        Target::of("detect", detected),
        Target::of("time", times::read),
        Target::of("time_spec", times::described),
        Target::of("header_date", times::header),
        Target::of("archive", containers::walked),
    ];
    formats.chain(readers).collect()
}

/// In which pieces, and as what, a text is read: follows from its bytes, so that it is read the same way again.
fn circumstances(bytes: &[u8], manner: Manner) -> (usize, LineContext) {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    // The low bits of this hash are poor.
    let hash = if manner == Manner::Usual { 0b10_1000 } else { hash >> 32 };
    let chunk = [1 << 20, 1, 60, 300][(hash & 3) as usize];
    let zone = [None, Some(Tz::Europe__Berlin)][(hash >> 2 & 1) as usize];
    let line_end = if hash >> 3 & 3 == 0 { LineEnd::Crlf } else { LineEnd::Lf };
    let line_bytes_max = if hash >> 5 & 7 == 0 { 80 } else { 1 << 20 };
    let cx = LineContext {
        source_id: 7,
        first_line: 1,
        first_offset: 0,
        ingest_us: NOW_US,
        line_end,
        zone,
        line_bytes_max,
        headers: None,
        cuts: None,
        near_us: NOW_US,
    };
    (chunk, cx)
}

/// A format that a user describes: the first line is the description.
fn described(bytes: &[u8], manner: Manner) -> Result<(), String> {
    let at = memchr::memchr(b'\n', bytes).unwrap_or(bytes.len());
    let (spec, text) = bytes.split_at(at);
    let spec = String::from_utf8_lossy(spec);
    let Ok(parser) = format::logformat(&spec) else { return Ok(()) };
    let text = text.strip_prefix(b"\n").unwrap_or(text);
    let (chunk, cx) = circumstances(bytes, manner);
    read_back(parser.as_ref(), text, chunk, &cx).map(drop)
}

/// What format it is can be asked of any bytes.
fn detected(bytes: &[u8]) -> Result<(), String> {
    for whole in [false, true] {
        let sample = Sample::new(bytes, whole);
        detect(&sample, &[], NOW_US);
    }
    Ok(())
}
