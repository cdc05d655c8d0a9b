//! Do formats that users describe read what they describe, and say what is wrong with a description?

use dwell_ingest::detect::{Detected, Sample, detect};
use dwell_ingest::format::open;
use dwell_ingest::format::own::{self, Own};
use dwell_ingest::{IngestOptions, Outcome};
use storage::config::Config;

use crate::parsed::{NOW_US, Parsed, context, parse};
use crate::support::{Bench, assert_same, options};

const GATE: &str = r#"
[[format]]
name = "gate"
title = "gateway of the branch offices"
lexer = "delimited"
separator = "|"
columns = ["when", "client", "user", "verb", "target", "code", "bytes", "ms", "decision", "agent", "site"]
time = { field = "when", spelling = "%d.%m.%Y %H:%M:%S" }
nulls = ["", "~"]
[format.fields]
client = "client_ip"
user = "user"
verb = "method"
target = "url"
code = "status"
bytes = "response_bytes"
ms = "duration_ms"
decision = "action"
agent = "user_agent"
[format.verdicts]
PASS = "allowed"
BLOCK = "denied"
"#;

const GATE_LOG: &str = "\
20.11.2026 08:15:02|10.20.3.4|anna|GET|http://www.example.com/a?b=1|200|5120|18|PASS|Mozilla/5.0 (X11)|north
20.11.2026 08:15:03|10.20.3.5|~|CONNECT|mail.example.net:443|200|912|4011|PASS||south
20.11.2026 08:15:03|10.20.3.4|anna|POST|https://up.example.org/u|403|~|2|BLOCK|curl/8.5|north
20.11.2026 08:15:09|10.20.3.6||GET|http://www.example.com/|304|0|1|PASS|\"odd | agent\"|north
";

fn config(text: &str) -> Config {
    Config::parse(text.as_bytes()).unwrap()
}

fn gate() -> Own {
    own::find(&config(GATE), "gate").unwrap().unwrap()
}

/// Reads a text with what an own format learns of it, through what the ledger keeps.
fn read(own: &Own, text: &str) -> Parsed {
    let lines: Vec<&[u8]> = text.trim_end().split('\n').map(str::as_bytes).collect();
    let parser = own.learn(&lines).unwrap();
    let again = open(parser.id(), parser.spec()).unwrap();
    assert_eq!((again.id(), again.spec()), (own.name(), parser.spec()));
    parse(again.as_ref(), text.as_bytes(), 300, &context())
}

#[test]
fn a_described_format_reads_its_lines() {
    let parsed = read(&gate(), GATE_LOG);
    assert_eq!((parsed.counts.rows, parsed.raw_rows), (4, 0));
    let row = &parsed.rows[&3];
    assert_eq!((row["status"].as_str(), row["verdict"].as_str()), ("403", "denied"));
    assert!(!row.contains_key("response_bytes") && row["extra"].contains("\"site\":\"north\""));
    assert_eq!(parsed.rows[&4]["user_agent"], "odd | agent");
    // A source that shows nothing of it is read by the description alone.
    let parser = gate().open().unwrap();
    let again = open("gate", parser.spec()).unwrap();
    let parsed = parse(again.as_ref(), GATE_LOG.as_bytes(), 300, &context());
    assert_eq!(parsed.counts.rows, 4);
}

#[test]
fn a_source_of_a_described_format_needs_no_settings_any_more() {
    let bench = Bench::new();
    let path = bench.write("gate.log", GATE_LOG.as_bytes());
    let given = IngestOptions {
        settings: Some(config(GATE)),
        zone: Some(chrono_tz::Europe::Berlin),
        ..options()
    };
    let report = bench.run(&[&path], &given);
    let choice = report.sources[0].format.as_ref().unwrap();
    assert_eq!((choice.id.as_str(), choice.score), ("gate", Some(1.0)));
    assert_eq!(report.sources[0].outcome, Outcome::Stored);
    assert_eq!(report.sources[0].counts.rows, 4);
    // Read back, and read on, by a store whose settings know nothing of it.
    assert_same(&bench.raw(1), GATE_LOG.as_bytes());
    let store = bench.reopen().unwrap();
    let source = store.state().sources[&1].clone();
    assert_eq!((source.format.as_str(), source.zone.as_str()), ("gate", "Europe/Berlin"));
    assert!(source.format_spec.starts_with("{\"dialect\":"));
}

#[test]
fn other_formats_do_not_lose_their_texts_to_it() {
    let squid = crate::support::log(0, 50);
    let sample = Sample::new(&squid, true);
    let Detected::Format(parser, _) = detect(&sample, &[gate()], NOW_US) else {
        panic!("not found")
    };
    assert_eq!(parser.id(), "squid");
}

