//! Does the page hold what it promises: nothing that runs, nothing that loads, everything that was found, and not too much?

use serde_json::Value;

use super::chart::HOUR_US;
use super::*;
use crate::finding::{Level, tests::finding};

const SCRIPT: &str = "<script>document.title='x'</script><img src=x onerror=alert(1)>";

fn found(number: usize, level: Level) -> Finding {
    let entity = vec![
        (
            "client_ip".to_owned(),
            Value::from(format!("10.1.{}.{}", number / 5 / 200, number / 5 % 200)),
        ),
        ("host".to_owned(), Value::from(format!("host-{number}.example"))),
    ];
    let hunt = format!("hunt-{}", number % 12);
    let id = Finding::id_of(&hunt, &entity, finding().day);
    let why =
        "312 requests to one host that no other client has, every 60 s within 2 s, 412 bytes each";
    let evidence = format!(
        "SELECT * FROM requests WHERE ts >= '2026-11-20T00:00:00Z' AND ts <= '2026-11-20T23:59:59Z' \
         AND client_ip = '10.1.2.3' AND host = 'host-{number}.example' ORDER BY ts"
    );
    Finding { id, hunt, level, entity, why: why.into(), evidence, ..finding() }
}

/// What a weight of evidence looks like: ten rows of seven columns with a long URL, and three charts over a week.
fn detail(first: Micros) -> Detail {
    let columns = ["ts", "client_ip", "method", "url", "status", "response_bytes", "user_agent"];
    let long = format!("http://a.example/{}", "p/".repeat(400));
    let agent =
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0 Safari/537.36";
    let row = ["2026-11-20T10:00:00Z", "10.1.2.3", "POST", &long, "200", "412", agent];
    let row: Vec<_> = row.into_iter().map(|value| Some(value.to_owned())).collect();
    let times: Vec<_> = (0..1_000).map(|at| first + at * 600_000_000).collect();
    Detail {
        rows: Rows {
            columns: columns.map(str::to_owned).to_vec(),
            rows: vec![row; 10],
            total: 1_000,
        },
        charts: vec![
            Chart::activity(times.iter().copied()),
            Chart::gaps(times.iter().copied(), Some(600.0)),
            Chart::bytes(times.into_iter().map(|at| (at, 412, 1_800))),
        ],
    }
}

fn report(findings: usize) -> Report {
    let since = finding().day.start() - 6 * 24 * HOUR_US;
    let levels = [Level::Low, Level::Medium, Level::Medium, Level::High, Level::Critical];
    let findings: Vec<_> = (0..findings).map(|at| found(at, levels[at % 5])).collect();
    let details = findings.iter().map(|it| (it.id.clone(), detail(since))).collect();
    let hours =
        (0..168).map(|at| HourRows { at: since + at * HOUR_US, rows: 1_000 + 7 * at as u64 });
    Report {
        schema: SCHEMA.into(),
        title: "A week".into(),
        since,
        until: since + 7 * 24 * HOUR_US,
        made: since + 8 * 24 * HOUR_US,
        by: "dwell 0.1.0".into(),
        store: "00112233445566778899aabbccddeeff".into(),
        head: Head { origin: "dwell/00112233".into(), size: 41, root: "ab".repeat(32) },
        hunts: vec![Ran { id: "hunt-0".into(), title: "The first".into(), ..Ran::default() }],
        skipped: vec![Skipped { hunt: "sni".into(), missing: vec!["sni".into()], reason: None }],
        findings,
        details,
        coverage: Coverage {
            sources: vec![Source { path: "a.log".into(), rows: 9, lines: 10, ..Source::default() }],
            days: vec![DayRows { day: finding().day, rows: 9 }],
            hours: hours.collect(),
        },
        ..Report::default()
    }
}

