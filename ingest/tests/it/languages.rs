//! Whether format strings of other programs are told by their signs, compiled, and read as they are meant.

use dwell_ingest::format::{FormatError, logformat, open};

use crate::parsed::{Parsed, context, parse};

/// Strings, the language each must be taken for, and a line of theirs.
const STRINGS: &[(&str, &str, &str)] = &[
    (
        "squid",
        "%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru",
        "1795169425.918     12 10.0.0.1 TCP_MISS/200 900 GET http://a.example/",
    ),
    (
        "squid",
        "%>a [%tl] \"%{User-Agent}>h\" %<a:%<p",
        "10.0.0.1 [20/Nov/2026:10:10:25 +0000] \"x y\" 192.0.2.1:443",
    ),
    ("squid", "%tS %{X-Forwarded-For}>h %note{k} %ssl::>sni", "1795169425.918 - v a.example"),
    (
        "apache",
        "%h %l %u %t \"%r\" %>s %b %D",
        "10.0.0.1 - - [20/Nov/2026:10:10:25 +0000] \"GET /x HTTP/1.1\" 200 5 1234",
    ),
    ("apache", "%{c}a %{%Y-%m-%d %H:%M:%S}t %m %U %s", "10.0.0.1 2026-11-20 10:10:25 GET /x 200"),
    (
        "nginx",
        "$time_iso8601 $remote_addr \"$request\" $status $bytes_sent $body_bytes_sent $request_time $upstream_cache_status",
        "2026-11-20T10:10:25+01:00 10.0.0.1 \"GET http://a.example/x HTTP/1.1\" 200 940 512 0.125 HIT",
    ),
    (
        "nginx",
        "$msec $host $scheme ${remote_addr} \"$request\" $upstream_addr \"$http_user_agent\"",
        "1795169425.918 a.example:8 https 10.0.0.1 \"GET /x?y=1 HTTP/2.0\" 192.0.2.7:8443 \"a\\x22b\"",
    ),
    (
        "nginx",
        "nginx:escape=json {\"t\":\"$time_local\",\"ip\":\"$remote_addr\",\"ua\":\"$http_user_agent\",\"s\":$status}",
        "{\"t\":\"20/Nov/2026:10:10:25 +0000\",\"ip\":\"10.0.0.1\",\"ua\":\"a \\\"b\\\" \\u001F\",\"s\":200}",
    ),
    (
        "haproxy",
        "%ci:%cp [%tr] %ft %s %TR/%Ta %ST %B %ts %{+Q}r %si:%sp %[ssl_fc_sni] %{+Q}[req.hdr(user-agent)]",
        "::1:4711 [20/Nov/2026:10:10:25.918] f s1 0/8 200 90 -- \"GET / HTTP/1.1\" 192.0.2.9:80 a.example \"b c\"",
    ),
    (
        "haproxy",
        "%Ts.%ms %ci %HM %HU %HV",
        "1795169425.007 10.0.0.1 GET http://a.example/?q HTTP/1.1",
    ),
    (
        "ats",
        "%<cqtq> %<chi> %<crc>/%<pssc> %<cqtx> %<{User-Agent}cqh>",
        "1795169425.918 10.0.0.1 ERR_CONNECT_FAIL/502 GET http://a.example/ HTTP/1.1 curl",
    ),
    (
        "ats",
        "%<chi> [%<cqtn>] %<tts> %<phr>/%<shn>",
        "10.0.0.1 [20/Nov/2026:10:10:25 -0500] 3 DIRECT/a.example",
    ),
    (
        "envoy",
        "[%START_TIME%] \"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%\" %RESPONSE_CODE% %RESPONSE_FLAGS% \"%REQ(:AUTHORITY)%\" \"%UPSTREAM_HOST%\"\n",
        "[2026-11-20T10:10:25.918Z] \"GET /x?y=1 HTTP/2\" 503 UH,URX \"a.example:8443\" \"192.0.2.8:443\"",
    ),
    (
        "envoy",
        "%START_TIME(%s.%3f)% %DOWNSTREAM_REMOTE_ADDRESS% %REQ(USER-AGENT):8%",
        "1795169425.918 [2001:db8::1]:4711 curl",
    ),
    (
        "wsa",
        "%t %e %a %w/%h %s %2r %A %H/%d %c %D %Xr %?BLOCK_SUSPECT_USER_AGENT,MONITOR_SUSPECT_USER_AGENT?%<User-Agent:%!%-%. %XC %k %p",
        "1795169425.918 12 10.0.0.1 TCP_MISS_SSL/200 900 GET https://a.example/ \"D\\u@r\" DIRECT/a.example text/html BLOCK_WEBCAT_7-P-I <IW_x,1.0,\"a b\"> \"bad agent\" IW_x 192.0.2.7 443",
    ),
    (
        "nss",
        "%s{time}\\t%s{login}\\t%s{cip}\\t%s{sip}\\t%s{proto}\\t%s{reqmethod}\\t%s{url}\\t%s{respcode}\\t%d{respsize}\\t%s{action}\\t%s{urlcat}\\t%s{eua}\\n",
        "Fri Nov 20 10:10:25 2026\tu@d.example\t10.0.0.1\t0.0.0.0\thttps\tget\ta.example/x?y\t403 - Forbidden\t0\tBlocked\tNone\ta%20b%09c",
    ),
    (
        "nss",
        "\"%02d{mth}/%02d{dd}/%d{yyyy} %02d{hh}:%02d{mm}:%02d{ss}\",\"%s{login}\",\"%s{host}\",\"%s{url}\",\"%s{ua}\"",
        "\"11/20/2026 10:10:25\",\"None\",\"a.example\",\"a.example/x\",\"b, c\"",
    ),
    (
        "dwell",
        "{ts=%d/%m/%Y %H:%M:%S};{client_ip:port};{user?NULL};{action=ok:allowed,no:denied};{url:schemeless};{duration_ms:s};{-site}",
        "20/11/2026 10:10:25;10.0.0.1:4711;NULL;no;a.example:81/x;1.250;north",
    ),
];

