//! Do files of rules give what they say? Files of our own.

use super::*;
use crate::sigma::bind::Outlook;
use crate::sigma::sql;
use storage::schema::Col;

const HEAD: &str = "logsource: {category: proxy}\n";

fn set(text: &str) -> Set {
    Set::read([("a.yml", text.as_bytes())].into_iter(), &Options::default())
}

fn condition(detection: &str) -> String {
    let set = set(&format!("title: x\n{HEAD}detection:\n{detection}"));
    assert_eq!(set.refused, []);
    sql::condition(&set.rules[0].bound)
}

#[test]
fn rules_as_sql() {
    for (detection, expected) in [
        (
            "  s:\n    cs-method: post\n    sc-status: [200, '302']\n  condition: s",
            "(method = 'POST' AND (status = 200 OR status = 302))",
        ),
        (
            "  s:\n    c-useragent: ['', 'It''s me', Evil*]\n  f:\n    cs-host|endswith: [.example, .TEST]\n  condition: s and not f",
            "((lower(user_agent) IN ('', 'it''s me') OR starts_with(lower(user_agent), 'evil')) AND \
             ((ends_with(host, '.example') OR ends_with(host, '.test')) IS NOT TRUE))",
        ),
        (
            "  s:\n    c-uri: /a\n  condition: s",
            "(lower(full_url(url, scheme, host, port)) = '/a' OR lower((path || coalesce('?' || query, ''))) = '/a')",
        ),
        (
            "  s:\n    dst_ip|cidr: [10.0.0.0/8, 'fc00::/7']\n  condition: not s",
            "((ip_in(server_ip, '10.0.0.0/8, fc00::/7')) IS NOT TRUE)",
        ),
        ("  s:\n    cs-cookie|re: '^x''\\d'\n  condition: s", "regexp_like(cookie, '^x''\\d')"),
        ("  s:\n    cs-cookie|contains|cased: 10%*_\n  condition: s", "cookie LIKE '%10\\%%\\_%'"),
        ("  s:\n    cs-username: null\n  condition: s", "\"user\" IS NULL"),
        ("  s:\n    x-own: A\n  condition: s", "lower(extra_get(extra, 'x-own')) = 'a'"),
        (
            "  a: {cs-method: GET}\n  b: {cs-method: HEAD}\n  c: {sc-bytes|gt: 5}\n  condition: 2 of them",
            "((CASE WHEN method = 'GET' THEN 1 ELSE 0 END + CASE WHEN method = 'HEAD' THEN 1 ELSE 0 END + \
          CASE WHEN response_bytes > 5 THEN 1 ELSE 0 END) >= 2)",
        ),
        ("  s:\n    cs-host|fieldref: c-dns\n  condition: s", "lower(host) = lower(computer)"),
        ("  s:\n    ts|hour: 3\n  condition: s", "date_part('hour', ts) = 3"),
        ("  s:\n    cs-version: HTTP/1.0\n  condition: s", "lower(http_version) = '1.0'"),
        ("  s:\n    cs-host: Bücher.example\n  condition: s", "host = 'xn--bcher-kva.example'"),
    ] {
        assert_eq!(condition(detection), expected, "{detection}");
    }
}

#[test]
fn keywords_lie_anywhere() {
    let condition = condition("  k:\n    - frob\n    - 7\n  condition: k");
    for part in [
        "contains(lower(user_agent), 'frob')",
        "contains(lower(body_text(request_body)), '7')",
        "contains(method, 'FROB')",
        "contains(CAST(status AS VARCHAR), '7')",
    ] {
        assert!(condition.contains(part), "{part}: {condition}");
    }
}

#[test]
fn webserver_rules_may_mean_the_path_by_the_query() {
    let rule = "title: x\nlogsource: {category: webserver}\ndetection:\n  s:\n    cs-uri-query|contains: [/a?b=, c]\n  condition: s";
    let set = set(rule);
    let condition = sql::condition(&set.rules[0].bound);
    assert!(
        condition.contains("lower((path || coalesce('?' || query, ''))) LIKE '%/a_b=%'"),
        "{condition}"
    );
    assert!(!condition.contains("'')), 'c')"), "{condition}");
}

