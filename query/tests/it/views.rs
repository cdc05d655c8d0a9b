//! Are the views as their page says, and do their names say what `requests` says?
//!
//! Where the page has changed, the failing test leaves it as it would be now in cargo's folder for temporary files, and
//! names it.

use std::fmt::Write as _;
use std::path::Path;

use arrow::datatypes::DataType;
use dwell_query::views::{ViewColumn, ViewDoc, all};

use crate::shipped::shipped;
use crate::store::ask;

fn kind(kind: &DataType) -> String {
    match kind {
        DataType::Utf8 | DataType::Utf8View => "utf8".to_owned(),
        DataType::BinaryView => "binary".to_owned(),
        DataType::Timestamp(..) => "timestamp(us, UTC)".to_owned(),
        DataType::Date32 => "date".to_owned(),
        other => other.to_string().to_lowercase(),
    }
}

/// The part of the page that is made from the views themselves.
fn tables() -> String {
    let mut out = String::new();
    for view in all() {
        let ViewDoc { name, summary, source, .. } = view;
        write!(out, "## {name}\n\n{summary}\n\n| column | from | |\n|---|---|---|\n").unwrap();
        for ViewColumn { name, from, doc } in view.columns() {
            let from = from.replace('|', "\\|");
            writeln!(out, "| `{name}` | `{from}` | {doc} |").unwrap();
        }
        writeln!(out, "\nSource: `{source}`.\n").unwrap();
    }
    out
}

#[test]
fn the_page_is_true() {
    const MARK: &str = "<!-- made from query/src/views -->\n\n";
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/views.md");
    let text = std::fs::read_to_string(page).unwrap_or_default();
    let (head, made) = text.split_once(MARK).unwrap_or((&text, ""));
    let fresh = Path::new(env!("CARGO_TARGET_TMPDIR")).join("views.md");
    std::fs::write(&fresh, format!("{head}{MARK}{}", tables())).unwrap();
    assert!(made == tables(), "docs/views.md is stale; copy {} over it", fresh.display());
    assert!(
        all().all(|view| Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("..")
            .join(view.source)
            .is_file())
    );
}

#[tokio::test]
async fn each_column_says_what_its_expression_says() {
    let store = shipped();
    let session = store.session();
    for view in all() {
        let mut names: Vec<_> = view.columns().map(|column| column.name).collect();
        let quoted: Vec<_> = names.iter().map(|name| format!("\"{name}\"")).collect();
        let from: Vec<_> = view
            .columns()
            .map(|column| format!("{} as \"{}\"", column.from, column.name))
            .collect();
        let by_name = format!("select {} from {}", quoted.join(", "), view.name);
        let plain = format!("select {} from requests", from.join(", "));
        let order = "order by source_id, line_no";
        // The expressions use what every session knows, so people can copy them.
        let by_name = ask(&session, &format!("{by_name} {order}")).await.unwrap();
        assert_eq!(by_name, ask(&session, &format!("{plain} {order}")).await.unwrap());
        assert_eq!(by_name.len(), 17);
        let listed = format!(
            "select name from system.columns where table_name = '{}' order by position",
            view.name
        );
        let listed: Vec<_> = ask(&session, &listed).await.unwrap().into_iter().flatten().collect();
        assert_eq!(listed, names);
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), listed.len(), "a name stands twice in {}", view.name);
    }
}

#[tokio::test]
async fn repeats_are_looked_for_among_the_rows_that_pass() {
    let store = shipped();
    let session = store.session();
    let plan = ask(
        &session,
        "explain select source_id from requests_distinct where ts >= '2026-11-20T09:00:00Z' and ts < '2026-11-20T09:30:00Z' \
         and host = 'news.example' and client_ip = '10.0.0.2'",
    );
    let plan = plan.await.unwrap().concat().join("\n");
    let scans: Vec<_> = plan.lines().filter(|line| line.contains("DataSourceExec")).collect();
    assert_eq!(scans.len(), 2, "{plan}");
    for scan in scans {
        assert!(scan.contains("predicate=ts@0 >= ") && scan.contains("AND ts@0 < "), "{scan}");
        assert!(scan.contains("host in (news.example)"), "{scan}");
        assert!(scan.contains("client_ip in (10.0.0.2)"), "{scan}");
    }
    // The rows that are alike are kept in memory, the others stream by.
    assert!(plan.contains("join_type=Right"), "{plan}");
}

#[tokio::test]
async fn rows_without_their_fields_are_compared_by_record_id_only() {
    let mut store = shipped();
    store.private(2).private(3).private(4);
    let session = store.session();
    let distinct =
        "select source_id, count(*), sum(repeats) from requests_distinct group by 1 order by 1";
    let distinct = ask(&session, distinct).await.unwrap();
    // Ids still find the replay within 3 and the row that 3 and 4 share; alike rows of 1 and 2, and within 4, all stay.
    assert_eq!(
        distinct,
        [["1", "5", "0"], ["2", "4", "0"], ["3", "2", "2"], ["4", "3", "0"], ["5", "1", "0"]]
    );
    let overlaps = "select source_id, other_source_id, common_rows from system.overlaps";
    assert_eq!(ask(&session, overlaps).await.unwrap(), [["3", "4", "1"]]);
}

#[tokio::test]
async fn every_view_is_planned_and_described() {
    let store = shipped();
    let session = store.session();
    let views = "select distinct table_name from system.columns where origin = 'view' order by 1";
    let views = ask(&session, views).await.unwrap();
    assert!(views.len() > all().len());
    for view in views.into_iter().flatten() {
        let answer = session.sql(&format!("select * from {view}")).await.unwrap();
        let came: Vec<_> = answer.schema.fields().iter().map(|one| kind(one.data_type())).collect();
        answer.stream.collect().await.unwrap();
        // The types that are told are those that come.
        let told = format!(
            "select type from system.columns where table_name = '{view}' order by position"
        );
        let told: Vec<_> = ask(&session, &told).await.unwrap().into_iter().flatten().collect();
        assert_eq!(told, came, "{view}");
        let blank = format!(
            "select name from system.columns where table_name = '{view}' and (doc = '' or name = '')"
        );
        assert_eq!(ask(&session, &blank).await.unwrap(), [[""; 0]; 0], "{view}");
    }
}
