//! Open a store, ingest a file, run a query and get Arrow batches: `cargo run --example quickstart [LOG]`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example shows what it found")]

use std::path::PathBuf;

use dwell::{Ingest, Query, Store};

const LOG: &str = "\
1795169425.918      4 10.1.1.5 TCP_MISS/200 349 GET http://www.example.org/p1.html anna HIER_DIRECT/192.0.2.1 text/html
1795169455.001     12 10.1.1.6 TCP_TUNNEL/200 5120 CONNECT shell.example:4444 - HIER_DIRECT/198.51.100.7 -
1795169456.100      7 10.1.1.7 TCP_DENIED/403 3693 GET http://bad.example/a.exe - HIER_NONE/- text/html
";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A place of its own, gone at the end. In earnest: a folder that stays, and keys outside of it.
    let dir = tempfile::tempdir()?;
    let log = match std::env::args().nth(1) {
        Some(path) => PathBuf::from(path),
        None => {
            let path = dir.path().join("access.log");
            std::fs::write(&path, LOG)?;
            path
        }
    };

    // 1. A store: a folder of Parquet files with a signed ledger; its private key lies elsewhere.
    let store = Store::init(&dir.path().join("store"), &dir.path().join("keys"))?;

    // 2. Ingest: the format is found by content, every line is accounted for.
    let report = Ingest::new(&store).run([&log])?;
    let counts = report.counts();
    println!("{} lines: {} rows, {} quarantined", counts.lines, counts.rows, counts.quarantined);

    // 3. SQL, with the functions of a hunter; the answer comes as Arrow batches.
    let query = Query::new(&store)?;
    let batches = query.collect(
        "SELECT client_ip, host, port FROM requests WHERE is_nonstandard_port(port, scheme) ORDER BY ts",
    )?;
    let rows: usize = batches.iter().map(|batch| batch.num_rows()).sum();
    println!("{}", arrow::util::pretty::pretty_format_batches(&batches)?);
    println!("{rows} requests to ports that are not those of the web");
    Ok(())
}
