//! Do Sigma rules find the rows they mean, and does the evidence of each finding give exactly its rows?

use detect::finding::{Finding, Level};
use detect::sigma::{Options, Set};
use dwell_query::{Session, sigma};

use crate::store::{Row, TestStore, row};

const RULES: &str = "\
title: Odd agent
id: odd-agent
level: high
author: Ann Author
tags: [attack.t1071.001]
logsource: {category: proxy}
detection:
  s: {c-useragent|startswith: 'FROB/'}
  condition: s
---
title: Scripts, but not ours
id: scripts
level: medium
logsource: {category: proxy}
detection:
  s: {c-uri|endswith: [.ps1, .vbs]}
  f: {dst_ip|cidr: 10.0.0.0/8}
  condition: s and not f
---
title: A field that is not there
id: absent
logsource: {category: proxy}
detection:
  s: {cs-cookie: x}
  condition: s
---
title: Denied
name: denied
logsource: {category: proxy}
detection:
  s: {sc-status: 403}
  condition: s
---
title: Denied again and again
id: again
level: high
correlation:
  type: value_count
  rules: [denied]
  group-by: [src_ip]
  timespan: 10m
  condition: {field: cs-host, gte: 3}
";

fn request(line: i64, minute: u32, client: &str, host: &str, path: &str) -> Row {
    row(&format!("2026-11-20T08:{minute:02}:00Z"), line)
        .set("client_ip", client)
        .set("method", "GET")
        .set("scheme", "http")
        .set("host", host)
        .set("port", "80")
        .set("path", path)
        .set("status", "200")
}

fn store() -> TestStore {
    let mut store = TestStore::default();
    let denied =
        |line, minute, client, host| request(line, minute, client, host, "/").set("status", "403");
    store.segment(&[
        request(1, 1, "10.0.0.1", "a.example", "/x").set("user_agent", "frob/1.0"),
        request(2, 2, "10.0.0.1", "b.example", "/x").set("user_agent", "Frob/1.0"),
        request(3, 3, "10.0.0.1", "b.example", "/y").set("user_agent", "frob/1.0"),
        request(4, 4, "10.0.0.2", "c.example", "/run.PS1").set("server_ip", "192.0.2.7"),
        request(5, 5, "10.0.0.2", "c.example", "/run.ps1"),
        request(6, 6, "10.0.0.2", "c.example", "/run.vbs").set("server_ip", "10.9.9.9"),
        denied(7, 10, "10.0.0.3", "d.example"),
        denied(8, 12, "10.0.0.3", "e.example"),
        denied(9, 14, "10.0.0.3", "f.example"),
        denied(10, 40, "10.0.0.3", "f.example"),
        denied(11, 10, "10.0.0.4", "d.example"),
    ]);
    store
}

async fn count(session: &Session, finding: &Finding) -> usize {
    use futures::StreamExt as _;
    let mut answer = session.sql(&finding.evidence).await.unwrap();
    let mut rows = 0;
    while let Some(batch) = answer.stream.next().await {
        rows += batch.unwrap().num_rows();
    }
    rows
}

#[tokio::test]
async fn rules_find_their_rows_and_evidence_gives_them() {
    let set = Set::read([("rules.yml", RULES.as_bytes())].into_iter(), &Options::default());
    assert_eq!(set.refused, []);
    let store = store();
    let mut session = store.session();
    let ran = sigma::run(&mut session, &set, Level::Informational).await.unwrap();
    let told = ran.findings.iter().map(|it| (it.hunt.as_str(), it.entity_line(), it.count));
    let expected = [
        ("sigma:odd-agent", "client_ip 10.0.0.1, user_agent Frob/1.0", 1),
        ("sigma:odd-agent", "client_ip 10.0.0.1, user_agent frob/1.0", 2),
        ("sigma:scripts", "client_ip 10.0.0.2, host c.example", 2),
        ("sigma:again", "client_ip 10.0.0.3", 3),
    ];
    let expected = expected.map(|(hunt, entity, count)| (hunt, entity.to_owned(), count));
    assert_eq!(told.collect::<Vec<_>>(), expected);
    for finding in &ran.findings {
        assert_eq!(count(&session, finding).await as u64, finding.count, "{}", finding.evidence);
    }
    assert_eq!(ran.findings[0].author.as_deref(), Some("Ann Author"));
    assert_eq!(ran.findings[2].author.as_deref(), Some("not named in the rule"));
    assert_eq!(ran.findings[0].attack, ["T1071.001"]);
    let skipped: Vec<_> =
        ran.skipped.iter().map(|(id, missing)| (id.as_str(), missing[0].field.as_str())).collect();
    assert_eq!(skipped, [("sigma:absent", "cs-cookie")]);
}
