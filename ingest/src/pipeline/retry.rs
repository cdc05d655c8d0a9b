//! What if quarantined lines can be read after all? They are read anew from what is stored, and the rows take their place.

mod lines;
mod whole;

use std::path::Path;
use std::sync::Arc;

use storage::error::{Error, ErrorKind, Result};
use storage::store::{Source, Store};

use super::Run;
use super::choose::{self, Given};
use crate::options::{IngestOptions, Progress};
use crate::report::{IngestReport, SourceReport};

/// How often a source is planned anew because another writer was faster.
const PLANS_MAX: usize = 20;

/// Reads the quarantined lines of a source anew.
///
/// With the format that `options` name, else with the source's own; a text that no format claimed (or two did) is looked
/// at again. Lines that have become readable are rows afterwards, all in one commit; if there are none, nothing is
/// written. A source without any row takes the format that reads it. In others, rows that were read otherwise than the
/// source (another format, another zone) keep their exact line in `raw`, so that the source is still given back byte for
/// byte.
///
/// # Errors
/// `InvalidInput`: there is no such source, or no such format. `Unsupported`: the source has a privacy rule. The store's
/// own troubles, and `Interrupted`; the store is then as before.
pub fn retry(
    store: &Arc<Store>,
    source_id: i32,
    options: &IngestOptions,
    progress: &dyn Progress,
) -> Result<SourceReport> {
    read(store, source_id, None, options, progress)
}

/// Reads a source under a privacy rule anew, from the file that it came in from: of its lines nothing is stored that could be
/// read. The rule it came in under takes away again what it took then.
///
/// # Errors
/// `InvalidInput`: there is no such source or format, the source needs no file, or the file holds another content. The
/// store's own troubles, and `Interrupted`; the store is then as before.
pub fn retry_from(
    store: &Arc<Store>,
    source_id: i32,
    original: &Path,
    options: &IngestOptions,
    progress: &dyn Progress,
) -> Result<SourceReport> {
    read(store, source_id, Some(original), options, progress)
}

fn read(
    store: &Arc<Store>,
    source_id: i32,
    original: Option<&Path>,
    options: &IngestOptions,
    progress: &dyn Progress,
) -> Result<SourceReport> {
    store.check_settings()?;
    let mut plans = 0;
    loop {
        let given = Given::new(options.settings.as_ref().unwrap_or(store.config()), options)?;
        let state = store.refresh()?;
        let source = state.sources.get(&source_id).ok_or_else(|| {
            Error::new(ErrorKind::InvalidInput, format!("there is no source {source_id}"))
                .advise("`dwell sources` lists them")
        })?;
        match attempt(store, (source, original), given, options, progress) {
            Err(error) if error.kind() == ErrorKind::Conflict && plans < PLANS_MAX => plans += 1,
            result => return result,
        }
    }
}

/// Reads the quarantined lines of every source anew, each as [`retry`] does. Sources without such lines are left out.
///
/// # Errors
/// As [`retry`].
pub fn retry_all(
    store: &Arc<Store>,
    options: &IngestOptions,
    progress: &dyn Progress,
) -> Result<IngestReport> {
    let state = store.refresh()?;
    let with =
        state.sources.values().filter(|it| it.counts.quarantined > 0 && it.privacy.is_none());
    let sources = with.map(|source| retry(store, source.id, options, progress));
    Ok(IngestReport { sources: sources.collect::<Result<_>>()? })
}

fn attempt(
    store: &Arc<Store>,
    (source, original): (&Arc<Source>, Option<&Path>),
    given: Given,
    options: &IngestOptions,
    progress: &dyn Progress,
) -> Result<SourceReport> {
    if let Some(privacy) = &source.privacy
        && original.is_none()
    {
        let message = format!(
            "the bytes of the quarantined lines of source {} were not kept, by its privacy rule ({})",
            source.id,
            privacy.rule.describe()
        );
        return Err(Error::new(ErrorKind::Unsupported, message)
            .advise("--original FILE reads them from the file they came in from"));
    }
    let unread = [choose::UNKNOWN, choose::AMBIGUOUS].contains(&source.format.as_str());
    let options = IngestOptions { extent_bytes: u64::MAX, extent_us: i64::MAX, ..options.clone() };
    let named = given.parser.is_some();
    let run = Run::alone(store, &options, progress, given);
    let whole = original.is_some() || unread || (named && source.counts.rows == 0);
    if whole && source.redacted + source.redacted_others > 0 {
        let message = format!(
            "lines of source {} were redacted: it can't be read as a whole any more",
            source.id
        );
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    progress.begin(Some(source.bytes));
    if let Some(original) = original {
        return whole::retry_from(&run, source, original);
    }
    if whole { whole::retry(&run, source) } else { lines::retry(&run, source) }
}
