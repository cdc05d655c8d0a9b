//! The step that looks at what has come in: summaries for days that have none, hunts over days that have changed.

use anyhow::Result;
use detect::finding::Level;
use serde_json::json;

use super::{Done, Night};
use crate::exit::Exit;
use crate::say;
use crate::verb::hunt;

/// Hunts.
pub(super) fn run(night: &mut Night<'_>) -> Result<Done> {
    let store = night.context.open_quietly()?;
    if !night.context.settings(&store)?.hunts.nightly {
        return Ok(Done::new("switched off in dwell.toml", json!(null)));
    }
    drop(store);
    let kept = hunt::night(night.context, night.args)?;
    let new: u64 = kept.new.values().sum();
    let levels = Level::ALL.iter().rev().filter_map(|level| {
        let count = kept.new.get(level)?;
        Some(format!("{} {level}", say::count(*count)))
    });
    let levels: Vec<_> = levels.collect();
    let mut said =
        format!("{} days hunted, {} new findings", say::count(kept.days), say::count(new));
    if new > 0 {
        said.push_str(&format!(" ({})", levels.join(", ")));
    }
    for (count, what) in [
        (kept.updated, "updated"),
        (kept.skipped.len() as u64, "hunts skipped for want of columns"),
        (kept.failed.len() as u64, "hunts failed"),
        (kept.never, "older days never hunted (hunt run all --new --since)"),
    ] {
        if count > 0 {
            said.push_str(&format!(", {} {what}", say::count(count)));
        }
    }
    let report = json!({
        "days": kept.days,
        "summarized": kept.summarized,
        "new": kept.new.iter().map(|(level, count)| (level.name(), *count)).collect::<std::collections::BTreeMap<_, _>>(),
        "updated": kept.updated,
        "skipped": kept.skipped.iter().map(|(id, missing)| json!({"id": id, "missing": missing})).collect::<Vec<_>>(),
        "failed": kept.failed.iter().map(|(id, error)| json!({"id": id, "error": error})).collect::<Vec<_>>(),
        "never": kept.never,
    });
    let exit = match (kept.failed.is_empty(), night.args.fail_on_findings && new > 0) {
        (false, _) => Exit::Failed,
        (true, true) => Exit::Findings,
        (true, false) => Exit::Done,
    };
    Ok(Done { exit, ..Done::new(said, report) })
}
