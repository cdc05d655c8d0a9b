//! Are the archived days still what was signed? Of each target the index, and every object of a share of the days: those
//! that were longest not read.

use std::io;
use std::sync::Arc;

use anyhow::Result;
use serde_json::{Value, json};
use storage::ErrorKind;
use storage::archive::Archive;
use storage::config::ArchiveConfig;
use storage::day::Day;

use super::{Done, Night};
use crate::exit::{self, Exit, Interrupted};
use crate::remote::{self, Missing};
use crate::say;

/// What was found at a target.
#[derive(Debug, Default)]
struct Checked {
    days: u64,
    bytes: u64,
    bad: Vec<(Day, String)>,
}

/// Verifies a share of every archive.
pub(super) fn run(night: &mut Night<'_>) -> Result<Done> {
    let context = night.context;
    let store = context.open_quietly()?;
    let settings = context.settings(&store)?;
    let nights = u64::from(settings.nightly.verify_nights.max(1));
    if settings.archive.is_empty() {
        return Ok(Done::new("no [[archive]] in dwell.toml", json!({"targets": []})));
    }
    let mut worst = Exit::Done;
    let mut said = Vec::new();
    let mut reports: Vec<Value> = Vec::new();
    for target in &settings.archive {
        let checked = night.target(target, nights);
        let exit = match &checked {
            Ok(checked) if checked.bad.is_empty() => Exit::Done,
            Ok(_) => Exit::Integrity,
            Err(error) => exit::of(error),
        };
        worst = super::worst([worst, exit].into_iter());
        let name = &target.name;
        match checked {
            Ok(Checked { days, bytes, bad }) => {
                for (day, what) in &bad {
                    say::error(format_args!("archive {name}: {day}: {what}"));
                }
                let verdict = match bad.first() {
                    None => "as signed".to_owned(),
                    Some((day, what)) => format!("{} bad: {day}: {what}", bad.len()),
                };
                said.push(format!(
                    "{name}: {} days, {} read: {verdict}",
                    say::count(days),
                    say::size(bytes)
                ));
                let bad =
                    bad.iter().map(|(day, what)| json!({"day": day.to_string(), "what": what}));
                reports.push(json!({
                    "target": name,
                    "days_read": days,
                    "bytes_read": bytes,
                    "bad": bad.collect::<Vec<_>>(),
                }));
            }
            Err(error) => {
                let message = exit::message(&error);
                say::error(format_args!("archive {name}: {message}"));
                said.push(format!("{name}: {message}"));
                reports.push(json!({"target": name, "error": message}));
            }
        }
    }
    Ok(Done { exit: worst, said: said.join("; "), report: json!({"targets": reports}) })
}

impl Night<'_> {
    /// Reads the share of one target.
    fn target(&mut self, settings: &ArchiveConfig, nights: u64) -> Result<Checked> {
        let target = remote::target(settings, Missing::Refuse)?;
        let archive = Archive::open(Arc::clone(&target), &remote::trust(self.context))?;
        archive.notes().iter().for_each(say::note);
        let known = self.memory.copies.entry(target.url().to_owned()).or_default();
        known.retain(|day, _| archive.days().contains_key(day));
        let bad = self.memory.bad_copies.entry(target.url().to_owned()).or_default();
        bad.retain(|day| archive.days().contains_key(day));
        let mut order: Vec<Day> = archive.days().keys().copied().collect();
        order.sort_by_key(|day| (known.get(day).copied(), *day));
        let total: u64 = archive.days().values().map(|day| day.bytes).sum();
        let mut checked = Checked::default();
        for day in order {
            if checked.bytes >= total.div_ceil(nights) {
                break;
            }
            if self.context.cancel.is_asked() {
                return Err(Interrupted.into());
            }
            let read = archive.package(day).and_then(|package| {
                let mut bytes = 0;
                for object in package.objects() {
                    package.fetch(object, &mut io::sink())?;
                    bytes += object.bytes;
                }
                Ok(bytes)
            });
            match read {
                Ok(bytes) => {
                    checked.bytes += bytes;
                    bad.remove(&day);
                    known.insert(day, storage::clock::now_us());
                }
                Err(error) if error.kind() == ErrorKind::Integrity => {
                    checked.bad.push((day, error.to_string()));
                    // It is read again next night, before all others.
                    known.remove(&day);
                    bad.insert(day);
                }
                Err(error) => return Err(error.into()),
            }
            checked.days += 1;
        }
        Ok(checked)
    }
}