#[test]
fn it_is_found_behind_syslog_headers_and_beside_other_formats() {
    let behind: String = GATE_LOG
        .lines()
        .map(|line| format!("<134>Nov 20 08:15:20 gw7 gate[411]: {line}\n"))
        .collect();
    let squid = String::from_utf8(crate::support::log(0, 6)).unwrap();
    for (text, rows) in [(&behind, 4), (&(GATE_LOG.to_owned() + &squid), 10)] {
        let found = detect(&Sample::new(text.as_bytes(), true), &[gate()], NOW_US);
        let Detected::Format(parser, choice) = found else { panic!("{text}") };
        assert!(choice.id.contains("gate"), "{choice:?}");
        // The ledger's words alone give the same parser.
        let again = open(parser.id(), parser.spec()).unwrap();
        assert_eq!(again.spec(), parser.spec());
        let parsed = parse(again.as_ref(), text.as_bytes(), 1 << 20, &context());
        assert_eq!((parsed.counts.rows, parsed.raw_rows), (rows, 0));
    }
}

#[test]
fn every_lexer_can_be_used() {
    let check = |keys: &str, text: &str| {
        let settings = format!(
            "[[format]]\nname = \"mine\"\n{keys}\ntime = {{ field = \"t\", spelling = \"iso\" }}\n\
             [format.fields]\nc = \"client_ip\"\nu = \"url\"\ns = \"status\"\n"
        );
        let own = own::find(&config(&settings), "mine").unwrap().unwrap();
        let parsed = read(&own, text);
        assert_eq!(parsed.counts.rows + parsed.counts.headers, parsed.counts.lines, "{keys}");
        assert_eq!(parsed.raw_rows, 0, "{keys}");
        for row in parsed.rows.values() {
            assert_eq!((row["client_ip"].as_str(), row["status"].as_str()), ("10.0.0.1", "200"));
            assert!(row["extra"].contains("\"x\":\"more\""), "{keys}");
        }
        assert!(!own.columns().is_empty() && own.description().unwrap().fields().len() == 3);
    };
    let (t, url) = ("2026-11-20T10:00:00Z", "http://a.example/");
    let columns = "columns = [\"t\", \"c\", \"u\", \"s\", \"x\"]";
    let line = |sep: &str| [t, "10.0.0.1", url, "200", "more"].join(sep) + "\n";
    check(&format!("lexer = \"tabs\"\n{columns}"), &line("\t"));
    check(&format!("lexer = \"delimited\"\nseparator = \" ^^ \"\n{columns}"), &line(" ^^ "));
    check(&format!("lexer = \"elff\"\n{columns}"), &line(" "));
    check("lexer = \"elff\"", &format!("#Fields: t c u s x\n{}", line(" ")));
    let pairs = |sep: &str, assign: &str| {
        ["t", "c", "u", "s", "x"]
            .iter()
            .zip([t, "10.0.0.1", url, "200", "more"])
            .map(|(key, value)| format!("{key}{assign}{value}"))
            .collect::<Vec<_>>()
            .join(sep)
            + "\n"
    };
    check("lexer = \"pairs\"", &pairs(" ", "="));
    check(
        "lexer = \"pairs\"\nseparator = \"; \"\nassign = \"~\"\nends = \"separator\"",
        &pairs("; ", "~"),
    );
    check("lexer = \"cef\"", &format!("CEF:0|Acme|Gate|1|7|Web|3|{}", pairs(" ", "=")));
    check("lexer = \"leef\"", &format!("LEEF:1.0|Acme|Gate|1|7|{}", pairs("\t", "=")));
    check(
        "lexer = \"json\"",
        &format!("{{\"t\":\"{t}\",\"c\":\"10.0.0.1\",\"u\":\"{url}\",\"s\":200,\"x\":\"more\"}}\n"),
    );
    let text = "[[format]]\nname = \"mine\"\nlexer = \"logformat\"\ndefinition = 'nginx:$remote_addr [$time_local] \"$request\" $status'";
    let own = own::find(&config(text), "mine").unwrap().unwrap();
    let line = b"10.0.0.1 [20/Nov/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200\n";
    let parsed = parse(own.learn(&[]).unwrap().as_ref(), line, 300, &context());
    assert_eq!((parsed.counts.rows, own.definition().is_some()), (1, true));
}

