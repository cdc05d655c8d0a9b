/*---
id: indicator-addresses
title: A server address of threat intelligence
finds: Requests whose server address (`server_ip`) is an address or lies in a network that a list names, by client, address and day.
because: >-
  Names change quickly, servers less so: the address shows the new name of an old acquaintance. Addresses are shared and change hands, so one that serves many names of
  the house's own traffic says little.
attack: [T1071.001, T1568]
level: medium
needs: [server_ip]
entity: [client_ip, server_ip]
rows: ioc_match(NULL, NULL, server_ip, port, NULL, ts) IS NOT NULL
params:
  - {name: shared_names, type: int, unit: hosts, default: 10, doc: an address under which more hosts were asked for that day is shared and stays low}
false_positives:
  - Content networks and shared hosting, where one customer of many is bad
  - Addresses of clouds, which are somebody else's a day later
author: dwell
references: ["https://attack.mitre.org/techniques/T1568/"]
---*/
WITH met AS (
  SELECT day, ts, client_ip, host, server_ip, ioc_match(NULL, NULL, server_ip, port, NULL, ts) AS m FROM requests WHERE server_ip IS NOT NULL
),
hits AS (
  SELECT day, ts, client_ip, host, server_ip, m['value'] AS value, m['type'] AS type, m['list'] AS list, m['confidence'] AS confidence, m['level'] AS level, m['name'] AS name,
    m['sighted'] AS sighted, m['tags'] AS tags
  FROM met WHERE m IS NOT NULL
),
found AS (
  SELECT day, client_ip, server_ip, count(*) AS count, min(ts) AS first, max(ts) AS last, max(confidence) AS confidence, count(DISTINCT host) AS own_hosts, min(host) AS host,
    first_value(value ORDER BY confidence DESC, value) AS value, first_value(type ORDER BY confidence DESC, value) AS type, first_value(list ORDER BY confidence DESC, value) AS list,
    first_value(level ORDER BY confidence DESC, value) AS level, first_value(name ORDER BY confidence DESC, value) AS name, first_value(sighted ORDER BY confidence DESC, value) AS sighted,
    first_value(tags ORDER BY confidence DESC, value) AS tags
  FROM hits GROUP BY day, client_ip, server_ip
),
names AS (SELECT day, server_ip, count(DISTINCT host) AS hosts FROM hits GROUP BY day, server_ip)
SELECT f.day, f.client_ip, f.server_ip, f.count, f.first, f.last, CASE WHEN n.hosts > $shared_names THEN 'low' ELSE f.level END AS level, f.confidence / 100.0 AS score,
  concat(f.count, CASE WHEN f.count = 1 THEN ' request' ELSE ' requests' END, ' answered by ', f.server_ip, CASE WHEN f.type = 'cidr' THEN concat(' in ', f.value) ELSE '' END, ' (', f.type, ' of list ', f.list,
    CASE WHEN f.name IS NOT NULL THEN concat(', "', f.name, '"') ELSE '' END, CASE WHEN f.tags IS NOT NULL THEN concat(', tagged ', f.tags) ELSE '' END, ') for ',
    CASE WHEN f.own_hosts = 1 THEN f.host ELSE concat(f.own_hosts, ' hosts, ', f.host, ' among them') END, '; confidence ', f.confidence,
    CASE WHEN n.hosts > $shared_names THEN concat('; ', n.hosts, ' hosts were asked for there that day: it is shared') ELSE '' END,
    CASE f.sighted WHEN 'before' THEN '; the source saw it only later' WHEN 'after' THEN '; the source no longer saw it then' ELSE '' END) AS why,
  f.confidence / 100.0 AS part_confidence
FROM found f JOIN names n ON n.day = f.day AND n.server_ip = f.server_ip
