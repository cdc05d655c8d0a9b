//! What is said of a run, to people and to programs?

use serde_json::{Value, json};
use storage::archive::{IndexedDay, RunReport};
use storage::config::ArchiveConfig;

use super::ranges;
use crate::say;

/// A day of an archive.
pub(super) fn day(day: &IndexedDay) -> Value {
    json!({
        "day": day.day.to_string(),
        "rows": day.rows,
        "bytes": day.bytes,
        "objects": day.objects,
        "manifest": day.manifest.to_string(),
        "package": day.content,
    })
}

/// A run in one line.
pub(in crate::verb) fn sentence(settings: &ArchiveConfig, done: &RunReport) -> String {
    let counters = done.counters;
    let days: Vec<_> = done.archived.iter().map(|day| day.day).collect();
    let mut text = format!("archive {}: ", settings.name);
    if days.is_empty() {
        text.push_str("nothing was due");
    } else {
        let rows = done.archived.iter().map(|day| day.rows).sum();
        let count = days.len() as u64;
        text.push_str(&format!(
            "{} {} archived ({}), {} rows; {} objects sent, {}; {} read back and compared",
            say::count(count),
            say::plural(count, "day", "days"),
            ranges(&days),
            say::count(rows),
            say::count(counters.sent),
            say::size(counters.sent_bytes),
            say::size(counters.read_bytes)
        ));
    }
    if counters.reused > 0 {
        text.push_str(&format!("; {} objects were there already", say::count(counters.reused)));
    }
    if done.current > 0 {
        text.push_str(&format!(
            "; {} {} there as they are now",
            say::count(done.current),
            say::plural(done.current, "day is", "days are")
        ));
    }
    text
}

/// A run for programs.
pub(in crate::verb) fn as_json(settings: &ArchiveConfig, done: &RunReport) -> Value {
    let failed = done
        .failed
        .iter()
        .map(|(day, error)| json!({"day": day.to_string(), "error": error.to_string()}));
    json!({
        "target": settings.name,
        "to": settings.to,
        "index": done.index,
        "archived": done.archived.iter().map(day).collect::<Vec<_>>(),
        "current_days": done.current,
        "unsealed": done.unsealed.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "failed": failed.collect::<Vec<_>>(),
        "sent_objects": done.counters.sent,
        "sent_bytes": done.counters.sent_bytes,
        "reused_objects": done.counters.reused,
        "read_back_bytes": done.counters.read_bytes,
        "notes": done.notes,
    })
}
