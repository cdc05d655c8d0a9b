//! Which code runs for which command? One file for each.

mod archive;
mod checkpoint;
mod compact;
mod demo;
mod doctor;
mod drill;
mod export;
mod formats;
mod hold;
mod hunt;
mod ingest;
mod init;
mod inspect;
mod intel;
mod listing;
mod lists;
mod nightly;
mod pdns;
mod pivot;
mod proof;
mod pseudonym;
mod quarantine;
mod raw;
mod recover;
mod redact;
mod rekey;
mod restore;
mod retain;
mod seal;
mod shell;
mod shift;
mod sigma;
mod sources;
mod sql;
mod verify;

use anyhow::Result;

use crate::args::Verb;
use crate::context::Context;
use crate::exit::Exit;

/// How a command ended, and what the summary says of it.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The code.
    pub(crate) exit: Exit,
    /// Rows written to stdout, or stored.
    pub(crate) rows: u64,
    /// Bytes read of the store, or of the input.
    pub(crate) bytes_read: u64,
}

impl Default for Outcome {
    fn default() -> Self {
        Self { exit: Exit::Done, rows: 0, bytes_read: 0 }
    }
}

impl Outcome {
    /// Done, with so many rows out of so many bytes.
    pub(crate) fn done(rows: u64, bytes_read: u64) -> Self {
        Self { exit: Exit::Done, rows, bytes_read }
    }
}

/// Runs a command.
pub(crate) fn run(context: &Context, verb: Verb) -> Result<Outcome> {
    match verb {
        Verb::Demo(args) => demo::run(context, &args),
        Verb::Init(args) => init::run(context, args),
        Verb::Ingest(args) => ingest::run(context, args),
        Verb::Formats { what } => formats::run(context, what),
        Verb::Sql(args) => sql::run(context, &args),
        Verb::Hunt { what } => hunt::run(context, what),
        Verb::Pivot(args) => pivot::run(context, &args),
        Verb::Intel { what } => intel::run(context, what),
        Verb::Pdns { what } => pdns::run(context, what),
        Verb::Raw(args) => raw::run(context, &args),
        Verb::Days(args) => listing::days(context, &args),
        Verb::Sources(args) => sources::run(context, &args),
        Verb::Quarantine { what } => quarantine::run(context, what),
        Verb::Pseudonym(args) => pseudonym::run(context, &args),
        Verb::Sigma { what } => sigma::run(context, &what),
        Verb::Seal(args) => seal::run(context, &args),
        Verb::Compact(args) => compact::run(context, &args),
        Verb::Inspect(args) => inspect::run(context, &args),
        Verb::Checkpoint { what } => checkpoint::run(context, &what),
        Verb::Verify(args) => verify::run(context, &args),
        Verb::Hold { what } => hold::run(context, what),
        Verb::Retain { what } => retain::run(context, &what),
        Verb::Redact(args) => redact::run(context, &args),
        Verb::Nightly(args) => nightly::run(context, &args),
        Verb::Archive(args) => archive::run(context, &args),
        Verb::Restore(args) => restore::run(context, &args),
        Verb::Drill(args) => drill::run(context, &args),
        Verb::Recover(args) => recover::run(context, &args),
        Verb::Export(args) => export::run(context, &args),
        Verb::Rekey(args) => rekey::run(context, &args),
        Verb::Doctor => doctor::run(context),
        Verb::Completions { shell } => shell::completions(shell),
        Verb::Man => shell::man(),
    }
}
