//! What stays of lines that leave the files of a sealed day? Their leaf hashes, in a new file of salts.

use std::path::PathBuf;

use super::plan::Group;
use crate::error::{Error, ErrorKind, Result};
use crate::ledger::record::NamedFile;
use crate::seal::{self, LineSource};
use crate::store::Maintenance;

/// A side file for the record, and where it goes.
pub(super) type Salts = (NamedFile, (PathBuf, String));

/// Writes the salts of a seal without those of the lines that a group drops; `None` if it drops no sealed line.
pub(super) fn keep_leaves(
    change: &Maintenance,
    group: &Group,
    lines: &dyn LineSource,
) -> Result<Option<Salts>> {
    let Some(seq) = group.seal.filter(|_| group.has_hidden()) else { return Ok(None) };
    let (store, state) = (change.store(), change.base());
    let day = state.days.get(&group.day).into_iter();
    let sealed = day.flat_map(|day| &day.seals).find(|sealed| sealed.seq == seq);
    let sealed = sealed.ok_or_else(|| {
        Error::new(ErrorKind::Integrity, format!("files of {} under no seal", group.day))
    })?;
    let mut dropped = 0_u64;
    let mut leaves = |source_id: i32, line_no: i64, path: &str| {
        let input = group.inputs.iter().find(|input| input.meta.path == path);
        let leaves = input.is_some_and(|input| input.hidden.covers(source_id, line_no));
        dropped += u64::from(leaves);
        leaves
    };
    let salts = seal::without(store, state, sealed, lines, &mut leaves)?;
    if dropped == 0 {
        return Ok(None);
    }
    seal::write_salts(change, (group.day, sealed.seal.number), &salts).map(Some)
}
