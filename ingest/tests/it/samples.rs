//! Whether real logs, which lie beside the project, are read and given back.

use std::path::Path;

use dwell_ingest::format::{find, logformat};

use crate::parsed::{Parsed, context, parse};

pub(crate) const FULL: &str = r#"%ts.%03tu %6tr %>a %>p %Ss/%03>Hs %<st %>st %rm %rv %ru %[un %Sh/%<a %<p %mt "%{Referer}>h" "%{User-Agent}>h" %{Content-Type}>h %sn"#;
pub(crate) const ISO: &str =
    "%{%Y-%m-%dT%H:%M:%S}tg.%03tu|%>a|%un|%rm|%ru|%>Hs|%<st|%tr|%Ss|%Sh|%mt|%{User-Agent}>h";

/// A sample's bytes; samples lie in `shared/samples` beside the project or above it.
pub(crate) fn sample(name: &str) -> Option<Vec<u8>> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let found = above
        .map(|dir| dir.join("shared/samples").join(name))
        .find_map(|path| std::fs::read(path).ok());
    if found.is_none() {
        println!("skipped: shared/samples/{name} is not there");
    }
    found
}

fn read(name: &str, format: &str) -> Option<Parsed> {
    let text = sample(name)?;
    let parser = match find(format) {
        Some(format) => format.compile("").unwrap(),
        None => logformat(format).unwrap(),
    };
    let parsed = parse(parser.as_ref(), &text, 100_000, &context());
    let counts = parsed.counts;
    let partial = parsed.rows.values().filter(|row| row["parse"] == "partial").count();
    println!(
        "{name}: lines {} rows {} quarantined {} partial {partial} raw {}",
        counts.lines, counts.rows, counts.quarantined, parsed.raw_rows
    );
    Some(parsed)
}

#[test]
fn samples_are_given_back() {
    for (name, format) in [
        ("squid/dwell__squid57__access_native.log", "squid"),
        ("squid/dwell__squid57__access_common.log", "squid_common"),
        ("squid/dwell__squid57__access_combined.log", "squid_combined"),
        ("squid/dwell__squid57__access_full.log", FULL),
        ("squid/dwell__squid57__access_iso.log", ISO),
        ("squid/Cyb3rWard0g__Azure-Sentinel__SquidProxy.rebuilt.log", "squid"),
        ("squid/apache__metron__SquidExampleOutput", "squid"),
        ("squid/apache__metron__SquidExampleOutput.txt", "squid"),
        ("apache_clf/elastic__examples__apache_logs", "ncsa_combined"),
        ("apache_clf/leehinman__beats__darwin-2.4.23.log", "ncsa_common"),
        ("apache_clf/leehinman__beats__test.log", "ncsa_combined"),
        ("apache_clf/leehinman__beats__test-vhost.log", "ncsa_combined"),
        ("apache_clf/leehinman__beats__ssl-request.log", "ncsa_combined"),
        ("apache_clf/leehinman__beats__ubuntu-2.2.22.log", "ncsa_combined"),
        ("apache_clf/log2timeline__plaso__apache_access.log", "ncsa_combined"),
        ("apache_clf/tstack__lnav__logfile_access_log.0", "ncsa_combined"),
        ("apache_clf/tstack__lnav__logfile_bad_access_log.0", "ncsa_combined"),
        ("apache_clf/tstack__lnav__logfile_shop_access_log.0", "ncsa_combined"),
        ("apache_clf/tstack__lnav__logfile_syslog_with_access_log.0", "ncsa_combined"),
    ] {
        read(name, format);
    }
}

/// What Squid wrote of the same transactions in two formats must come out equal: `columns` of all rows that both
/// could read whole.
fn agree(one: &Parsed, other: &Parsed, columns: &[&str]) {
    let mut compared = 0;
    let mut others = other.rows.values();
    for row in one.rows.values() {
        let Some(mut twin) = others.next() else { break };
        // A record that Squid cut swallowed the next one in one log, and only itself in the other.
        if row["parse"] == "partial" && one.rows.len() < other.rows.len() {
            others.next();
            continue;
        }
        if twin["parse"] == "partial" && one.rows.len() > other.rows.len() {
            twin = others.next().unwrap_or(twin);
        }
        if row["parse"] == "partial" || twin["parse"] == "partial" {
            continue;
        }
        for column in columns {
            assert_eq!(row.get(column), twin.get(column), "{column}\n{row:?}\n{twin:?}");
        }
        let seconds = |ts: &str| ts.parse::<i64>().unwrap() / 1_000_000;
        assert_eq!(seconds(&row["ts"]), seconds(&twin["ts"]));
        compared += 1;
    }
    assert!(compared > 3900, "only {compared} rows compared");
}

#[test]
fn formats_of_one_run_agree() {
    let squid = |name: &str, format: &str| {
        read(&format!("squid/dwell__squid57__access_{name}.log"), format)
    };
    let all = [
        squid("native", "squid"),
        squid("common", "squid_common"),
        squid("combined", "squid_combined"),
        squid("full", FULL),
        squid("iso", ISO),
    ];
    let [Some(native), Some(common), Some(combined), Some(full), Some(iso)] = all else {
        println!("skipped: samples are not there");
        return;
    };
    let url = ["url", "scheme", "host", "domain", "port", "path", "query", "extension"];
    let base = ["client_ip", "user", "method", "status", "action", "hierarchy", "response_bytes"];
    let base = [base.as_slice(), &url, &["verdict", "cache"]].concat();
    let with = |more: &[&'static str]| [base.as_slice(), more].concat();
    agree(&native, &full, &with(&["ts", "duration_ms", "peer", "server_ip", "content_type"]));
    agree(&iso, &full, &with(&["ts", "duration_ms", "content_type", "user_agent"]));
    agree(&common, &combined, &with(&["ts", "http_version"]));
    agree(&combined, &full, &with(&["http_version", "referer", "user_agent"]));
    agree(&combined, &iso, &with(&["user_agent"]));
}
