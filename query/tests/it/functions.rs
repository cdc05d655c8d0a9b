//! Do the functions keep their promises in SQL, and does each have an example that runs and a page that is true?
//!
//! `tests/slt/functions/NAME.slt` has the cases of a function, in the format of sqllogictest: `statement ok`,
//! `statement error TEXT`, `query` with the rows below `----`. Where the answers or the page have changed, the failing test
//! leaves the file as it would be now in cargo's folder for temporary files, and names it.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use arrow::array::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use arrow::util::pretty::pretty_format_batches_with_options;
use datafusion::error::Result;
use datafusion::prelude::{SessionConfig, SessionContext};
use dwell_query::functions::{self, FunctionDoc};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

mod plans;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn context() -> SessionContext {
    // Several partitions, so that aggregates are merged from parts.
    let config = SessionConfig::new().with_target_partitions(4).with_batch_size(100);
    let context = SessionContext::new_with_config(config);
    functions::register(&context);
    context
}

async fn answer(context: &SessionContext, sql: &str) -> Result<Vec<RecordBatch>> {
    context.sql(sql).await?.collect().await
}

/// One line for each row, NULL and the empty text as sqllogictest has them.
fn rows(batches: &[RecordBatch]) -> Vec<String> {
    let options = FormatOptions::new().with_null("NULL").with_display_error(true);
    let mut lines = Vec::new();
    for batch in batches {
        let columns: Vec<_> =
            batch.columns().iter().map(|c| ArrayFormatter::try_new(c, &options).unwrap()).collect();
        for i in 0..batch.num_rows() {
            let cell = |c: &ArrayFormatter<'_>| match c.value(i).to_string() {
                text if text.is_empty() => "(empty)".to_owned(),
                text => text,
            };
            lines.push(columns.iter().map(cell).collect::<Vec<_>>().join(" "));
        }
    }
    lines
}

/// The file as it would be if everything in it were as it is now.
async fn rewritten(text: &str) -> String {
    let context = context();
    let mut out = String::new();
    for record in text.split("\n\n").map(str::trim).filter(|r| !r.is_empty()) {
        let (comments, record): (Vec<_>, Vec<_>) = record.lines().partition(|l| l.starts_with('#'));
        comments.iter().for_each(|c| writeln!(out, "{c}").unwrap());
        let Some((head, body)) = record.split_first() else {
            out.push('\n');
            continue;
        };
        let sql: Vec<&str> = body.iter().copied().take_while(|l| *l != "----").collect();
        let sql = sql.join("\n");
        let got = answer(&context, &sql).await;
        let head = match (&got, head.strip_prefix("statement error ")) {
            (Ok(_), Some(_)) => "statement ok".to_owned(),
            (Err(error), Some(part)) if error.to_string().contains(part) => (*head).to_owned(),
            (Err(error), _) => {
                format!("statement error {}", error.to_string().lines().next().unwrap_or(""))
            }
            (Ok(_), None) => (*head).to_owned(),
        };
        writeln!(out, "{head}\n{sql}").unwrap();
        if let (true, Ok(batches)) = (head.starts_with("query"), &got) {
            let mut lines = rows(batches);
            if head.ends_with("rowsort") {
                lines.sort();
            }
            writeln!(out, "----").unwrap();
            lines.iter().for_each(|l| writeln!(out, "{l}").unwrap());
        }
        out.push('\n');
    }
    out
}

fn slt_file(doc: &FunctionDoc) -> PathBuf {
    root().join("tests/slt/functions").join(doc.name).with_extension("slt")
}

fn page_file() -> PathBuf {
    root().join("../docs/functions.md")
}

async fn page() -> String {
    let mut out = String::from(
        "# Functions\n\nThe functions that dwell adds to those of DataFusion. `SELECT * FROM system.functions` shows the same list. \
         This page is made from the functions' own documentation; a test compares the two.\n",
    );
    let line = |d: &FunctionDoc| {
        format!("* [`{}`](#{}): {}, {}\n", d.signature, d.name, d.kind, d.returns)
    };
    out.push('\n');
    functions::all().for_each(|d| out.push_str(&line(d)));
    let options = FormatOptions::new().with_null("NULL");
    for doc in functions::all() {
        let FunctionDoc { name, signature, kind, returns, summary, example, source, .. } = doc;
        let batches =
            answer(&context(), example).await.unwrap_or_else(|e| panic!("example of {name}: {e}"));
        let table = pretty_format_batches_with_options(&batches, &options).unwrap();
        writeln!(out, "\n## {name}\n\n`{signature}`: {kind}, returns {returns}.\n\n{summary}\n")
            .unwrap();
        writeln!(out, "```sql\n{example}\n```\n\n```text\n{table}\n```\n\nSource: `{source}`.")
            .unwrap();
    }
    out
}

#[tokio::test]
async fn each_has_cases_and_they_hold() {
    for doc in functions::all() {
        let text = std::fs::read_to_string(slt_file(doc))
            .unwrap_or_else(|e| panic!("no cases of {}: {e}", doc.name));
        assert!(
            text.matches("\nquery").count() + usize::from(text.starts_with("query")) >= 2,
            "{}",
            doc.name
        );
        let now = rewritten(&text).await;
        if now != text {
            let fresh = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.slt", doc.name));
            std::fs::write(&fresh, &now).unwrap();
            assert_eq!(now, text, "{}: the answers of now lie in {}", doc.name, fresh.display());
        }
    }
}

#[tokio::test]
async fn the_page_is_true() {
    let expect = page().await;
    let fresh = Path::new(env!("CARGO_TARGET_TMPDIR")).join("functions.md");
    std::fs::write(&fresh, &expect).unwrap();
    let actual = std::fs::read_to_string(page_file()).unwrap_or_default();
    assert!(actual == expect, "docs/functions.md is stale; copy {} over it", fresh.display());
}

#[test]
fn documentation_is_whole() {
    let mut names: Vec<_> = functions::all().map(|d| d.name).collect();
    for doc in functions::all() {
        assert!(doc.signature.starts_with(&format!("{}(", doc.name)), "{}", doc.name);
        assert!(doc.example.contains(doc.name), "{}", doc.name);
        assert!(root().join("..").join(doc.source).is_file(), "{}", doc.source);
        assert!(doc.summary.contains("NULL") && doc.summary.ends_with('.'), "{}", doc.name);
    }
    names.dedup();
    assert!(names.is_sorted() && names.len() == functions::all().len());
}

#[tokio::test]
async fn wrong_calls_say_how_it_is_called() {
    for doc in functions::all() {
        for call in
            [format!("{}()", doc.name), format!("{}(make_array(1), make_array(2))", doc.name)]
        {
            let error =
                answer(&context(), &format!("SELECT {call}")).await.unwrap_err().to_string();
            assert!(error.contains(doc.name), "{call}: {error}");
            assert!(error.contains(doc.signature), "{call}: {error}");
        }
    }
}
