//! Whether columns are read right where real files are hard: headers that change or lie, zones, quotes, versions of a
//! list. With real logs, which lie beside the project, and what others made of them.

use std::collections::BTreeMap;

use dwell_ingest::detect::{Detected, Sample, detect};
use dwell_ingest::format::{LineContext, OddKind, find};
use serde_json::Value;

use crate::parsed::{NOW_US, Parsed, context, parse};
use crate::samples::sample;

type Row = BTreeMap<&'static str, String>;

/// Finds the format of a text by its content and reads it.
fn found(text: &[u8]) -> Option<(String, Parsed)> {
    let seen = Sample::new(text, true);
    let Detected::Format(parser, _) = detect(&seen, &[], NOW_US) else { return None };
    let cx = LineContext { line_end: seen.line_end, ..context() };
    let parsed = parse(parser.as_ref(), &text[seen.bom.len()..], 100_000, &cx);
    Some((parser.id().to_owned(), parsed))
}

#[track_caller]
fn rows(format: &str, text: &str) -> Vec<Row> {
    let (id, parsed) = found(text.as_bytes()).expect("no format claims it");
    assert_eq!(id, format);
    assert_eq!(parsed.counts.quarantined, 0);
    parsed.rows.into_values().collect()
}

#[track_caller]
fn has(row: &Row, values: &[(&str, &str)]) {
    for (column, value) in values {
        assert_eq!(row.get(column).map(String::as_str), Some(*value), "{column} of {row:?}");
    }
}

/// A log of Blue Coat's with these fields and rows.
fn bluecoat(date: &str, fields: &str, rows: &str) -> String {
    format!("#Software: SGOS 6.7.5.1\n#Version: 1.0\n#Date: {date}\n#Fields: {fields}\n{rows}")
}

#[test]
fn a_header_tells_the_zone() {
    let text = bluecoat(
        "2026-06-16 13:51:09 EST (UTC-0400)",
        "date time time-taken c-ip sc-status s-action cs-method cs-host cs(User-Agent)",
        "2026-06-16 13:51:02 7 10.1.1.1 200 TCP_MISS GET a.example.org 'Mozilla/5.0 (X11; it''s)'\n\
         2026-06-16 13:51:03 7 10.1.1.2 200 TCP_MISS GET a.example.org 'Probe 1'\n\
         2026-06-16 13:51:04 7 10.1.1.3 200 TCP_MISS GET a.example.org -\n",
    );
    let rows = rows("proxysg", &text);
    // 17:51:02 UTC
    has(&rows[0], &[("ts", "1781632262000000"), ("ts_quality", "exact")]);
    has(&rows[1], &[("user_agent", "Probe 1"), ("parse", "ok")]);
    assert!(!rows[2].contains_key("user_agent") && !rows[2].contains_key("raw"));
}

#[test]
fn times_of_a_proxy_may_stand_in_brackets_or_seconds() {
    let fields = "localtime time-taken c-ip sc-status s-action cs-method cs-uri-scheme cs-host";
    let local = bluecoat(
        "2026-06-16 13:51:09",
        fields,
        "[16/Jun/2026:13:51:02 +0200] 7 10.1.1.1 200 TCP_MISS GET http a.example.org\n",
    );
    has(&rows("proxysg", &local)[0], &[("ts", "1781610662000000"), ("ts_quality", "exact")]);
    let gmt = bluecoat(
        "2026-06-16 13:51:09",
        &fields.replace("localtime", "gmttime"),
        "[16/06/2026:11:51:02 GMT] 7 10.1.1.1 200 TCP_MISS GET http a.example.org\n",
    );
    has(&rows("proxysg", &gmt)[0], &[("ts", "1781610662000000"), ("ts_quality", "exact")]);
    let seconds = bluecoat(
        "2026-06-16 13:51:09",
        &fields.replace("localtime", "x-timestamp-unix-utc"),
        "1781610662 7 10.1.1.1 200 TCP_MISS GET http a.example.org\n",
    );
    has(&rows("proxysg", &seconds)[0], &[("ts", "1781610662000000"), ("ts_quality", "exact")]);
}

