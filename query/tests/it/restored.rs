//! Restored sets beside live data: what each shows, and what all of them show together.

use dwell_query::{ErrorKind, SessionOptions};

use crate::store::{NOW, Row, TestStore, ask, micros, row};

fn seen(ts: &str, source: i32, line: i64, host: &str) -> Row {
    row(ts, line).set("source_id", &source.to_string()).set("host", host)
}

/// Three days of a store that took in two files; the second grew later.
fn before() -> TestStore {
    let mut store = TestStore::default();
    store
        .segment(&[
            seen("2026-11-10T08:00:00Z", 1, 1, "a.example"),
            seen("2026-11-10T09:00:00Z", 1, 3, "c.example"),
        ])
        .segment(&[
            seen("2026-11-11T08:00:00Z", 1, 2, "b.example"),
            seen("2026-11-11T09:00:00Z", 2, 1, "d.example"),
            seen("2026-11-11T10:00:00Z", 2, 2, "e.example"),
        ])
        .segment(&[seen("2026-11-12T08:00:00Z", 2, 3, "f.example")])
        .content(1, "one", 100)
        .content(2, "two", 200);
    store
}

/// A store that holds the second file under another number, up to its second line in one file, and restored both days
/// before and all three.
pub(crate) fn both() -> TestStore {
    let mut store = TestStore::default();
    store
        .segment(&[seen("2026-11-11T09:00:00Z", 5, 1, "d.example")])
        .segment(&[seen("2026-11-20T10:00:00Z", 6, 1, "live.example")])
        .content(5, "two", 200)
        .content(6, "six", 600);
    let before = before();
    store.restore("early", &before, &["2026-11-10", "2026-11-11"]);
    store.restore("late", &before, &["2026-11-11", "2026-11-12"]);
    store
}

#[tokio::test]
async fn a_set_is_a_table_of_its_own() {
    let store = both();
    let session = store.session();
    let hosts = |sql: &'static str| ask(&session, sql);
    let early = hosts("select host from restored.early order by ts").await.unwrap();
    assert_eq!(early.concat(), ["a.example", "c.example", "b.example", "d.example", "e.example"]);
    let day = hosts("select host from restored.late where day = '2026-11-12'").await.unwrap();
    assert_eq!(day.concat(), ["f.example"]);
    let sources = "select source_id, path from restored.late_sources order by 1";
    assert_eq!(hosts(sources).await.unwrap(), [["1", "one"], ["2", "two"]]);
    let live = hosts("select host from requests order by ts").await.unwrap();
    assert_eq!(live.concat(), ["d.example", "live.example"]);
}

#[tokio::test]
async fn all_of_them_show_a_row_once() {
    let store = both();
    let session = store.session();
    let all = ask(&session, "select host from requests_all order by ts").await.unwrap();
    let expected = [
        "a.example",
        "c.example",
        "b.example",
        "d.example",
        "e.example",
        "f.example",
        "live.example",
    ];
    assert_eq!(all.concat(), expected);
    let count = ask(&session, "select count(*) from requests_all").await.unwrap();
    assert_eq!(count.concat(), ["7"]);
    let twice = "select host, source_id from requests_all where host = 'd.example'";
    assert_eq!(ask(&session, twice).await.unwrap().concat(), ["d.example", "5"]);
}

#[tokio::test]
async fn bounds_and_days_work_through_all_of_them() {
    let store = both();
    let options = SessionOptions {
        since_us: Some(micros("2026-11-11T08:30:00Z")),
        until_us: Some(micros("2026-11-20T00:00:00Z")),
        ..SessionOptions::new(NOW)
    };
    let session = store.session_with(options);
    for (table, expected) in [
        ("requests", vec!["d.example"]),
        ("restored.early", vec!["d.example", "e.example"]),
        ("requests_all", vec!["d.example", "e.example", "f.example"]),
    ] {
        let sql = format!("select host from {table} order by ts");
        assert_eq!(ask(&session, &sql).await.unwrap().concat(), expected, "{table}");
    }
    let session = store.session();
    for (sql, files) in [
        ("select host from restored.early where day = '2026-11-10'", 1),
        ("select host from requests_all where day = '2026-11-10'", 1),
        // The second set's file of that day has no row that is shown.
        ("select host from requests_all where ts::date = '2026-11-11'", 2),
        ("select host from requests_all where ts >= '2026-11-12' and ts < '2026-11-13'", 1),
        ("select host from requests_all", 5),
    ] {
        let read = session.plan(sql).await.unwrap().scan_estimate().unwrap();
        assert_eq!(read.files, files, "{sql}");
    }
}

