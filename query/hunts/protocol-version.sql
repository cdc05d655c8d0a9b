/*---
id: protocol-version
title: Unusual protocol version
finds: >-
  Requests in HTTP/1.0, 0.9 or a version that does not exist, by client and agent. An agent that calls itself a browser and speaks HTTP/1.0 is medium, above all where the same agent otherwise speaks 1.1;
  a device that has always spoken it is informational.
because: No browser has sent HTTP/1.0 for twenty years. Home-made HTTP code does, and a copied User-Agent does not change how it speaks.
attack: [T1071.001]
level: low
needs: [http_version, client_ip]
entity: [client_ip, user_agent, http_version]
rows: http_version NOT IN ('1.1', '2', '2.0', '3', '3.0')
excusable: true
params:
  - {name: min_requests, type: int, unit: requests, default: 3, doc: fewer are told as low at most}
  - {name: many_clients, type: int, unit: clients, default: 5, doc: an agent that so many clients use in this version on one day is a habit of the house}
  - {name: known_days, type: int, unit: days, default: 5, doc: an agent that a client has had for so many days is no news}
false_positives:
  - Printers, cameras, monitoring, scanners; excuse them with --allow
  - A gateway or a virus scanner before the proxy that talks HTTP/1.0 for everybody
author: dwell
references: ["https://attack.mitre.org/techniques/T1071/001/"]
---*/
WITH seen AS (
  SELECT day, client_ip, user_agent, http_version, count(*) AS count, min(ts) AS first, max(ts) AS last, ua_class(user_agent) AS class,
    count(*) FILTER (WHERE method IS DISTINCT FROM 'CONNECT') AS plain, count(DISTINCT host) AS hosts, max(host) AS host,
    coalesce(bool_and(is_private_ip(server_ip)), false) AS inside,
    count(*) OVER (PARTITION BY day, user_agent, http_version) AS clients
  FROM requests
  WHERE http_version NOT IN ('1.1', '2', '2.0', '3', '3.0')
  GROUP BY day, client_ip, user_agent, http_version
),
agents AS (
  SELECT client_ip, coalesce(user_agent, '') AS agent, day, sum(requests) AS requests FROM daily_agents
  WHERE day >= CAST($since AS DATE) - 30 AND day < $until AND client_ip IN (SELECT client_ip FROM seen)
  GROUP BY client_ip, coalesce(user_agent, ''), day
),
born AS (SELECT client_ip, agent, min(day) AS born FROM agents GROUP BY client_ip, agent),
judged AS (
  SELECT s.*, least(1.0, s.count / CAST(greatest(a.requests, s.count) AS DOUBLE)) AS share, s.day - b.born >= $known_days AS known, b.born AS born
  FROM seen s
  LEFT JOIN agents a ON a.client_ip = s.client_ip AND a.agent = coalesce(s.user_agent, '') AND a.day = s.day
  LEFT JOIN born b ON b.client_ip = s.client_ip AND b.agent = coalesce(s.user_agent, '')
),
graded AS (
  SELECT *, class IN ('browser', 'browser_mobile') AS browser, coalesce(share, 1.0) AS of_all FROM judged
)
SELECT day, client_ip, user_agent, http_version, count, first, last,
  CASE WHEN http_version NOT IN ('1.0', '0.9') THEN CASE WHEN clients < $many_clients AND NOT inside THEN 'medium' ELSE 'low' END
    WHEN clients >= $many_clients THEN 'informational'
    WHEN browser AND NOT inside AND plain >= $min_requests THEN CASE WHEN coalesce(known, false) AND of_all > 0.9 THEN 'low' ELSE 'medium' END
    WHEN coalesce(known, false) AND of_all > 0.9 THEN 'informational'
    ELSE 'low' END AS level,
  concat(count, CASE WHEN count = 1 THEN ' request' ELSE ' requests' END, ' in HTTP/', http_version, CASE WHEN hosts = 1 THEN concat(' to ', host) ELSE concat(' to ', hosts, ' hosts') END,
    ' by an agent of class ', class, ', ', round(100 * of_all, 0), ' % of what it asked for that day',
    CASE WHEN clients = 1 THEN '; no other client''s does so' ELSE concat('; that of ', clients, ' clients does so') END,
    CASE WHEN coalesce(known, false) THEN concat('; the client has had this agent since ', CAST(born AS VARCHAR), ' or longer') ELSE '' END) AS why,
  CASE WHEN browser THEN 0.5 ELSE 0.1 END + CASE WHEN coalesce(known, false) THEN 0.0 ELSE 0.1 END + 0.2 / clients + 0.2 * (1 - of_all) AS score,
  CASE WHEN browser THEN 0.5 ELSE 0.1 END AS part_class,
  CASE WHEN coalesce(known, false) THEN 0.0 ELSE 0.1 END AS part_new,
  0.2 / clients AS part_rarity,
  0.2 * (1 - of_all) AS part_mixed
FROM graded