#[test]
fn missing_columns_are_seen_in_advance() {
    let there = |missing: Col| move |operand: &Operand| !operand.columns().contains(&missing);
    let set = set(&format!(
        "title: x\n{HEAD}detection:\n  a: {{cs-cookie: x}}\n  b: {{dst_ip|cidr: 10.0.0.0/8}}\n  c: {{cs-method: PUT}}\n  condition: (a or c) and not b"
    ));
    let bound = &set.rules[0].bound;
    assert_eq!(bound.outlook(&there(Col::Cookie)), Outlook::Maybe);
    assert_eq!(bound.outlook(&there(Col::ServerIp)), Outlook::Maybe);
    assert_eq!(bound.outlook(&|_| false), Outlook::Never);
    let names: Vec<_> = set.rules[0].fields.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["cs-cookie", "cs-method", "dst_ip"]);
}

#[test]
fn correlations_and_filters_find_their_rules() {
    let rule = |name: &str, method: &str| {
        format!(
            "title: {name}\nname: {name}\n{HEAD}detection:\n  s: {{cs-method: {method}}}\n  condition: s\n---\n"
        )
    };
    let text = rule("one", "PUT")
        + &rule("two", "CONNECT")
        + &rule("three", "GET")
        + "title: both\nlevel: high\ncorrelation:\n  type: temporal\n  rules: [one, two]\n  group-by: [who, cs-host]\n  \
           timespan: 5m\n  aliases:\n    who:\n      one: src_ip\n      two: cs-username\n---\n"
        + &format!(
            "title: not mine\n{HEAD}filter:\n  rules: [three]\n  own: {{src_ip: 10.0.0.1}}\n  condition: not own\n"
        );
    let set = set(&text);
    assert_eq!(set.refused, []);
    let alone: Vec<_> = set.rules.iter().map(|rule| rule.alone).collect();
    assert_eq!(alone, [false, false, true]);
    let both = &set.correlations[0];
    assert_eq!((both.rules.as_slice(), both.correlation.span_us), (&[0, 1][..], 300_000_000));
    assert_eq!(both.groups[0], [Operand::Column(Col::ClientIp), Operand::Column(Col::Host)]);
    assert_eq!(both.groups[1][0], Operand::Column(Col::User));
    let condition = sql::condition(&set.rules[2].bound);
    assert_eq!(condition, "(method = 'GET' AND ((lower(client_ip) = '10.0.0.1') IS NOT TRUE))");
}

#[test]
fn what_is_refused_says_where() {
    for (text, line, word) in [
        ("", 1, "no rule"),
        ("title: x\naction: global", 2, "action"),
        ("title: x\ncorrelation:\n  type: frob", 3, "frob"),
        (
            "title: x\ncorrelation:\n  type: event_count\n  rules: [y]\n  timespan: 5\n  condition: {gte: 1}",
            5,
            "timespan",
        ),
        (
            "title: x\ncorrelation:\n  type: event_count\n  rules: [y]\n  timespan: 5m\n  condition: {gte: 1}",
            4,
            "`y`",
        ),
        (
            "title: x\ncorrelation:\n  type: event_count\n  rules: [y]\n  timespan: 5m",
            3,
            "no condition",
        ),
        (
            "title: x\ncorrelation:\n  type: value_count\n  rules: [y]\n  timespan: 5m\n  condition: {gte: 1}",
            6,
            "field",
        ),
        (
            "title: x\nlogsource: {category: proxy}\nfilter:\n  rules: any\n  s: {cs-method: GET}\n  condition: not s",
            1,
            "no rule that is here",
        ),
        (
            "title: x\nlogsource: {category: proxy}\ndetection:\n  s: {sc-status|cidr: 10.0.0.0/8}\n  condition: s",
            4,
            "sc-status",
        ),
    ] {
        let set = set(text);
        let refused = &set.refused.last().unwrap().refusal;
        assert!(refused.why.contains(word) && refused.line == line, "{text}: {refused}");
    }
    let twice = format!("title: x\n{HEAD}detection: {{s: [a], condition: s}}\n---\n").repeat(2);
    assert!(set(&twice).refused[0].refusal.why.contains("already"));
    let bytes = Set::read([("b.yml", &b"a: 1\nb: \xff"[..])].into_iter(), &Options::default());
    assert_eq!(bytes.refused[0].refusal.line, 2);
}
