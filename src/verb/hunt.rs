//! `dwell hunt`: which hunts are there, and what do they find?

mod accept;
mod catalogue;
mod days;
mod keep;
mod page;
mod run;
mod sweep;
mod tell;

use anyhow::Result;

use super::Outcome;
use crate::args::hunt::Hunt;
use crate::context::Context;

pub(super) use self::keep::night;
pub(super) use self::page::write as write_page;
pub(super) use self::run::{Found, everything};
pub(super) use self::sweep::sweep;
pub(super) use self::tell::{screen, write_json};

/// Runs the command.
pub(super) fn run(context: &Context, what: Hunt) -> Result<Outcome> {
    match what {
        Hunt::List { own, output } => catalogue::list(context, &own, &output),
        Hunt::Show { id, own } => catalogue::show(context, &id, &own),
        Hunt::Run(args) => run::run(context, &args),
        Hunt::Accept(args) => accept::run(context, &args),
        Hunt::Summarize { bounds } => days::run(context, &bounds),
    }
}
