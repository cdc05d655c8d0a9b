//! Are calls that only rename something of DataFusion's resolved before a query runs?

use super::{answer, context, rows};

#[tokio::test]
async fn time_bin_is_date_bin_in_the_plan() {
    let sql =
        "EXPLAIN SELECT time_bin('15m', ts) FROM (SELECT to_timestamp(unnest(range(0, 3))) AS ts)";
    let plan = rows(&answer(&context(), sql).await.unwrap()).join("\n");
    assert!(plan.contains("date_bin("), "{plan}");
}

/// Writes a score for each pair of client and host of a log, for a scorer that knows which are implants. The log is
/// W3C ELFF with date, time, c-ip, cs-host and cs-bytes among its fields, as `beacons/access.log` below cargo's folder for
/// temporary files; the scores go beside it.
#[tokio::test]
#[ignore = "needs a log that is not part of the project"]
async fn write_scores_of_a_log() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("beacons");
    let text = std::fs::read_to_string(folder.join("access.log")).unwrap();
    let context = context();
    context.register_batch("log", requests(&text)).unwrap();
    let sql = "SELECT c, h, beacon_score(ts, b), rita_score(ts, b), beacon_stats(ts, b)['core'], count(*), beacon_score(ts) \
               FROM log GROUP BY c, h";
    let mut out = String::from("client_ip,host,score,rita,core,n,timing\n");
    for line in rows(&answer(&context, sql).await.unwrap()) {
        out.push_str(&line.replace(' ', ",").replace("NULL", ""));
        out.push('\n');
    }
    std::fs::write(folder.join("scores.csv"), out).unwrap();
}

fn requests(text: &str) -> arrow::array::RecordBatch {
    use arrow::array::{ArrayRef, Int64Array, StringArray, TimestampSecondArray};
    let fields: Vec<&str> = text
        .lines()
        .find_map(|l| l.strip_prefix("#Fields: "))
        .unwrap()
        .split_whitespace()
        .collect();
    let at = |name: &str| fields.iter().position(|f| *f == name).unwrap();
    let (date, time, client, host, bytes) =
        (at("date"), at("time"), at("c-ip"), at("cs-host"), at("cs-bytes"));
    let (mut times, mut clients, mut hosts, mut sizes) = (vec![], vec![], vec![], vec![]);
    for line in text.lines().filter(|l| !l.starts_with('#')) {
        let cells: Vec<&str> = line.split_whitespace().collect();
        let stamp = format!("{}T{}", cells[date], cells[time]);
        let stamp = stamp.parse::<chrono::NaiveDateTime>().unwrap();
        times.push(stamp.and_utc().timestamp());
        clients.push(cells[client]);
        hosts.push(cells[host]);
        sizes.push(cells[bytes].parse::<i64>().ok());
    }
    arrow::array::RecordBatch::try_from_iter([
        ("ts", std::sync::Arc::new(TimestampSecondArray::from(times)) as ArrayRef),
        ("c", std::sync::Arc::new(StringArray::from(clients))),
        ("h", std::sync::Arc::new(StringArray::from(hosts))),
        ("b", std::sync::Arc::new(Int64Array::from(sizes))),
    ])
    .unwrap()
}

/// The same groups with plenty of memory, and with so little that their states are written to disk and merged.
#[tokio::test]
async fn beacons_spill_and_stay_the_same() {
    let sql = "SELECT g, beacon_score(ts, b) AS s FROM (SELECT i % 3001 AS g, i % 17 AS b, \
               to_timestamp_seconds(1772409600 + i) AS ts FROM (SELECT unnest(range(0, 60000)) AS i)) GROUP BY g ORDER BY g";
    let plenty = rows(&answer(&context(), sql).await.unwrap());
    let runtime = datafusion::execution::runtime_env::RuntimeEnvBuilder::new()
        .with_memory_limit(1_200_000, 1.0)
        .build_arc()
        .unwrap();
    let config = datafusion::prelude::SessionConfig::new()
        .with_target_partitions(1)
        .with_batch_size(100)
        .with_sort_spill_reservation_bytes(100_000);
    let little = datafusion::prelude::SessionContext::new_with_config_rt(config, runtime);
    dwell_query::functions::register(&little);
    let frame = little.sql(sql).await.unwrap();
    let plan = frame.create_physical_plan().await.unwrap();
    let batches =
        datafusion::physical_plan::collect(plan.clone(), little.task_ctx()).await.unwrap();
    assert_eq!(rows(&batches), plenty);
    assert_eq!(plenty.len(), 3001);
    let mut spilled = 0;
    let mut plans = vec![plan];
    while let Some(plan) = plans.pop() {
        spilled += plan.metrics().and_then(|m| m.spill_count()).unwrap_or(0);
        plans.extend(plan.children().into_iter().cloned());
    }
    assert!(spilled > 0, "nothing was written to disk: the limit is too high for this test");
}
