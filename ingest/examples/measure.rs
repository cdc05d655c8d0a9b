//! How fast does a file come in, and with how much memory? `measure STORE FILE... [--jobs N] [--logformat STR]
//! [--compact] [--raw] [--columns] [--seal]`
//!
//! Makes the store if there is none, takes the files in, prints rows a second, the peak of memory, and with `--raw` how
//! long it takes to give the bytes back, with `--columns` what each column takes, with `--compact` both after a compaction,
//! with `--seal` how long it takes to seal the days and to check the seals.

#![expect(clippy::print_stdout, reason = "it is a program")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use dwell_ingest::raw::{self, Lines, RawRequest};
use dwell_ingest::{IngestOptions, InputArg};
use storage::clock;
use storage::compact::{self, CompactOptions, Policy};
use storage::fs;
use storage::seal;
use storage::store::{CommitOptions, InitOptions, LOCK_WAIT_MS, Store};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut options = IngestOptions { by: "measure".into(), ..IngestOptions::default() };
    let mut paths: Vec<PathBuf> = Vec::new();
    let (mut give_back, mut columns, mut compact, mut seals) = (false, false, false, false);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or("a value is missing");
        match argument.as_str() {
            "--jobs" => options.jobs = value()?.parse()?,
            "--chunk" => options.chunk_bytes = value()?.parse()?,
            "--logformat" => options.logformat = Some(value()?),
            "--raw" => give_back = true,
            "--columns" => columns = true,
            "--compact" => compact = true,
            "--seal" => seals = true,
            _ => paths.push(argument.into()),
        }
    }
    let dir = paths.remove(0);
    let store = Store::init(
        &dir.join("store"),
        &InitOptions {
            group: None,
            key_dir: Some(dir.join("keys")),
            fallback_dir: None,
            fs: fs::real(),
            now_us: clock::now_us(),
            by: "measure".into(),
        },
    )?;
    let inputs: Vec<InputArg> = paths.into_iter().map(InputArg::from).collect();
    let begin = Instant::now();
    let report = dwell_ingest::run(&store, &inputs, &options, &())?;
    let seconds = begin.elapsed().as_secs_f64();
    let (counts, bytes) = (report.counts(), report.bytes());
    println!(
        "{seconds:.3} s, {:.0} rows/s, {:.0} MB/s; {counts:?}, {} raw, {:?}",
        counts.rows as f64 / seconds,
        bytes as f64 / seconds / 1e6,
        report.raw_rows(),
        report.sources.iter().map(|source| source.outcome.name()).collect::<Vec<_>>(),
    );
    let stored: u64 = store.state().files().map(|meta| meta.bytes).sum();
    println!("{stored} bytes stored of {bytes}");
    if compact {
        put_together(&store)?;
    }
    if columns {
        print_columns(&store)?;
    }
    if seals {
        seal_days(&store)?;
    }
    if give_back {
        let begin = Instant::now();
        for source in store.state().sources.keys() {
            raw::write(&store, RawRequest::Source(*source), &mut std::io::sink())?;
        }
        println!("raw: {:.3} s", begin.elapsed().as_secs_f64());
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    for line in status.lines().filter(|line| line.starts_with("VmHWM")) {
        println!("{line}");
    }
    Ok(())
}

/// How long does it take to put the days together, and what is gained?
fn put_together(store: &Arc<Store>) -> Result<(), Box<dyn std::error::Error>> {
    let begin = Instant::now();
    let options = CompactOptions {
        policy: Policy::default(),
        commit: CommitOptions {
            now_us: clock::now_us(),
            wait_ms: LOCK_WAIT_MS,
            by: "measure".into(),
        },
        lines: &Lines,
        check: &|| Ok(()),
        done: &|_| (),
    };
    let report = compact::run(store, &options)?;
    let seconds = begin.elapsed().as_secs_f64();
    let rows: u64 = report.groups.iter().map(|group| group.rows).sum();
    let before: u64 = report.groups.iter().map(|group| group.bytes_before).sum();
    let after: u64 = report.groups.iter().map(|group| group.bytes_after).sum();
    println!("compact: {seconds:.3} s, {:.0} rows/s, {before} -> {after}", rows as f64 / seconds);
    Ok(())
}

/// Seals every day, and checks it.
fn seal_days(store: &Arc<Store>) -> Result<(), Box<dyn std::error::Error>> {
    let options = CommitOptions { now_us: clock::now_us(), wait_ms: 0, by: "measure".into() };
    let days: Vec<_> = store.state().days.keys().copied().collect();
    let (mut rows, begin) = (0, Instant::now());
    for day in days {
        let receipt = seal::apply(store, day, &Lines, &options)?;
        rows += receipt.map_or(0, |receipt| receipt.leaves);
    }
    let nanos = |begin: Instant| begin.elapsed().as_nanos() / u128::from(rows.max(1));
    println!("seal: {:.3} s, {} ns a row", begin.elapsed().as_secs_f64(), nanos(begin));
    let (state, begin) = (store.state(), Instant::now());
    for sealed in state.days.values().flat_map(|held| &held.seals) {
        seal::check(store, &state, sealed, &Lines)?;
    }
    println!("check: {:.3} s, {} ns a row", begin.elapsed().as_secs_f64(), nanos(begin));
    Ok(())
}

/// What each column of the segments takes on disk.
fn print_columns(store: &Store) -> Result<(), Box<dyn std::error::Error>> {
    let mut sums: BTreeMap<String, i64> = BTreeMap::new();
    let (mut bytes, mut blooms, mut groups) = (0, 0, 0);
    for (_, segment) in store.state().segments() {
        let file = store.open_file(&segment.meta)?;
        bytes += segment.meta.bytes;
        groups += file.metadata().num_row_groups();
        for column in file.metadata().row_groups().iter().flat_map(|group| group.columns()) {
            *sums.entry(column.column_path().string()).or_default() += column.compressed_size();
            blooms += column.bloom_filter_length().unwrap_or_default();
        }
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by_key(|(_, bytes)| -bytes);
    println!("segments {bytes} bytes, {groups} row groups, bloom filters {blooms}");
    for (name, bytes) in sums {
        println!("{bytes:>12} {name}");
    }
    Ok(())
}
