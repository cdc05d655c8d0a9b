/*---
id: length-request
title: Excessively large requests
finds: Single requests of ten megabytes and more, and requests without a body (GET, HEAD) of sixteen kilobytes and more, to a host that hardly anybody uses.
because: A request that size carries data out. In a GET it sits in the headers, where nobody looks.
attack: [T1048, T1041]
level: low
needs: [request_bytes, client_ip, host]
entity: [client_ip, host]
rows: request_bytes >= $min_bytes OR method IN ('GET', 'HEAD') AND request_bytes >= $min_header_bytes
params:
  - {name: min_bytes, type: int, unit: bytes, default: 10000000, doc: smaller requests are not told}
  - {name: min_header_bytes, type: int, unit: bytes, default: 16000, doc: for GET and HEAD}
  - {name: max_clients, type: int, unit: clients, default: 3, doc: a host that more clients have used is not told}
  - {name: quiet_days, type: int, unit: days, default: 1, doc: how long the house must have gone without a host before it counts as new}
  - {name: new_days, type: int, unit: days, default: 7, doc: how long a host counts as new}
  - {name: medium_bytes, type: int, unit: bytes, default: 50000000, doc: less is low}
false_positives:
  - Backups (known for weeks, they stay low), a film for a friend
author: dwell
references: ["https://attack.mitre.org/techniques/T1048/"]
---*/
WITH found AS (
  SELECT day, client_ip, host, count(*) AS count, min(ts) AS first, max(ts) AS last, max(request_bytes) AS most, sum(request_bytes) AS sent, count(*) FILTER (WHERE method IN ('GET', 'HEAD')) AS headers,
    coalesce(sum(response_bytes), 0) AS got
  FROM requests WHERE request_bytes >= $min_bytes OR method IN ('GET', 'HEAD') AND request_bytes >= $min_header_bytes
  GROUP BY day, client_ip, host
),
ever AS (
  SELECT host, count(DISTINCT client_ip) AS clients FROM daily_pairs WHERE day >= CAST($since AS DATE) - 30 AND day < $until AND host IN (SELECT host FROM found) GROUP BY host
),
known AS (
  SELECT host, min(day) AS born, max(clients) AS most FROM daily_hosts WHERE day >= CAST($since AS DATE) - 30 AND day < $until AND host IN (SELECT host FROM found) GROUP BY host
),
past AS (SELECT min(day) AS start FROM daily_clients WHERE day >= CAST($since AS DATE) - 30),
judged AS (
  SELECT f.*, greatest(k.most, coalesce(e.clients, 1)) AS clients, k.born, f.day - s.start >= $quiet_days AS has_past, k.born - s.start >= $quiet_days AND f.day - k.born < $new_days AS is_new
  FROM found f JOIN known k ON k.host = f.host LEFT JOIN ever e ON e.host = f.host CROSS JOIN past s
  WHERE greatest(k.most, coalesce(e.clients, 1)) <= $max_clients AND NOT is_private_ip(f.host)
)
SELECT day, client_ip, host, count, first, last,
  CASE WHEN is_new AND (sent >= $medium_bytes AND sent > got OR headers >= 3) THEN 'medium' ELSE 'low' END AS level,
  concat(count, CASE WHEN count = 1 THEN ' request' ELSE ' requests' END, ' of up to ', CASE WHEN most >= 1000000 THEN concat(round(most / 1e6, 1), ' MB') ELSE concat(round(most / 1e3, 1), ' kB') END,
    CASE WHEN headers > 0 THEN concat(' (', headers, ' without a body)') ELSE '' END, ', ', round(sent / 1e6, 1), ' MB out and ', round(got / 1e6, 1), ' MB back; ', clients,
    CASE WHEN clients = 1 THEN ' client has' ELSE ' clients have' END, ' ever used the host',
    CASE WHEN is_new THEN concat('; the house did not know it before ', CAST(born AS VARCHAR))
      WHEN has_past THEN concat('; it is known since ', CAST(born AS VARCHAR)) ELSE '; there is no past to compare with' END) AS why,
  0.1 + CASE WHEN is_new THEN 0.4 ELSE 0.0 END + 0.3 * least(1.0, sent / 1e9) + CASE WHEN headers > 0 THEN 0.2 ELSE 0.0 END AS score,
  CASE WHEN is_new THEN 0.4 ELSE 0.0 END AS part_new,
  0.3 * least(1.0, sent / 1e9) AS part_bytes,
  CASE WHEN headers > 0 THEN 0.2 ELSE 0.0 END AS part_headers
FROM judged
