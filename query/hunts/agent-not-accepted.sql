/*---
id: agent-not-accepted
title: A user agent that the house does not accept
finds: >-
  User agents that are not on the accepted list, whatever their version, with the nearest one that is. Without a list (dwell hunt accept agents) nothing is told.
because: >-
  A house that has written down what it sends when nothing is wrong needs to look only at the rest. What is almost, but not quite, an accepted agent was copied by hand.
attack: [T1071.001, T1036]
level: low
needs: [user_agent, client_ip]
entity: [client_ip, user_agent]
excusable: true
params:
  - {name: near, type: float, unit: share, default: 0.2, doc: "up to this distance an agent is almost an accepted one"}
  - {name: max_clients, type: int, unit: clients, default: 2, doc: "what more clients send stays low"}
  - {name: many, type: int, unit: clients, default: 10, doc: "what more clients send is a program that was rolled out: informational"}
  - {name: min_requests, type: int, unit: requests, default: 3, doc: "fewer are not told"}
  - {name: quiet_days, type: int, unit: days, default: 5, doc: "how long the house must have gone without it before it counts as new"}
false_positives:
  - "New programs, since the list was written: write it again"
author: dwell
references: []
---*/
WITH all_agents AS (
  SELECT user_agent, min(day) AS born FROM daily_agents WHERE day >= CAST($since AS DATE) - 14 AND day < $until AND user_agent IS NOT NULL GROUP BY user_agent
),
strange AS (
  SELECT user_agent, born, ua_pattern(user_agent) AS pattern, ua_class(user_agent) AS class FROM all_agents
  WHERE ua_class(user_agent) <> 'empty' AND ua_pattern(user_agent) NOT IN (SELECT pattern FROM accepted_agents)
),
patterns AS (SELECT DISTINCT pattern, class FROM strange),
near AS (
  SELECT p.pattern, min(ua_distance(p.pattern, a.pattern)) AS distance, first_value(a.pattern ORDER BY ua_distance(p.pattern, a.pattern), a.clients DESC) AS nearest
  FROM patterns p CROSS JOIN accepted_agents a GROUP BY p.pattern
),
programs AS (
  SELECT s.pattern, min(s.born) AS born, count(DISTINCT d.client_ip) AS clients FROM strange s
  JOIN daily_agents d ON d.user_agent = s.user_agent WHERE d.day >= CAST($since AS DATE) - 14 AND d.day < $until GROUP BY s.pattern
),
past AS (SELECT min(day) AS start FROM daily_clients WHERE day >= CAST($since AS DATE) - 14),
found AS (
  SELECT day, client_ip, user_agent, count(*) AS count, min(ts) AS first, max(ts) AS last, count(DISTINCT host) AS hosts, min(host) AS one_host
  FROM requests WHERE user_agent IN (SELECT user_agent FROM strange) AND client_ip IS NOT NULL GROUP BY day, client_ip, user_agent
  HAVING count(*) >= $min_requests
)
SELECT f.day, f.client_ip, f.user_agent, f.count, f.first, f.last,
  CASE WHEN n.distance <= $near AND s.class IN ('browser', 'malformed') AND p.clients <= $max_clients AND p.born - t.start >= $quiet_days THEN 'medium'
    WHEN p.clients > $many THEN 'informational' ELSE 'low' END AS level,
  concat('not on the accepted list (', s.class, '); ', CASE WHEN n.distance <= $near THEN concat('almost, but not quite: ', n.nearest) WHEN n.distance <= 0.8 THEN concat('the nearest that is: ', n.nearest) ELSE 'nothing like it is' END, '; ',
    f.count, CASE WHEN f.count = 1 THEN ' request to ' ELSE ' requests to ' END, CASE WHEN f.hosts = 1 THEN coalesce(f.one_host, 'no host') ELSE concat(f.hosts, ' hosts') END, '; ',
    p.clients, CASE WHEN p.clients = 1 THEN ' client sends' ELSE ' clients send' END, ' it, since ', CAST(p.born AS VARCHAR)) AS why,
  0.2 + 0.4 / p.clients + CASE WHEN n.distance <= $near THEN 0.3 ELSE 0.0 END AS score,
  0.4 / p.clients AS part_rarity,
  CASE WHEN n.distance <= $near THEN 0.3 ELSE 0.0 END AS part_near
FROM found f JOIN strange s ON s.user_agent = f.user_agent JOIN near n ON n.pattern = s.pattern JOIN programs p ON p.pattern = s.pattern CROSS JOIN past t
