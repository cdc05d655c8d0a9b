/*---
id: indicator-agents
title: A user agent of threat intelligence
finds: Requests with a user agent that a list names letter for letter, by client, agent and day.
because: Implants and their builders leave their own words in the user agent. A literal that ordinary programs use too tells nothing, which the number of clients shows.
attack: [T1071.001]
level: medium
needs: [user_agent]
entity: [client_ip, user_agent]
rows: ioc_match(NULL, NULL, NULL, NULL, user_agent, ts) IS NOT NULL
params:
  - {name: max_clients, type: int, unit: clients, default: 5, doc: an agent that more clients of the day have stays low}
false_positives:
  - Lists that name the agents of ordinary browsers because some implant imitates them
author: dwell
references: ["https://attack.mitre.org/techniques/T1071/001/"]
---*/
WITH met AS (SELECT day, ts, client_ip, host, user_agent, ioc_match(NULL, NULL, NULL, NULL, user_agent, ts) AS m FROM requests WHERE user_agent IS NOT NULL),
hits AS (
  SELECT day, ts, client_ip, host, user_agent, m['list'] AS list, m['confidence'] AS confidence, m['level'] AS level, m['name'] AS name FROM met WHERE m IS NOT NULL
),
found AS (
  SELECT day, client_ip, user_agent, count(*) AS count, min(ts) AS first, max(ts) AS last, max(confidence) AS confidence, count(DISTINCT host) AS hosts,
    first_value(list ORDER BY confidence DESC, list) AS list, first_value(level ORDER BY confidence DESC, list) AS level, first_value(name ORDER BY confidence DESC, list) AS name
  FROM hits GROUP BY day, client_ip, user_agent
),
reach AS (SELECT day, user_agent, count(DISTINCT client_ip) AS clients FROM hits GROUP BY day, user_agent)
SELECT f.day, f.client_ip, f.user_agent, f.count, f.first, f.last, CASE WHEN r.clients > $max_clients THEN 'low' ELSE f.level END AS level, f.confidence / 100.0 AS score,
  concat(f.count, CASE WHEN f.count = 1 THEN ' request' ELSE ' requests' END, ' to ', f.hosts, CASE WHEN f.hosts = 1 THEN ' host' ELSE ' hosts' END, ' with the user agent that list ', f.list, ' names',
    CASE WHEN f.name IS NOT NULL THEN concat(' ("', f.name, '")') ELSE '' END, '; confidence ', f.confidence, '; ', r.clients, CASE WHEN r.clients = 1 THEN ' client has it' ELSE ' clients have it' END, ' that day') AS why,
  f.confidence / 100.0 AS part_confidence
FROM found f JOIN reach r ON r.day = f.day AND r.user_agent = f.user_agent
