//! Runs the files below `tests/slt` (but those of the functions, which `functions.rs` runs) against a store of four days.
//!
//! Beside SQL a record may begin with `FILES`: it is answered with the days and the number of files that the plan of
//! the statement is going to read. `EXPLAIN` gives a row for each line of a plan.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use dwell_query::{Session, SessionOptions};
use sqllogictest::{AsyncDB, DBOutput, DefaultColumnType};

use crate::shipped::shipped;
use crate::store::{NOW, TestStore, four_days, micros};

/// The cells of a batch as text: NULL is `NULL`, an empty text `(empty)`.
pub(crate) fn cells(batch: &RecordBatch) -> Vec<Vec<String>> {
    let options = FormatOptions::default().with_null("NULL");
    let columns: Vec<_> = batch
        .columns()
        .iter()
        .map(|column| ArrayFormatter::try_new(column.as_ref(), &options).unwrap())
        .collect();
    let text = |value: String| if value.is_empty() { "(empty)".to_owned() } else { value };
    (0..batch.num_rows())
        .map(|row| columns.iter().map(|column| text(column.value(row).to_string())).collect())
        .collect()
}

struct Engine {
    session: Session,
}

impl Engine {
    async fn answer(&self, sql: &str) -> dwell_query::Result<Vec<Vec<String>>> {
        if let Some(sql) = sql.strip_prefix("FILES") {
            let planned = self.session.plan(sql).await?;
            let Some(read) = planned.scan_estimate() else { return Ok(Vec::new()) };
            let days = match read.days {
                Some((first, last)) if first == last => first.to_string(),
                Some((first, last)) => format!("{first}..{last}"),
                None => "none".to_owned(),
            };
            return Ok(vec![vec![days, read.files.to_string()]]);
        }
        let answer = self.session.sql(sql).await?;
        let batches = answer.stream.collect().await?;
        let rows = batches.iter().flat_map(cells);
        if sql.to_ascii_lowercase().starts_with("explain") {
            let lines = rows.flat_map(|row| {
                let lines = row.last().cloned().unwrap_or_default();
                lines.lines().map(|line| vec![line.to_owned()]).collect::<Vec<_>>()
            });
            return Ok(lines.collect());
        }
        Ok(rows.collect())
    }
}

#[derive(Debug)]
struct Failed(String);

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failed {}

#[async_trait::async_trait]
impl AsyncDB for Engine {
    type Error = Failed;
    type ColumnType = DefaultColumnType;

    async fn run(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>, Failed> {
        let rows = self.answer(sql.trim()).await;
        let rows = rows.map_err(|error| Failed(format!("{:?}: {error}", error.kind())))?;
        let width = rows.first().map_or(1, Vec::len);
        Ok(DBOutput::Rows { types: vec![DefaultColumnType::Text; width], rows })
    }

    async fn shutdown(&mut self) {}

    fn engine_name(&self) -> &str {
        "dwell"
    }
}

fn files_below(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "slt") {
            found.push(path);
        }
    }
    found.sort();
}

/// `DWELL_SLT=complete` writes the answers into the files, to be read before they are kept.
#[expect(clippy::disallowed_methods, reason = "a switch for people who write tests")]
fn completes() -> bool {
    std::env::var_os("DWELL_SLT").is_some_and(|what| what == "complete")
}

fn run(folder: &str, options: &SessionOptions, store: &TestStore) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/slt").join(folder);
    let mut files = Vec::new();
    files_below(&root, &mut files);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut failures = Vec::new();
    for file in files {
        let session = Arc::new(|| store.session_with(options.clone()));
        let mut runner = sqllogictest::Runner::new(|| {
            let session = Arc::clone(&session);
            async move { Ok(Engine { session: session() }) }
        });
        // Any type letter stands for text.
        runner.with_column_validator(|_, _| true);
        if completes() {
            let updated = runtime.block_on(runner.update_test_file(
                &file,
                " ",
                sqllogictest::default_validator,
                sqllogictest::default_normalizer,
                |_, _| true,
            ));
            updated.unwrap();
        } else if let Err(error) = runtime.block_on(runner.run_file_async(&file)) {
            failures.push(error.to_string());
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn pushdown() {
    run("pushdown", &SessionOptions::new(NOW), &four_days());
}

#[test]
fn system() {
    run("system", &SessionOptions::new(NOW), &four_days());
}

#[test]
fn guard() {
    run("guard", &SessionOptions::new(NOW), &four_days());
}

#[test]
fn columns() {
    run("columns", &SessionOptions::new(NOW), &four_days());
}

#[test]
fn empty() {
    run("empty", &SessionOptions::new(NOW), &TestStore::default());
}

#[test]
fn views() {
    run("views", &SessionOptions::new(NOW), &shipped());
}

#[test]
fn clocks() {
    run("clocks", &SessionOptions::new(NOW), &crate::clocks::clocks());
}

#[test]
fn restored() {
    run("restored", &SessionOptions::new(NOW), &crate::restored::both());
}

#[test]
fn bounded() {
    let options = SessionOptions {
        since_us: Some(micros("2026-11-20T10:00:00Z")),
        until_us: Some(micros("2026-11-22T00:00:00Z")),
        ..SessionOptions::new(NOW)
    };
    run("bounded", &options, &four_days());
}
