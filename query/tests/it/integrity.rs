//! Is a changed bit noticed by the query that reads it?

use std::fs;

use dwell_query::ErrorKind;

use crate::store::{TestStore, ask, four_days, row};

#[tokio::test]
async fn a_changed_byte_is_never_an_answer() {
    let mut store = TestStore::default();
    let rows: Vec<_> = (1..200)
        .map(|line| row("2026-11-20T10:00:00Z", line).set("host", &format!("h{line}.example")))
        .collect();
    store.segment(&rows);
    let folder = store.dir().join("requests/day=2026-11-20");
    let file = fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let whole = fs::read(&file).unwrap();
    let sql = "select host, count(*), min(line_no) from requests group by host order by host";
    let truth = ask(&store.session(), sql).await.unwrap();
    assert_eq!(truth.len(), 199);
    let mut noticed = 0;
    for at in (0..whole.len()).step_by(whole.len() / 300 + 1) {
        let mut broken = whole.clone();
        broken[at] ^= 1 << (at % 8);
        fs::write(&file, &broken).unwrap();
        match ask(&store.session(), sql).await {
            Ok(rows) => assert_eq!(rows, truth, "byte {at}"),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Integrity, "byte {at}: {error}");
                assert!(error.to_string().contains(".parquet"), "{error}");
                noticed += 1;
            }
        }
    }
    assert!(noticed > 0);
    fs::write(&file, &whole[..whole.len() - 1]).unwrap();
    assert_eq!(ask(&store.session(), sql).await.unwrap_err().kind(), ErrorKind::Integrity);
}

#[tokio::test]
async fn what_is_not_read_is_not_checked() {
    let store = four_days();
    fs::remove_dir_all(store.dir().join("requests/day=2026-11-19")).unwrap();
    let session = store.session();
    let rows = ask(&session, "select count(*) from requests where day = '2026-11-20'").await;
    assert_eq!(rows.unwrap(), [["3"]]);
    let error = ask(&session, "select host from requests").await.unwrap_err();
    assert!(error.to_string().contains("day=2026-11-19"), "{error}");
}
