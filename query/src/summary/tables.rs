//! Which summaries are there? Each with its columns and the query that makes it from the rows of a day.

use arrow::datatypes::{DataType, Field, Schema, TimeUnit};

/// A summary.
#[derive(Debug)]
pub struct Table {
    /// The name in SQL.
    pub name: &'static str,
    /// What a row says.
    pub doc: &'static str,
    /// Its columns, with what they say, behind `day`.
    pub columns: &'static [(&'static str, Kind, &'static str)],
    /// Over the fine groups of one day.
    pub(super) sql: &'static str,
}

/// Types of the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A count.
    Count,
    /// A time.
    Time,
}

impl Table {
    /// Its columns as the engine sees them.
    pub(crate) fn schema(&self) -> Schema {
        let day = Field::new("day", DataType::Date32, false);
        let fields = self.columns.iter().map(|(name, kind, _)| {
            let kind = match kind {
                Kind::Text => DataType::Utf8View,
                Kind::Count => DataType::Int64,
                Kind::Time => DataType::Timestamp(TimeUnit::Microsecond, None),
            };
            Field::new(*name, kind, true)
        });
        Schema::new(std::iter::once(day).chain(fields).collect::<Vec<_>>())
    }
}

/// The rows of a day, grouped as finely as any table needs.
pub(super) const FINE: &str = "SELECT day, coalesce(client_ip, \"user\") AS client_ip, host, user_agent, method, \
    max(\"user\") AS \"user\", max(computer) AS computer, max(domain) AS domain, count(*) AS requests, \
    sum(CASE WHEN status >= 400 OR verdict = 'error' THEN 1 ELSE 0 END) AS failed, \
    sum(CASE WHEN verdict = 'denied' THEN 1 ELSE 0 END) AS denied, \
    sum(coalesce(request_bytes, 0)) AS request_bytes, sum(coalesce(response_bytes, 0)) AS response_bytes, \
    min(ts) AS first, max(ts) AS last \
    FROM requests WHERE day = DATE '{day}' \
    GROUP BY day, coalesce(client_ip, \"user\"), host, user_agent, method";

const CLIENT: (&str, Kind, &str) =
    ("client_ip", Kind::Text, "the client's address; where none is logged, the user");
const COMPUTER: (&str, Kind, &str) =
    ("computer", Kind::Text, "the client's device name, where logged");
const REQUESTS: (&str, Kind, &str) = ("requests", Kind::Count, "requests");
const HOSTS: (&str, Kind, &str) = ("hosts", Kind::Count, "distinct hosts");
const FAILED: (&str, Kind, &str) =
    ("failed", Kind::Count, "requests that ended in an error or a status from 400 on");
const DENIED: (&str, Kind, &str) = ("denied", Kind::Count, "requests that the proxy denied");
const SENT: (&str, Kind, &str) =
    ("request_bytes", Kind::Count, "bytes from the client, where logged");
const RECEIVED: (&str, Kind, &str) =
    ("response_bytes", Kind::Count, "bytes to the client, where logged");
const FIRST: (&str, Kind, &str) = ("first", Kind::Time, "time of the first request");
const LAST: (&str, Kind, &str) = ("last", Kind::Time, "time of the last request");

