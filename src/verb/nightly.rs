//! `dwell nightly`: everything that retention needs, in one run that can be repeated and killed anywhere.
//!
//! The steps are a table. Each opens the store anew, does its work in transactions of its own and has its own line in
//! the report; one that fails does not keep later ones from running, except those that name it in `needs`. What a step
//! has done before a kill is found done by the next run.

mod closing;
mod copies;
mod drill;
mod hunts;
mod ingest;
mod memory;
mod retire;
mod share;

use std::io::Write as _;
use std::time::Instant;

use anyhow::Result;
use serde_json::{Value, json};

pub(super) use self::memory::Memory;
use super::Outcome;
use crate::args::hunt::Nightly;
use crate::context::Context;
use crate::exit::{self, Exit, Interrupted};
use crate::output::escape;
use crate::output::target::Target;
use crate::{say, when};

/// Version of the JSON report.
const REPORT_VERSION: u32 = 1;

/// A night waits at least this long for another writer.
const WAIT_MS: u64 = 3_600_000;

/// One thing that a night does.
struct Step {
    name: &'static str,
    /// Steps of the same run that must have ended well.
    needs: &'static [&'static str],
    run: fn(&mut Night) -> Result<Done>,
}

/// The steps, in their order: what comes in, what makes it safe, and what is safe to remove last.
static STEPS: &[Step] = &[
    Step { name: "ingest", needs: &[], run: ingest::run },
    Step { name: "seal", needs: &[], run: closing::seal },
    Step { name: "compact", needs: &[], run: closing::compact },
    Step { name: "archive", needs: &[], run: closing::archive },
    Step { name: "verify", needs: &[], run: share::run },
    Step { name: "copies", needs: &[], run: copies::run },
    Step { name: "drill", needs: &[], run: drill::run },
    Step { name: "hunts", needs: &[], run: hunts::run },
    Step { name: "retire", needs: &["archive", "verify", "copies", "drill"], run: retire::run },
    Step { name: "purge", needs: &["verify"], run: retire::purge },
];

/// How a step ended.
struct Done {
    exit: Exit,
    /// What it did, for people.
    said: String,
    /// The same for programs.
    report: Value,
}

impl Done {
    fn new(said: impl Into<String>, report: Value) -> Self {
        Self { exit: Exit::Done, said: said.into(), report }
    }
}

/// A run.
struct Night<'a> {
    context: &'a Context,
    args: &'a Nightly,
    memory: Memory,
}

/// A line of the report.
struct Line {
    step: &'static str,
    outcome: &'static str,
    exit: Exit,
    said: String,
    elapsed_ms: f64,
    report: Value,
}

/// Runs all steps and reports.
pub(super) fn run(context: &Context, args: &Nightly) -> Result<Outcome> {
    // Without a store there is no night.
    let store = context.open()?;
    store.check_settings()?;
    let memory = Memory::read(&store);
    let context = &Context { wait_ms: context.wait_named.unwrap_or(WAIT_MS), ..context.clone() };
    let mut night = Night { context, args, memory };
    let mut lines: Vec<Line> = Vec::new();
    let mut target = Target::stdout();
    for step in STEPS {
        if context.cancel.is_asked() {
            return Err(Interrupted.into());
        }
        let line = night.step(step, &lines);
        if !context.json {
            let text = format!("{:<8} {:<8} {}", line.step, line.outcome, line.said);
            writeln!(target, "{}", escape::visible(text.trim_end()))?;
            target.flush()?;
        }
        lines.push(line);
        night.memory.note(storage::clock::now_us(), &lines);
        if let Err(error) = night.memory.write(&store) {
            say::note(format_args!("what this night has done could not be noted: {error}"));
        }
    }
    let exit = worst(lines.iter().map(|line| line.exit));
    if context.json {
        let report = json!({
            "report": "nightly",
            "schema_version": REPORT_VERSION,
            "store_id": store.id(),
            "began": when::rfc3339(context.now_us),
            "exit_code": exit.code(),
            "steps": lines.iter().map(Line::as_json).collect::<Vec<_>>(),
        });
        serde_json::to_writer_pretty(&mut target, &report)?;
        writeln!(target)?;
    }
    target.finish()?;
    Ok(Outcome { exit, ..Outcome::default() })
}

impl Night<'_> {
    /// Runs one step, unless one that it needs went wrong in this run.
    fn step(&mut self, step: &Step, before: &[Line]) -> Line {
        let line = |outcome, exit, said, report| Line {
            step: step.name,
            outcome,
            exit,
            said,
            elapsed_ms: 0.0,
            report,
        };
        let bad = before.iter().find(|it| step.needs.contains(&it.step) && !it.is_clean());
        if let Some(bad) = bad {
            let said = format!("{} was not clean in this run; nothing is removed", bad.step);
            return line("skipped", Exit::Done, said, Value::Null);
        }
        let begin = Instant::now();
        let done = match (step.run)(self) {
            Ok(Done { exit, said, report }) => {
                let outcome = if exit == Exit::Done { "done" } else { "attention" };
                line(outcome, exit, said, report)
            }
            Err(error) => {
                let said = exit::message(&error);
                say::error(format_args!("{}: {said}", step.name));
                line("failed", exit::of(&error), said, Value::Null)
            }
        };
        Line { elapsed_ms: begin.elapsed().as_secs_f64() * 1_000.0, ..done }
    }
}

impl Line {
    /// Whether what it stands for was done, and found nothing wrong. Quarantined lines are nothing wrong.
    fn is_clean(&self) -> bool {
        self.outcome != "skipped" && matches!(self.exit, Exit::Done | Exit::Partial)
    }

    fn as_json(&self) -> Value {
        json!({
            "step": self.step,
            "outcome": self.outcome,
            "exit_code": self.exit.code(),
            "message": self.said,
            "elapsed_ms": (self.elapsed_ms * 1_000.0).round() / 1_000.0,
            "report": self.report,
        })
    }
}

/// The code of the step that ended worst.
fn worst(exits: impl Iterator<Item = Exit>) -> Exit {
    let rank = |exit: &Exit| match exit {
        Exit::Interrupted => 6,
        Exit::Integrity => 5,
        Exit::Failed | Exit::Usage | Exit::NoStore => 4,
        Exit::Locked => 3,
        Exit::Partial => 2,
        Exit::Findings => 1,
        Exit::Done => 0,
    };
    match exits.max_by_key(rank).unwrap_or(Exit::Done) {
        // Whoever runs the night gave no option that could be wrong: a step failed.
        Exit::Usage | Exit::NoStore => Exit::Failed,
        exit => exit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_step_decides() {
        use Exit::{Done, Failed, Integrity, Locked, Partial};
        for (exits, expect) in [
            (vec![], Done),
            (vec![Done, Partial, Done], Partial),
            (vec![Locked, Partial], Locked),
            (vec![Failed, Locked, Partial], Failed),
            (vec![Exit::Usage, Locked], Failed),
            (vec![Failed, Integrity, Locked], Integrity),
        ] {
            assert_eq!(worst(exits.into_iter()), expect);
        }
    }

    #[test]
    fn what_a_step_needs_comes_before_it() {
        for (at, step) in STEPS.iter().enumerate() {
            for need in step.needs {
                assert!(STEPS[..at].iter().any(|before| before.name == *need), "{}", step.name);
            }
        }
    }
}
