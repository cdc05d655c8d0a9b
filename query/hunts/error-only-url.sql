/*---
id: error-only-url
title: Nothing but errors, again and again
finds: A client that keeps asking a host that hardly anybody uses and gets nothing but errors (4xx, 5xx, or no answer) in all of a day's requests.
because: An implant keeps calling a master that is gone, and a scanner asks for what isn't there. People give up.
attack: [T1008, T1071.001]
level: low
needs: [status, client_ip, host]
entity: [client_ip, host]
rows: verdict NOT IN ('denied', 'auth_required')
params:
  - {name: min_requests, type: int, unit: requests, default: 20, doc: fewer are not told}
  - {name: min_hours, type: int, unit: hours, default: 3, doc: those of fewer hours are low}
  - {name: max_clients, type: int, unit: clients, default: 3, doc: a host that more clients have used is not told}
  - {name: quiet_days, type: int, unit: days, default: 1, doc: how long the house must have gone without a host before it counts as new}
  - {name: new_days, type: int, unit: days, default: 7, doc: how long a host counts as new}
false_positives:
  - Checks of servers that were switched off, links to sites that are gone (known for weeks, they stay low)
author: dwell
references: ["https://attack.mitre.org/techniques/T1008/"]
---*/
WITH bad AS (
  SELECT host FROM daily_hosts
  WHERE day >= CAST($since AS DATE) AND day < $until AND requests >= $min_requests AND clients <= $max_clients AND failed > 0 GROUP BY host
),
found AS (
  SELECT day, client_ip, host, count(*) AS count, min(ts) AS first, max(ts) AS last, count(DISTINCT date_trunc('hour', ts)) AS hours, count(DISTINCT path) AS paths,
    count(*) FILTER (WHERE status >= 500 OR status IS NULL) AS servers, min(status) AS lowest, max(status) AS highest,
    coalesce(bool_or(is_private_ip(server_ip)), false) OR is_private_ip(host) OR max(domain) IS NULL AS inside
  FROM requests
  WHERE host IN (SELECT host FROM bad) AND verdict NOT IN ('denied', 'auth_required')
  GROUP BY day, client_ip, host
  HAVING count(*) >= $min_requests AND count(*) = count(*) FILTER (WHERE status >= 400 OR status IS NULL AND verdict = 'error')
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
  WHERE greatest(k.most, coalesce(e.clients, 1)) <= $max_clients
)
SELECT day, client_ip, host, count, first, last,
  CASE WHEN is_new AND NOT inside AND hours >= $min_hours THEN 'medium' ELSE 'low' END AS level,
  concat('all ', count, ' requests failed (', CASE WHEN lowest IS NULL THEN 'no answer' WHEN lowest = highest THEN CAST(lowest AS VARCHAR) ELSE concat(lowest, ' to ', highest) END, ') in ', hours,
    CASE WHEN hours = 1 THEN ' hour' ELSE ' different hours' END, ', for ', paths, CASE WHEN paths = 1 THEN ' path; ' ELSE ' different paths; ' END, clients,
    CASE WHEN clients = 1 THEN ' client has' ELSE ' clients have' END, ' ever asked the host',
    CASE WHEN is_new THEN concat('; the house did not know it before ', CAST(born AS VARCHAR))
      WHEN has_past THEN concat('; it is known since ', CAST(born AS VARCHAR)) ELSE '; there is no past to compare with' END) AS why,
  0.1 + CASE WHEN is_new THEN 0.4 ELSE 0.0 END + 0.3 * least(1.0, count / 100.0) + 0.2 * least(1.0, hours / 8.0) AS score,
  CASE WHEN is_new THEN 0.4 ELSE 0.0 END AS part_new,
  0.3 * least(1.0, count / 100.0) AS part_count,
  0.2 * least(1.0, hours / 8.0) AS part_hours
FROM judged
