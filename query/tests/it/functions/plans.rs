//! Are calls that only rename something of DataFusion's resolved before a query runs?

use super::{answer, context, rows};

#[tokio::test]
async fn time_bin_is_date_bin_in_the_plan() {
    let sql =
        "EXPLAIN SELECT time_bin('15m', ts) FROM (SELECT to_timestamp(unnest(range(0, 3))) AS ts)";
    let plan = rows(&answer(&context(), sql).await.unwrap()).join("\n");
    assert!(plan.contains("date_bin("), "{plan}");
}
