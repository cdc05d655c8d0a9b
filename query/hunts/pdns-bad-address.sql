/*---
id: pdns-bad-address
title: A name while it pointed at a bad address
finds: Requests to a host in the time in which passive DNS saw it resolve to an address that a list names (or to the one in `address`), by client, host and day.
because: >-
  Most proxies log names, most lists of controllers hold addresses. Passive DNS joins them, at the time of the request: a name that pointed there for an hour is found in
  that hour, not before and not after.
attack: [T1071.001, T1568]
level: medium
needs: [host]
entity: [client_ip, host]
rows: >-
  EXISTS (SELECT 1 FROM passive_dns d WHERE d.rrname = requests.host AND d.rrtype IN ('A', 'AAAA')
  AND (CASE WHEN $address = '' THEN ioc_match(NULL, NULL, d.rdata, NULL, NULL) IS NOT NULL ELSE d.rdata = $address END)
  AND requests.ts BETWEEN d.time_first - arrow_cast($slack_s * 1000000, 'Duration(Microsecond)') AND greatest(d.time_last, coalesce(d.valid_until, d.time_last)) + arrow_cast($slack_s * 1000000, 'Duration(Microsecond)'))
params:
  - {name: slack_s, type: int, unit: seconds, default: 3600, doc: how long before the first and after the last sighting the answer counts}
  - {name: address, type: text, unit: "", default: "", doc: only this address; empty means those that a list names}
  - {name: shared_names, type: int, unit: names, default: 20, doc: an address to which passive DNS saw more names point is shared and stays low}
false_positives:
  - Shared hosting and content networks, where many names have the address
  - Sensors that saw an answer that this house's clients did not get
author: dwell
references: ["https://datatracker.ietf.org/doc/draft-dulaunoy-dnsop-passive-dns-cof/"]
---*/
WITH bad AS (
  SELECT d.rrname, d.rdata, d.time_first - arrow_cast($slack_s * 1000000, 'Duration(Microsecond)') AS since,
    greatest(d.time_last, coalesce(d.valid_until, d.time_last)) + arrow_cast($slack_s * 1000000, 'Duration(Microsecond)') AS until,
    ioc_match(NULL, NULL, d.rdata, NULL, NULL) AS m
  FROM passive_dns d
  WHERE d.rrtype IN ('A', 'AAAA') AND (CASE WHEN $address = '' THEN ioc_match(NULL, NULL, d.rdata, NULL, NULL) IS NOT NULL ELSE d.rdata = $address END)
),
shared AS (SELECT rdata, count(DISTINCT rrname) AS names FROM passive_dns WHERE rdata IN (SELECT rdata FROM bad) GROUP BY rdata),
pairs AS (
  SELECT DISTINCT r.day, r.ts, r.line_no, r.source_id, r.client_ip, r.host, b.rdata, b.m['value'] AS value, b.m['list'] AS list, coalesce(b.m['confidence'], 60) AS confidence, b.m['name'] AS name
  FROM requests r JOIN bad b ON b.rrname = r.host AND r.ts BETWEEN b.since AND b.until
),
found AS (
  SELECT day, client_ip, host, count(DISTINCT concat(source_id, ':', line_no)) AS count, min(ts) AS first, max(ts) AS last, max(confidence) AS confidence,
    first_value(rdata ORDER BY confidence DESC, rdata) AS rdata, first_value(list ORDER BY confidence DESC, rdata) AS list, first_value(name ORDER BY confidence DESC, rdata) AS name,
    count(DISTINCT rdata) AS addresses
  FROM pairs GROUP BY day, client_ip, host
)
SELECT f.day, f.client_ip, f.host, f.count, f.first, f.last, CASE WHEN s.names > $shared_names THEN 'low' WHEN f.confidence >= 50 THEN 'medium' ELSE 'low' END AS level, f.confidence / 100.0 AS score,
  concat(f.count, CASE WHEN f.count = 1 THEN ' request' ELSE ' requests' END, ' to ', f.host, ' while it pointed at ', f.rdata, CASE WHEN f.addresses > 1 THEN concat(' and ', f.addresses - 1, ' more bad addresses') ELSE '' END,
    CASE WHEN f.list IS NOT NULL THEN concat(' (list ', f.list, CASE WHEN f.name IS NOT NULL THEN concat(', "', f.name, '"') ELSE '' END, ')') ELSE '' END,
    '; passive DNS knows ', s.names, CASE WHEN s.names = 1 THEN ' name' ELSE ' names' END, ' of that address', CASE WHEN s.names > $shared_names THEN ': it is shared' ELSE '' END) AS why,
  f.confidence / 100.0 AS part_confidence
FROM found f JOIN shared s ON s.rdata = f.rdata
