//! How fast is one core on the way from text to pages? Parsing alone, and encoding alone. (Ledger and open:
//! `cargo bench -p dwell-storage`; the SQL functions: `cargo bench -p dwell-query`.)

#![allow(missing_docs, clippy::unwrap_used, reason = "a bench that cannot go on has failed")]

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use dwell::sample::bulk::{self, AGENTS_LOGFORMAT, BulkKind, BulkOptions};
use ingest::format::{ChunkSink, LineContext, Parser};
use storage::extent::LineEnd;
use storage::segment::{RowGroup, encode};

/// A week of lines is too long for a chunk; an hour of a busy proxy is not.
const LINES: u64 = 60_000;

fn lines(kind: BulkKind) -> Vec<u8> {
    let mut text = Vec::new();
    bulk::write(&BulkOptions { kind, days: 1, ..BulkOptions::new(LINES) }, &mut text).unwrap();
    text
}

fn context() -> LineContext {
    LineContext {
        source_id: 1,
        first_line: 1,
        first_offset: 0,
        ingest_us: 1_800_000_000_000_000,
        line_end: LineEnd::Lf,
        zone: None,
        line_bytes_max: 1 << 20,
        headers: None,
        cuts: None,
        near_us: i64::MAX / 2,
    }
}

fn parse(parser: &dyn Parser, text: &[u8]) -> Vec<RowGroup> {
    let mut sink = ChunkSink::default();
    let mut worker = parser.chunk_parser();
    worker.parse(text, &context(), &mut sink);
    worker.flush(&mut sink);
    sink.take_groups().into_iter().map(|(_, group)| group).collect()
}

fn spine(criterion: &mut Criterion) {
    let native = ingest::format::find("squid").unwrap().compile("").unwrap();
    let agents = ingest::format::logformat(AGENTS_LOGFORMAT).unwrap();
    let cases = [("native", native, BulkKind::Native), ("agents", agents, BulkKind::Agents)];
    for (name, parser, kind) in cases {
        let text = lines(kind);
        let mut group = criterion.benchmark_group(name);
        group.sample_size(20);
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function("parse", |bench| bench.iter(|| black_box(parse(&*parser, &text))));
        let groups = parse(&*parser, &text);
        group.bench_function("encode", |bench| {
            bench.iter_batched(
                || &groups,
                |groups| groups.iter().map(|group| encode(group).unwrap().rows()).sum::<u64>(),
                BatchSize::PerIteration,
            );
        });
        group.finish();
    }
}

criterion_group!(benches, spine);
criterion_main!(benches);
