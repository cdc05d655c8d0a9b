/*---
id: indicators
title: A host or URL of threat intelligence
finds: Requests and tunnels to hosts, URLs, paths and host addresses that a list added with `dwell intel add` names, by client, host and day.
because: >-
  Somebody has seen this host or URL do harm. A whole URL or host says most; behind CONNECT only host and port of a URL can be compared, and a path or network alone says
  little, so these stay low. Values of warninglists and those that their source does not mean for detection are never among them.
attack: [T1071.001, T1105]
level: medium
needs: [host]
entity: [client_ip, host]
rows: ioc_match(host, url, NULL, port, user_agent, ts, method) IS NOT NULL AND ioc_match(host, url, NULL, port, user_agent, ts, method)['how'] <> 'user_agent'
params:
  - {name: min_confidence, type: int, unit: percent, default: 0, doc: hits of less confidence are not told}
  - {name: many_clients, type: int, unit: percent, default: 50, doc: a host that a larger share of the day's clients (at least 20) use is more likely a mistake of the list and stays low}
false_positives:
  - Hosts that serve many (code and file sharing, link shorteners), of which only one URL is bad
  - Old entries of addresses and domains that have changed hands; `sighted` tells when the source saw them
  - Mail gateways, sandboxes and analysts that open bad links on purpose
author: dwell
references: ["https://attack.mitre.org/techniques/T1071/001/"]
---*/
WITH met AS (
  SELECT day, ts, client_ip, host, response_bytes, request_bytes, verdict, ioc_match(host, url, NULL, port, user_agent, ts, method) AS m
  FROM requests
),
hits AS (
  SELECT day, ts, client_ip, host, response_bytes, request_bytes, verdict, m['value'] AS value, m['type'] AS type, m['list'] AS list, m['how'] AS how,
    m['confidence'] AS confidence, m['level'] AS level, m['degraded'] AS degraded, m['sighted'] AS sighted, m['tags'] AS tags, m['name'] AS name
  FROM met WHERE m IS NOT NULL AND m['how'] <> 'user_agent'
),
found AS (
  SELECT day, client_ip, host, count(*) AS count, min(ts) AS first, max(ts) AS last, max(confidence) AS confidence, count(DISTINCT value) AS indicators,
    first_value(value ORDER BY confidence DESC, value) AS value, first_value(type ORDER BY confidence DESC, value) AS type,
    first_value(list ORDER BY confidence DESC, value) AS list, first_value(how ORDER BY confidence DESC, value) AS how,
    first_value(level ORDER BY confidence DESC, value) AS level, first_value(name ORDER BY confidence DESC, value) AS name,
    first_value(tags ORDER BY confidence DESC, value) AS tags, first_value(sighted ORDER BY confidence DESC, value) AS sighted, bool_and(degraded) AS degraded,
    count(*) FILTER (WHERE verdict IN ('denied', 'auth_required')) AS refused, coalesce(sum(request_bytes), 0) AS sent, coalesce(sum(response_bytes), 0) AS got
  FROM hits GROUP BY day, client_ip, host
),
reach AS (SELECT day, host, count(DISTINCT client_ip) AS clients FROM found GROUP BY day, host),
fleet AS (SELECT day, count(*) AS clients FROM daily_clients WHERE day IN (SELECT day FROM found) GROUP BY day),
judged AS (
  SELECT f.*, r.clients, l.clients AS fleet, l.clients >= 20 AND r.clients * 100 > l.clients * $many_clients AS common
  FROM found f JOIN reach r ON r.day = f.day AND r.host = f.host LEFT JOIN fleet l ON l.day = f.day
)
SELECT day, client_ip, host, count, first, last, CASE WHEN common AND level IN ('high', 'medium') THEN 'low' ELSE level END AS level, confidence / 100.0 AS score,
  concat(count, CASE WHEN count = 1 THEN ' request' ELSE ' requests' END, CASE WHEN refused > 0 THEN concat(', ', refused, ' refused') ELSE '' END, ' to ',
    CASE how WHEN 'url' THEN 'the URL ' WHEN 'parent_host' THEN 'a host below ' WHEN 'network' THEN 'a host in the network ' WHEN 'uri' THEN 'the path '
      WHEN 'uri_prefix' THEN 'a path that begins with ' WHEN 'tunnel_host' THEN 'host and port of the URL ' WHEN 'request' THEN 'what is known as the request ' ELSE 'the host ' END,
    value, ' (', type, ') of list ', list,
    CASE WHEN name IS NOT NULL THEN concat(', "', name, '"') ELSE '' END, CASE WHEN tags IS NOT NULL THEN concat(', tagged ', tags) ELSE '' END,
    '; confidence ', confidence, CASE WHEN degraded THEN ', because behind CONNECT only host and port can be compared' ELSE '' END,
    CASE sighted WHEN 'before' THEN '; the source saw it only later' WHEN 'after' THEN '; the source no longer saw it then' ELSE '' END,
    CASE WHEN indicators > 1 THEN concat('; ', indicators, ' indicators in all') ELSE '' END,
    CASE WHEN common THEN concat('; ', clients, ' of ', fleet, ' clients go there, which speaks against the list') WHEN clients > 1 THEN concat('; ', clients, ' clients go there that day') ELSE '' END) AS why,
  confidence / 100.0 AS part_confidence
FROM judged WHERE confidence >= $min_confidence
