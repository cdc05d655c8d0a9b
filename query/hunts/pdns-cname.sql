/*---
id: pdns-cname
title: A name that leads to a bad name
finds: Requests to hosts whose CNAME chain (up to eight steps, of passive DNS) leads to a host that a list names, by client, host and day.
because: What is listed is the end of the chain; what is logged is its beginning, which anybody can make anew every day.
attack: [T1568, T1090.004]
level: medium
needs: [host]
entity: [client_ip, host]
params:
  - {name: slack_s, type: int, unit: seconds, default: 3600, doc: how long before the first and after the last sighting an answer counts}
false_positives:
  - Content networks whose shared edge name has come into a list
author: dwell
references: ["https://attack.mitre.org/techniques/T1568/"]
---*/
WITH RECURSIVE chain AS (
  SELECT DISTINCT rrname AS name, rdata AS target, time_first AS since, greatest(time_last, coalesce(valid_until, time_last)) AS until, 1 AS depth FROM passive_dns WHERE rrtype = 'CNAME'
  UNION ALL
  SELECT c.name, d.rdata, greatest(c.since, d.time_first), least(c.until, greatest(d.time_last, coalesce(d.valid_until, d.time_last))), c.depth + 1
  FROM chain c JOIN passive_dns d ON d.rrname = c.target AND d.rrtype = 'CNAME'
  WHERE c.depth < 8 AND d.rdata <> c.name
),
bad AS (
  SELECT name, target, since - arrow_cast($slack_s * 1000000, 'Duration(Microsecond)') AS since, until + arrow_cast($slack_s * 1000000, 'Duration(Microsecond)') AS until, depth,
    ioc_match(target, NULL, NULL, NULL, NULL) AS m
  FROM chain WHERE ioc_match(target, NULL, NULL, NULL, NULL) IS NOT NULL
),
seen AS (
  SELECT day, client_ip, host, count(*) AS count, min(ts) AS first, max(ts) AS last FROM requests WHERE host IN (SELECT name FROM bad) GROUP BY day, client_ip, host
),
found AS (
  SELECT s.day, s.client_ip, s.host, s.count, s.first, s.last, max(b.m['confidence']) AS confidence, first_value(b.target ORDER BY b.depth, b.target) AS target,
    min(b.depth) AS depth, first_value(b.m['value'] ORDER BY b.depth, b.target) AS value, first_value(b.m['list'] ORDER BY b.depth, b.target) AS list
  FROM seen s JOIN bad b ON b.name = s.host AND s.last >= b.since AND s.first <= b.until
  GROUP BY s.day, s.client_ip, s.host, s.count, s.first, s.last
)
SELECT day, client_ip, host, count, first, last, CASE WHEN confidence >= 50 THEN 'medium' ELSE 'low' END AS level, confidence * 0.9 / 100.0 AS score,
  concat(count, CASE WHEN count = 1 THEN ' request' ELSE ' requests' END, ' to ', host, ', which passive DNS saw lead to ', target, ' in ', depth, CASE WHEN depth = 1 THEN ' step' ELSE ' steps' END,
    '; ', value, ' is in list ', list) AS why,
  confidence * 0.9 / 100.0 AS part_confidence
FROM found
