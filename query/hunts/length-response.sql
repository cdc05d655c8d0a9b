/*---
id: length-response
title: Excessively large answers
finds: Answers of fifty megabytes and more from a host that hardly anybody uses, where the client's agent is no browser, updater or synchronisation, or where it is far more than the client ever loads.
because: Tools and whole toolkits come in large pieces, and a script that loads hundreds of megabytes from nowhere is worth a look.
attack: [T1105]
level: low
needs: [response_bytes, client_ip, host]
entity: [client_ip, host]
rows: response_bytes >= $min_bytes
params:
  - {name: min_bytes, type: int, unit: bytes, default: 50000000, doc: smaller answers are not told}
  - {name: max_clients, type: int, unit: clients, default: 3, doc: a host that more clients have used is not told}
  - {name: factor, type: float, unit: times, default: 3.0, doc: so many times the client's middle day it must be}
  - {name: huge_bytes, type: int, unit: bytes, default: 300000000, doc: "so much, and ten times the client's middle day, from a new host is medium whatever the agent"}
  - {name: quiet_days, type: int, unit: days, default: 1, doc: how long the house must have gone without a host before it counts as new}
  - {name: new_days, type: int, unit: days, default: 7, doc: how long a host counts as new}
false_positives:
  - Images of operating systems, films, data sets
author: dwell
references: ["https://attack.mitre.org/techniques/T1105/"]
---*/
WITH found AS (
  SELECT day, client_ip, host, count(*) AS count, min(ts) AS first, max(ts) AS last, max(response_bytes) AS most, sum(response_bytes) AS got,
    bool_or(ua_class(user_agent) IN ('script', 'c2', 'hacktool', 'malformed', 'empty')) AS odd
  FROM requests WHERE response_bytes >= $min_bytes
  GROUP BY day, client_ip, host
),
ever AS (
  SELECT host, count(DISTINCT client_ip) AS clients FROM daily_pairs WHERE day >= CAST($since AS DATE) - 30 AND day < $until AND host IN (SELECT host FROM found) GROUP BY host
),
known AS (
  SELECT host, min(day) AS born, max(clients) AS most FROM daily_hosts WHERE day >= CAST($since AS DATE) - 30 AND day < $until AND host IN (SELECT host FROM found) GROUP BY host
),
own AS (
  SELECT f.day, f.client_ip, f.host, median(c.response_bytes) AS mid, count(*) AS days
  FROM found f JOIN daily_clients c ON c.client_ip = f.client_ip AND c.day < f.day AND c.day >= f.day - 21
  WHERE c.day >= CAST($since AS DATE) - 21 GROUP BY f.day, f.client_ip, f.host
),
past AS (SELECT min(day) AS start FROM daily_clients WHERE day >= CAST($since AS DATE) - 30),
judged AS (
  SELECT f.*, greatest(k.most, coalesce(e.clients, 1)) AS clients, k.born, f.day - s.start >= $quiet_days AS has_past, k.born - s.start >= $quiet_days AND f.day - k.born < $new_days AS is_new,
    o.mid AS mid, coalesce(o.days, 0) AS days
  FROM found f JOIN known k ON k.host = f.host LEFT JOIN ever e ON e.host = f.host LEFT JOIN own o ON o.day = f.day AND o.client_ip = f.client_ip AND o.host = f.host CROSS JOIN past s
  WHERE greatest(k.most, coalesce(e.clients, 1)) <= $max_clients AND NOT is_private_ip(f.host)
)
SELECT day, client_ip, host, count, first, last,
  CASE WHEN is_new AND (odd OR days >= 3 AND got >= $huge_bytes AND got >= 10 * mid) THEN 'medium' ELSE 'low' END AS level,
  concat(count, CASE WHEN count = 1 THEN ' answer' ELSE ' answers' END, ' of up to ', round(most / 1e6, 1), ' MB, ', round(got / 1e6, 1), ' MB in all',
    CASE WHEN days > 0 THEN concat('; the client loads ', round(mid / 1e6, 1), ' MB on its middle day') ELSE '' END, CASE WHEN odd THEN '; the agent is a script''s or none' ELSE '' END, '; ', clients,
    CASE WHEN clients = 1 THEN ' client has' ELSE ' clients have' END, ' ever used the host',
    CASE WHEN is_new THEN concat('; the house did not know it before ', CAST(born AS VARCHAR))
      WHEN has_past THEN concat('; it is known since ', CAST(born AS VARCHAR)) ELSE '; there is no past to compare with' END) AS why,
  0.1 + CASE WHEN is_new THEN 0.3 ELSE 0.0 END + CASE WHEN odd THEN 0.3 ELSE 0.0 END + 0.2 * least(1.0, got / 1e9) AS score,
  CASE WHEN is_new THEN 0.3 ELSE 0.0 END AS part_new,
  CASE WHEN odd THEN 0.3 ELSE 0.0 END AS part_agent,
  0.2 * least(1.0, got / 1e9) AS part_bytes
FROM judged WHERE odd OR days = 0 OR got >= $factor * mid
