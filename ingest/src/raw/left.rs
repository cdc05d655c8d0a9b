//! What is left of a source without some of its lines? Proven before they go: the source is given back whole once more,
//! and what stays is hashed for itself.

use sha2::Sha256;
use storage::digest::Digest;
use storage::error::Result;
use storage::redact::{Left, Remainder};
use storage::store::{HiddenLines, State, Store};

use super::source::{Cut, Sink, write_source};
use super::{check, check_lines, known_source};

/// Says what redactions leave of sources.
#[derive(Debug, Clone, Copy, Default)]
pub struct Leavings;

impl Remainder for Leavings {
    fn left(
        &self,
        store: &Store,
        state: &State,
        source_id: i32,
        lines: &HiddenLines,
        gone: &mut Sha256,
    ) -> Result<Left> {
        left(store, state, source_id, lines, gone)
    }
}

/// Reads a source as it is stored now, and says what it is without `lines`; these go into `gone`, in their order, each with
/// its line end.
///
/// # Errors
/// `InvalidInput`: there is no such source. `Integrity`: it does not come out as it came in, so that nothing could be said
/// about what is left.
fn left(
    store: &Store,
    state: &State,
    source_id: i32,
    lines: &HiddenLines,
    gone: &mut Sha256,
) -> Result<Left> {
    let source = known_source(state, source_id)?;
    let last_line = source.next_line() - 1;
    let mut out = std::io::sink();
    let mut sink = Sink::new(&mut out);
    sink.cut = Some(Cut { lines, kept: Sha256::default(), gone });
    sink.until = source.remaining.map(|(line, _)| (line, None));
    let count = write_source(store, state, source, &mut sink)?;
    if source.privacy.is_some() || source.retired > 0 {
        check_lines(source, count)?;
        return Ok(Left { last_line, sha256: None });
    }
    check(source, &sink)?;
    let sha256 = sink.cut.map(|cut| Digest::so_far(&cut.kept));
    Ok(Left { last_line, sha256 })
}
