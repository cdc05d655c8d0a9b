//! `dwell recover`.

use anyhow::Result;

use super::Outcome;
use crate::args::Recover;
use crate::context::Context;

pub(super) fn run(_: &Context, _: &Recover) -> Result<Outcome> {
    anyhow::bail!("not built yet")
}