#[test]
fn the_cloud_service_is_told_by_its_software() {
    let text = "#Software: EAR 2.6\n#Date: 2026-03-22T13\n#Fields: x-bluecoat-request-tenant-id date time \
                x-bluecoat-appliance-name time-taken c-ip cs-userdn cs-auth-groups x-exception-id sc-filter-result \
                cs-categories cs(Referer) sc-status s-action cs-method rs(Content-Type) cs-uri-scheme cs-host cs-uri-port \
                cs-uri-path cs-uri-query cs-uri-extension cs(User-Agent) s-ip sc-bytes cs-bytes x-icap-reqmod-header(X-ICAP-Metadata)\n\
                4711 2026-03-22 13:00:01 \"DP3-Node 9\" 91 10.1.1.1 \"CORP\\Ann Lee\" - - OBSERVED \"Web Hosting;News\" - 200 \
                TCP_NC_MISS GET text/html https www.example.org 443 /a ?b=c - \"Mozilla/5.0 (X11)\" 198.51.100.9 900 300 \"{ \"\"k\"\": \"\"v\"\" }\"\n";
    let rows = rows("proxysg", text);
    has(&rows[0], &[("user", "CORP\\Ann Lee"), ("proxy_name", "DP3-Node 9"), ("port", "443")]);
    has(&rows[0], &[("ts", "1774184401000000"), ("verdict", "allowed"), ("parse", "ok")]);
    assert!(!rows[0].contains_key("raw"));
}

/// Lines as Blue Coat's reporter format has them, with so many columns between the client and the exception.
fn reporter(suppliers: &str, second: usize, tail: &str) -> String {
    format!(
        "2026-11-20 09:10:{second:02} 12 10.7.0.22 CORP\\abe -{suppliers} - OBSERVED \"News\" -  200 TCP_NC_MISS GET text/html \
         https www.example.org 443 /a ?w=3 - \"Mozilla/5.0 (X11)\" 10.7.0.2 9211 733 -{tail}\n"
    )
}

#[test]
fn versions_of_a_list_are_told_by_number_and_fit() {
    let old = |second| reporter("", second, "");
    let rows_of = |text: &str| rows("bcreportermain_v1", text);
    let text: String = (0..20).map(old).collect();
    has(&rows_of(&text)[19], &[("user_agent", "Mozilla/5.0 (X11)"), ("parse", "ok")]);
    // One line with a value too many is not of another version, whatever that has.
    let odd = old(30).replace("text/html", "text/html charset=utf-8");
    let all = rows_of(&format!("{text}{odd}"));
    has(
        &all[20],
        &[("parse", "partial"), ("host", "www.example.org"), ("content_type", "text/html")],
    );
    // A proxy that was updated while the file was written.
    let new = reporter(
        " www.example.org 192.0.2.5 Norway -",
        40,
        " \"none\" \"none\" \"none\" 2 u-1 - -",
    );
    let all = rows_of(&format!("{text}{new}"));
    has(&all[20], &[("parse", "ok"), ("server_ip", "192.0.2.5"), ("categories", "News")]);
}

#[test]
fn csv_may_have_more_columns_than_are_known() {
    let row = |rest: &str| {
        format!(
            "\"2026-11-20 10:00:01\",\"anna\",\"10.1.2.3\",\"198.51.100.4\",\"192.0.2.7\",\"text/html\",\"ALLOWED\",\
             \"https://files.example.org/a\",\"\",\"Probe, 1\",\"200\",\"311\",\"5120\",\"5000\",\"aa11\",\"IT\"{rest}\n"
        )
    };
    let few = rows("cisco_umbrella", &row(&",\"\"".repeat(5)).repeat(3));
    has(&few[0], &[("categories", "IT"), ("user_agent", "Probe, 1"), ("parse", "ok")]);
    let many = format!("{},\"x\"", ",\"\"".repeat(35));
    let many = rows("cisco_umbrella", &row(&many).repeat(3));
    assert!(many[0]["extra"].contains("\"column_52\":\"x\""), "{many:?}");
    has(&many[0], &[("response_bytes", "5120"), ("parse", "ok")]);
}