fn shown(parsed: &Parsed) -> String {
    let row = |row: &std::collections::BTreeMap<&'static str, String>| {
        let columns = row.iter().filter(|(name, _)| !matches!(**name, "line_no" | "source_id"));
        columns.map(|(name, value)| format!("  {name} = {value:?}\n")).collect::<String>()
    };
    parsed.rows.values().map(row).collect()
}

#[test]
fn each_language_is_told_and_read() {
    let mut out = String::new();
    for &(language, spec, line) in STRINGS {
        let parser = logformat(spec).unwrap_or_else(|error| panic!("{spec}: {error}"));
        let kept = parser.spec();
        let found = kept.split_once(':').map(|(word, _)| word);
        let known = ["apache", "nginx", "haproxy", "ats", "envoy", "wsa", "nss", "dwell"];
        let found = found.filter(|word| known.contains(word)).unwrap_or("squid");
        assert_eq!(found, language, "{spec}");
        let parsed = parse(parser.as_ref(), line.as_bytes(), 1 << 20, &context());
        assert_eq!(
            (parsed.counts.rows, parsed.raw_rows),
            (1, 0),
            "{spec}\n{line}\n{:?}",
            parsed.odd
        );
        out += &format!("{spec:?}\n{line}\n{}", shown(&parsed));
        // The ledger opens it again.
        let again = open("logformat", kept).unwrap();
        let twice = parse(again.as_ref(), line.as_bytes(), 1 << 20, &context());
        assert_eq!(shown(&twice), shown(&parsed));
    }
    insta::assert_snapshot!("languages", out);
}

#[test]
fn a_string_without_a_word_before_it_stays_squids_in_the_ledger() {
    // `%h` and the rest would be Apache's; a ledger that has it from before means Squid's.
    assert_eq!(open("logformat", "%ts %h").unwrap().spec(), "%ts %h");
    assert_eq!(logformat("squid:%ts %>a %ru").unwrap().spec(), "%ts %>a %ru");
}

#[test]
fn what_is_wrong_is_shown_at_its_place() {
    let wrong = [
        ("nginx:$time_local $", 12),
        ("nginx:$time_local ${host", 13),
        ("nginx:$time_local$host", 11),
        ("haproxy:[%tr] %{+Qr", 7),
        ("haproxy:[%tr] %[src", 7),
        ("ats:%<cqtq> %<chi", 8),
        ("ats:%<cqtq> %chi", 8),
        ("ats:%<LAST(cqts)> x", 0),
        ("envoy:[%START_TIME%] %REQ(x%", 19),
        ("envoy:[%START_TIME%] %REQ(x)", 15),
        ("envoy:[%START_TIME(%Y %Q)%]", 1),
        ("wsa:%t %a %?A,B", 6),
        ("wsa:%t %a %?A?%<User-Agent:%!%-", 6),
        ("nss:%s{time} %q{x}", 9),
        ("nss:%02d{dd} %s{login}", 0),
        ("dwell:{ts=iso} {colour}", 9),
        ("dwell:{ts=iso} {action=x:maybe}", 9),
        ("dwell:{client_ip} {user}", 0),
    ];
    for (spec, place) in wrong {
        match logformat(spec) {
            Err(FormatError::Syntax { at, .. }) => assert_eq!(at, place, "{spec}"),
            other => panic!("{spec}: {other:?}"),
        }
    }
}
