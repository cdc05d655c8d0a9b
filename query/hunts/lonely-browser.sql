/*---
id: lonely-browser
title: A browser that only talks to one rare host
finds: >-
  An agent of class browser that a client uses for one host only, thirty times and more and in several hours of a day, where hardly anybody uses the host and hardly any client has this agent
  or the client browses with another one.
because: A browser that is used visits dozens of hosts, if only for its own updates. An agent that knows one host was copied into a program.
attack: [T1071.001, T1036]
level: low
needs: [user_agent, client_ip, host]
entity: [client_ip, user_agent, host]
params:
  - {name: min_requests, type: int, unit: requests, default: 30, doc: fewer are not told}
  - {name: min_hours, type: int, unit: hours, default: 4, doc: fewer hours with a request are not told}
  - {name: max_hosts, type: int, unit: hosts, default: 1, doc: an agent that the client uses for more hosts that day is a browser}
  - {name: max_clients, type: int, unit: clients, default: 3, doc: a host that more clients have used is not told}
  - {name: quiet_days, type: int, unit: days, default: 1, doc: how long the house must have gone without a host before it counts as new}
  - {name: new_days, type: int, unit: days, default: 7, doc: how long a host counts as new}
false_positives:
  - Screens that show one page, programs with a built-in browser (known for weeks, they stay low)
author: dwell
references: ["https://github.com/Azure/Azure-Sentinel (Web Session Essentials, PotentialBeaconingDetected_LimitedDomainBased)"]
---*/
WITH lonely AS (
  SELECT day, client_ip, user_agent FROM daily_agents
  WHERE day >= CAST($since AS DATE) AND day < $until AND user_agent IS NOT NULL
  GROUP BY day, client_ip, user_agent
  HAVING sum(requests) >= $min_requests AND max(hosts) <= $max_hosts AND ua_class(user_agent) IN ('browser', 'browser_mobile')
),
found AS (
  SELECT r.day, r.client_ip, r.user_agent, r.host, count(*) AS count, min(r.ts) AS first, max(r.ts) AS last, count(DISTINCT date_trunc('hour', r.ts)) AS hours,
    coalesce(bool_or(is_private_ip(r.server_ip)), false) OR is_private_ip(r.host) AS inside
  FROM requests r JOIN lonely l ON l.day = r.day AND l.client_ip = r.client_ip AND l.user_agent = r.user_agent
  WHERE r.user_agent IS NOT NULL
  GROUP BY r.day, r.client_ip, r.user_agent, r.host
  HAVING count(*) >= $min_requests AND count(DISTINCT date_trunc('hour', r.ts)) >= $min_hours
),
ever AS (
  SELECT host, count(DISTINCT client_ip) AS clients FROM daily_pairs WHERE day >= CAST($since AS DATE) - 30 AND day < $until AND host IN (SELECT host FROM found) GROUP BY host
),
known AS (
  SELECT host, min(day) AS born, max(clients) AS most FROM daily_hosts WHERE day >= CAST($since AS DATE) - 30 AND day < $until AND host IN (SELECT host FROM found) GROUP BY host
),
agents AS (
  SELECT user_agent, count(DISTINCT client_ip) AS clients FROM daily_agents WHERE day >= CAST($since AS DATE) - 30 AND day < $until AND user_agent IN (SELECT user_agent FROM found) GROUP BY user_agent
),
past AS (SELECT min(day) AS start FROM daily_clients WHERE day >= CAST($since AS DATE) - 30),
judged AS (
  SELECT f.*, greatest(k.most, coalesce(e.clients, 1)) AS clients, k.born, coalesce(a.clients, 1) AS agent_clients, f.day - s.start >= $quiet_days AS has_past,
    k.born - s.start >= $quiet_days AND f.day - k.born < $new_days AS is_new
  FROM found f JOIN known k ON k.host = f.host LEFT JOIN ever e ON e.host = f.host LEFT JOIN agents a ON a.user_agent = f.user_agent CROSS JOIN past s
  WHERE greatest(k.most, coalesce(e.clients, 1)) <= $max_clients AND NOT f.inside
)
SELECT day, client_ip, user_agent, host, count, first, last,
  CASE WHEN is_new THEN 'medium' ELSE 'low' END AS level,
  concat(count, ' requests in ', hours, ' different hours, all with one browser''s agent that this client uses for nothing else; ', agent_clients, CASE WHEN agent_clients = 1 THEN ' client has' ELSE ' clients have' END, ' the agent, ',
    clients, CASE WHEN clients = 1 THEN ' has' ELSE ' have' END, ' ever used the host',
    CASE WHEN is_new THEN concat('; the house did not know it before ', CAST(born AS VARCHAR))
      WHEN has_past THEN concat('; it is known since ', CAST(born AS VARCHAR)) ELSE '; there is no past to compare with' END) AS why,
  0.2 + CASE WHEN is_new THEN 0.4 ELSE 0.0 END + 0.2 / agent_clients + 0.2 * least(1.0, hours / 8.0) AS score,
  CASE WHEN is_new THEN 0.4 ELSE 0.0 END AS part_new,
  0.2 / agent_clients AS part_agent,
  0.2 * least(1.0, hours / 8.0) AS part_hours
FROM judged