#[test]
fn rows_that_all_disagree_with_their_header_are_partial() {
    let text = bluecoat(
        "2026-11-20 10:00:00",
        "date time time-taken c-ip sc-status s-action sc-bytes cs-bytes cs-method cs-uri-scheme cs-host cs-uri-path \
         cs-uri-query cs-username rs(Content-Type) sc-filter-result sc-filter-category x-virus-id s-ip",
        &"2026-11-20 10:00:01 7 10.1.1.1 200 TCP_MISS 900 300 GET http a.example.org /x - ann text/html \
          \"Probe (X11) 1\" PROXIED none - 10.1.1.9\n"
            .repeat(3),
    );
    for row in rows("proxysg", &text) {
        has(&row, &[("parse", "partial"), ("content_type", "text/html"), ("user", "ann")]);
        has(&row, &[("verdict", "allowed"), ("categories", "none")]);
        assert!(!row.contains_key("threat") && row.contains_key("raw"), "{row:?}");
    }
}

#[test]
fn the_header_of_a_text_is_never_ambiguous() {
    for format in dwell_ingest::format::FORMATS {
        let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
        let text = std::fs::read(format!("{dir}/{}/ok.log", format.id())).unwrap();
        if !String::from_utf8_lossy(&text).contains("#Fields") {
            continue;
        }
        let detected = detect(&Sample::new(&text, true), &[], NOW_US);
        assert!(matches!(detected, Detected::Format(..)), "{}: {detected:?}", format.id());
    }
    assert!(find("w3c").is_some());
}

/// Samples and the format their content shows: rows, partial rows, rows with `raw`, quarantined lines.
const SAMPLES: &[(&str, &str, [usize; 4])] = &[
    (
        "bluecoat_elff/Cyb3rWard0g__Azure-Sentinel__SymantecProxySG.raw.log",
        "bcreportermain_v1",
        [490, 9, 9, 0],
    ),
    ("bluecoat_elff/gchq__stroom-docs__sampleBluecoat.log", "proxysg", [29, 0, 0, 0]),
    ("w3c_elff/leehinman__beats__test-iis-7.2.log", "iis", [5, 0, 0, 0]),
    ("w3c_elff/leehinman__beats__test-iis-7.5.log", "iis", [4, 0, 0, 0]),
    ("w3c_elff/leehinman__beats__test-ipv6zone.log", "iis", [1, 0, 0, 0]),
    ("w3c_elff/leehinman__beats__test-x-forward-for-extended.log", "iis", [6, 0, 0, 0]),
    ("w3c_elff/leehinman__beats__test-x-forward-for.log", "iis", [9, 0, 0, 0]),
    // Two lines have the columns of an earlier header.
    ("w3c_elff/leehinman__beats__test.log", "iis", [5, 2, 2, 0]),
    ("w3c_elff/log2timeline__plaso__iis10.log", "iis", [1, 0, 0, 0]),
    ("w3c_elff/log2timeline__plaso__iis10_cookies.log", "iis", [3, 0, 0, 0]),
    ("w3c_elff/log2timeline__plaso__iis10_edge_cases.log", "iis", [15, 0, 0, 0]),
    ("w3c_elff/log2timeline__plaso__iis6.log", "iis", [12, 0, 0, 0]),
    ("w3c_elff/log2timeline__plaso__iis7_owa.log", "iis", [3, 0, 0, 0]),
    ("w3c_elff/log2timeline__plaso__iis7_sqli.log", "iis", [2, 0, 0, 0]),
    ("w3c_elff/log2timeline__plaso__iis_without_date.log", "iis", [11, 0, 0, 0]),
    ("w3c_elff/tstack__lnav__logfile_w3c.0", "iis", [1, 0, 0, 0]),
    ("w3c_elff/tstack__lnav__logfile_w3c.1", "w3c", [1, 0, 0, 0]),
    ("w3c_elff/tstack__lnav__logfile_w3c.2", "iis_ftp", [14, 0, 0, 0]),
    ("w3c_elff/tstack__lnav__logfile_w3c.3", "iis", [3, 0, 0, 0]),
    // The header names six of sixteen columns.
    ("w3c_elff/tstack__lnav__logfile_w3c.5", "w3c", [1, 1, 1, 0]),
    ("w3c_elff/tstack__lnav__logfile_w3c.6", "iis", [1, 0, 0, 0]),
    ("w3c_elff/tstack__lnav__logfile_w3c_big.0", "iis", [210, 0, 0, 0]),
    ("zeek_http/SuperCowPowers__zat__http.log", "zeek_tsv", [150, 0, 0, 0]),
    ("zeek_http/tstack__lnav__logfile_bro_http.log.0", "zeek_tsv", [197, 0, 0, 0]),
];

