//! `dwell intel`: lists of indicators come in and go, and all days are searched for what they name.

mod add;

use anyhow::Result;
use query::intel::{INDICATORS, WARNINGLISTS};
use storage::tables::Kind;

use super::{Outcome, hunt, lists};
use crate::args::intel::Intel;
use crate::context::Context;

/// The tables of which lists are part.
const TABLES: [&str; 2] = [INDICATORS, WARNINGLISTS];

/// Runs one of its commands.
pub(super) fn run(context: &Context, what: Intel) -> Result<Outcome> {
    match what {
        Intel::Add(args) => add::run(context, &args),
        Intel::List { output } => lists::list(context, &output, &TABLES),
        Intel::Remove { names } => lists::remove(context, Kind::Intel, &TABLES, &names),
        Intel::Sweep(args) => hunt::sweep(context, *args),
    }
}
