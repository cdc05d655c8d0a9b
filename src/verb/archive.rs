//! `dwell archive`: sealed days go to folders and buckets, and leave them by policy.

pub(super) mod check;
mod expire;
pub(super) mod report;

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use serde_json::{Value, json};
use storage::Day;
use storage::archive::{self, Archive, RunOptions, RunReport};
use storage::config::ArchiveConfig;
use storage::store::{CommitOptions, Store};

use super::Outcome;
use crate::args::archive::Archive as Arguments;
use crate::context::Context;
use crate::exit::{self, Exit, usage};
use crate::output::escape;
use crate::output::target::Target;
use crate::progress::BytesProgress;
use crate::remote::{self, Missing};
use crate::say;

/// Version of the JSON reports.
const REPORT_VERSION: u32 = 1;

/// Objects sent at once, unless told otherwise.
const JOBS: usize = 4;

/// Archives, lists or expires.
pub(super) fn run(context: &Context, arguments: &Arguments) -> Result<Outcome> {
    let store = context.open()?;
    let known = context.settings(&store)?.archive;
    let mut targets: Vec<ArchiveConfig> =
        arguments.to.iter().map(|to| remote::settings(&known, to)).collect();
    if targets.is_empty() {
        targets = known;
    }
    if targets.is_empty() {
        return Err(usage(
            "name a target: --to DIR, --to s3://BUCKET/PREFIX, or [[archive]] in dwell.toml",
        ));
    }
    for target in &mut targets {
        target.jobs = arguments.jobs.map(usize::from).or(target.jobs);
        target.limit = arguments.limit.map(|rate| rate.0).or(target.limit);
    }
    let mut told =
        Told { context, exit: Exit::Done, texts: Vec::new(), json: Vec::new(), rows: 0, bytes: 0 };
    for target in &targets {
        let done = match (arguments.list, arguments.expire) {
            (true, _) => told.list(target),
            (_, true) => expire::run(&mut told, &store, target, arguments.yes),
            _ => told.archive(&store, target, arguments.repair),
        };
        if let Err(error) = done {
            let error = error.context(format!("archive {}", target.name));
            say::error(exit::message(&error));
            told.json.push(json!({"target": target.name, "error": exit::message(&error)}));
            told.worse(exit::of(&error));
        }
    }
    let name = match (arguments.list, arguments.expire) {
        (true, _) => "archive_list",
        (_, true) => "archive_expire",
        _ => "archive",
    };
    told.finish(name)
}

/// What is said of all targets in the end.
struct Told<'a> {
    context: &'a Context,
    exit: Exit,
    texts: Vec<String>,
    json: Vec<Value>,
    rows: u64,
    bytes: u64,
}

impl Told<'_> {
    /// The command ends with the worst that happened.
    fn worse(&mut self, exit: Exit) {
        let rank = |exit: Exit| match exit {
            Exit::Done => 0,
            Exit::Usage => 1,
            Exit::Locked => 2,
            Exit::Failed => 3,
            Exit::Integrity => 4,
            Exit::Interrupted => 5,
            _ => 1,
        };
        if rank(exit) > rank(self.exit) {
            self.exit = exit;
        }
    }

    fn archive(
        &mut self,
        store: &Arc<Store>,
        settings: &ArchiveConfig,
        repair: bool,
    ) -> Result<()> {
        let done = run_at(self.context, store, settings, repair)?;
        for day in &done.unsealed {
            say::note(format_args!("{day} is not sealed: it is not archived (`dwell seal`)"));
        }
        for note in &done.notes {
            say::note(note);
        }
        for (day, error) in &done.failed {
            say::error(format_args!("{day} was not archived: {error}"));
            self.worse(Exit::Integrity);
        }
        self.rows += done.archived.iter().map(|day| day.rows).sum::<u64>();
        self.bytes += done.counters.sent_bytes;
        self.texts.push(report::sentence(settings, &done));
        self.json.push(report::as_json(settings, &done));
        Ok(())
    }

    fn list(&mut self, settings: &ArchiveConfig) -> Result<()> {
        let target = remote::target(settings, Missing::Refuse)?;
        let archive = Archive::open(target, &remote::trust(self.context))?;
        archive.notes().iter().for_each(say::note);
        for day in archive.days().values() {
            self.rows += day.rows;
            self.texts.push(format!(
                "{}  {} rows  {}  {}",
                day.day,
                say::count(day.rows),
                say::size(day.bytes),
                day.manifest
            ));
        }
        self.json.push(json!({
            "target": settings.name,
            "to": archive.target().url(),
            "store_id": archive.store_id(),
            "index": archive.index().map(|(index, _)| index.number),
            "days": archive.days().values().map(report::day).collect::<Vec<_>>(),
        }));
        Ok(())
    }

    fn finish(self, name: &str) -> Result<Outcome> {
        use std::io::Write as _;
        let mut out = Target::stdout();
        if self.context.json {
            let report = json!({
                "report": name,
                "schema_version": REPORT_VERSION,
                "targets": self.json,
            });
            serde_json::to_writer_pretty(&mut out, &report)?;
            writeln!(out)?;
        } else {
            for text in &self.texts {
                writeln!(out, "{}", escape::visible(text))?;
            }
        }
        out.finish()?;
        Ok(Outcome { exit: self.exit, rows: self.rows, bytes_read: self.bytes })
    }
}

