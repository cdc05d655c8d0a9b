//! What does the demo look for? A handful of hunts in plain SQL, each with a sentence for what it finds.

use std::collections::BTreeMap;

/// A hunt of the demo.
#[derive(Debug)]
pub(super) struct Hunt {
    /// Its name in JSON.
    pub(super) id: &'static str,
    /// What a finding is called.
    pub(super) title: &'static str,
    /// How bad it is.
    pub(super) level: &'static str,
    /// Why one should care, and what was left out.
    pub(super) why: &'static str,
    /// The query; each row is a finding.
    pub(super) sql: &'static str,
    /// A sentence with `{column}` for each value.
    words: &'static str,
}

impl Hunt {
    /// The finding in words.
    pub(super) fn sentence(&self, row: &BTreeMap<String, String>) -> String {
        let mut text = self.words.to_owned();
        for (name, value) in row {
            let value = if value.is_empty() { "nobody" } else { value };
            text = text.replace(&format!("{{{name}}}"), value);
        }
        text
    }
}

/// The hunts, worst first.
pub(super) const HUNTS: &[Hunt] = &[
    Hunt {
        id: "c2-agents",
        title: "agents of known implants, and agents that cannot exist",
        level: "critical",
        why: "no browser and no program of the office sends these: attack tools with default settings do.",
        sql: "
SELECT client_ip, max(user) AS user, ua_class(user_agent) AS class, host, user_agent,
       count(*) AS requests, date_trunc('second', min(ts)) AS first
FROM requests
WHERE ua_class(user_agent) IN ('c2', 'malformed', 'hacktool')
GROUP BY client_ip, ua_class(user_agent), host, user_agent
ORDER BY class, requests DESC",
        words: "{client_ip} ({user}): {requests} requests to {host} since {first} with the {class} agent `{user_agent}`",
    },
    Hunt {
        id: "beacons",
        title: "clients that call home like clockwork",
        level: "high",
        why: "beacon_score weighs the rhythm of the requests and the likeness of their sizes, from 0 to 1. Mail, chat and\n   \
              updates poll as regularly; they are left out because more than two clients use them.",
        sql: "
SELECT client_ip, max(user) AS user, host, count(*) AS requests,
       CAST((extract(epoch FROM max(ts)) - extract(epoch FROM min(ts))) / (count(*) - 1) AS bigint) AS every_s,
       round(beacon_score(ts, request_bytes), 2) AS score,
       date_trunc('second', min(ts)) AS first, date_trunc('second', max(ts)) AS last
FROM requests
WHERE host IN (SELECT host FROM requests GROUP BY host HAVING count(DISTINCT client_ip) <= 2)
GROUP BY client_ip, host
HAVING count(*) >= 30 AND beacon_score(ts, request_bytes) >= 0.6
ORDER BY score DESC",
        words: "{client_ip} ({user}) asked {host} {requests} times from {first} to {last}, every {every_s} s or so: score {score}",
    },
    Hunt {
        id: "odd-ports",
        title: "ports that are not those of the web",
        level: "high",
        why: "tunnels through the proxy to shells, remote desktops and miners. Ports that more than five clients use\n   \
              (an intranet, an update server) are left out.",
        sql: "
WITH rare AS (
  SELECT host, port FROM requests WHERE is_nonstandard_port(port, scheme)
  GROUP BY host, port HAVING count(DISTINCT client_ip) <= 5)
SELECT client_ip, max(user) AS user, method, host, port, count(*) AS requests, max(verdict) AS verdict,
       max(duration_ms) / 1000 AS longest_s, sum(response_bytes) AS bytes
FROM requests JOIN rare USING (host, port)
GROUP BY client_ip, method, host, port
ORDER BY longest_s DESC",
        words: "{client_ip} ({user}): {requests} x {method} {host}:{port}, {verdict}, the longest lasting {longest_s} s, {bytes} bytes in all",
    },
    Hunt {
        id: "scripts",
        title: "people's computers where scripts fetch or send files",
        level: "medium",
        why: "PowerShell, certutil, BITS and curl are how a first foothold gets its tools, and how data leaves.",
        sql: "
SELECT client_ip, max(user) AS user, host, count(DISTINCT user_agent) AS agents, count(*) AS requests,
       sum(request_bytes) AS sent, sum(response_bytes) AS received,
       date_trunc('second', min(ts)) AS first
FROM requests
WHERE ua_class(user_agent) = 'script'
GROUP BY client_ip, host
ORDER BY sent + received DESC",
        words: "{client_ip} ({user}) and {host}: {requests} requests by scripts ({agents} different) since {first}, {sent} bytes sent, {received} received",
    },
    Hunt {
        id: "silent-posts",
        title: "uploads by something that does not say what it is",
        level: "medium",
        why: "every browser names itself; an empty agent on a POST is a program that somebody wrote in a hurry.",
        sql: "
SELECT client_ip, max(user) AS user, host, path, count(*) AS requests, sum(request_bytes) AS sent
FROM requests
WHERE method = 'POST' AND ua_class(user_agent) = 'empty'
GROUP BY client_ip, host, path
ORDER BY requests DESC",
        words: "{client_ip} ({user}) posted {requests} times to {host}{path} without an agent, {sent} bytes",
    },
];

/// Queries to try next, as one would type them between double quotes.
pub(super) const NEXT: &[&str] = &[
    "SELECT ts, method, url, status, user_agent FROM requests WHERE client_ip = '10.20.1.32' AND ua_class(user_agent) <> 'browser' ORDER BY ts LIMIT 20",
    "SELECT ua_class(user_agent) AS class, count(*) AS requests, count(DISTINCT client_ip) AS clients FROM requests GROUP BY 1 ORDER BY 2 DESC",
    "SELECT date_trunc('hour', ts) AS hour, count(*) AS requests, count(DISTINCT client_ip) AS clients, sum(response_bytes) AS bytes FROM requests GROUP BY 1 ORDER BY 1",
];
