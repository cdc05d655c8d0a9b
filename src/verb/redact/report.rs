//! How is a redaction shown? As sentences, or as JSON with everything that a case file needs.

use std::collections::BTreeSet;
use std::io::Write as _;

use anyhow::Result;
use serde_json::{Value, json};

use super::Shown;
use super::archives::Renewed;
use crate::args::redact::Redact;
use crate::context::Context;
use crate::output::target::Target;
use crate::say;

/// Version of the JSON report.
const REPORT_VERSION: u32 = 1;

/// Shows what would go, or has gone.
pub(super) fn show(
    context: &Context,
    args: &Redact,
    texts: &[String],
    all: &[Shown],
    renewed: &[Renewed],
) -> Result<()> {
    if !context.json {
        all.iter().for_each(|shown| tell(args, texts, shown));
        renewed.iter().for_each(tell_archive);
        return Ok(());
    }
    let mut target = Target::stdout();
    let value = json!({
        "report": "redact",
        "schema_version": REPORT_VERSION,
        "applied": args.yes,
        "reason": args.reason,
        "case": args.case,
        "by": args.by,
        "where": args.matching,
        "quarantine": args.quarantine,
        "texts": texts,
        "redactions": all.iter().map(as_json).collect::<Vec<_>>(),
        "archives_renewed": renewed.iter().map(archive_as_json).collect::<Vec<_>>(),
    });
    serde_json::to_writer_pretty(&mut target, &value)?;
    writeln!(target)?;
    target.finish()
}

fn tell(args: &Redact, texts: &[String], shown: &Shown) {
    let done = &shown.done;
    let (rows, others) = (done.all_rows(), done.all_others());
    let ids: BTreeSet<&i32> = done.rows.keys().chain(done.others.keys()).collect();
    let verb = if args.yes { "removed" } else { "would go" };
    say::say(format_args!(
        "{} {} and {} other {} of {} {} on {} {}: {verb}, with {} {}",
        say::count(rows),
        say::plural(rows, "row", "rows"),
        say::count(others),
        say::plural(others, "line", "lines"),
        ids.len(),
        say::plural(ids.len() as u64, "source", "sources"),
        say::count(done.days.len() as u64),
        say::plural(done.days.len() as u64, "day", "days"),
        say::count(done.files),
        say::plural(done.files, "file written anew", "files written anew"),
    ));
    let hidden = done.lines.count().saturating_sub(rows + others);
    if hidden > 0 {
        say::say(format_args!("    {} more that were hidden already", say::count(hidden)));
    }
    tell_words(args, texts, shown);
    for (day, holds) in &shown.held {
        let holds: Vec<String> = holds.iter().map(u64::to_string).collect();
        say::warning(format_args!("{day} is held by hold {}", holds.join(", ")));
    }
    for (name, rows) in &shown.sets {
        say::say(format_args!(
            "    restored.{name} with {} such {}, as a whole: it can be restored again",
            say::count(*rows),
            say::plural(*rows, "row", "rows")
        ));
    }
    if !args.archives {
        for (url, days) in &shown.archives {
            say::warning(format_args!(
                "the archive {url} still holds {} of these days; --archives changes that",
                say::count(days.len() as u64)
            ));
        }
    }
    if !args.yes {
        say::say("nothing was changed; --yes does it");
    } else if done.seq == 0 {
        say::say("there was nothing to do");
    } else {
        say::say(format_args!(
            "record {} of the ledger; keep salt {} with the case: with it and the lines, digest {} can be shown",
            done.seq, done.salt, done.digest
        ));
    }
}

fn tell_words(args: &Redact, texts: &[String], shown: &Shown) {
    let quoted: Vec<String> = texts.iter().map(|text| format!("`{text}`")).collect();
    if quoted.is_empty() {
        say::say("    the conditions name no text that words could have; --text names one");
    } else if !args.yes {
        say::say(format_args!(
            "    words that have {} go too (--text names others)",
            quoted.join(", ")
        ));
    }
    let (records, queries) = (shown.naming.records.len() as u64, shown.queries.len() as u64);
    if records + queries > 0 {
        say::say(format_args!(
            "    the words of {} {} of the ledger and of {} {} in the log",
            say::count(records),
            say::plural(records, "record", "records"),
            say::count(queries),
            say::plural(queries, "query", "queries"),
        ));
    }
    let trash = shown.done.shredded.len() as u64;
    if trash > 0 {
        say::say(format_args!(
            "    {} {} of the trash at once",
            say::count(trash),
            say::plural(trash, "file", "files")
        ));
    }
    for hold in &shown.naming.held {
        say::warning(format_args!(
            "the words of hold {hold} name it and stay, because the hold stands on them"
        ));
    }
}

fn tell_archive(renewed: &Renewed) {
    let (days, emptied) = (renewed.days.len() as u64, renewed.emptied.len() as u64);
    say::say(format_args!(
        "archive {}: {} {} archived anew, {} taken out, {} old {} removed",
        renewed.url,
        say::count(days),
        say::plural(days, "day", "days"),
        say::count(emptied),
        say::count(renewed.objects),
        say::plural(renewed.objects, "object", "objects"),
    ));
}

fn archive_as_json(renewed: &Renewed) -> Value {
    let days =
        |days: &BTreeSet<storage::Day>| days.iter().map(ToString::to_string).collect::<Vec<_>>();
    json!({
        "url": renewed.url,
        "days": days(&renewed.days),
        "days_taken_out": days(&renewed.emptied),
        "days_as_before": days(&renewed.kept),
        "objects_removed": renewed.objects,
        "error": renewed.error.as_ref().map(|(message, _)| message),
    })
}

fn as_json(shown: &Shown) -> Value {
    let done = &shown.done;
    let days =
        |days: &BTreeSet<storage::Day>| days.iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut ids: BTreeSet<i32> = done.rows.keys().copied().collect();
    ids.extend(done.others.keys());
    ids.extend(done.left.keys());
    let sources = ids.iter().map(|id| {
        let left = done.left.get(id);
        json!({
            "source_id": id,
            "rows": done.rows.get(id).copied().unwrap_or(0),
            "other_lines": done.others.get(id).copied().unwrap_or(0),
            "last_line": left.map(|left| left.last_line),
            "remaining_sha256": left.and_then(|left| left.sha256).map(|it| it.to_string()),
        })
    });
    let lines = done.lines.ranges().iter().map(|(id, first, last)| json!([id, first, last]));
    json!({
        "seq": (done.seq > 0).then_some(done.seq),
        "rows": done.all_rows(),
        "other_lines": done.all_others(),
        "days": days(&done.days),
        "lines": lines.collect::<Vec<_>>(),
        "sources": sources.collect::<Vec<_>>(),
        "files": done.files,
        "bytes": done.bytes,
        "trash": done.shredded,
        "seals": done.seals,
        "records_without_words": shown.naming.records.keys().collect::<Vec<_>>(),
        "queries_without_words": shown.queries.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "holds_that_keep_words": shown.naming.held,
        "held_days": shown.held.iter().map(|(day, holds)| json!({"day": day.to_string(), "holds": holds})).collect::<Vec<_>>(),
        "restored_sets": shown.sets.iter().map(|(name, rows)| json!({"name": name, "rows": rows})).collect::<Vec<_>>(),
        "archives": shown.archives.iter().map(|(url, held)| json!({"url": url, "days": days(held)})).collect::<Vec<_>>(),
        "digest": (done.seq > 0).then(|| done.digest.to_string()),
        "salt": (done.seq > 0).then(|| done.salt.to_string()),
    })
}
