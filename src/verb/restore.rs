//! `dwell restore`: days of an archive come back, as a set beside the live data or into it; sets are listed and dropped.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;

use anyhow::Result;
use serde_json::{Value, json};
use storage::Day;
use storage::archive::Archive;
use storage::config::ArchiveConfig;
use storage::restore::{self, Goal, Plan, Report, Request, RestoreOptions};
use storage::store::{CommitOptions, Store};

use super::{Outcome, sql};
use crate::args::restore::{Restore, RestoreVerb};
use crate::context::Context;
use crate::exit::{Exit, usage};
use crate::output::target::Target;
use crate::progress::BytesProgress;
use crate::remote::{self, Missing};
use crate::{say, when};

/// Version of the JSON reports.
const REPORT_VERSION: u32 = 1;

/// Objects read at once, unless told otherwise.
const JOBS: usize = 4;

/// All sets, day by day.
const SETS: &str = "SELECT name, day, segments, rows, bytes, origin, restored_at, until \
                    FROM system.restored ORDER BY name, day";

/// Restores, lists or drops.
pub(super) fn run(context: &Context, arguments: &Restore) -> Result<Outcome> {
    match &arguments.what {
        Some(RestoreVerb::List(output)) => sql::listing(context, output, SETS),
        Some(RestoreVerb::Drop { name }) => drop_set(context, name),
        None => bring(context, arguments),
    }
}

/// How a record is committed.
pub(super) fn commit_options(context: &Context) -> CommitOptions {
    CommitOptions {
        now_us: storage::clock::now_us(),
        wait_ms: context.wait_ms,
        by: context.by.clone(),
    }
}

/// Opens the archive that the command line or dwell.toml names.
pub(super) fn open_archive(context: &Context, settings: &ArchiveConfig) -> Result<Archive> {
    let target = remote::target(settings, Missing::Refuse)?;
    let archive = Archive::open(target, &remote::trust(context))?;
    archive.notes().iter().for_each(say::note);
    Ok(archive)
}

fn bring(context: &Context, arguments: &Restore) -> Result<Outcome> {
    let (Some(from), Some(days)) = (&arguments.from, &arguments.days) else {
        return Err(usage("which days, and from where? give --from and --days A..B"));
    };
    let (first, last) = when::days(days).map_err(usage)?;
    let store = context.open()?;
    let settings = remote::settings(&context.settings(&store)?.archive, from);
    let archive = open_archive(context, &settings)?;
    let request = Request { first, last, goal: goal(arguments)? };
    let held = archive.days().iter().map(|(day, held)| (*day, (held.rows, held.bytes)));
    let held: BTreeMap<Day, (u64, u64)> = held.collect();
    let plan = restore::plan(&held, &store.state(), &request, context.now_us)?;
    if arguments.dry_run || plan.days.is_empty() {
        return only_plan(context, &store, &archive, &plan);
    }
    let jobs = arguments.jobs.map(usize::from).or(settings.jobs).unwrap_or(JOBS);
    let report = apply(context, &store, &archive, &plan, jobs)?;
    tell(&report, &archive);
    if context.json {
        write_json(&as_json(&report, &archive))?;
    }
    Ok(Outcome {
        exit: exit_of(&report),
        rows: report.restored.iter().map(|day| day.rows).sum(),
        bytes_read: report.bytes,
    })
}

fn goal(arguments: &Restore) -> Result<Goal> {
    if arguments.into_live {
        return Ok(Goal::Live);
    }
    let ttl_us = match arguments.ttl.as_deref() {
        None => None,
        Some(text) => Some(when::span(text).ok_or_else(|| {
            usage(format!("`{text}` is no span of time; write it as 30d, 12h or 2w"))
        })?),
    };
    Ok(Goal::Set { name: arguments.name.clone(), ttl_us })
}

/// Does what a plan says.
fn apply(
    context: &Context,
    store: &Arc<Store>,
    archive: &Archive,
    plan: &Plan,
    jobs: usize,
) -> Result<Report> {
    let progress = BytesProgress::new("restore");
    let options = RestoreOptions {
        jobs,
        commit: commit_options(context),
        cancel: &|| context.cancel.is_asked(),
        progress: &|bytes| progress.advance(bytes),
    };
    Ok(restore::run(store, archive, plan, &options)?)
}

fn only_plan(context: &Context, store: &Store, archive: &Archive, plan: &Plan) -> Result<Outcome> {
    absent(&plan.absent);
    let free = storage::fs::free_bytes(store.dir())?;
    if context.json {
        write_json(&json!({
            "report": "restore_plan",
            "schema_version": REPORT_VERSION,
            "from": archive.target().url(),
            "origin": archive.store_id(),
            "name": plan.name,
            "until": plan.until.map(when::rfc3339),
            "days": plan.days.iter().map(|day| json!({
                "day": day.day.to_string(), "rows": day.rows, "bytes": day.bytes,
            })).collect::<Vec<_>>(),
            "absent": plan.absent.iter().map(range).collect::<Vec<_>>(),
            "rows": plan.rows(),
            "bytes": plan.bytes(),
            "free_bytes": free,
        }))?;
    }
    if plan.days.is_empty() {
        say::error("none of these days is in the archive; nothing was restored");
        return Ok(Outcome { exit: Exit::Failed, ..Outcome::default() });
    }
    say::say(format_args!(
        "would restore {} {}, {} rows, {} (of {} free) to {}; nothing was changed",
        say::count(plan.days.len() as u64),
        say::plural(plan.days.len() as u64, "day", "days"),
        say::count(plan.rows()),
        say::size(plan.bytes()),
        say::size(free),
        goal_name(plan.name.as_deref())
    ));
    plan.check_space(free)?;
    Ok(Outcome::default())
}

