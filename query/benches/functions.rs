//! How long do the functions of the mission take, and how long the same question without them?

use arrow::array::{
    ArrayRef, Int32Array, Int64Array, RecordBatch, StringViewArray, TimestampMicrosecondArray,
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use datafusion::datasource::MemTable;
use datafusion::prelude::{SessionConfig, SessionContext};
use std::sync::Arc;

const BATCH: usize = 8192;

/// Numbers without pattern, the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

fn session(tables: Vec<(&str, Vec<RecordBatch>)>) -> SessionContext {
    let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(2));
    dwell_query::functions::register(&context);
    for (name, batches) in tables {
        let (left, right) = batches.split_at(batches.len() / 2);
        let table = MemTable::try_new(batches[0].schema(), vec![left.to_vec(), right.to_vec()])
            .expect("a table of batches");
        context.register_table(name, Arc::new(table)).expect("a new table");
    }
    context
}

fn batches(
    rows: usize,
    mut columns: impl FnMut(usize) -> Vec<(&'static str, ArrayRef)>,
) -> Vec<RecordBatch> {
    let sizes = (0..rows).step_by(BATCH).map(|from| BATCH.min(rows - from));
    sizes.map(|n| RecordBatch::try_from_iter(columns(n)).expect("columns of one length")).collect()
}

fn agents(rows: usize) -> Vec<RecordBatch> {
    let all: Vec<String> = (0..200)
        .map(|i| format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.{i}.0 Safari/537.36", 100 + i % 50))
        .collect();
    let mut random = Random(7);
    batches(rows, |n| {
        let agents =
            StringViewArray::from_iter_values((0..n).map(|_| &all[random.below(200) as usize]));
        let ports: Int32Array = (0..n)
            .map(|_| [Some(80), Some(443), Some(8080), None][random.below(4) as usize])
            .collect();
        vec![("ua", Arc::new(agents) as ArrayRef), ("port", Arc::new(ports) as ArrayRef)]
    })
}

/// Objects as a proxy with twenty fields beyond the columns gives them, 750 bytes each.
fn extras(rows: usize) -> Vec<RecordBatch> {
    let mut random = Random(11);
    batches(rows, |n| {
        let rows = (0..n).map(|_| {
            let fields = (0..18).map(|at| {
                format!("\"x-field-of-vendor-{at}\":\"value {} of it\",", random.below(977))
            });
            let fields: String = fields.collect();
            format!(
                "{{{fields}\"x-virus-id\":\"EICAR-{}\",\"recordid\":12345678}}",
                random.below(50)
            )
        });
        let extra = StringViewArray::from_iter_values(rows.collect::<Vec<_>>());
        vec![("extra", Arc::new(extra) as ArrayRef)]
    })
}

fn pairs(rows: usize, groups: u64) -> Vec<RecordBatch> {
    let (mut random, mut at) = (Random(9), 0);
    batches(rows, |n| {
        let keys: Int64Array = (0..n).map(|_| Some(random.below(groups) as i64)).collect();
        let sizes: Int64Array = (0..n).map(|_| Some(random.below(2000) as i64)).collect();
        let times: TimestampMicrosecondArray = (0..n)
            .map(|_| {
                at += 1;
                Some(1_772_409_600_000_000 + at * 86_400_000_000 / rows as i64)
            })
            .collect();
        vec![
            ("g", Arc::new(keys) as ArrayRef),
            ("ts", Arc::new(times) as ArrayRef),
            ("b", Arc::new(sizes) as ArrayRef),
        ]
    })
}

fn functions(c: &mut Criterion) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
    let context = session(vec![
        ("agents", agents(1_000_000)),
        ("pairs", pairs(2_000_000, 250_000)),
        ("extras", extras(200_000)),
    ]);
    let mut group = c.benchmark_group("functions");
    group.sample_size(10);
    for (name, rows, sql) in [
        (
            "ua_class",
            1_000_000,
            "SELECT count(ua_class(ua)) FILTER (WHERE ua_class(ua) <> 'browser') FROM agents",
        ),
        (
            "is_nonstandard_port",
            1_000_000,
            "SELECT count(*) FROM agents WHERE is_nonstandard_port(port, 'http')",
        ),
        (
            "extra_get",
            200_000,
            "SELECT count(*) FROM extras WHERE extra_get(extra, 'x-virus-id') = 'EICAR-7'",
        ),
        (
            "extra_get without the name",
            200_000,
            "SELECT count(*) FROM extras WHERE extra_get(extra, 'x-no-such') = 'EICAR-7'",
        ),
        (
            "beacon_score",
            2_000_000,
            "SELECT max(s) FROM (SELECT beacon_score(ts, b) AS s FROM pairs GROUP BY g)",
        ),
        (
            "beacon by count alone",
            2_000_000,
            "SELECT max(s) FROM (SELECT count(b) AS s FROM pairs GROUP BY g)",
        ),
        (
            "beacon by a window",
            2_000_000,
            "SELECT max(s) FROM (SELECT stddev(d) / avg(d) AS s FROM (SELECT g, CAST(ts - lag(ts) OVER (PARTITION BY g ORDER BY ts) AS BIGINT) AS d FROM pairs) GROUP BY g)",
        ),
    ] {
        group.throughput(Throughput::Elements(rows));
        group.bench_function(name, |b| {
            b.iter(|| {
                runtime
                    .block_on(async { context.sql(sql).await?.collect().await })
                    .expect("an answer")
            });
        });
    }
    group.finish();
}

criterion_group!(benches, functions);
criterion_main!(benches);
