//! Do queries stay within their memory, and can they be stopped?

use dwell_query::{ErrorKind, SessionOptions};
use futures::StreamExt;

use crate::store::{NOW, TestStore, ask, four_days};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_join_beyond_the_limit_names_itself() {
    let store = TestStore::default();
    let spill = tempfile::tempdir().unwrap();
    let session = store.session_with(SessionOptions {
        memory_bytes: 4 << 20,
        spill_dir: Some(spill.path().to_path_buf()),
        ..SessionOptions::new(NOW)
    });
    let sql = "select count(*) from generate_series(1, 2000000) a join generate_series(1, 2000000) b \
               on a.value = b.value + 1 where a.value % 3 <> b.value % 7";
    let error = ask(&session, sql).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MemoryLimit, "{error}");
    assert!(error.to_string().contains("HashJoin"), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sort_spills_where_it_may() {
    let store = TestStore::default();
    let sql = "select value from generate_series(1, 400000) order by -value";
    let options = SessionOptions { memory_bytes: 3 << 20, ..SessionOptions::new(NOW) };
    let error = ask(&store.session_with(options.clone()), sql).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MemoryLimit, "{error}");
    let spill = tempfile::tempdir().unwrap();
    let options = SessionOptions { spill_dir: Some(spill.path().to_path_buf()), ..options };
    let session = store.session_with(options);
    let rows = ask(&session, sql).await.unwrap();
    assert_eq!(rows.len(), 400_000);
    assert_eq!(rows[0], ["400000"]);
    drop(session);
    assert_eq!(std::fs::read_dir(spill.path()).unwrap().count(), 0, "nothing is left behind");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_answer_stops_the_query() {
    let store = four_days();
    let session = store.session();
    let sql =
        "select a.value, b.value from generate_series(1, 100000000) a, generate_series(1, 1000) b";
    let mut answer = session.sql(sql).await.unwrap();
    assert!(answer.stream.next().await.unwrap().is_ok());
    drop(answer);
    assert_eq!(ask(&session, "select 1").await.unwrap(), [["1"]]);
}

#[tokio::test]
async fn no_other_file_can_be_reached() {
    let session = four_days().session();
    for sql in [
        "select * from '/etc/passwd'",
        "select * from 'file:///etc/passwd'",
        "select * from read_csv('/etc/passwd')",
        "select * from parquet_metadata('/etc/passwd')",
        "create external table t stored as csv location '/etc/passwd'",
    ] {
        let error = ask(&session, sql).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Usage | ErrorKind::ReadOnly), "{sql}: {error}");
    }
}

#[tokio::test]
async fn a_function_of_ones_own_can_be_called() {
    use std::sync::Arc;

    use arrow::array::{Array, ArrayRef, AsArray, Int64Array};
    use arrow::datatypes::DataType;

    let store = four_days();
    let mut session = store.session();
    let body = Arc::new(|arguments: &[ArrayRef]| {
        let text = arguments[0].as_string::<i32>();
        let lengths =
            (0..text.len()).map(|at| text.is_valid(at).then(|| text.value(at).len() as i64));
        Ok(Arc::new(lengths.collect::<Int64Array>()) as ArrayRef)
    });
    session.register_scalar("byte_count", vec![DataType::Utf8], DataType::Int64, body).unwrap();
    let rows = ask(&session, "select byte_count(host) from requests where line_no = 5").await;
    assert_eq!(rows.unwrap(), [["12"]]);
}
