//! `dwell retain`: what has expired, what protects the rest, and, with `apply`, its removal.

mod json;
mod text;

use std::collections::BTreeSet;
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::sync::Arc;

use anyhow::Result;
use serde_json::{Value, json};
use storage::ErrorKind;
use storage::day::Day;
use storage::retention::{self, Applied, Facts, Plan, Policy};
use storage::store::{CommitOptions, Purged, Store};

use super::nightly::Memory;
use super::seal::Lines;
use super::{Outcome, hold};
use crate::args::retain::Retain;
use crate::context::Context;
use crate::exit::Exit;
use crate::output::target::Target;
use crate::say;

/// How often one plans anew because others were writing.
const TRIES: u32 = 20;

/// Plans, or plans and removes.
pub(super) fn run(context: &Context, what: &Retain) -> Result<Outcome> {
    let store = context.open()?;
    let settings = context.settings(&store)?;
    match what {
        Retain::Plan { keep_days } => {
            let policy = Policy::new(&settings.retention, *keep_days);
            // What a query would find now is held already, for the plan; the next apply notes it.
            let state = hold::preview(context, &store)?;
            let mut facts = Facts::gather(&store, &state)?;
            facts.bad_copies = Memory::read(&store).bad_days();
            let plan = retention::plan(&state, &policy, context.now_us, &facts);
            show(context, &plan, &policy, None)?;
            Ok(Outcome::done(plan.rows(), 0))
        }
        Retain::Apply { keep_days, yes } => {
            let policy = Policy::new(&settings.retention, *keep_days);
            let removed = apply(context, &store, &policy, *yes)?;
            show(context, &removed.applied.plan, &policy, Some(&removed))?;
            let rows = removed.applied.receipt.map_or(0, |_| removed.applied.plan.rows());
            Ok(Outcome { exit: removed.exit(), rows, bytes_read: 0 })
        }
    }
}

/// What a run has removed.
pub(super) struct Removed {
    /// The plan and its receipt.
    pub(super) applied: Applied,
    /// What was deleted for good.
    pub(super) purged: Purged,
    /// Why nothing was removed, where that was for the limits.
    pub(super) refused: Vec<String>,
}

impl Removed {
    /// How a command ends that did this.
    pub(super) fn exit(&self) -> Exit {
        if self.refused.is_empty() { Exit::Done } else { Exit::Failed }
    }

    /// What it says of it.
    pub(super) fn sentence(&self) -> String {
        let plan = &self.applied.plan;
        let mut text = match self.applied.receipt {
            _ if !self.refused.is_empty() => {
                format!("{}; `dwell retain apply --yes` does it", self.refused.join("; "))
            }
            Some(seq) => format!(
                "{} {}, {} rows, {} retired; receipt is record {seq}",
                say::count(plan.retired.len() as u64),
                say::plural(plan.retired.len() as u64, "day", "days"),
                say::count(plan.rows()),
                say::size(plan.bytes())
            ),
            None => "nothing to retire".to_owned(),
        };
        let Purged { files, bytes, waiting } = self.purged;
        if files > 0 {
            text.push_str(&format!("; {files} files deleted from trash/, {}", say::size(bytes)));
        }
        if waiting > 0 {
            text.push_str(&format!("; {waiting} files wait in trash/"));
        }
        text
    }

    /// The same for programs.
    pub(super) fn as_json(&self) -> Value {
        json!({
            "receipt": self.applied.receipt,
            "refused": self.refused,
            "purged": {
                "files": self.purged.files,
                "bytes": self.purged.bytes,
                "waiting_files": self.purged.waiting,
            },
        })
    }
}

/// Retires what is due, and deletes what the trash has kept long enough.
fn apply(context: &Context, store: &Arc<Store>, policy: &Policy, yes: bool) -> Result<Removed> {
    let bad_copies = Memory::read(store).bad_days();
    let removed = retire(context, store, policy, yes, &bad_copies)?;
    Ok(Removed { purged: purge(context, store, policy)?, ..removed })
}

/// Deletes what the trash has kept long enough, and the keys that nothing is encrypted with any more.
pub(super) fn purge(context: &Context, store: &Store, policy: &Policy) -> Result<Purged> {
    let purged = store.purge(storage::clock::now_us(), policy.grace_us(), context.wait_ms)?;
    for scope in store.shred_unused_keys(context.wait_ms)? {
        say::note(format_args!("the key of {scope} is destroyed: nothing is left of it here"));
    }
    Ok(purged)
}

/// Retires what is due. Days in `bad_copies` count as not archived.
pub(super) fn retire(
    context: &Context,
    store: &Arc<Store>,
    policy: &Policy,
    yes: bool,
    bad_copies: &BTreeSet<Day>,
) -> Result<Removed> {
    let mut refused = Vec::new();
    let mut tries = 0;
    let applied = loop {
        let asked = hold::ask(context, store)?;
        let options = commit_options(context);
        let mut agree = |plan: &Plan| {
            refused = plan.beyond_limits();
            if refused.is_empty() || yes || asked_for_yes(context, plan, policy)? {
                refused.clear();
                return Ok(true);
            }
            Ok(false)
        };
        let lines = Lines(context.cancel.clone());
        match retention::apply(store, policy, bad_copies, asked, &lines, &options, &mut agree) {
            Err(error) if error.kind() == ErrorKind::Conflict && tries < TRIES => tries += 1,
            done => break done?,
        }
    };
    Ok(Removed { applied, purged: Purged::default(), refused })
}

/// How a command of retention commits: at the time it commits, not the one it was started at.
pub(super) fn commit_options(context: &Context) -> CommitOptions {
    CommitOptions {
        now_us: storage::clock::now_us(),
        wait_ms: context.wait_ms,
        by: context.by.clone(),
    }
}

/// Asks the person at the terminal, where there is one.
fn asked_for_yes(context: &Context, plan: &Plan, policy: &Policy) -> storage::Result<bool> {
    let terminal = std::io::stdin().is_terminal() && say::is_terminal();
    if !terminal || context.json {
        return Ok(false);
    }
    let mut shown = Vec::new();
    if text::write(&mut shown, plan, policy).is_ok() {
        say::say(String::from_utf8_lossy(&shown).trim_end());
    }
    for reason in plan.beyond_limits() {
        say::warning(reason);
    }
    say::say("type `yes` to remove it");
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    Ok(read.is_ok() && answer.trim() == "yes")
}

fn show(context: &Context, plan: &Plan, policy: &Policy, removed: Option<&Removed>) -> Result<()> {
    let mut target = Target::stdout();
    if context.json {
        let applied = removed.is_some_and(|it| it.applied.receipt.is_some());
        let report = removed.map_or(Value::Null, Removed::as_json);
        serde_json::to_writer_pretty(&mut target, &json::value(plan, policy, applied, report))?;
        writeln!(target)?;
    } else {
        text::write(&mut target, plan, policy)?;
    }
    target.finish()?;
    match removed {
        Some(removed) if removed.refused.is_empty() => say::say(removed.sentence()),
        Some(removed) => say::error(removed.sentence()),
        None => {
            for reason in plan.beyond_limits() {
                say::note(format_args!("apply needs --yes: {reason}"));
            }
        }
    }
    Ok(())
}