/// Samples that no format claims: their times are crossed out, so there is no row to make.
const TIMELESS: &[&str] = &[
    "zeek_http/zeek__zeek__scripts.base.protocols.http.http-methods.http.log",
    "zeek_http/zeek__zeek__scripts.base.protocols.http.http-no-crlf.http.log",
    "zeek_http/zeek__zeek__scripts.policy.protocols.http.header-names.http.log",
];

#[test]
fn real_logs_are_found_and_given_back() {
    for (name, format, expected) in SAMPLES {
        let Some(text) = sample(name) else { continue };
        let (id, parsed) = found(&text).unwrap_or_else(|| panic!("{name}: no format claims it"));
        let partial = parsed.rows.values().filter(|row| row["parse"] == "partial").count();
        let counts = parsed.counts;
        println!("{name}: {id}, lines {} {expected:?}", counts.lines);
        for odd in parsed.odd.iter().filter(|odd| odd.kind == OddKind::Quarantined) {
            println!("  {:?} {}", odd.reason, String::from_utf8_lossy(&odd.bytes));
        }
        let got = [counts.rows, partial as u64, parsed.raw_rows, counts.quarantined];
        assert_eq!((id.as_str(), got.map(|n| n as usize)), (*format, *expected), "{name}");
    }
    for name in TIMELESS {
        let Some(text) = sample(name) else { continue };
        assert!(found(&text).is_none(), "{name}");
    }
}

