//! The steps that make the days of a store ready to be kept: sealed, put together, archived.

use anyhow::Result;
use serde_json::{Value, json};

use super::{Done, Night};
use crate::exit::{self, Exit};
use crate::say;
use crate::verb::{archive, compact, seal};

/// Seals the days whose grace is over.
pub(super) fn seal(night: &mut Night<'_>) -> Result<Done> {
    let store = night.context.open_quietly()?;
    let report = seal::seal(night.context, &store, None)?;
    let leaves = report.seals.iter().map(|seal| seal.leaves).sum();
    let said = match report.seals.len() as u64 {
        0 => "nothing was due".to_owned(),
        number => format!(
            "{} {}, {} rows",
            say::count(number),
            say::plural(number, "seal", "seals"),
            say::count(leaves)
        ),
    };
    let said = format!(
        "{said}; {} days wait for their grace",
        say::count(report.plan.waiting.len() as u64)
    );
    Ok(Done::new(said, seal::as_json(&report)))
}

/// Puts small files together.
pub(super) fn compact(night: &mut Night<'_>) -> Result<Done> {
    let store = night.context.open_quietly()?;
    let report = compact::apply(night.context, &store)?;
    let (before, after) = report
        .groups
        .iter()
        .fold((0, 0), |sum, group| (sum.0 + group.files_before, sum.1 + group.files_after));
    let said = match before {
        0 => "no day gains by it".to_owned(),
        _ => format!("{} files became {}", say::count(before), say::count(after)),
    };
    Ok(Done::new(said, compact::as_json(&report)))
}

/// Archives to every target of `dwell.toml`; one that fails keeps no other from getting its days.
pub(super) fn archive(night: &mut Night<'_>) -> Result<Done> {
    let store = night.context.open_quietly()?;
    let targets = night.context.settings(&store)?.archive;
    if targets.is_empty() {
        return Ok(Done::new("no [[archive]] in dwell.toml", json!({"targets": []})));
    }
    let mut worst = Exit::Done;
    let mut said = Vec::new();
    let mut reports: Vec<Value> = Vec::new();
    for target in &targets {
        match archive::to_target(night.context, &store, target) {
            Ok(done) => {
                for (day, error) in &done.failed {
                    say::error(format_args!("{}: {day} was not archived: {error}", target.name));
                    worst = super::worst([worst, Exit::Integrity].into_iter());
                }
                done.notes.iter().for_each(say::note);
                said.push(archive::report::sentence(target, &done));
                reports.push(archive::report::as_json(target, &done));
            }
            Err(error) => {
                let message = exit::message(&error);
                say::error(format_args!("archive {}: {message}", target.name));
                worst = super::worst([worst, exit::of(&error)].into_iter());
                said.push(format!("archive {}: {message}", target.name));
                reports.push(json!({"target": target.name, "error": message}));
            }
        }
    }
    Ok(Done { exit: worst, said: said.join("; "), report: json!({"targets": reports}) })
}
