/*---
id: agent-many
title: Many more user agents from one client than before
finds: >-
  Clients that send many more kinds of agents on a day (versions not counted) than on any day before.
because: >-
  A program that draws its agent from a list, a scanner, a kit full of tools: each agent alone may look like a browser, their number does not.
attack: [T1071.001, T1036]
level: low
needs: [user_agent, client_ip]
entity: [client_ip]
excusable: true
params:
  - {name: min_agents, type: int, unit: agents, default: 12, doc: "fewer are not told"}
  - {name: times, type: float, unit: times, default: 3.0, doc: "how many times the client's own usual number"}
  - {name: quiet_days, type: int, unit: days, default: 5, doc: "how long the house must have gone without it before it counts as new"}
false_positives:
  - "Gateways and terminal servers on the day of a roll-out; a new address behind which many people work"
author: dwell
references: []
---*/
WITH days AS (
  SELECT day, client_ip, count(DISTINCT ua_pattern(user_agent)) AS agents FROM daily_agents
  WHERE day >= CAST($since AS DATE) - 14 AND day < $until AND user_agent IS NOT NULL AND ua_class(user_agent) <> 'empty' GROUP BY day, client_ip
),
past AS (SELECT min(day) AS start FROM daily_clients WHERE day >= CAST($since AS DATE) - 14),
odd AS (
  SELECT d.day, d.client_ip, d.agents, coalesce(max(b.agents), 0) AS most, coalesce(median(b.agents), 0) AS usual, count(b.day) AS days
  FROM days d JOIN days b ON b.client_ip = d.client_ip AND b.day < d.day AND b.day >= d.day - 14
  WHERE d.day >= CAST($since AS DATE) AND d.agents >= $min_agents GROUP BY d.day, d.client_ip, d.agents
  HAVING count(b.day) >= 3 AND d.agents >= $times * median(b.agents) AND d.agents > 1.5 * max(b.agents)
),
fleet AS (SELECT day, approx_percentile_cont(0.95) WITHIN GROUP (ORDER BY agents) AS high FROM days GROUP BY day),
found AS (
  SELECT r.day, r.client_ip, count(*) AS count, min(r.ts) AS first, max(r.ts) AS last FROM requests r
  WHERE r.client_ip IN (SELECT client_ip FROM odd) GROUP BY r.day, r.client_ip
)
SELECT f.day, f.client_ip, f.count, f.first, f.last,
  CASE WHEN o.agents >= 2 * $min_agents AND o.agents >= 2 * t.high THEN 'medium' ELSE 'low' END AS level,
  concat(o.agents, ' kinds of user agents on this day; on the ', o.days, ' days before mostly ', round(o.usual, 0), ' and never more than ', o.most, '; of the house''s clients 95 % send at most ', round(t.high, 0)) AS why,
  least(1.0, o.agents / (4.0 * $min_agents)) AS score,
  least(1.0, o.agents / (4.0 * $min_agents)) AS part_agents
FROM found f JOIN odd o ON o.day = f.day AND o.client_ip = f.client_ip JOIN fleet t ON t.day = f.day
