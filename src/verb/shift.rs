//! `dwell sources shift`: what would a corrected clock change, and, with `--yes`, the change.

use std::collections::BTreeMap;
use std::io::Write as _;

use anyhow::Result;
use ingest::pipeline::shift::{self, ShiftPlan};
use serde_json::{Value, json};
use storage::day::Day;
use storage::extent::shift_text;

use super::{Outcome, ingest as ingest_verb};
use crate::args::SourcesVerb;
use crate::context::Context;
use crate::exit::usage;
use crate::output::target::Target;
use crate::progress::IngestProgress;
use crate::{say, when};

/// Version of the JSON plan.
const PLAN_VERSION: u32 = 1;

/// Shows the plan, and follows it if it is told to.
pub(super) fn run(context: &Context, what: &SourcesVerb) -> Result<Outcome> {
    let SourcesVerb::Shift { source, by, reason, yes } = what;
    let new_us = when::shift(by).map_err(usage)?;
    if reason.trim().is_empty() {
        return Err(usage("a correction needs a reason, which the ledger keeps"));
    }
    let store = context.open()?;
    let plan = shift::plan(&store, *source, new_us)?;
    let nothing = plan.old_us == plan.new_us;
    let mut applied = false;
    if *yes && !nothing {
        let options = ingest_verb::options(context, &store)?;
        let progress = IngestProgress::new(context.cancel.clone());
        let done = shift::apply(&store, *source, new_us, reason, &options, &progress);
        progress.clear();
        applied = done?;
    }
    if context.json {
        let mut target = Target::stdout();
        serde_json::to_writer_pretty(&mut target, &as_json(&plan, applied))?;
        target.write_all(b"\n")?;
        target.finish()?;
    } else {
        tell(&plan, applied);
    }
    Ok(Outcome::done(if applied { plan.rows } else { 0 }, 0))
}

/// Rows by day, before and after.
fn by_day(plan: &ShiftPlan) -> BTreeMap<Day, (u64, u64)> {
    let mut days: BTreeMap<Day, (u64, u64)> = BTreeMap::new();
    for (&(from, to), rows) in &plan.days {
        days.entry(from).or_default().0 += rows;
        days.entry(to).or_default().1 += rows;
    }
    days
}

fn tell(plan: &ShiftPlan, applied: bool) {
    let (id, path) = (plan.source_id, plan.path.display());
    if plan.old_us == plan.new_us {
        let shift = shift_text(plan.new_us);
        say::say(format_args!("source {id} ({path}) has shift {shift} already; nothing to do"));
        return;
    }
    say::say(format_args!(
        "source {id} ({path}): {} {}, shift {} instead of {}",
        say::count(plan.rows),
        say::plural(plan.rows, "row", "rows"),
        shift_text(plan.new_us),
        shift_text(plan.old_us)
    ));
    if let Some((first, last)) = plan.ts_range {
        let delta = plan.new_us - plan.old_us;
        say::say(format_args!("    {} to {} become", when::rfc3339(first), when::rfc3339(last)));
        say::say(format_args!(
            "    {} to {}",
            when::rfc3339(first.saturating_add(delta)),
            when::rfc3339(last.saturating_add(delta))
        ));
    }
    say::say(format_args!("    {} come to another day", say::count(plan.moved())));
    for (day, (before, after)) in by_day(plan).into_iter().filter(|(_, (a, b))| a != b) {
        say::say(format_args!("    {day}: {} -> {}", say::count(before), say::count(after)));
    }
    if applied {
        say::say("done, in one commit; the bytes that `dwell raw` gives back are the same");
    } else {
        say::say("nothing was changed; --yes does it");
    }
}

fn as_json(plan: &ShiftPlan, applied: bool) -> Value {
    let delta = plan.new_us.saturating_sub(plan.old_us);
    let days: Vec<Value> = by_day(plan)
        .into_iter()
        .map(|(day, (before, after))| {
            json!({"day": day.to_string(), "rows_before": before, "rows_after": after})
        })
        .collect();
    json!({
        "report": "shift",
        "schema_version": PLAN_VERSION,
        "source_id": plan.source_id,
        "path": plan.path.display().to_string(),
        "shift_before": shift_text(plan.old_us),
        "shift_after": shift_text(plan.new_us),
        "rows": plan.rows,
        "rows_to_another_day": plan.moved(),
        "first_ts": plan.ts_range.map(|(first, _)| when::rfc3339(first.saturating_add(delta))),
        "last_ts": plan.ts_range.map(|(_, last)| when::rfc3339(last.saturating_add(delta))),
        "days": days,
        "applied": applied,
    })
}
