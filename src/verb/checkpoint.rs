//! `dwell checkpoint`: what of the ledger goes to another domain, and what it proves there.

mod export;
mod http;
mod proof;
mod rotate;
mod stamp;

use std::io::Read;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::Outcome;
use crate::args::checkpoint::Checkpoint;
use crate::context::{Context, read_text};

/// Does what the command says.
pub(super) fn run(context: &Context, what: &Checkpoint) -> Result<Outcome> {
    match what {
        Checkpoint::Export(args) => export::run(context, args),
        Checkpoint::Prove(args) => proof::prove(context, args),
        Checkpoint::Verify(args) => proof::check(context, args),
        Checkpoint::Timestamp(args) => stamp::run(context, args),
        Checkpoint::RotateKey(args) => rotate::run(context, args),
    }
}

/// Reads a small text: a file, or stdin for `-`.
fn text_of(path: &Path) -> Result<String> {
    if path != Path::new("-") {
        return read_text(path);
    }
    let mut text = String::new();
    std::io::stdin().lock().take(1 << 20).read_to_string(&mut text).context("cannot read stdin")?;
    Ok(text)
}