/// All summaries.
pub static TABLES: &[Table] = &[
    Table {
        name: "daily_agents",
        doc: "a user agent of a client on a day",
        columns: &[
            CLIENT,
            COMPUTER,
            ("user_agent", Kind::Text, "the agent"),
            REQUESTS,
            HOSTS,
            FIRST,
            LAST,
        ],
        sql: "SELECT day, client_ip, max(computer) AS computer, user_agent, sum(requests) AS requests, count(*) AS hosts, \
              min(first) AS first, max(last) AS last \
              FROM (SELECT day, client_ip, user_agent, host, max(computer) AS computer, sum(requests) AS requests, \
              min(first) AS first, max(last) AS last FROM requests GROUP BY day, client_ip, user_agent, host) \
              GROUP BY day, client_ip, user_agent",
    },
    Table {
        name: "daily_clients",
        doc: "a client on a day",
        columns: &[
            CLIENT,
            COMPUTER,
            ("user", Kind::Text, "a user who worked there"),
            REQUESTS,
            HOSTS,
            ("domains", Kind::Count, "distinct registered domains"),
            ("posts", Kind::Count, "requests with POST or PUT"),
            FAILED,
            DENIED,
            SENT,
            RECEIVED,
            FIRST,
            LAST,
        ],
        sql: "SELECT day, client_ip, max(computer) AS computer, max(\"user\") AS \"user\", sum(requests) AS requests, \
              sum(hosts) AS hosts, count(domain) AS domains, sum(posts) AS posts, sum(failed) AS failed, sum(denied) AS denied, \
              sum(request_bytes) AS request_bytes, sum(response_bytes) AS response_bytes, min(first) AS first, max(last) AS last \
              FROM (SELECT day, client_ip, domain, count(host) AS hosts, max(computer) AS computer, max(\"user\") AS \"user\", \
              sum(requests) AS requests, sum(posts) AS posts, sum(failed) AS failed, sum(denied) AS denied, \
              sum(request_bytes) AS request_bytes, sum(response_bytes) AS response_bytes, min(first) AS first, max(last) AS last \
              FROM (SELECT day, client_ip, domain, host, max(computer) AS computer, max(\"user\") AS \"user\", \
              sum(requests) AS requests, sum(CASE WHEN method IN ('POST', 'PUT') THEN requests ELSE 0 END) AS posts, \
              sum(failed) AS failed, sum(denied) AS denied, sum(request_bytes) AS request_bytes, sum(response_bytes) AS response_bytes, \
              min(first) AS first, max(last) AS last FROM requests GROUP BY day, client_ip, domain, host) \
              GROUP BY day, client_ip, domain) GROUP BY day, client_ip",
    },
    Table {
        name: "daily_hosts",
        doc: "a host on a day",
        columns: &[
            ("host", Kind::Text, "the host"),
            ("domain", Kind::Text, "its registered domain"),
            ("clients", Kind::Count, "distinct clients"),
            REQUESTS,
            FAILED,
            DENIED,
            SENT,
            RECEIVED,
            ("agents", Kind::Count, "distinct user agents"),
            FIRST,
            LAST,
        ],
        sql: "SELECT c.day, c.host, c.domain, c.clients, c.requests, c.failed, c.denied, c.request_bytes, c.response_bytes, \
              a.agents, c.first, c.last \
              FROM (SELECT day, host, max(domain) AS domain, count(client_ip) AS clients, sum(requests) AS requests, \
              sum(failed) AS failed, sum(denied) AS denied, sum(request_bytes) AS request_bytes, \
              sum(response_bytes) AS response_bytes, min(first) AS first, max(last) AS last \
              FROM (SELECT day, host, client_ip, max(domain) AS domain, sum(requests) AS requests, \
              sum(failed) AS failed, sum(denied) AS denied, sum(request_bytes) AS request_bytes, \
              sum(response_bytes) AS response_bytes, min(first) AS first, max(last) AS last \
              FROM requests GROUP BY day, host, client_ip) GROUP BY day, host) c \
              JOIN (SELECT host, count(user_agent) AS agents FROM (SELECT host, user_agent FROM requests \
              GROUP BY host, user_agent) GROUP BY host) a ON c.host IS NOT DISTINCT FROM a.host",
    },
    Table {
        name: "daily_methods",
        doc: "a method of a client on a day",
        columns: &[CLIENT, ("method", Kind::Text, "the method"), REQUESTS, HOSTS],
        sql: "SELECT day, client_ip, method, sum(requests) AS requests, count(host) AS hosts \
              FROM (SELECT day, client_ip, method, host, sum(requests) AS requests FROM requests \
              GROUP BY day, client_ip, method, host) GROUP BY day, client_ip, method",
    },
    Table {
        name: "daily_pairs",
        doc: "a client and a host that at most five clients used that day",
        columns: &[
            CLIENT,
            ("host", Kind::Text, "the host"),
            REQUESTS,
            ("agents", Kind::Count, "distinct user agents"),
            (
                "methods",
                Kind::Count,
                "distinct methods; all but GET, POST and CONNECT count as one",
            ),
            SENT,
            RECEIVED,
            FIRST,
            LAST,
        ],
        sql: "SELECT p.day, p.client_ip, p.host, p.requests, p.agents, p.methods, p.request_bytes, p.response_bytes, p.first, p.last \
              FROM (SELECT day, client_ip, host, sum(requests) AS requests, count(user_agent) AS agents, \
              max(gets) + max(posts) + max(connects) + max(others) AS methods, sum(request_bytes) AS request_bytes, \
              sum(response_bytes) AS response_bytes, min(first) AS first, max(last) AS last \
              FROM (SELECT day, client_ip, host, user_agent, sum(requests) AS requests, \
              max(CASE WHEN method = 'GET' THEN 1 ELSE 0 END) AS gets, max(CASE WHEN method = 'POST' THEN 1 ELSE 0 END) AS posts, \
              max(CASE WHEN method = 'CONNECT' THEN 1 ELSE 0 END) AS connects, \
              max(CASE WHEN method NOT IN ('GET', 'POST', 'CONNECT') THEN 1 ELSE 0 END) AS others, \
              sum(request_bytes) AS request_bytes, sum(response_bytes) AS response_bytes, min(first) AS first, max(last) AS last \
              FROM requests WHERE host IS NOT NULL GROUP BY day, client_ip, host, user_agent) GROUP BY day, client_ip, host) p \
              JOIN (SELECT host FROM (SELECT host, client_ip FROM requests WHERE host IS NOT NULL GROUP BY host, client_ip) \
              GROUP BY host HAVING count(client_ip) <= 5) r ON p.host = r.host",
    },
];
