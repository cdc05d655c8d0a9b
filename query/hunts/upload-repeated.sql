/*---
id: upload-repeated
title: Repeated uploads to one host
finds: Several uploads of a hundred kilobytes and more on a day to a host that hardly anybody uses.
because: Data that is stolen leaves in pieces. A backup does the same every night; a host that the house has never seen does not.
attack: [T1041, T1567, T1030]
level: low
needs: [method, client_ip, host, request_bytes]
entity: [client_ip, host]
rows: request_bytes >= $min_bytes AND method IN ('POST', 'PUT', 'PATCH', 'CONNECT')
params:
  - {name: min_bytes, type: int, unit: bytes, default: 100000, doc: smaller ones are no uploads}
  - {name: min_uploads, type: int, unit: requests, default: 5, doc: fewer are not told}
  - {name: max_clients, type: int, unit: clients, default: 3, doc: a host that more clients of the day use is not told}
  - {name: quiet_days, type: int, unit: days, default: 1, doc: how long the house must have gone without a host before it counts as new}
  - {name: new_days, type: int, unit: days, default: 7, doc: how long a host counts as new}
false_positives:
  - Backups and synchronisation (known for weeks, they stay low)
author: dwell
references: ["https://attack.mitre.org/techniques/T1030/"]
---*/
WITH ups AS (
  SELECT day, client_ip, host, count(*) AS count, min(ts) AS first, max(ts) AS last, sum(request_bytes) AS sent, min(request_bytes) AS least, max(request_bytes) AS most,
    count(*) FILTER (WHERE method = 'CONNECT') AS tunnels
  FROM requests WHERE request_bytes >= $min_bytes AND method IN ('POST', 'PUT', 'PATCH', 'CONNECT')
  GROUP BY day, client_ip, host HAVING count(*) >= $min_uploads
),
hosts AS (
  SELECT day, host, max(clients) AS clients FROM daily_hosts
  WHERE day >= CAST($since AS DATE) - 30 AND day < $until AND host IN (SELECT host FROM ups) GROUP BY day, host
),
past AS (SELECT min(day) AS start FROM daily_clients WHERE day >= CAST($since AS DATE) - 30),
judged AS (
  SELECT u.*, h.clients, b.born, u.day - s.start >= $quiet_days AS has_past, b.born - s.start >= $quiet_days AND u.day - b.born < $new_days AS is_new
  FROM ups u JOIN hosts h ON h.day = u.day AND h.host = u.host JOIN (SELECT host, min(day) AS born FROM hosts GROUP BY host) b ON b.host = u.host CROSS JOIN past s
  WHERE h.clients <= $max_clients AND NOT is_private_ip(u.host)
)
SELECT day, client_ip, host, count, first, last,
  CASE WHEN is_new THEN 'medium' ELSE 'low' END AS level,
  concat(count, CASE WHEN tunnels = count THEN ' tunnels that send' ELSE ' uploads of' END, ' ', round(least / 1e6, 2), ' to ', round(most / 1e6, 2), ' MB, ', round(sent / 1e6, 1), ' MB in all, to a host that ', clients,
    CASE WHEN clients = 1 THEN ' client uses' ELSE ' clients use' END, ' that day',
    CASE WHEN is_new THEN concat('; the house did not know it before ', CAST(born AS VARCHAR))
      WHEN has_past THEN concat('; it is known since ', CAST(born AS VARCHAR)) ELSE '; there is no past to compare with' END) AS why,
  0.1 + CASE WHEN is_new THEN 0.4 ELSE 0.0 END + 0.3 * least(1.0, count / 30.0) + 0.2 * least(1.0, sent / 1e8) AS score,
  CASE WHEN is_new THEN 0.4 ELSE 0.0 END AS part_new,
  0.3 * least(1.0, count / 30.0) AS part_count,
  0.2 * least(1.0, sent / 1e8) AS part_bytes
FROM judged
