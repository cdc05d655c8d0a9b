/*---
id: long-tunnel
title: A tunnel that stays open for hours
finds: CONNECT tunnels of an hour and more (steps 1, 4, 8, 12 hours) to a host that hardly anybody uses.
because: A shell, a VPN or a remote desktop stays open as long as somebody, or nobody, is at it. Pages close their connections.
attack: [T1572, T1219]
level: low
needs: [duration_ms, method, client_ip, host]
entity: [client_ip, host]
rows: method = 'CONNECT' AND duration_ms >= $min_hours * 3600000
params:
  - {name: min_hours, type: float, unit: hours, default: 1.0, doc: shorter ones are not told}
  - {name: medium_hours, type: float, unit: hours, default: 4.0, doc: from here on a tunnel to a new host is medium}
  - {name: high_hours, type: float, unit: hours, default: 8.0, doc: from here on a tunnel to a new host is high}
  - {name: max_clients, type: int, unit: clients, default: 3, doc: a host that more clients have used is not told}
  - {name: quiet_days, type: int, unit: days, default: 1, doc: how long the house must have gone without a host before it counts as new}
  - {name: new_days, type: int, unit: days, default: 7, doc: how long a host counts as new}
false_positives:
  - Conferences, radio, push services (used by many)
author: dwell
references: ["https://attack.mitre.org/techniques/T1572/"]
---*/
WITH long AS (
  SELECT day, client_ip, host, count(*) AS count, min(ts) AS first, max(ts) AS last, max(duration_ms) / 3600000.0 AS hours, coalesce(sum(request_bytes), 0) AS sent, coalesce(sum(response_bytes), 0) AS got, max(port) AS port
  FROM requests WHERE method = 'CONNECT' AND duration_ms >= $min_hours * 3600000
  GROUP BY day, client_ip, host
),
ever AS (
  SELECT host, count(DISTINCT client_ip) AS clients FROM daily_pairs WHERE day >= CAST($since AS DATE) - 30 AND day < $until AND host IN (SELECT host FROM long) GROUP BY host
),
known AS (
  SELECT host, min(day) AS born, max(clients) AS most FROM daily_hosts WHERE day >= CAST($since AS DATE) - 30 AND day < $until AND host IN (SELECT host FROM long) GROUP BY host
),
past AS (SELECT min(day) AS start FROM daily_clients WHERE day >= CAST($since AS DATE) - 30),
judged AS (
  SELECT l.*, greatest(k.most, coalesce(e.clients, 1)) AS clients, k.born, l.day - s.start >= $quiet_days AS has_past,
    k.born - s.start >= $quiet_days AND l.day - k.born < $new_days AS is_new,
    CASE WHEN hours >= 12 THEN 0.8 WHEN hours >= 8 THEN 0.6 WHEN hours >= 4 THEN 0.4 ELSE 0.2 END AS length
  FROM long l JOIN known k ON k.host = l.host LEFT JOIN ever e ON e.host = l.host CROSS JOIN past s
  WHERE greatest(k.most, coalesce(e.clients, 1)) <= $max_clients AND NOT is_private_ip(l.host)
)
SELECT day, client_ip, host, count, first, last,
  CASE WHEN is_new AND hours >= $high_hours THEN 'high' WHEN is_new AND hours >= $medium_hours OR NOT has_past AND hours >= $high_hours THEN 'medium' ELSE 'low' END AS level,
  concat(count, CASE WHEN count = 1 THEN ' tunnel' ELSE ' tunnels' END, ' of up to ', round(hours, 1), ' hours to port ', port, ', ', round(sent / 1e6, 1), ' MB up and ', round(got / 1e6, 1), ' MB down; ', clients,
    CASE WHEN clients = 1 THEN ' client has' ELSE ' clients have' END, ' ever used the host',
    CASE WHEN is_new THEN concat('; the house did not know it before ', CAST(born AS VARCHAR))
      WHEN has_past THEN concat('; it is known since ', CAST(born AS VARCHAR)) ELSE '; there is no past to compare with' END) AS why,
  least(1.0, length + CASE WHEN is_new THEN 0.15 ELSE 0.0 END) AS score,
  length AS part_length,
  CASE WHEN is_new THEN 0.15 ELSE 0.0 END AS part_new
FROM judged
