//! `dwell sigma`: rules as others write them, checked against what the store holds, and run over it.

mod check;
mod files;
mod run;
mod tell;

use anyhow::Result;

use super::Outcome;
use crate::args::sigma::Sigma;
use crate::context::Context;

/// Runs the command.
pub(super) fn run(context: &Context, what: &Sigma) -> Result<Outcome> {
    match what {
        Sigma::Check(args) => check::run(context, args),
        Sigma::Run(args) => run::run(context, args),
    }
}
