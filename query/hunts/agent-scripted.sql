/*---
id: agent-scripted
title: A script on a workstation that talks to a rare host
finds: >-
  Agents of class script or library (curl, PowerShell, Python, BITS, Go, Java) from a client that also browses, to a host that hardly any client uses.
because: >-
  Downloads and first steps of intruders are made with what is there: PowerShell, certutil, BITS, curl. Servers and developers run scripts every day, but to hosts that they have used for weeks.
attack: [T1059, T1105, T1197, T1071.001]
level: low
needs: [user_agent, client_ip, host]
entity: [client_ip, user_agent, host]
rows: ua_class(user_agent) IN ('script', 'library')
excusable: true
params:
  - {name: max_clients, type: int, unit: clients, default: 2, doc: "hosts that more clients use are not told"}
  - {name: many_clients, type: int, unit: clients, default: 15, doc: "an agent that so many clients send belongs to a program of the house, and is low"}
  - {name: min_requests, type: int, unit: requests, default: 1, doc: "fewer are not told"}
  - {name: quiet_days, type: int, unit: days, default: 5, doc: "how long the house must have gone without it before it counts as new"}
  - {name: new_days, type: int, unit: days, default: 7, doc: "how long it counts as new"}
false_positives:
  - "Developers; programs built on a library; their hosts are known for weeks and stay low"
author: dwell
references: ["https://github.com/SigmaHQ/sigma (proxy_ua_bitsadmin_susp_tld, proxy_ua_susp)"]
---*/
WITH people AS (
  SELECT client_ip FROM daily_agents
  WHERE day >= CAST($since AS DATE) - 14 AND day < $until AND hosts >= 3 AND ua_class(user_agent) = 'browser' GROUP BY client_ip
),
found AS (
  SELECT day, client_ip, user_agent, host, count(*) AS count, min(ts) AS first, max(ts) AS last,
    coalesce(bool_or(is_private_ip(server_ip)), false) OR is_private_ip(host) OR (max(domain) IS NULL AND host NOT LIKE '%.%' AND host NOT LIKE '%:%') AS inside
  FROM requests
  WHERE ua_class(user_agent) IN ('script', 'library') AND host IS NOT NULL AND client_ip IN (SELECT client_ip FROM people)
  GROUP BY day, client_ip, user_agent, host HAVING count(*) >= $min_requests
),
known AS (
  SELECT host, min(day) AS born, max(clients) AS clients FROM daily_hosts WHERE day >= CAST($since AS DATE) - 30 AND day < $until AND host IN (SELECT host FROM found) GROUP BY host
),
habits AS (
  SELECT client_ip, user_agent, min(day) AS born, count(DISTINCT day) AS days FROM daily_agents
  WHERE day >= CAST($since AS DATE) - 30 AND day < $until AND ua_class(user_agent) IN ('script', 'library') GROUP BY client_ip, user_agent
),
usual AS (
  SELECT user_agent FROM (SELECT user_agent, client_ip FROM daily_agents WHERE day >= CAST($since AS DATE) - 30 AND day < $until AND user_agent IN (SELECT user_agent FROM found) GROUP BY user_agent, client_ip)
  GROUP BY user_agent HAVING count(client_ip) >= $many_clients
),
past AS (SELECT min(day) AS start FROM daily_clients WHERE day >= CAST($since AS DATE) - 30),
judged AS (
  SELECT f.*, k.born, k.clients, h.born AS habit, f.day - p.start >= $quiet_days AS has_past,
    k.born - p.start >= $quiet_days AND f.day - k.born < $new_days AS is_new, h.born = f.day AND f.day - p.start >= $quiet_days AS first_script,
    u.user_agent IS NOT NULL AS is_usual
  FROM found f JOIN known k ON k.host = f.host JOIN habits h ON h.client_ip = f.client_ip AND h.user_agent = f.user_agent LEFT JOIN usual u ON u.user_agent = f.user_agent CROSS JOIN past p
  WHERE k.clients <= $max_clients AND NOT f.inside
)
SELECT day, client_ip, user_agent, host, count, first, last,
  CASE WHEN is_new AND NOT is_usual AND (first_script OR count >= 10) THEN 'medium' ELSE 'low' END AS level,
  concat(count, CASE WHEN count = 1 THEN ' request' ELSE ' requests' END, ' by a script from a client that also browses; ', clients, CASE WHEN clients = 1 THEN ' client uses' ELSE ' clients use' END, ' the host',
    CASE WHEN is_new THEN concat(', which the house did not know before ', CAST(born AS VARCHAR)) WHEN has_past THEN concat(', known since ', CAST(born AS VARCHAR)) ELSE '; there is no past to compare with' END,
    CASE WHEN first_script THEN '; the client never sent this agent before' WHEN has_past THEN concat('; the client has sent this agent since ', CAST(habit AS VARCHAR)) ELSE '' END) AS why,
  0.2 + CASE WHEN is_new THEN 0.3 ELSE 0.0 END + CASE WHEN first_script THEN 0.3 ELSE 0.0 END + 0.2 / clients AS score,
  CASE WHEN is_new THEN 0.3 ELSE 0.0 END AS part_new_host,
  CASE WHEN first_script THEN 0.3 ELSE 0.0 END AS part_new_agent,
  0.2 / clients AS part_rarity
FROM judged
