//! `dwell verify`.

use anyhow::Result;

use super::Outcome;
use crate::args::Verify;
use crate::context::Context;

pub(super) fn run(_: &Context, _: &Verify) -> Result<Outcome> {
    anyhow::bail!("not built yet")
}
