//! `dwell export`: what other engines need to read the files of a store.

use std::io::Write;

use anyhow::Result;
use storage::views;

use super::Outcome;
use crate::args::{Engine, Export};
use crate::context::Context;
use crate::output::target::Target;

/// Prints the view of an engine over the store's files.
pub(super) fn run(context: &Context, what: &Export) -> Result<Outcome> {
    let store = context.open()?;
    let dir = std::path::absolute(store.dir())?.display().to_string();
    let text = match what {
        Export::Views { engine: Engine::Duckdb } => views::duckdb(&dir),
        Export::Views { engine: Engine::Spark } => views::spark(&dir),
    };
    let mut target = Target::stdout();
    target.write_all(text.as_bytes())?;
    target.finish()?;
    Ok(Outcome::default())
}