/// Where our values differ from those of others: (line, what, ours, theirs).
type Difference = (i64, &'static str, String, String);

#[test]
fn iis_rows_are_as_others_read_them() {
    let files = [
        "test",
        "test-iis-7.2",
        "test-iis-7.5",
        "test-ipv6zone",
        "test-x-forward-for",
        "test-x-forward-for-extended",
    ];
    let mut compared = 0;
    let mut differences: Vec<Difference> = Vec::new();
    for name in files {
        let path = format!("w3c_elff/leehinman__beats__{name}.log");
        let (Some(text), Some(golden)) = (sample(&path), sample(&format!("{path}-expected.json")))
        else {
            continue;
        };
        let (_, parsed) = found(&text).unwrap();
        let events: Vec<BTreeMap<String, Value>> = serde_json::from_slice(&golden).unwrap();
        for event in events {
            let offset = event["log.offset"].as_u64().unwrap() as usize;
            let line = text[..offset].iter().filter(|&&byte| byte == b'\n').count() as i64 + 1;
            let row = &parsed.rows[&line];
            for (column, key) in [
                ("client_ip", "source.address"),
                ("server_ip", "destination.address"),
                ("port", "destination.port"),
                ("method", "http.request.method"),
                ("status", "http.response.status_code"),
                ("http_version", "http.version"),
                ("path", "url.path"),
                ("query", "url.query"),
                ("host", "url.domain"),
                ("user_agent", "user_agent.original"),
                ("referer", "http.request.referrer"),
                ("response_bytes", "http.response.body.bytes"),
                ("request_bytes", "http.request.body.bytes"),
                ("duration_ms", "event.duration"),
                ("proxy_name", "iis.access.server_name"),
            ] {
                let theirs = match event.get(key) {
                    Some(Value::Number(n)) if key == "event.duration" => {
                        (n.as_u64().unwrap() / 1_000_000).to_string()
                    }
                    Some(Value::String(text)) => text.clone(),
                    Some(other) => other.to_string(),
                    None => String::new(),
                };
                let ours = row.get(column).cloned().unwrap_or_default();
                compared += 1;
                if ours != theirs {
                    differences.push((line, column, ours, theirs));
                }
            }
        }
    }
    println!("compared {compared}, different {}", differences.len());
    // Ours are as logged, or in normal form: others decode queries, keep the zones of addresses and long forms of IPv6,
    // undo what a page of text made of addresses, and leave a path out that is no URI.
    for (line, column, ours, theirs) in differences {
        println!("  line {line}: {column}: {ours:?} {theirs:?}");
        let decoded = column == "query" && ours.contains(['%', '+']);
        let address = column.ends_with("_ip") && theirs.contains([':', '.']);
        assert!(decoded || address || column == "path" && theirs.is_empty(), "{line} {column}");
    }
}

#[test]
fn reporter_rows_are_as_others_read_them() {
    let path = "bluecoat_elff/Cyb3rWard0g__Azure-Sentinel__SymantecProxySG";
    let (Some(text), Some(golden)) =
        (sample(&format!("{path}.raw.log")), sample(&format!("{path}.json")))
    else {
        return;
    };
    let (_, parsed) = found(&text).unwrap();
    let records: Vec<BTreeMap<String, Value>> = serde_json::from_slice(&golden).unwrap();
    let mut differences: Vec<Difference> = Vec::new();
    let mut compared = 0;
    for ((line, row), record) in parsed.rows.iter().zip(&records) {
        for (column, key) in [
            ("client_ip", "c_ip"),
            ("user", "cs_userdn"),
            ("reason", "exception_id"),
            ("referer", "cs_referrer"),
            ("status", "sc_status"),
            ("action", "s_action"),
            ("method", "cs_method"),
            ("host", "cs_host"),
            ("port", "cs_uri_port"),
            ("path", "cs_uri_path"),
            ("query", "cs_uri_query"),
            ("extension", "cs_uri_extension"),
            ("user_agent", "cs_user_agent"),
            ("response_bytes", "sent_bytes"),
            ("request_bytes", "received_bytes"),
            ("duration_ms", "time_taken"),
        ] {
            let theirs = match record.get(key) {
                Some(Value::String(text)) if text != "-" => text.trim_start_matches('?').to_owned(),
                Some(Value::Number(n)) => n.to_string(),
                _ => String::new(),
            };
            let ours = row.get(column).cloned().unwrap_or_default();
            compared += 1;
            if ours != theirs {
                differences.push((*line, column, ours, theirs));
            }
        }
    }
    println!("compared {compared}, different {}", differences.len());
    // Nine lines have a value too many, and theirs are shifted; a status of 0 is none.
    let odd =
        differences.iter().filter(|(_, column, _, theirs)| *column != "status" || theirs != "0");
    for (line, column, ours, theirs) in odd {
        println!("  line {line}: {column}: {ours:?} {theirs:?}");
        assert_eq!(parsed.rows[line]["parse"], "partial", "line {line}: {column}");
    }
}
