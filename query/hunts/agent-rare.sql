/*---
id: agent-rare
title: A user agent that one client alone has, and that is new
finds: >-
  User agents of one client, for few hosts, that the house did not know before; with other versions counted as the same program, unless the version is one that nobody keeps up to date any more.
because: >-
  What an intruder brings along has an agent that nobody else in the house sends. Among many clients that says much, among ten little: the score is weighed by the number of clients.
attack: [T1071.001]
level: low
needs: [user_agent, client_ip]
entity: [client_ip, user_agent]
excusable: true
params:
  - {name: min_requests, type: int, unit: requests, default: 3, doc: "fewer are not told"}
  - {name: max_hosts, type: int, unit: hosts, default: 3, doc: "an agent for more hosts that day is not told"}
  - {name: max_host_clients, type: int, unit: clients, default: 2, doc: "where more clients use the host it stays low"}
  - {name: quiet_days, type: int, unit: days, default: 5, doc: "how long the house must have gone without it before it counts as new"}
  - {name: new_days, type: int, unit: days, default: 7, doc: "how long it counts as new"}
false_positives:
  - "New programs of one person, a trial, an update with another text"
author: dwell
references: ["https://github.com/Azure/Azure-Sentinel (RareUserAgent)"]
---*/
WITH window_agents AS (
  SELECT user_agent, min(day) AS born, count(DISTINCT client_ip) AS clients, min(client_ip) AS client_ip FROM daily_agents
  WHERE day >= CAST($since AS DATE) - 30 AND day < $until AND user_agent IS NOT NULL GROUP BY user_agent
),
read AS (SELECT user_agent, born, clients, client_ip, ua_pattern(user_agent) AS pattern FROM window_agents),
programs AS (SELECT pattern, min(born) AS born, count(DISTINCT client_ip) + max(clients) - 1 AS clients FROM read GROUP BY pattern),
past AS (SELECT min(day) AS start FROM daily_clients WHERE day >= CAST($since AS DATE) - 30),
fleet AS (SELECT count(DISTINCT client_ip) AS clients FROM daily_clients WHERE day >= CAST($since AS DATE) - 30 AND day < $until),
alone AS (
  SELECT r.user_agent, p.born AS program_born, r.born, p.clients AS program_clients, (p.clients > 1 OR p.born < r.born) AS old_version
  FROM read r JOIN programs p ON p.pattern = r.pattern CROSS JOIN past s
  WHERE r.clients = 1 AND r.born - s.start >= $quiet_days
    AND (p.clients = 1 AND p.born - s.start >= $quiet_days OR array_has(ua_info(r.user_agent)['flags'], 'outdated'))
    AND ua_class(r.user_agent) NOT IN ('malformed', 'c2', 'hacktool', 'empty') AND NOT array_has(ua_info(r.user_agent)['flags'], 'impossible') AND NOT array_has(ua_info(r.user_agent)['flags'], 'c2_lookalike')
),
found AS (
  SELECT day, client_ip, user_agent, count(*) AS count, min(ts) AS first, max(ts) AS last, count(DISTINCT host) AS hosts, min(host) AS one_host,
    coalesce(bool_or(is_private_ip(server_ip)), false) AS inside
  FROM requests WHERE user_agent IN (SELECT user_agent FROM alone) AND client_ip IS NOT NULL GROUP BY day, client_ip, user_agent
  HAVING count(*) >= $min_requests AND count(DISTINCT host) <= $max_hosts
),
known AS (
  SELECT host, min(day) AS born, max(clients) AS clients FROM daily_hosts WHERE day >= CAST($since AS DATE) - 30 AND day < $until AND host IN (SELECT one_host FROM found) GROUP BY host
),
judged AS (
  SELECT f.*, a.born, a.old_version, t.clients AS fleet, coalesce(k.clients, 0) AS host_clients, k.born AS host_born, k.born - s.start >= $quiet_days AS host_new
  FROM found f JOIN alone a ON a.user_agent = f.user_agent LEFT JOIN known k ON k.host = f.one_host CROSS JOIN fleet t CROSS JOIN past s
  WHERE f.day - a.born < $new_days AND NOT f.inside
)
SELECT day, client_ip, user_agent, count, first, last,
  CASE WHEN host_clients <= $max_host_clients AND host_new AND fleet >= 10 THEN 'medium' ELSE 'low' END AS level,
  concat('one of ', fleet, ' clients sends this agent (', ua_class(user_agent), '), since ', CAST(born AS VARCHAR), ': ', count, ' requests to ', CASE WHEN hosts = 1 THEN coalesce(one_host, 'no host') ELSE concat(hosts, ' hosts') END,
    CASE WHEN host_clients > 0 THEN concat(', which ', host_clients, CASE WHEN host_clients = 1 THEN ' client uses' ELSE ' clients use' END, ' since ', CAST(host_born AS VARCHAR)) ELSE '' END,
    CASE WHEN old_version THEN '; others have the program, but no version as old' ELSE '' END) AS why,
  least(1.0, 0.2 + ln(fleet) / 10.0 + CASE WHEN host_clients <= $max_host_clients THEN 0.2 ELSE 0.0 END) AS score,
  ln(fleet) / 10.0 AS part_rarity,
  CASE WHEN host_clients <= $max_host_clients THEN 0.2 ELSE 0.0 END AS part_host
FROM judged
