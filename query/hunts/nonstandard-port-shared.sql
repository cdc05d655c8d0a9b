/*---
id: nonstandard-port-shared
title: Unusual port that many use
finds: Hosts at unusual ports that more than five clients of a day use, one finding for a host and port.
because: What many use is rarely an implant, but every unusual port should be known by name; the first day of a new one is worth a question.
attack: [T1571]
level: low
needs: [port, host]
entity: [host, port]
rows: is_nonstandard_port(port, scheme)
excusable: true
params:
  - {name: max_clients, type: int, unit: clients, default: 5, doc: hosts and ports with at most so many clients are left to nonstandard-port}
false_positives:
  - Intranets, update servers, partners' portals
author: dwell
references: ["https://attack.mitre.org/techniques/T1571/"]
---*/
WITH seen AS (
  SELECT day, client_ip, host, port, max(scheme) AS scheme, count(*) AS n, min(ts) AS first, max(ts) AS last
  FROM requests WHERE is_nonstandard_port(port, scheme) GROUP BY day, client_ip, host, port
)
SELECT day, host, port, CAST(sum(n) AS BIGINT) AS count, min(first) AS first, max(last) AS last,
  concat(sum(n), ' requests (', coalesce(max(scheme), 'unknown scheme'), ') of ', count(*), ' clients to port ', port) AS why,
  0.1 AS score
FROM seen GROUP BY day, host, port HAVING count(*) > $max_clients
