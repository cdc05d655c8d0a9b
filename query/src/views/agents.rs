//! `agents` and `allow`: which user agents are there, how usual are they, and what does the house accept?

pub(super) const NAME: &str = "agents";
pub(super) const ALLOW: &str = "allow";

/// Columns of `agents`.
pub(super) const COLUMNS: &[(&str, &str)] = &[
    ("user_agent", "the agent"),
    ("class", "its class, as ua_class gives it"),
    ("family", "its program, by the rules of uap-core"),
    ("clients", "clients that sent it"),
    ("hosts", "hosts that it was sent to"),
    ("requests", "requests with it"),
    ("first", "time of the first request"),
    ("last", "time of the last request"),
    ("share", "the share of all clients that sent it, 0 to 1"),
    ("accepted", "whether the accepted list has it, whatever its version"),
];

/// Columns of `allow`.
pub(super) const ALLOW_COLUMNS: &[(&str, &str)] = &[
    ("kind", "agent or platform"),
    ("value", "the pattern of the agent, or of computers' names"),
    ("system", "the system that such computers usually have; NULL for an agent"),
    ("clients", "clients, or computers, that it was seen with"),
    ("reason", "why it is there, in words"),
];

pub(super) const DEFINITION: &str = "SELECT a.user_agent, ua_class(a.user_agent) AS class, ua_info(a.user_agent)['family'] AS family, \
    a.clients, a.hosts, a.requests, a.first, a.last, a.clients / CAST(greatest(t.clients, 1) AS DOUBLE) AS share, p.pattern IS NOT NULL AS accepted \
    FROM (SELECT user_agent, ua_pattern(user_agent) AS pattern, count(DISTINCT coalesce(client_ip, \"user\")) AS clients, \
    count(DISTINCT host) AS hosts, count(*) AS requests, min(ts) AS first, max(ts) AS last FROM requests GROUP BY user_agent) AS a \
    CROSS JOIN (SELECT count(DISTINCT coalesce(client_ip, \"user\")) AS clients FROM requests) AS t \
    LEFT JOIN accepted_agents AS p ON p.pattern = a.pattern";

pub(super) const ALLOW_DEFINITION: &str = "SELECT 'agent' AS kind, pattern AS value, CAST(NULL AS VARCHAR) AS system, clients, \
    concat(clients, ' clients sent it from ', first, ' to ', last) AS reason FROM accepted_agents \
    UNION ALL SELECT 'platform' AS kind, computers AS value, system, usual AS clients, \
    concat(usual, ' of ', named, ' computers with such a name have ', system) AS reason FROM accepted_platforms";