#[test]
fn a_wrong_description_is_told_with_key_and_next_step() {
    let base = "lexer = \"tabs\"\ncolumns = [\"when\", \"client\", \"target\"]\n\
                time = { field = \"when\", spelling = \"iso\" }\n[format.fields]\nclient = \"client_ip\"\ntarget = \"url\"\n";
    let wrong = |name: &str, from: &str, to: &str| {
        assert!(base.contains(from), "{from}");
        let text = format!("[[format]]\nname = \"{name}\"\n{}", base.replacen(from, to, 1));
        let error = own::all(&config(&text)).unwrap_err().to_string();
        assert!(error.starts_with(&format!("dwell.toml: format `{name}`: ")), "{error}");
        error
    };
    let text = format!("[[format]]\nname = \"mine\"\n{base}");
    assert_eq!(own::all(&config(&text)).unwrap().len(), 1);
    let twice = format!("{text}{text}");
    let twice = own::all(&config(&twice)).unwrap_err().to_string();
    let mut told = vec![
        twice,
        wrong("squid", "", ""),
        wrong("squid-common", "", ""),
        wrong("unknown", "", ""),
        wrong("a b", "", ""),
        wrong("mine", "\"url\"", "\"adress\""),
        wrong("mine", "\"client_ip\"", "\"clientip\""),
        wrong("mine", "\"url\"", "\"raw\""),
        wrong("mine", "target = \"url\"", "targe = \"url\""),
        wrong("mine", "client = \"client_ip\"", ""),
        wrong("mine", "\"client\",", "\"target\","),
        wrong("mine", "field = \"when\"", "field = \"then\""),
        wrong("mine", "\"iso\"", "\"%Y-%m-%q\""),
        wrong("mine", "\"iso\"", "\"%H:%M:%S\""),
        wrong("mine", "field = \"when\"", "field = \"when\", clock = \"target\""),
        wrong("mine", "\"tabs\"", "\"tabs\"\nassign = \"=\""),
        wrong("mine", "\"tabs\"", "\"delimited\""),
        wrong("mine", "\"tabs\"", "\"tabs\"\nquote = \"''\""),
        wrong("mine", "target = \"url\"", "target = \"url\"\n[format.verdicts]\nX = \"allow\""),
        wrong("mine", "target = \"url\"", "target = \"url\"\n[format.verdicts]\nX = \"allowed\""),
    ];
    let text = "[logformat]\nmine = '%ts %{a'\n";
    told.push(own::all(&config(text)).unwrap_err().to_string());
    let text = "[[format]]\nname = \"mine\"\nlexer = \"logformat\"\n";
    told.push(own::all(&config(text)).unwrap_err().to_string());
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_text_without_header_is_read_by_a_list_of_fields() {
    let text = "2026-11-20 10:00:01 10.1.2.3 anna GET http files.example.org /a 200 512 \"Some Agent\" x1\n\
                2026-11-20 10:00:02 10.1.2.4 - GET http files.example.org /b 404 99 - x2\n";
    let list = "#Fields: date time c-ip cs-username cs-method cs-uri-scheme cs-host cs-uri-path sc-status sc-bytes cs(User-Agent) x-own";
    let own = Own::of_fields(list).unwrap();
    let parsed = read(&own, text);
    assert_eq!((parsed.counts.rows, parsed.raw_rows), (2, 0));
    let row = &parsed.rows[&1];
    assert_eq!(
        (row["host"].as_str(), row["user_agent"].as_str()),
        ("files.example.org", "Some Agent")
    );
    assert_eq!((row["ts_quality"].as_str(), row["user"].as_str()), ("exact", "anna"));
    assert!(row["extra"].contains("\"x-own\":\"x1\""));
    for (list, text) in [
        (
            "timestamp, client_ip, url, status",
            "2026-11-20T10:00:00Z,10.0.0.1,\"http://a.example/?a,b\",200\n",
        ),
        ("timestamp,client_ip,url,status", "1795168800,10.0.0.1,http://a.example/,200\n"),
        ("timestamp\tclient_ip\turl\tstatus", "1795168800.250\t10.0.0.1\thttp://a.example/\t200\n"),
    ] {
        let parsed = read(&Own::of_fields(list).unwrap(), text);
        assert_eq!((parsed.counts.rows, parsed.raw_rows), (1, 0), "{list}");
        assert_eq!(parsed.rows[&1]["client_ip"], "10.0.0.1");
    }
    let told = ["", "a b", "c-ip cs-host sc-status", "when time x-1", "time,,c-ip"];
    let told = told.map(|list| Own::of_fields(list).unwrap_err().to_string());
    insta::assert_snapshot!(told.join("\n"));
}
