//! How long do a million indicators take to load, and requests to be matched with them? `cargo run --release -p
//! dwell-detect --example indicators [COUNT]`

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement for people")]

use std::fmt::Write as _;

use dwell_detect::intel::matcher::{COLUMNS, Matcher, Request};
use dwell_detect::intel::reader;
use dwell_detect::intel::table::{Builder, decode, encode, schema};
use dwell_detect::intel::warning::Warnings;
use storage::clock::steady;

fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0");
    line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// Hosts, URLs, addresses, networks and ports, mixed.
fn list(count: u64) -> String {
    let mut text = String::new();
    for i in 0..count {
        let n = i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
        let (a, b, c) = (n % 223 + 1, n / 256 % 256, n / 65536 % 256);
        match i % 10 {
            0..=3 => writeln!(text, "host{n}.bad{}.example", n % 5000),
            4..=6 => writeln!(text, "http://files{}.example/{n}/payload.bin", n % 90_000),
            7..=8 => writeln!(text, "{a}.{b}.{c}.{}", n % 256),
            _ => writeln!(text, "{a}.{b}.{c}.0/24"),
        }
        .unwrap();
    }
    text
}

fn main() {
    let count: u64 = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let text = list(count);
    println!("{count} indicators, {} MB of text, peak {} MiB", text.len() / 1_000_000, peak_mib());
    let mut last = steady();
    let mut told = |what: &str| {
        let now = steady();
        println!("{what}: {:.3} s, peak {} MiB", (now - last).as_secs_f64(), peak_mib());
        last = now;
    };
    let bytes = {
        let mut builder = Builder::new(0, Vec::new());
        builder.source("list", "plain");
        reader::read(text.as_bytes(), &mut builder).unwrap();
        let batches = builder.finish();
        told("read and put into columns");
        encode(&schema(), &batches).unwrap()
    };
    told(&format!("compressed to {} MB", bytes.len() / 1_000_000));
    let batches = decode(&bytes, Some(&COLUMNS)).unwrap();
    told("decoded, the columns to match with");
    let matcher = Matcher::new(&batches, &Warnings::default());
    drop(batches);
    told(&format!("a matcher of {}", matcher.len()));
    let (mut hits, mut met) = (Vec::new(), 0_u64);
    const REQUESTS: u64 = 5_000_000;
    for i in 0..REQUESTS {
        let n = i % 100_000;
        let host = format!("www{n}.site{}.example", n % 3000);
        let url = format!("http://{host}/path/{n}?q=1");
        let ip = format!("{}.{}.{}.9", n % 223 + 1, n % 251, n % 241);
        let request = Request {
            host: Some(&host),
            url: Some(&url),
            server_ip: Some(&ip),
            port: Some(80),
            user_agent: Some("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"),
            ts: Some(1),
            method: Some("GET"),
        };
        met += u64::from(matcher.best(&request, &mut hits).is_some());
    }
    told(&format!("{REQUESTS} requests, making them included; {met} met one"));
}
