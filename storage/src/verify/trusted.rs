//! Is the ledger the one of a checkpoint that somebody kept elsewhere?

use super::Report;
use super::ledger::Audit;
use crate::error::{Breach, Error};
use crate::ledger::chain;
use crate::ledger::note::{self, Checkpoint, VerifierKey};
use crate::ledger::tree;

/// Compares the ledger with each checkpoint in `text`: a signed note, or the lines of a log that checkpoints were sent
/// to. `known` are keys that may have signed it besides those of the ledger.
pub(super) fn check(text: &str, known: &[VerifierKey], audit: &Audit, report: &mut Report) {
    let store = report.store_id.clone();
    let notes = note::checkpoints_in(text);
    let own: Vec<_> = notes.iter().filter(|it| it.lines().next() == Some(&*store)).collect();
    if own.is_empty() {
        let other = notes.iter().any(|it| it.contains("\n\n"));
        let what = if other {
            "the trusted checkpoint is of another store"
        } else {
            "the trusted checkpoint is no signed note"
        };
        return report.problem(Breach::WrongKey, "ledger", what);
    }
    let mut newest = 0;
    for note in own {
        let keys = audit.folded.keys.keys().chain(known);
        match chain::open_any(keys.rev(), note).and_then(Checkpoint::parse) {
            Ok(trusted) => {
                compare(&trusted, audit, report);
                newest = newest.max(trusted.size);
            }
            Err(error) => refuse(&error, report),
        }
    }
    let later = (audit.leaves.len() as u64).saturating_sub(newest);
    if report.is_valid() {
        report.notes.push(format!(
            "the trusted checkpoint covers {newest} records; {later} later ones are signed, but not witnessed"
        ));
    }
}

fn refuse(error: &Error, report: &mut Report) {
    report.problem(error.breach(), "ledger", format!("the trusted checkpoint: {error}"));
}

fn compare(trusted: &Checkpoint, audit: &Audit, report: &mut Report) {
    let leaves = &audit.leaves;
    let prefix = usize::try_from(trusted.size).ok().and_then(|size| leaves.get(..size));
    match prefix {
        None => {
            let what = format!(
                "{} records, {} when the trusted checkpoint was signed",
                leaves.len(),
                trusted.size
            );
            report.problem(Breach::RolledBack, "ledger", what);
        }
        Some(prefix) if tree::root(prefix) == trusted.root => {}
        Some(_) => {
            let what = format!(
                "its first {} records are not those of the trusted checkpoint",
                trusted.size
            );
            report.problem(Breach::Altered, "ledger", what);
        }
    }
}
