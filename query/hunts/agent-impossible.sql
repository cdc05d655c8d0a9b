/*---
id: agent-impossible
title: A user agent that cannot be, or that attackers are known to send
finds: >-
  User agents whose versions do not go together (an Internet Explorer that there never was for this Windows, Firefox with another rv, a version above today's newest), defaults of command-and-control frameworks and malware, and tools of attackers.
because: >-
  Nobody installs such a browser: the text was copied into a program by somebody who never looked at it again. Defaults of frameworks are known by name.
attack: [T1071.001, T1036, T1595]
level: medium
needs: [user_agent, client_ip]
entity: [client_ip, user_agent]
excusable: true
params:
  - {name: max_clients, type: int, unit: clients, default: 3, doc: "what more clients use is lower"}
  - {name: quiet_days, type: int, unit: days, default: 5, doc: "how long the house must have gone without it before it counts as new"}
  - {name: new_days, type: int, unit: days, default: 7, doc: "how long it counts as new"}
false_positives:
  - "Scanners of the house: they are known for weeks, or belong on the allow list"
  - "Switchers of user agents in browsers, home-made programs"
author: dwell
references: ["https://github.com/SigmaHQ/sigma (proxy_ua_frameworks, proxy_ua_hacktool, proxy_ua_malware)"]
---*/
WITH all_agents AS (
  SELECT user_agent FROM daily_agents WHERE day >= CAST($since AS DATE) AND day < $until AND user_agent IS NOT NULL GROUP BY user_agent
),
read AS (SELECT user_agent, ua_info(user_agent) AS info FROM all_agents),
agents AS (
  SELECT user_agent, CASE WHEN info['class'] = 'c2' OR array_has(info['flags'], 'known_c2') THEN 'c2' WHEN info['class'] = 'hacktool' THEN 'tool'
    WHEN array_has(info['flags'], 'impossible') THEN 'impossible' ELSE 'lookalike' END AS kind
  FROM read
  WHERE info['class'] IN ('c2', 'hacktool') OR array_has(info['flags'], 'known_c2') OR array_has(info['flags'], 'impossible') OR array_has(info['flags'], 'c2_lookalike')
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
  SELECT f.*, a.kind, e.clients, e.born, f.day - p.start >= $quiet_days AS has_past,
    e.born - p.start >= $quiet_days AND f.day - e.born < $new_days AS is_new
  FROM found f JOIN agents a ON a.user_agent = f.user_agent JOIN ever e ON e.user_agent = f.user_agent CROSS JOIN past p
)
SELECT day, client_ip, user_agent, count, first, last,
  CASE WHEN kind = 'c2' THEN CASE WHEN clients <= $max_clients AND (is_new OR NOT has_past) THEN 'high' WHEN clients <= $max_clients THEN 'medium' ELSE 'low' END
    WHEN clients > $max_clients THEN 'low'
    WHEN kind = 'tool' THEN CASE WHEN is_new THEN 'medium' ELSE 'low' END
    WHEN kind = 'impossible' THEN CASE WHEN is_new OR NOT has_past THEN 'medium' ELSE 'low' END
    WHEN clients = 1 AND is_new THEN 'medium' ELSE 'low' END AS level,
  concat(CASE WHEN kind = 'lookalike' THEN 'an agent that a framework or malware sends, and old programs as well' ELSE ua_reason(user_agent) END,
    CASE WHEN kind = 'c2' AND ua_class(user_agent) = 'malformed' THEN '; a framework or malware is known to send exactly this' ELSE '' END,
    '; ', count, CASE WHEN count = 1 THEN ' request to ' ELSE ' requests to ' END, CASE WHEN hosts = 1 THEN coalesce(one_host, 'no host') ELSE concat(hosts, ' hosts') END,
    '; ', clients, CASE WHEN clients = 1 THEN ' client sends' ELSE ' clients send' END, ' this agent',
    CASE WHEN is_new THEN concat(', which the house did not know before ', CAST(born AS VARCHAR)) WHEN has_past THEN concat(', known since ', CAST(born AS VARCHAR)) ELSE '; there is no past to compare with' END) AS why,
  CASE kind WHEN 'c2' THEN 0.5 WHEN 'impossible' THEN 0.3 WHEN 'tool' THEN 0.3 ELSE 0.1 END + CASE WHEN is_new THEN 0.3 ELSE 0.0 END + 0.2 / clients AS score,
  CASE kind WHEN 'c2' THEN 0.5 WHEN 'impossible' THEN 0.3 WHEN 'tool' THEN 0.3 ELSE 0.1 END AS part_kind,
  CASE WHEN is_new THEN 0.3 ELSE 0.0 END AS part_new,
  0.2 / clients AS part_rarity
FROM judged
