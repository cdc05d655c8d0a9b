//! `dwell archive --expire`: which days are older than a target's policy, what keeps each, and, with `--yes`, their removal.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::Result;
use serde_json::json;
use storage::archive::{self, Archive, ArchiveTarget, ExpireReport, Expiring};
use storage::config::ArchiveConfig;
use storage::store::{State, Store};
use storage::{Day, ErrorKind};

use super::super::hold;
use super::{Told, options, ranges, report};
use crate::context::Context;
use crate::exit::usage;
use crate::progress::BytesProgress;
use crate::remote::{self, Missing};
use crate::say;

/// How often one plans anew because others were writing.
const TRIES: u32 = 20;

/// Shows, or shows and removes.
pub(super) fn run(
    told: &mut Told<'_>,
    store: &Arc<Store>,
    settings: &ArchiveConfig,
    yes: bool,
) -> Result<()> {
    let keep_days = settings.keep_days.ok_or_else(|| {
        usage(format!(
            "`{}` keeps its days for ever: it has no keep_days in dwell.toml",
            settings.name
        ))
    })?;
    let context = told.context;
    let target = remote::target(settings, Missing::Refuse)?;
    let opened = Archive::open(Arc::clone(&target), &remote::trust(context))?;
    opened.notes().iter().for_each(say::note);
    // What a query would find now is held already, for what is shown.
    let state = hold::preview(context, store)?;
    let old = archive::plan_expiry(&state, &opened, keep_days, context.now_us);
    let due = old.iter().filter(|it| it.holds.is_empty()).count() as u64;
    for expiring in &old {
        told.texts.push(line(expiring));
    }
    let mut removed = None;
    if yes {
        let done = remove(context, store, &target, settings, keep_days)?;
        done.notes.iter().for_each(say::note);
        told.texts.push(sentence(settings, &done));
        removed = Some(done);
    } else {
        told.texts.push(match due {
            0 => format!("archive {}: nothing has expired", settings.name),
            _ => format!(
                "archive {}: {} {} would leave it; --yes removes them",
                settings.name,
                say::count(due),
                say::plural(due, "day", "days")
            ),
        });
    }
    told.json.push(json!({
        "target": settings.name,
        "to": target.url(),
        "keep_days": keep_days,
        "days": old.iter().map(as_json).collect::<Vec<_>>(),
        "removed": removed.map(|done| json!({
            "days": done.days.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "objects": done.objects,
            "bytes": done.bytes,
        })),
    }));
    Ok(())
}

/// Removes what has expired and is under no hold, by the newest answers of the queries of holds.
fn remove(
    context: &Context,
    store: &Arc<Store>,
    target: &Arc<dyn ArchiveTarget>,
    settings: &ArchiveConfig,
    keep_days: u32,
) -> Result<ExpireReport> {
    let progress = BytesProgress::new(&settings.name);
    let cancel = || context.cancel.is_asked();
    let advance = |bytes| progress.advance(bytes);
    let options = options(context, settings, &cancel, &advance);
    let now_us = options.commit.now_us;
    let mut tries = 0;
    loop {
        let asked = hold::ask(context, store)?;
        let opened = Archive::open(Arc::clone(target), &options.trust)?;
        let old = archive::plan_expiry(&*store.refresh()?, &opened, keep_days, now_us);
        let due: BTreeSet<Day> =
            old.iter().filter(|it| it.holds.is_empty()).map(|it| it.indexed.day).collect();
        let recheck = |newest: &State| asked.recheck(newest, due.iter().copied(), now_us);
        match archive::expire(store, target, &due, &options, &recheck) {
            Err(error) if error.kind() == ErrorKind::Conflict && tries < TRIES => tries += 1,
            done => return Ok(done?),
        }
    }
}

fn line(expiring: &Expiring) -> String {
    let day = &expiring.indexed;
    let mut text = format!("{}  {} rows  {}", day.day, say::count(day.rows), say::size(day.bytes));
    if !expiring.holds.is_empty() {
        let holds: Vec<_> = expiring.holds.iter().map(|id| format!("H{id}")).collect();
        text.push_str(&format!("  stays: held by {}", holds.join(", ")));
    } else if expiring.is_last_copy() {
        text.push_str("  the last copy");
    }
    text
}

fn sentence(settings: &ArchiveConfig, done: &ExpireReport) -> String {
    if done.days.is_empty() && done.objects == 0 {
        return format!("archive {}: nothing has expired", settings.name);
    }
    let count = done.days.len() as u64;
    format!(
        "archive {}: {} {} removed ({}); {} objects, {}",
        settings.name,
        say::count(count),
        say::plural(count, "day", "days"),
        ranges(&done.days),
        say::count(done.objects),
        say::size(done.bytes)
    )
}

fn as_json(expiring: &Expiring) -> serde_json::Value {
    let mut value = report::day(&expiring.indexed);
    value["holds"] = json!(expiring.holds);
    value["live"] = json!(expiring.live);
    value["other_copies"] = json!(expiring.other_copies);
    value["last_copy"] = json!(expiring.is_last_copy());
    value
}
