//! What goes this night? What `dwell retain apply` would remove without being told twice, and what the trash has kept
//! long enough.

use std::collections::BTreeSet;

use anyhow::Result;
use storage::retention::Policy;

use super::{Done, Night};
use crate::verb::retain;

/// Retires and purges.
pub(super) fn run(night: &mut Night<'_>) -> Result<Done> {
    let context = night.context;
    let store = context.open_quietly()?;
    let policy = Policy::new(&context.settings(&store)?.retention, None);
    let removed = retain::apply(context, &store, &policy, false, &BTreeSet::new())?;
    Ok(Done { exit: removed.exit(), said: removed.sentence(), report: removed.as_json() })
}