#[tokio::test]
async fn a_set_that_was_altered_is_noticed() {
    let store = both();
    let folder = store.dir().join("restored/early/requests/day=2026-11-10");
    let file = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&file, &bytes).unwrap();
    let all = "select * from requests_all";
    for sql in ["select * from restored.early", all] {
        let error = ask(&store.session(), sql).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{sql}: {error}");
    }
    bytes[100] ^= 1;
    std::fs::write(&file, &bytes).unwrap();
    let sources = store.dir().join("restored/early/sources.json");
    let mut bytes = std::fs::read(&sources).unwrap();
    bytes[5] ^= 1;
    std::fs::write(&sources, &bytes).unwrap();
    for sql in ["select * from restored.early_sources", all] {
        let error = ask(&store.session(), sql).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{sql}: {error}");
    }
}

#[tokio::test]
async fn what_is_hidden_here_does_not_come_back_from_there() {
    let mut store = both();
    store.hide(5, 1, 1);
    let session = store.session();
    let sql = "select count(*) from requests_all where host = 'd.example'";
    assert_eq!(ask(&session, sql).await.unwrap().concat(), ["0"]);
}

#[tokio::test]
async fn lines_with_gaps_are_read_to_be_compared() {
    let mut store = TestStore::default();
    store
        .segment(&[
            seen("2026-11-10T08:00:00Z", 9, 1, "a.example"),
            seen("2026-11-10T10:00:00Z", 9, 7, "g.example"),
        ])
        .content(9, "one", 100);
    store.restore("old", &before(), &["2026-11-10", "2026-11-11"]);
    let session = store.session();
    let sql = "select host from requests_all where source_id = 1 or source_id = 9 order by ts";
    let expected = ["a.example", "c.example", "g.example", "b.example"];
    assert_eq!(ask(&session, sql).await.unwrap().concat(), expected);
}

#[tokio::test]
async fn a_file_that_grew_is_the_same_file() {
    let mut store = TestStore::default();
    store.segment(&[seen("2026-11-11T09:00:00Z", 3, 1, "d.example")]).content(3, "two", 200).grown(
        3,
        "two and more",
        300,
    );
    store.restore("old", &before(), &["2026-11-11"]);
    let sql = "select count(*) from requests_all where host = 'd.example'";
    assert_eq!(ask(&store.session(), sql).await.unwrap().concat(), ["1"]);
}

#[tokio::test]
async fn the_sets_are_listed() {
    let store = both();
    let session = store.session();
    let sql = "select name, day, segments, rows, origin from system.restored order by name, day";
    let expected = [
        ["early", "2026-11-10", "1", "2", "other"],
        ["early", "2026-11-11", "1", "3", "other"],
        ["late", "2026-11-11", "1", "3", "other"],
        ["late", "2026-11-12", "1", "1", "other"],
    ];
    assert_eq!(ask(&session, sql).await.unwrap(), expected);
    let shown = ask(&session, "show tables").await.unwrap();
    for name in ["early", "early_sources", "late", "late_sources"] {
        assert!(shown.iter().any(|row| row[1] == "restored" && row[2] == name), "{shown:?}");
    }
    let error = ask(&session, "select * from restored.erly").await.unwrap_err();
    assert!(error.help().unwrap_or_default().contains("restored.early"), "{error}");
}

/// Live rows of a sealed day in files of another shape; `lines` of the two that were sealed.
fn sealed(lines: &[i64]) -> TestStore {
    let mut other = before();
    other.seal("2026-11-10", 9, 2);
    let mut store = TestStore::default();
    for &line in lines {
        store.segment(&[seen("2026-11-10T08:00:00Z", 1, line, "sealed.example")]);
    }
    // The number of the seal is another one: its root tells.
    store.seal("2026-11-10", 4, 2).content(1, "one", 100);
    store.restore("old", &other, &["2026-11-10"]);
    store
}

#[tokio::test]
async fn rows_under_one_seal_are_the_same_unless_some_are_gone() {
    for (lines, files) in [(&[1_i64, 3][..], 2), (&[3][..], 2)] {
        let store = sealed(lines);
        let session = store.session();
        let planned = session.plan("select host from requests_all").await.unwrap();
        assert_eq!(planned.scan_estimate().unwrap().files, files, "{lines:?}");
        let count = ask(&session, "select count(*) from requests_all").await.unwrap();
        assert_eq!(count.concat(), ["2"], "{lines:?}");
    }
}
