/*---
id: pdns-new-name
title: A name that DNS has known for days only
finds: First contacts with hosts whose first resolution in passive DNS lies less than `new_days` before, by client, host and day.
because: >-
  Names for one campaign are young. Passive DNS that reaches further back than the log tells young names from those that only this house did not know.
attack: [T1583.001]
level: low
needs: [host]
entity: [client_ip, host]
params:
  - {name: new_days, type: int, unit: days, default: 7, doc: how young the name may be at the first contact}
  - {name: history_days, type: int, unit: days, default: 14, doc: how far before the contact passive DNS must reach for its silence to count}
  - {name: max_clients, type: int, unit: clients, default: 5, doc: names that more clients of the day use are not told}
false_positives:
  - Names that are made for each customer or session (content networks, cloud services)
  - Sensors that see little
author: dwell
references: ["https://attack.mitre.org/techniques/T1583/001/"]
---*/
WITH born AS (SELECT rrname, min(time_first) AS born FROM passive_dns WHERE rrtype IN ('A', 'AAAA', 'CNAME') GROUP BY rrname),
reach AS (SELECT min(time_first) AS start FROM passive_dns),
contact AS (
  SELECT r.day, r.client_ip, r.host, count(*) AS count, min(r.ts) AS first, max(r.ts) AS last FROM requests r
  WHERE r.host IN (SELECT rrname FROM born) GROUP BY r.day, r.client_ip, r.host
),
judged AS (
  SELECT c.*, b.born, min(c.day) OVER (PARTITION BY c.host) AS first_day, count(*) OVER (PARTITION BY c.day, c.host) AS clients
  FROM contact c JOIN born b ON b.rrname = c.host CROSS JOIN reach
  WHERE c.first >= b.born AND c.first - b.born < arrow_cast($new_days * 86400000000, 'Duration(Microsecond)')
    AND b.born - reach.start >= arrow_cast($history_days * 86400000000, 'Duration(Microsecond)')
)
SELECT day, client_ip, host, count, first, last, 0.3 AS score,
  concat(count, CASE WHEN count = 1 THEN ' request' ELSE ' requests' END, ' to ', host, ', whose first resolution in passive DNS was ',
    CAST(CAST(born AS DATE) AS VARCHAR), '; ', clients, CASE WHEN clients = 1 THEN ' client uses' ELSE ' clients use' END, ' it that day') AS why
FROM judged WHERE day = first_day AND clients <= $max_clients
