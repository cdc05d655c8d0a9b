//! `dwell checkpoint prove`, `verify`: is one head a continuation of the other?

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use serde_json::json;
use storage::ledger::chain;
use storage::ledger::keys::KeyRing;
use storage::ledger::note::{self, Checkpoint, VerifierKey};
use storage::ledger::proof::Consistency;
use storage::store::Head;
use storage::{Breach, Error, ErrorKind};

use super::text_of;
use crate::args::checkpoint::{Check, Prove};
use crate::context::Context;
use crate::exit::usage;
use crate::output::target::Target;
use crate::say;
use crate::verb::Outcome;

/// Version of the JSON report.
const REPORT_VERSION: u32 = 1;

/// A checkpoint as the command line names it: a number of records, else a file.
fn head(text: &str) -> Result<Head> {
    match text.parse() {
        Ok(size) if !Path::new(text).exists() => Ok(Head::Size(size)),
        _ => Ok(Head::Note(newest_of(&text_of(Path::new(text))?))),
    }
}

/// The last checkpoint in a text.
fn newest_of(text: &str) -> String {
    note::checkpoints_in(text).pop().unwrap_or_default()
}

/// Writes the proof.
pub(super) fn prove(context: &Context, args: &Prove) -> Result<Outcome> {
    let old = head(&args.old)?;
    let new = args.new.as_deref().map(head).transpose()?;
    let store = context.open()?;
    let proof = store.prove_growth(&old, new.as_ref())?;
    let mut target = Target::open(args.output.as_deref())?;
    target.write_all(proof.text().as_bytes())?;
    target.finish()?;
    Ok(Outcome::default())
}

/// Checks a checkpoint or a proof with the public key alone.
pub(super) fn check(context: &Context, args: &Check) -> Result<Outcome> {
    let text = text_of(&args.file)?;
    let proof = if Consistency::is_one(&text) { Some(Consistency::parse(&text)?) } else { None };
    let signed = match &proof {
        Some(proof) => proof.note.clone(),
        None => newest_of(&text),
    };
    let new = opened(context, &signed)?;
    let old = match (&args.old, &proof) {
        (Some(path), _) => Some(opened(context, &newest_of(&text_of(path)?))?),
        (None, Some(_)) => return Err(usage("a proof needs the older checkpoint: --old FILE")),
        (None, None) => None,
    };
    let grown = match (&old, &proof) {
        (Some(old), Some(proof)) if proof.holds(old, &new) => true,
        (Some(old), None) if old == &new => true,
        (Some(_), None) => {
            return Err(usage("two checkpoints prove nothing alone: `dwell checkpoint prove`"));
        }
        (Some(_), Some(_)) => {
            let what = "the newer checkpoint is no continuation of the older one";
            let error = Error::new(ErrorKind::Integrity, what).as_breach(Breach::RolledBack);
            return Err(error.at(&args.file).into());
        }
        (None, _) => false,
    };
    let mut target = Target::stdout();
    if context.json {
        let report = json!({
            "report": "checkpoint_verify",
            "schema_version": REPORT_VERSION,
            "valid": true,
            "store_id": new.origin,
            "records": new.size,
            "grown_from": old.as_ref().filter(|_| grown).map(|old| old.size),
        });
        writeln!(target, "{report:#}")?;
    } else {
        let records = say::count(new.size);
        writeln!(target, "valid: {records} records of {}", new.origin)?;
        if let Some(old) = old {
            writeln!(target, "they begin with the {} of the older one", say::count(old.size))?;
        }
    }
    target.finish()?;
    Ok(Outcome::default())
}

/// The checkpoint of a note, signed by the pinned key, else by one known for its origin.
fn opened(context: &Context, signed: &str) -> Result<Checkpoint> {
    let origin = signed.lines().next().unwrap_or_default();
    let keys = match &context.pinned_key {
        Some(line) => vec![VerifierKey::parse(line.trim())?],
        None => {
            let (dir, fallback) = (context.key_dir.clone(), context.fallback_dir.clone());
            KeyRing::new(storage::fs::real(), dir, fallback).known_all(origin)?
        }
    };
    if keys.is_empty() {
        return Err(usage(format!("no key of `{origin}` is known here: give it with --key")));
    }
    let checkpoint = Checkpoint::parse(chain::open_any(keys.iter().rev(), signed)?)?;
    match keys.iter().any(|key| key.name() == checkpoint.origin) {
        true => Ok(checkpoint),
        false => {
            let what = "the checkpoint of another store";
            Err(Error::new(ErrorKind::Integrity, what).as_breach(Breach::WrongKey).into())
        }
    }
}
