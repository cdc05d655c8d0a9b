//! Would a day come back if it had to? One of some archive does, every night.

use anyhow::Result;
use serde_json::json;
use storage::Micros;

use super::{Done, Night};
use crate::exit::Exit;
use crate::say;
use crate::verb::drill;

/// A drill this young is this night's.
const SAME_NIGHT_US: Micros = 12 * 3_600_000_000;

/// Drills one day.
pub(super) fn run(night: &mut Night<'_>) -> Result<Done> {
    let context = night.context;
    let store = context.open_quietly()?;
    let settings = context.settings(&store)?;
    let nothing = |said: &str| Ok(Done::new(said, json!({"drilled": null})));
    if !settings.nightly.drill {
        return nothing("switched off in dwell.toml");
    }
    if settings.archive.is_empty() {
        return nothing("no [[archive]] in dwell.toml");
    }
    let now = storage::clock::now_us();
    let last = store.state().last.get("drill").copied();
    if last.is_some_and(|last| (0..SAME_NIGHT_US).contains(&now.saturating_sub(last))) {
        return nothing("done this night already");
    }
    let target = drill::in_turn(&settings.archive, now)?;
    let jobs = target.jobs.unwrap_or(drill::JOBS);
    let Some(drilled) = drill::drill(context, &store, &target, None, jobs)? else {
        return nothing("the archive holds no day yet");
    };
    let said = format!(
        "{} of {}: {} {} back, {} questions: {}",
        drilled.day,
        target.name,
        say::count(drilled.rows),
        say::plural(drilled.rows, "row", "rows"),
        drilled.questions,
        drilled.problem.as_deref().unwrap_or("as sealed")
    );
    let exit = if drilled.problem.is_none() { Exit::Done } else { Exit::Integrity };
    Ok(Done { exit, said, report: drill::as_json(&drilled) })
}