/// A report whose every text is hostile.
fn hostile() -> Report {
    let mut hostile = report(3);
    let text = format!("{SCRIPT}\u{1b}[2J\u{202e}\0{}", "u".repeat(1 << 20));
    hostile.title.clone_from(&text);
    hostile.by.clone_from(&text);
    hostile.store.clone_from(&text);
    hostile.head.root.clone_from(&text);
    hostile.hunts[0].title.clone_from(&text);
    hostile.skipped[0].missing[0].clone_from(&text);
    hostile.coverage.sources[0].path.clone_from(&text);
    for finding in &mut hostile.findings {
        finding.title.clone_from(&text);
        finding.why.clone_from(&text);
        finding.hunt.clone_from(&text);
        finding.evidence.clone_from(&text);
        finding.entity =
            vec![("client_ip".into(), Value::from(text.clone())), (text.clone(), Value::Null)];
        finding.author = Some(text.clone());
        finding.attack = vec![text.clone()];
        let detail = hostile.details.entry(finding.id.clone()).or_default();
        detail.rows.columns[0].clone_from(&text);
        detail.rows.rows[0][3] = Some(text.clone());
        detail.charts.push(Chart::Increase {
            of: text.clone(),
            days: vec![],
            usual: Some(f64::NAN),
        });
    }
    hostile
}

#[test]
fn nothing_in_a_hostile_log_becomes_markup() {
    let page = html(&hostile());
    for wrong in
        ["<script", "<img", "<iframe", "javascript:", "\u{1b}", "\u{202e}", "\0", " style="]
    {
        assert!(!page.contains(wrong), "{wrong:?} stands in the page");
    }
    assert!(page.contains("&lt;script&gt;"), "the text is shown");
    assert!(page.len() < 300_000, "{} bytes", page.len());
}

#[test]
fn nothing_is_loaded() {
    let page = html(&report(20));
    for wrong in ["http:", "https:", "src=", "url(", "@import", "<script", "<link rel=\"stylesheet"]
    {
        let outside = page.replace("http://a.example/", "").replace("http-equiv", "");
        assert!(!outside.contains(wrong), "{wrong} stands in the page");
    }
    assert!(page.contains("default-src 'none'; style-src 'sha256-"));
}

#[test]
fn a_week_of_500_findings_is_below_2_mb_and_all_of_them_are_told() {
    let page = html(&report(500));
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
    for number in 0..500 {
        assert!(page.contains(&format!("host-{number}.example")), "finding {number} is missing");
    }
}

#[test]
fn whatever_is_found_the_page_stays_light_and_says_what_is_missing() {
    let page = html(&report(6_000));
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
    assert!(page.contains("would make this page too heavy"));
}

#[test]
fn nothing_found_is_a_page_too() {
    let page = html(&Report::default());
    assert!(page.contains("found nothing"));
    let page = html(&Report { title: "x".into(), ..report(0) });
    assert!(page.contains("No row has sni."));
}

#[test]
fn the_json_holds_everything_and_comes_back() {
    for report in [report(7), Report::default()] {
        assert_eq!(read(&json(&report).unwrap()).unwrap(), report);
    }
    let whole = json(&hostile()).unwrap();
    assert!(whole.len() > 20 << 20, "texts are not cut in JSON");
    let value: Value = serde_json::from_str(&json(&report(1)).unwrap()).unwrap();
    assert_eq!(value["schema"], SCHEMA);
    assert_eq!(value["findings"][0]["client_ip"], "10.1.0.0");
    assert_eq!(value["since"], "2026-11-14T00:00:00Z");
}

#[test]
fn extreme_times_and_numbers_break_nothing() {
    let mut report = report(2);
    report.findings[0].first = Micros::MIN;
    report.findings[0].last = Micros::MAX;
    report.findings[0].score = Some(f64::INFINITY);
    report.findings[1].first = Micros::MAX;
    report.findings[1].count = u64::MAX;
    let days = [Day(i32::MIN), Day(i32::MAX)];
    let days = days.map(|day| chart::DayCount { day, count: u64::MAX }).to_vec();
    let charts = vec![
        Chart::Increase { of: String::new(), days, usual: Some(f64::INFINITY) },
        Chart::activity([Micros::MIN, 0, Micros::MAX]),
        Chart::gaps([Micros::MIN, 0, Micros::MAX], Some(f64::NAN)),
        Chart::bytes([(Micros::MIN, u64::MAX, 0), (Micros::MAX, u64::MAX, u64::MAX)]),
    ];
    report.details.insert(report.findings[0].id.clone(), Detail { charts, ..Detail::default() });
    (report.since, report.until) = (0, 0);
    assert!(html(&report).contains("</html>"));
    (report.since, report.until) = (Micros::MIN, Micros::MAX);
    assert!(html(&report).contains("</html>"));
}
