/*---
id: length-url
title: Excessively long URLs
finds: Requests with a path and query of two thousand characters and more to a host that hardly anybody uses.
because: What fits into a URL leaves the house without a body; exploits and web shells are long, too. Advertisers have long URLs as well, but at hosts that everybody meets.
attack: [T1048, T1190]
level: low
needs: [path, client_ip, host]
entity: [client_ip, host]
rows: length(path) + coalesce(length(query), 0) >= $min_length
params:
  - {name: min_length, type: int, unit: characters, default: 2000, doc: shorter ones are not told}
  - {name: min_requests, type: int, unit: requests, default: 5, doc: fewer are low}
  - {name: max_clients, type: int, unit: clients, default: 3, doc: a host that more clients have used is not told}
  - {name: quiet_days, type: int, unit: days, default: 1, doc: how long the house must have gone without a host before it counts as new}
  - {name: new_days, type: int, unit: days, default: 7, doc: how long a host counts as new}
false_positives:
  - Single sign-on (SAML requests in the query)
author: dwell
references: ["https://attack.mitre.org/techniques/T1048/"]
---*/
WITH found AS (
  SELECT day, client_ip, host, count(*) AS count, min(ts) AS first, max(ts) AS last, max(length(path) + coalesce(length(query), 0)) AS longest, sum(length(path) + coalesce(length(query), 0)) AS chars,
    count(*) FILTER (WHERE referer IS NULL) AS direct
  FROM requests WHERE length(path) + coalesce(length(query), 0) >= $min_length
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
  WHERE greatest(k.most, coalesce(e.clients, 1)) <= $max_clients
)
SELECT day, client_ip, host, count, first, last,
  CASE WHEN is_new AND count >= $min_requests THEN 'medium' ELSE 'low' END AS level,
  concat(count, CASE WHEN count = 1 THEN ' URL' ELSE ' URLs' END, ' of up to ', longest, ' characters, ', round(chars / 1e3, 1), ' kB in all', CASE WHEN direct = count THEN ', none from a page' ELSE '' END, '; ', clients,
    CASE WHEN clients = 1 THEN ' client has' ELSE ' clients have' END, ' ever used the host',
    CASE WHEN is_new THEN concat('; the house did not know it before ', CAST(born AS VARCHAR))
      WHEN has_past THEN concat('; it is known since ', CAST(born AS VARCHAR)) ELSE '; there is no past to compare with' END) AS why,
  0.1 + CASE WHEN is_new THEN 0.4 ELSE 0.0 END + 0.3 * least(1.0, count / 50.0) + CASE WHEN direct = count THEN 0.2 ELSE 0.0 END AS score,
  CASE WHEN is_new THEN 0.4 ELSE 0.0 END AS part_new,
  0.3 * least(1.0, count / 50.0) AS part_count,
  CASE WHEN direct = count THEN 0.2 ELSE 0.0 END AS part_no_page
FROM judged
