//! `dwell export`: what others need, to read the files of a store or to believe its rows.

use std::io::Write;

use anyhow::Result;
use storage::views as texts;

use super::{Outcome, proof};
use crate::args::Engine;
use crate::args::proof::{Export, Views};
use crate::context::Context;
use crate::exit::usage;
use crate::output::target::Target;

/// Prints the view of an engine over the store's files, or writes rows with their proof.
pub(super) fn run(context: &Context, args: &Export) -> Result<Outcome> {
    match (&args.what, &args.proof) {
        (Some(what), _) => views(context, what),
        (None, Some(dir)) => proof::run(context, args, dir),
        (None, None) => Err(usage("what? `--proof DIR`, or `views duckdb|spark`")),
    }
}

fn views(context: &Context, what: &Views) -> Result<Outcome> {
    let store = context.open()?;
    let dir = std::path::absolute(store.dir())?.display().to_string();
    let text = match what {
        Views::Views { engine: Engine::Duckdb } => texts::duckdb(&dir),
        Views::Views { engine: Engine::Spark } => texts::spark(&dir),
    };
    let mut target = Target::stdout();
    target.write_all(text.as_bytes())?;
    target.finish()?;
    Ok(Outcome::default())
}
