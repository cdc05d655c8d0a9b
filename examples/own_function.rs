//! Register one's own function and use it in SQL: `cargo run --example own_function`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example shows what it found")]

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::datatypes::DataType;
use dwell::{Ingest, Query, Store};

const LOG: &str = "\
1795169425.918      4 10.1.1.5 TCP_MISS/200 349 GET http://www.example.org/p1.html anna HIER_DIRECT/192.0.2.1 text/html
1795169455.001     12 10.2.1.6 TCP_TUNNEL/200 5120 CONNECT shell.example:443 - HIER_DIRECT/198.51.100.7 -
";

/// The office a client sits in, by its address: something only this house knows.
fn office(arguments: &[ArrayRef]) -> Result<ArrayRef, String> {
    let addresses = arguments[0].as_string_opt::<i32>().ok_or("an address must be text")?;
    let offices: StringArray = addresses
        .iter()
        .map(|address| {
            Some(match address? {
                address if address.starts_with("10.1.") => "Berlin",
                address if address.starts_with("10.2.") => "Lyon",
                _ => "elsewhere",
            })
        })
        .collect();
    assert_eq!(offices.len(), addresses.len());
    Ok(Arc::new(offices))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dir = tempfile::tempdir()?;
    let log = dir.path().join("access.log");
    std::fs::write(&log, LOG)?;
    let store = Store::init(&dir.path().join("store"), &dir.path().join("keys"))?;
    Ingest::new(&store).run([&log])?;

    let mut query = Query::new(&store)?;
    query.session_mut().register_scalar(
        "office",
        vec![DataType::Utf8],
        DataType::Utf8,
        Arc::new(office),
    )?;
    let batches = query.collect(
        "SELECT office(client_ip) AS office, count(*) AS requests FROM requests GROUP BY 1 ORDER BY 1",
    )?;
    println!("{}", arrow::util::pretty::pretty_format_batches(&batches)?);
    Ok(())
}
