/*---
id: agent-malformed
title: A user agent that is not well made
finds: >-
  User agents of class malformed: typing errors, cut or encoded text, a browser's name without a browser. Those that claim what cannot be are told by agent-impossible, requests without any agent by agent-empty.
because: >-
  Programs that pretend to be a browser mostly get it wrong; the error tells the family of the program, whatever its host is called today.
attack: [T1071.001, T1036]
level: low
needs: [user_agent, client_ip]
entity: [client_ip, user_agent]
excusable: true
params:
  - {name: max_clients, type: int, unit: clients, default: 2, doc: "what more clients use stays low"}
  - {name: quiet_days, type: int, unit: days, default: 5, doc: "how long the house must have gone without it before it counts as new"}
  - {name: new_days, type: int, unit: days, default: 7, doc: "how long it counts as new"}
false_positives:
  - "Home-made programs and appliances; they are known for weeks and stay low"
author: dwell
references: ["https://github.com/SigmaHQ/sigma (proxy_ua_susp)"]
---*/
WITH agents AS (
  SELECT user_agent FROM daily_agents WHERE day >= CAST($since AS DATE) AND day < $until AND user_agent IS NOT NULL GROUP BY user_agent
  HAVING ua_class(user_agent) = 'malformed' AND NOT array_has(ua_info(user_agent)['flags'], 'impossible') AND NOT array_has(ua_info(user_agent)['flags'], 'known_c2')
),
ever AS (
  SELECT user_agent, min(day) AS born, count(DISTINCT client_ip) AS clients FROM daily_agents
  WHERE day >= CAST($since AS DATE) - 30 AND day < $until AND user_agent IN (SELECT user_agent FROM agents) GROUP BY user_agent
),
past AS (SELECT min(day) AS start FROM daily_clients WHERE day >= CAST($since AS DATE) - 30),
found AS (
  SELECT day, client_ip, user_agent, count(*) AS count, min(ts) AS first, max(ts) AS last, count(DISTINCT host) AS hosts, min(host) AS one_host
  FROM requests WHERE user_agent IN (SELECT user_agent FROM agents) AND client_ip IS NOT NULL GROUP BY day, client_ip, user_agent
),
judged AS (
  SELECT f.*, e.clients, e.born, f.day - p.start >= $quiet_days AS has_past,
    e.born - p.start >= $quiet_days AND f.day - e.born < $new_days AS is_new
  FROM found f JOIN ever e ON e.user_agent = f.user_agent CROSS JOIN past p
)
SELECT day, client_ip, user_agent, count, first, last,
  CASE WHEN clients <= $max_clients AND (is_new OR NOT has_past) THEN 'medium' ELSE 'low' END AS level,
  concat(ua_reason(user_agent), '; ', count, CASE WHEN count = 1 THEN ' request to ' ELSE ' requests to ' END, CASE WHEN hosts = 1 THEN one_host ELSE concat(hosts, ' hosts') END,
    '; ', clients, CASE WHEN clients = 1 THEN ' client sends' ELSE ' clients send' END, ' this agent',
    CASE WHEN is_new THEN concat(', which the house did not know before ', CAST(born AS VARCHAR)) WHEN has_past THEN concat(', known since ', CAST(born AS VARCHAR)) ELSE '; there is no past to compare with' END) AS why,
  0.3 + CASE WHEN is_new THEN 0.4 ELSE 0.0 END + 0.3 / clients AS score,
  CASE WHEN is_new THEN 0.4 ELSE 0.0 END AS part_new,
  0.3 / clients AS part_rarity
FROM judged
