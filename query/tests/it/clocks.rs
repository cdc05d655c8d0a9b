//! A store of clocks that are wrong in known ways, for `tests/slt/clocks`.

use storage::extent::Counts;

use crate::store::{Row, TestStore, row};

/// A row `second` seconds after 10:00 on 20 November 2026.
fn at(source: i32, line: i64, second: i64) -> Row {
    let time = 10 * 3600 + second;
    let ts = format!("2026-11-20T{:02}:{:02}:{:02}Z", time / 3600, time / 60 % 60, time % 60);
    row(&ts, line).set("source_id", &source.to_string())
}

/// A request for a page, which two proxies may both log.
fn page(row: Row, proxy: &str, client: i64, path: &str) -> Row {
    row.set("proxy_name", proxy)
        .set("client_ip", &format!("10.0.0.{client}"))
        .set("method", "GET")
        .set("host", "news.example")
        .set("path", path)
}

/// Eight sources: what is wrong with each says its path.
pub(crate) fn clocks() -> TestStore {
    let mut store = TestStore::default();
    // A quiet clock; a long request among its rows, and the pace of a quiet office: nothing to suspect but the one row.
    let steady = (1..=60).map(|line| at(1, line, if line == 30 { 100 } else { line * 10 }));
    store.segment(&steady.collect::<Vec<_>>());
    let slow = (1..=20).map(|line| at(2, line, line * 700));
    store.segment(&slow.collect::<Vec<_>>());
    // Set ahead by an hour, and back by half of one.
    let set = (1..=70).map(|line| {
        let off = if line > 50 {
            1800
        } else if line > 30 {
            3600
        } else {
            0
        };
        at(3, line, line + off)
    });
    store.segment(&set.collect::<Vec<_>>());
    // It came in on 24 November, 12:00.
    store.segment(&[
        row("2026-11-24T12:04:00Z", 1).set("source_id", "4"),
        row("2026-11-24T12:06:00Z", 2).set("source_id", "4"),
        row("2026-11-24T13:00:00Z", 3).set("source_id", "4"),
    ]);
    // The relay's header says two hours less, but for the last row.
    let relayed = (1..=12).map(|line| {
        let hour = if line == 12 { 10 } else { 8 };
        let extra = format!("{{\"syslog_time\":\"Nov 20 {hour:02}:00:{:02}\"}}", line + 1);
        at(5, line, line).set("extra", &extra)
    });
    store.segment(&relayed.collect::<Vec<_>>());
    // East and west log the same requests; west is an hour behind, in the last row it agrees.
    for (source, proxy, behind) in [(6, "east", 0), (7, "west", 3600)] {
        let rows = (1..=12).map(|line| {
            let off = if line == 12 { 0 } else { behind };
            let second = 7200 + line * 37 + i64::from(source == 7);
            page(at(source, line, second - off), proxy, line % 5, &format!("/{line}"))
        });
        store.segment(&rows.collect::<Vec<_>>());
    }
    // Visitors come back an hour later, some of them to the same page: that is no clock.
    let back = (1..=12).map(|line| {
        let path = if line < 4 { format!("/{line}") } else { format!("/other/{line}") };
        page(at(8, line, 10_800 + line * 37), "north", line % 5, &path)
    });
    store.segment(&back.collect::<Vec<_>>());
    for (id, path, rows) in [
        (1, "steady.log", 60),
        (2, "slow.log", 20),
        (3, "set.log", 70),
        (4, "future.log", 3),
        (5, "relayed.log", 12),
        (6, "east.log", 12),
        (7, "west.log", 12),
        (8, "north.log", 12),
    ] {
        store.source(id, path, Counts { lines: rows, rows, ..Counts::default() }).came_at(id, 1);
    }
    store
}
