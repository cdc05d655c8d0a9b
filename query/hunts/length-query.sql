/*---
id: length-query
title: Long queries that say nothing to people
finds: Repeated queries of two hundred characters and more whose text has the entropy of encoded or encrypted data, to a host that hardly anybody uses.
because: Data that leaves in queries is encoded first. Words have an entropy of about 4 bits a character, base64 of encrypted data nearly 6.
attack: [T1048, T1132.001]
level: low
needs: [query, client_ip, host]
entity: [client_ip, host]
rows: length(query) >= $min_length AND entropy(query) >= $min_entropy
params:
  - {name: min_length, type: int, unit: characters, default: 200, doc: shorter ones are not told}
  - {name: min_entropy, type: float, unit: bits, default: 4.9, doc: of the whole query}
  - {name: min_requests, type: int, unit: requests, default: 5, doc: fewer are not told}
  - {name: medium_requests, type: int, unit: requests, default: 15, doc: fewer are low}
  - {name: max_clients, type: int, unit: clients, default: 3, doc: a host that more clients have used is not told}
  - {name: quiet_days, type: int, unit: days, default: 1, doc: how long the house must have gone without a host before it counts as new}
  - {name: new_days, type: int, unit: days, default: 7, doc: how long a host counts as new}
false_positives:
  - Signed URLs of clouds, sign-on, counters of a site that only one person reads
author: dwell
references: ["https://attack.mitre.org/techniques/T1132/001/"]
---*/
WITH found AS (
  SELECT day, client_ip, host, count(*) AS count, min(ts) AS first, max(ts) AS last, avg(entropy(query)) AS bits, max(length(query)) AS longest, sum(length(query)) AS chars, approx_distinct(query) AS different,
    count(*) FILTER (WHERE referer IS NULL) AS direct
  FROM requests WHERE length(query) >= $min_length AND entropy(query) >= $min_entropy
  GROUP BY day, client_ip, host HAVING count(*) >= $min_requests
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
  CASE WHEN is_new AND count >= $medium_requests AND different >= count / 2 THEN 'medium' ELSE 'low' END AS level,
  concat(count, ' queries of up to ', longest, ' characters, ', different, ' of them different, with ', round(bits, 1), ' bits a character, ', round(chars / 1e3, 1), ' kB in all; ', clients,
    CASE WHEN clients = 1 THEN ' client has' ELSE ' clients have' END, ' ever used the host',
    CASE WHEN is_new THEN concat('; the house did not know it before ', CAST(born AS VARCHAR))
      WHEN has_past THEN concat('; it is known since ', CAST(born AS VARCHAR)) ELSE '; there is no past to compare with' END) AS why,
  0.1 + CASE WHEN is_new THEN 0.4 ELSE 0.0 END + 0.3 * least(1.0, count / 50.0) + 0.2 * greatest(0.0, least(1.0, bits - 4.9)) AS score,
  CASE WHEN is_new THEN 0.4 ELSE 0.0 END AS part_new,
  0.3 * least(1.0, count / 50.0) AS part_count,
  0.2 * greatest(0.0, least(1.0, bits - 4.9)) AS part_entropy
FROM judged
