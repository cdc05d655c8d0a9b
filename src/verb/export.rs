//! `dwell export`.

use anyhow::Result;

use super::Outcome;
use crate::args::Export;
use crate::context::Context;

pub(super) fn run(_: &Context, _: &Export) -> Result<Outcome> {
    anyhow::bail!("not built yet")
}
