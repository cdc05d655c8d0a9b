//! `dwell sigma check`: for each rule whether it runs, in part, or not at all, and why.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use arrow::array::{ArrayRef, RecordBatch, StringArray};
use detect::sigma::{About, Refused, Set};
use query::Session;
use query::sigma::{Missing, Present, Standing};
use serde_json::{Value, json};

use super::super::{Outcome, sql};
use super::files::{self, Read};
use crate::args::sigma::Check;
use crate::context::Context;
use crate::exit::{Exit, of};
use crate::output::Format;
use crate::output::target::Target;
use crate::reader::Reader;
use crate::say;

/// Version of the JSON document.
const REPORT_VERSION: u32 = 1;

/// What is said of one rule.
struct Line {
    file: String,
    line: u64,
    id: Option<String>,
    title: Option<String>,
    level: Option<String>,
    author: Option<String>,
    kind: &'static str,
    status: &'static str,
    missing: Vec<Missing>,
    can_match: bool,
    why: Option<String>,
    sql: Option<String>,
}

/// Runs the command.
pub(super) fn run(context: &Context, args: &Check) -> Result<Outcome> {
    let read = files::read(&args.rules)?;
    let (present, known) = present(context, &read.set)?;
    let lines = lines(&read.set, &present);
    let count = |status: &str| lines.iter().filter(|line| line.status == status).count() as u64;
    let (runs, part, refused) = (count("runs"), count("part"), count("refused"));
    match Format::choose(args.output.format, args.output.output.as_deref(), context.json) {
        Format::Json => {
            let document = json!({
                "report": "sigma check",
                "schema_version": REPORT_VERSION,
                "rules": lines.iter().map(as_json).collect::<Vec<_>>(),
                "runs": runs,
                "part": part,
                "refused": refused,
                "unreadable": read.unreadable.iter().map(|(path, why)| json!({"path": path.display().to_string(), "why": why})).collect::<Vec<_>>(),
                "checked_against_data": known,
            });
            let mut target = Target::open(args.output.output.as_deref())?;
            serde_json::to_writer_pretty(&mut target, &document)?;
            writeln!(target)?;
            target.finish()?;
        }
        _ => {
            sql::print(context, &args.output, &table(&lines)?)?;
        }
    }
    let against = if known { "in this data" } else { "without a store to look into" };
    say::say(format_args!(
        "{} run, {} run in part, {} refused ({against})",
        say::count(runs),
        say::count(part),
        say::count(refused)
    ));
    Ok(Outcome { exit: exit(&read, refused), ..Outcome::done(lines.len() as u64, 0) })
}

/// The code: nothing could be read, something is not taken, or all is well.
pub(super) fn exit(read: &Read, refused: u64) -> Exit {
    match (read.files, read.unreadable.is_empty() && refused == 0) {
        (0, _) if !read.unreadable.is_empty() => Exit::Failed,
        (_, true) => Exit::Done,
        _ => Exit::Partial,
    }
}

/// What has values in the store; without a store what may have.
fn present(context: &Context, set: &Set) -> Result<(Present, bool)> {
    let store = match context.open() {
        Ok(store) => store,
        Err(error) if of(&error) == Exit::NoStore && !context.store_named => {
            return Ok((Present::assumed(set), false));
        }
        Err(error) => return Err(error),
    };
    let reader = Reader::new(&store);
    let mut options = sql::options(context, &store)?;
    options.spill_dir = reader.spill_dir().map(Path::to_path_buf);
    let runtime = sql::runtime(options.threads)?;
    let present = runtime.block_on(async {
        let session = Session::over(&store, options)?;
        Present::of(&session, set).await
    });
    runtime.shutdown_background();
    Ok((present?, true))
}

fn lines(set: &Set, present: &Present) -> Vec<Line> {
    let rules = set.rules.iter().map(|rule| {
        let sql = detect::sigma::sql::condition(&rule.bound);
        line(&rule.about, "rule", present.standing(rule), Some(sql))
    });
    let correlations = set
        .correlations
        .iter()
        .map(|it| line(&it.correlation.about, "correlation", present.standing_of(it, set), None));
    let mut lines: Vec<Line> =
        rules.chain(correlations).chain(set.refused.iter().map(refused)).collect();
    lines.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    lines
}

fn line(about: &About, kind: &'static str, standing: Standing, sql: Option<String>) -> Line {
    let Standing { missing, can_match } = standing;
    let why = told(&missing, can_match);
    Line {
        file: about.file.clone(),
        line: about.line,
        id: Some(about.id.clone()),
        title: Some(about.title.clone()),
        level: Some(about.level.name().to_owned()),
        author: Some(about.author()),
        kind,
        status: if missing.is_empty() { "runs" } else { "part" },
        missing,
        can_match,
        why,
        sql,
    }
}

fn refused(refused: &Refused) -> Line {
    Line {
        file: refused.file.clone(),
        line: refused.refusal.line,
        id: refused.id.clone(),
        title: refused.title.clone(),
        level: None,
        author: None,
        kind: "document",
        status: "refused",
        missing: Vec::new(),
        can_match: false,
        why: Some(refused.refusal.to_string()),
        sql: None,
    }
}

/// What is missing, in a sentence.
pub(super) fn told(missing: &[Missing], can_match: bool) -> Option<String> {
    let fields: Vec<_> = missing.iter().map(|it| format!("{} ({})", it.field, it.column)).collect();
    match (fields.is_empty(), can_match) {
        (true, true) => None,
        (true, false) => Some("it can match nothing".to_owned()),
        (false, true) => Some(format!("no value here: {}", fields.join(", "))),
        (false, false) => Some(format!("cannot match, no value here: {}", fields.join(", "))),
    }
}

fn as_json(line: &Line) -> Value {
    let missing: Vec<_> =
        line.missing.iter().map(|it| json!({"field": it.field, "column": it.column})).collect();
    json!({
        "file": line.file, "line": line.line, "id": line.id, "title": line.title, "level": line.level,
        "author": line.author, "kind": line.kind, "status": line.status, "missing": missing,
        "can_match": line.can_match, "why": line.why, "sql": line.sql,
    })
}

fn table(lines: &[Line]) -> Result<RecordBatch> {
    let column = |of: &dyn Fn(&Line) -> Option<String>| -> ArrayRef {
        Arc::new(lines.iter().map(of).collect::<StringArray>())
    };
    let columns: [(&str, ArrayRef); 8] = [
        ("status", column(&|it| Some(it.status.to_owned()))),
        ("level", column(&|it| it.level.clone())),
        ("title", column(&|it| it.title.clone())),
        ("why", column(&|it| it.why.clone())),
        ("author", column(&|it| it.author.clone())),
        ("id", column(&|it| it.id.clone())),
        ("file", column(&|it| Some(it.file.clone()))),
        ("line", column(&|it| Some(it.line.to_string()))),
    ];
    let columns = columns.into_iter().map(|(name, column)| (name, column, true));
    Ok(RecordBatch::try_from_iter_with_nullable(columns)?)
}