/// Archives what is due to one target.
pub(super) fn to_target(
    context: &Context,
    store: &Arc<Store>,
    settings: &ArchiveConfig,
) -> Result<RunReport> {
    run_at(context, store, settings, false)
}

fn run_at(
    context: &Context,
    store: &Arc<Store>,
    settings: &ArchiveConfig,
    repair: bool,
) -> Result<RunReport> {
    if is_inside(Path::new(&settings.to), store.dir()) {
        return Err(usage(format!(
            "{} lies in the store itself: that is no second place",
            settings.to
        )));
    }
    let target = remote::target(settings, Missing::Create)?;
    let progress = BytesProgress::new(&settings.name);
    let cancel = || context.cancel.is_asked();
    let advance = |bytes| progress.advance(bytes);
    let options = RunOptions { repair, ..options(context, settings, &cancel, &advance) };
    Ok(archive::run(store, &target, &options)?)
}

/// Whether a path, of which the end may not be there yet, lies in a folder.
fn is_inside(path: &Path, folder: &Path) -> bool {
    let there = path.ancestors().find_map(|above| {
        let above = if above.as_os_str().is_empty() { Path::new(".") } else { above };
        above.canonicalize().ok()
    });
    let folder = folder.canonicalize().ok();
    folder.zip(there).is_some_and(|(folder, there)| there.starts_with(folder))
}

/// How a run at a target goes.
pub(super) fn options<'a>(
    context: &Context,
    settings: &ArchiveConfig,
    cancel: &'a (dyn Fn() -> bool + Sync),
    progress: &'a (dyn Fn(u64) + Sync),
) -> RunOptions<'a> {
    RunOptions {
        jobs: settings.jobs.unwrap_or(JOBS),
        commit: CommitOptions {
            now_us: storage::clock::now_us(),
            wait_ms: context.wait_ms,
            by: context.by.clone(),
        },
        lock: settings.lock(),
        repair: false,
        trust: remote::trust(context),
        cancel,
        progress,
    }
}

/// Days for people: ranges of days that follow one another.
fn ranges(days: &[Day]) -> String {
    let mut parts: Vec<(Day, Day)> = Vec::new();
    for day in days {
        match parts.last_mut() {
            Some((_, last)) if last.0 + 1 == day.0 => *last = *day,
            _ => parts.push((*day, *day)),
        }
    }
    let part = |(first, last): &(Day, Day)| {
        if first == last { first.to_string() } else { format!("{first}..{last}") }
    };
    parts.iter().map(part).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_in_a_row_are_said_as_one() {
        let days = [1, 2, 3, 5].map(Day);
        assert_eq!(ranges(&days), "1970-01-02..1970-01-04, 1970-01-06");
        assert_eq!(ranges(&[]), "");
    }
}
