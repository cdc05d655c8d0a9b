//! How is the report of `dwell verify` written, for people and as JSON?

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};
use storage::verify::{Finding, Report};

use super::rows::Found;
use crate::args::verify::Verify;
use crate::context::Context;
use crate::output::escape;
use crate::output::target::Target;
use crate::timestamp::Stamp;
use crate::{say, when};

/// Version of the JSON report.
const REPORT_VERSION: u32 = 1;

/// Everything that a report says.
pub(super) struct Shown<'a> {
    pub(super) context: &'a Context,
    pub(super) args: &'a Verify,
    pub(super) path: &'a Path,
    pub(super) report: &'a Report,
    pub(super) found: &'a Found,
    pub(super) stamps: &'a [(u64, Stamp)],
}

impl Shown<'_> {
    /// Writes it to stdout.
    pub(super) fn write(&self) -> Result<()> {
        let mut target = Target::stdout();
        if self.context.json {
            serde_json::to_writer_pretty(&mut target, &self.json())?;
            writeln!(target)?;
        } else {
            for line in self.text() {
                writeln!(target, "{}", escape::visible(&line))?;
            }
        }
        target.finish()
    }

    fn text(&self) -> Vec<String> {
        let report = self.report;
        let mut lines = Vec::new();
        for problem in &report.problems {
            let word = problem.breach.word();
            lines.push(format!("{word}: {}: {}", problem.path.display(), problem.what));
        }
        for leftover in &report.unfinished {
            lines.push(format!(
                "unfinished: {}: {}; the next writer removes it",
                leftover.path.display(),
                leftover.what
            ));
        }
        lines.extend(report.notes.iter().map(|text| format!("note: {text}")));
        lines.push(format!("store {} at {}", report.store_id, self.path.display()));
        lines.push(format!(
            "{} records in {} signed ledger files",
            say::count(report.records),
            say::count(report.version)
        ));
        lines.push(self.files());
        self.rows(&mut lines);
        for (version, stamp) in self.stamps {
            let whose = if stamp.trusted { "" } else { "; whose, was not checked (--tsa-ca)" };
            let at = when::rfc3339(stamp.at_us);
            lines.push(format!("ledger file {version} was there at {at}, by a time stamp{whose}"));
        }
        lines.push("outcomes:".into());
        for (word, count) in report.outcomes() {
            lines.push(format!("  {word:<18} {:>9}", say::count(count)));
        }
        lines.push(match report.problems.len() {
            0 => match report.older_by {
                0 => "valid".into(),
                behind => format!("valid, older by {behind} records"),
            },
            number => {
                format!("NOT VALID: {number} {}", say::plural(number as u64, "problem", "problems"))
            }
        });
        lines
    }

    fn files(&self) -> String {
        let report = self.report;
        let checked = if self.args.deep {
            "read in full"
        } else {
            "checked by name and size; --deep reads them"
        };
        let skipped = match report.skipped {
            0 => String::new(),
            number => format!("; {} of earlier records left out", say::count(number)),
        };
        format!(
            "{} data files, {} rows, {}, {checked}{skipped}",
            say::count(report.files),
            say::count(report.rows),
            say::size(report.bytes)
        )
    }

    fn rows(&self, lines: &mut Vec<String>) {
        let (report, found) = (self.report, self.found);
        if found.not_checked {
            let what = "rows were not checked: the store is encrypted, and its key is not here";
            lines.push(what.into());
        } else if self.args.deep && report.is_valid() {
            if found.seals > 0 {
                let seals = say::plural(found.seals, "seal", "seals");
                lines.push(format!("{} {seals} computed anew", say::count(found.seals)));
            }
            let unasked = match found.unasked {
                0 => String::new(),
                number => format!(", {} not asked for", say::count(number)),
            };
            lines.push(format!(
                "{} {} given back byte for byte ({}){unasked}",
                say::count(found.exact),
                say::plural(found.exact, "source", "sources"),
                say::size(found.bytes)
            ));
        }
        for (id, rule) in &found.withheld {
            lines.push(format!(
                "source {id}: every line is accounted for; its bytes were given up by a privacy rule ({rule})"
            ));
        }
        for (id, gone, rows) in &found.retired {
            let state = if gone == rows { "retired" } else { "retired in part" };
            lines.push(format!(
                "source {id}: {state}: {} of its {} rows are gone by retention; the ledger has the receipts",
                say::count(*gone),
                say::count(*rows)
            ));
        }
        for (id, gone) in &found.redacted {
            lines.push(format!(
                "source {id}: redacted: {} of its lines are gone; the ledger has the receipts",
                say::count(*gone)
            ));
        }
    }

    fn json(&self) -> Value {
        let (report, found) = (self.report, self.found);
        let path = |path: &Path| path.display().to_string();
        let finding = |it: &Finding| json!({"path": path(&it.path), "what": it.what});
        let outcomes: serde_json::Map<String, Value> = report
            .outcomes()
            .into_iter()
            .map(|(word, count)| (word.to_owned(), count.into()))
            .collect();
        json!({
            "report": "verify",
            "schema_version": REPORT_VERSION,
            "valid": report.is_valid(),
            "path": path(self.path),
            "deep": self.args.deep,
            "store_id": report.store_id,
            "keys": report.keys,
            "ledger_files": report.version,
            "records": report.records,
            "checkpoint": report.checkpoint,
            "files": report.files,
            "files_left_out": report.skipped,
            "bytes": report.bytes,
            "rows": report.rows,
            "outcomes": outcomes,
            "seals_checked": found.seals,
            "sources_given_back": found.exact,
            "sources_not_asked": found.unasked,
            "rows_not_checked": found.not_checked,
            "sources_withheld": found
                .withheld
                .iter()
                .map(|(id, rule)| json!({"source_id": id, "privacy": rule}))
                .collect::<Vec<_>>(),
            "sources_retired": found
                .retired
                .iter()
                .map(|(id, gone, rows)| json!({"source_id": id, "retired": gone, "rows": rows}))
                .collect::<Vec<_>>(),
            "sources_redacted": found
                .redacted
                .iter()
                .map(|(id, gone)| json!({"source_id": id, "lines": gone}))
                .collect::<Vec<_>>(),
            "timestamps": self
                .stamps
                .iter()
                .map(|(version, stamp)| {
                    json!({
                        "ledger_file": version,
                        "at": when::rfc3339(stamp.at_us),
                        "policy": stamp.policy,
                        "serial": stamp.serial,
                        "authority_checked": stamp.trusted,
                    })
                })
                .collect::<Vec<_>>(),
            "problems": report
                .problems
                .iter()
                .map(|it| {
                    json!({"outcome": it.breach.word(), "path": path(&it.path), "what": it.what})
                })
                .collect::<Vec<_>>(),
            "unfinished": report.unfinished.iter().map(finding).collect::<Vec<_>>(),
            "older_by": report.older_by,
            "notes": report.notes,
        })
    }
}
