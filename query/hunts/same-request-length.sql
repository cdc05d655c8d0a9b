/*---
id: same-request-length
title: The same request length again and again
finds: >-
  A client and a host that hardly anybody uses between which at least 25 requests of a day are of one length, four fifths of all. Updaters and sensors, told by the class of their agent, are informational.
because: >-
  A report of the same size every time is made by a machine. People's requests differ by path, cookies and forms.
attack: [T1071.001]
level: low
needs: [request_bytes, client_ip, host]
entity: [client_ip, host]
keys: [request_bytes]
rows: verdict NOT IN ('denied', 'auth_required')
params:
  - {name: min_requests, type: int, unit: requests, default: 25, doc: fewer of one length are not told}
  - {name: share, type: float, unit: share, default: 0.8, doc: how much of the pair's requests must have this length}
  - {name: min_hours, type: int, unit: hours, default: 3, doc: those of fewer hours are low; a file that is loaded in pieces takes minutes}
  - {name: max_clients, type: int, unit: clients, default: 3, doc: a host that more clients have used is not told}
  - {name: quiet_days, type: int, unit: days, default: 1, doc: how long the house must have gone without a host before it counts as new}
  - {name: new_days, type: int, unit: days, default: 7, doc: how long a host counts as new}
false_positives:
  - Monitoring, licence checks, devices that report (known for weeks, they stay low)
author: dwell
references: ["https://attack.mitre.org/techniques/T1071/001/"]
---*/
WITH hosts AS (
  SELECT host FROM daily_hosts WHERE day >= CAST($since AS DATE) AND day < $until AND clients <= $max_clients AND requests >= $min_requests AND NOT is_private_ip(host) GROUP BY host
),
lengths AS (
  SELECT day, client_ip, host, request_bytes, count(*) AS n
  FROM requests
  WHERE request_bytes > 0 AND verdict NOT IN ('denied', 'auth_required') AND host IN (SELECT host FROM hosts)
  GROUP BY day, client_ip, host, request_bytes
),
modal AS (
  SELECT day, client_ip, host, max(n) AS n, sum(n) AS total, first_value(request_bytes ORDER BY n DESC, request_bytes) AS request_bytes
  FROM lengths GROUP BY day, client_ip, host
  HAVING max(n) >= $min_requests AND max(n) >= $share * sum(n)
),
ever AS (
  SELECT host, count(DISTINCT client_ip) AS clients FROM daily_pairs
  WHERE day >= CAST($since AS DATE) - 30 AND day < $until AND host IN (SELECT host FROM modal) GROUP BY host
),
known AS (
  SELECT host, min(day) AS born, max(clients) AS most FROM daily_hosts
  WHERE day >= CAST($since AS DATE) - 30 AND day < $until AND host IN (SELECT host FROM modal) GROUP BY host
),
past AS (SELECT min(day) AS start FROM daily_clients WHERE day >= CAST($since AS DATE) - 30),
found AS (
  SELECT m.*, greatest(k.most, coalesce(e.clients, 1)) AS clients, k.born, m.day - s.start >= $quiet_days AS has_past,
    k.born - s.start >= $quiet_days AND m.day - k.born < $new_days AS is_new
  FROM modal m JOIN known k ON k.host = m.host LEFT JOIN ever e ON e.host = m.host CROSS JOIN past s
  WHERE greatest(k.most, coalesce(e.clients, 1)) <= $max_clients
),
judged AS (
  SELECT r.day, r.client_ip, r.host, r.request_bytes, count(*) AS count, min(r.ts) AS first, max(r.ts) AS last, max(f.total) AS total, max(f.clients) AS clients, max(f.born) AS born,
    bool_or(f.has_past) AS has_past, bool_or(f.is_new) AS is_new, max(ua_class(r.user_agent)) AS class,
    count(DISTINCT date_trunc('hour', r.ts)) AS hours,
    bool_or(ua_class(r.user_agent) IN ('os_update', 'office', 'security_agent', 'sync_app', 'bot')) AS machine, count(DISTINCT r.path) AS paths,
    count(*) FILTER (WHERE r.referer IS NOT NULL) AS from_page, count(*) FILTER (WHERE r.status >= 400) AS errors, coalesce(bool_or(is_private_ip(r.server_ip)), false) AS inside
  FROM requests r JOIN found f ON f.day = r.day AND f.client_ip = r.client_ip AND f.host = r.host AND f.request_bytes = r.request_bytes
  WHERE r.verdict NOT IN ('denied', 'auth_required')
  GROUP BY r.day, r.client_ip, r.host, r.request_bytes
)
SELECT day, client_ip, host, request_bytes, count, first, last,
  CASE WHEN machine THEN 'informational' WHEN is_new AND hours >= $min_hours AND 2 * from_page <= count THEN 'medium' ELSE 'low' END AS level,
  concat(count, ' of ', total, ' requests are of exactly ', request_bytes, ' bytes in ', hours, CASE WHEN hours = 1 THEN ' hour' ELSE ' different hours' END, CASE WHEN paths > 1 THEN concat(', for ', paths, ' different paths') ELSE '' END, CASE WHEN 2 * from_page > count THEN ', asked for by a page' ELSE '' END,
    ', with an agent of class ', class, '; ', clients, CASE WHEN clients = 1 THEN ' client has' ELSE ' clients have' END, ' ever used the host',
    CASE WHEN is_new THEN concat('; the house did not know it before ', CAST(born AS VARCHAR))
      WHEN has_past THEN concat('; it is known since ', CAST(born AS VARCHAR)) ELSE '; there is no past to compare with' END) AS why,
  0.1 + CASE WHEN is_new THEN 0.4 ELSE 0.0 END + 0.2 * count / CAST(total AS DOUBLE) + 0.1 / clients + CASE WHEN paths > 1 THEN 0.1 ELSE 0.0 END AS score,
  CASE WHEN is_new THEN 0.4 ELSE 0.0 END AS part_new,
  0.2 * count / CAST(total AS DOUBLE) AS part_share,
  0.1 / clients AS part_rarity,
  CASE WHEN paths > 1 THEN 0.1 ELSE 0.0 END AS part_paths
FROM judged WHERE errors < count AND NOT inside
