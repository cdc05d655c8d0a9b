//! Writes as many lines as wanted, the same for everyone: `cargo run --release --example generate_log -- --lines N`.
//!
//! The lines have the spread of a large office over a week (408 clients, 30,000 hosts, 263,108 URLs). Options:
//! `--lines N`, `--kind agents|native`, `--seed N`, `--days N`, `-o FILE` (stdout without it).

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example shows what it found")]

use std::fs::File;
use std::io::{self, BufWriter, Write};

use dwell::sample::bulk::{self, BulkKind, BulkOptions};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut options = BulkOptions::new(2_000_000);
    let mut out: Box<dyn Write> = Box::new(io::stdout().lock());
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
        match word.as_str() {
            "--lines" => options.lines = value.parse()?,
            "--days" => options.days = value.parse()?,
            "--seed" => options.seed = value.parse()?,
            "--kind" if value == "native" => options.kind = BulkKind::Native,
            "--kind" if value == "agents" => options.kind = BulkKind::Agents,
            "-o" => out = Box::new(File::create(value)?),
            _ => return Err(format!("unknown option {word} {value}").into()),
        }
    }
    let bytes = bulk::write(&options, &mut BufWriter::with_capacity(1 << 20, out))?;
    eprintln!("{} lines, {bytes} bytes", options.lines);
    if options.kind == BulkKind::Agents {
        eprintln!("logformat: {}", bulk::AGENTS_LOGFORMAT);
    }
    Ok(())
}
