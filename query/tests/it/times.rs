//! Do comparisons of rounded times mean the same after they have been made comparisons of the time itself?
//!
//! `greatest(ts, ts)` is the time too, but no column, so that side is left as it stands and is the oracle.

use std::fmt::Write as _;

use crate::store::{TestStore, ask, row};

const TIMES: &[&str] = &[
    "2025-12-28T23:59:59.999999Z",
    "2025-12-29T00:00:00Z",
    "2025-12-31T23:59:59.999999Z",
    "2026-01-01T00:00:00Z",
    "2026-01-01T00:00:00.000001Z",
    "2026-02-28T12:30:30.5Z",
    "2026-03-31T23:59:59.999999Z",
    "2026-04-01T00:00:00Z",
    "2026-06-15T11:59:59.999999Z",
    "2026-06-15T12:00:00Z",
    "2026-06-15T12:00:00.001Z",
    "2026-06-15T12:00:01Z",
    "2026-11-22T23:59:59.999999Z",
    "2026-11-23T00:00:00Z",
];

const ROUNDED: &[&str] = &[
    "date_trunc('second', {})",
    "date_trunc('minute', {})",
    "date_trunc('hour', {})",
    "date_trunc('day', {})",
    "date_trunc('week', {})",
    "date_trunc('month', {})",
    "date_trunc('quarter', {})",
    "date_trunc('year', {})",
    "date_bin(interval '1 day', {})",
    "date_bin(interval '7 hours', {})",
    "date_bin(interval '7 hours', {}, '2026-01-01')",
    "cast({} as date)",
    "arrow_cast({}, 'Timestamp(Nanosecond, None)')",
    "arrow_cast({}, 'Timestamp(Second, None)')",
    "date_trunc('day', cast({} as date))",
];

const VALUES: &[&str] = &[
    "2025-12-29T00:00:00",
    "2025-12-31T23:59:59.999999",
    "2026-01-01T00:00:00",
    "2026-04-01T00:00:00",
    "2026-06-15T00:00:00",
    "2026-06-15T12:00:00",
    "2026-06-15T12:00:00.0000005",
    "2026-11-23T00:00:00",
];

#[tokio::test]
async fn a_comparison_of_the_time_means_the_same() {
    let mut store = TestStore::default();
    for (at, ts) in TIMES.iter().enumerate() {
        store.segment(&[row(ts, at as i64 + 1)]);
    }
    let session = store.session();
    let all = TIMES.len().to_string();
    assert_eq!(ask(&session, "select count(*) from requests").await.unwrap(), [[all.as_str()]]);
    for rounded in ROUNDED {
        let (ours, oracle) =
            (rounded.replace("{}", "ts"), rounded.replace("{}", "greatest(ts, ts)"));
        let mut differs = String::from("false");
        let mut say = |left: &str, right: &str| {
            write!(differs, " or (({left}) is distinct from ({right}))").unwrap();
        };
        for value in VALUES {
            for op in ["=", "<>", "<", "<=", ">", ">="] {
                let right = format!("{op} '{value}'");
                say(&format!("{ours} {right}"), &format!("{oracle} {right}"));
            }
        }
        let between = "between '2026-01-01' and '2026-06-15T12:00:00'";
        say(&format!("{ours} {between}"), &format!("{oracle} {between}"));
        say(&format!("{ours} not {between}"), &format!("{oracle} not {between}"));
        let list = "in ('2026-01-01', '2026-06-15T12:00:00', '2026-11-23')";
        say(&format!("{ours} {list}"), &format!("{oracle} {list}"));
        say(&format!("{ours} not {list}"), &format!("{oracle} not {list}"));
        let sql = format!("select ts from requests where {differs}");
        assert_eq!(ask(&session, &sql).await.unwrap(), [[""; 0]; 0], "{rounded}");
        // The same where the filter prunes files, one comparison at a time.
        for value in VALUES {
            let count =
                |side: &str| format!("select count(*) from requests where {side} > '{value}'");
            let pruned = ask(&session, &count(&ours)).await.unwrap();
            assert_eq!(pruned, ask(&session, &count(&oracle)).await.unwrap(), "{rounded} {value}");
        }
    }
}

/// Spellings that make a number of the time, and a time of the number again.
const COUNTED: &[&str] = &[
    "cast(arrow_cast({}, 'Timestamp(Millisecond, None)') as bigint)",
    "arrow_cast(arrow_cast({}, 'Timestamp(Second, None)'), 'Int64')",
    "cast({} as bigint) / 1000",
    "cast(arrow_cast({}, 'Timestamp(Millisecond, None)') as bigint) / 1000 / 7",
];

#[tokio::test]
async fn a_comparison_of_a_number_of_the_time_means_the_same() {
    let mut store = TestStore::default();
    for (at, ts) in TIMES.iter().enumerate() {
        store.segment(&[row(ts, at as i64 + 1)]);
    }
    let session = store.session();
    for counted in COUNTED {
        let (ours, oracle) =
            (counted.replace("{}", "ts"), counted.replace("{}", "greatest(ts, ts)"));
        let values = ask(&session, &format!("select distinct {ours} from requests")).await.unwrap();
        let values: Vec<i64> = values.iter().map(|row| row[0].parse().unwrap()).collect();
        let mut differs = String::from("false");
        for near in values.iter().step_by(4).flat_map(|value| value - 1..=value + 1) {
            for op in ["=", "<>", "<", "<=", ">", ">="] {
                write!(
                    differs,
                    " or (({ours} {op} {near}) is distinct from ({oracle} {op} {near}))"
                )
                .unwrap();
            }
        }
        let sql = format!("select ts from requests where {differs}");
        assert_eq!(ask(&session, &sql).await.unwrap(), [[""; 0]; 0], "{counted}");
        // The same where the filter prunes files.
        let least = values.iter().min().unwrap();
        for (op, files) in [("<", 0), (">=", TIMES.len() as u64)] {
            let sql = |side: &str| format!("select host from requests where {side} {op} {least}");
            let planned = session.plan(&sql(&ours)).await.unwrap();
            assert_eq!(planned.scan_estimate().unwrap().files, files, "{counted} {op}");
            let all = ask(&session, &sql(&oracle)).await.unwrap();
            assert_eq!(ask(&session, &sql(&ours)).await.unwrap(), all, "{counted} {op}");
        }
    }
}