fn goal_name(name: Option<&str>) -> String {
    name.map_or_else(|| "the live data".to_owned(), |name| format!("restored.{name}"))
}

fn range((first, last): &(Day, Day)) -> String {
    if first == last { first.to_string() } else { format!("{first}..{last}") }
}

fn absent(days: &[(Day, Day)]) {
    for days in days {
        say::note(format_args!("{} never was in the archive", range(days)));
    }
}

/// 12 for anything bad in the archive; 1 if days could not come back, or none did.
fn exit_of(report: &Report) -> Exit {
    let nothing = report.restored.is_empty() && report.same.is_empty();
    match (report.bad.is_empty(), report.refused.is_empty(), nothing) {
        (false, ..) => Exit::Integrity,
        (_, false, _) | (_, _, true) => Exit::Failed,
        _ => Exit::Done,
    }
}

fn tell(report: &Report, archive: &Archive) {
    absent(&report.absent);
    for (day, what) in &report.bad {
        say::error(format_args!("{day} is bad in the archive and was not restored: {what}"));
    }
    for (day, why) in &report.refused {
        say::error(format_args!("{day} was not restored: {why}"));
    }
    for day in &report.same {
        say::note(format_args!("{day} is live already, row for row"));
    }
    if report.left_out > 0 {
        say::note(format_args!(
            "{} lines were left out: they were redacted here since",
            say::count(report.left_out)
        ));
    }
    let days = report.restored.len() as u64;
    if days == 0 {
        say::say("nothing was restored");
        return;
    }
    say::say(format_args!(
        "restored {} {} of {}, {} rows, {}, from {} to {}",
        say::count(days),
        say::plural(days, "day", "days"),
        report.origin,
        say::count(report.restored.iter().map(|day| day.rows).sum()),
        say::size(report.bytes),
        archive.target().url(),
        goal_name(report.name.as_deref())
    ));
    match (&report.name, report.until) {
        (Some(name), Some(until)) => say::say(format_args!(
            "SELECT ... FROM restored.{name} reads it; nightly drops it after {}",
            when::rfc3339(until)
        )),
        (Some(name), None) => say::say(format_args!(
            "SELECT ... FROM restored.{name} reads it; it stays until `dwell restore drop {name}`"
        )),
        (None, _) => say::note(
            "days as old as the policy of retention allows will be retired again: place a hold to keep them",
        ),
    }
}

fn as_json(report: &Report, archive: &Archive) -> Value {
    let day = |(day, what): &(Day, String)| json!({"day": day.to_string(), "what": what});
    json!({
        "report": "restore",
        "schema_version": REPORT_VERSION,
        "from": archive.target().url(),
        "origin": report.origin,
        "name": report.name,
        "until": report.until.map(when::rfc3339),
        "restored": report.restored.iter().map(|day| json!({
            "day": day.day.to_string(), "rows": day.rows, "bytes": day.bytes,
        })).collect::<Vec<_>>(),
        "bad": report.bad.iter().map(day).collect::<Vec<_>>(),
        "refused": report.refused.iter().map(day).collect::<Vec<_>>(),
        "live_already": report.same.iter().map(Day::to_string).collect::<Vec<_>>(),
        "absent": report.absent.iter().map(range).collect::<Vec<_>>(),
        "left_out": report.left_out,
        "bytes_read": report.bytes,
        "seq": report.seq,
    })
}

/// Writes a report for programs.
pub(super) fn write_json(value: &Value) -> Result<()> {
    let mut target = Target::stdout();
    serde_json::to_writer_pretty(&mut target, value)?;
    target.write_all(b"\n")?;
    target.finish()?;
    Ok(())
}

fn drop_set(context: &Context, name: &str) -> Result<Outcome> {
    let store = context.open()?;
    let dropped = restore::drop_set(&store, name, &commit_options(context))?;
    say::say(format_args!(
        "dropped restored.{name}: {} {}, {} rows; its files, {}, are in the trash",
        say::count(dropped.days),
        say::plural(dropped.days, "day", "days"),
        say::count(dropped.rows),
        say::size(dropped.bytes)
    ));
    if context.json {
        write_json(&json!({
            "report": "restore_drop",
            "schema_version": REPORT_VERSION,
            "name": name,
            "days": dropped.days,
            "rows": dropped.rows,
            "bytes": dropped.bytes,
            "seq": dropped.seq,
        }))?;
    }
    Ok(Outcome::done(dropped.rows, 0))
}
