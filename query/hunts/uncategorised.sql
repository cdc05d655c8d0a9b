/*---
id: uncategorised
title: A host without a category, and something that speaks against it
finds: >-
  Hosts that the proxy's vendor does not know (uncategorised, newly registered, dynamic, parked) where a script asks, a program is loaded or data goes out, at most two clients use them, and the house did not know them before.
because: What is new on the web has no category yet. Neither has a small club's page; so the category alone says little, and together with a script or a program a lot.
attack: [T1583.001, T1105]
level: low
needs: [categories, host, client_ip]
entity: [client_ip, host]
rows: >-
  lower(categories) LIKE '%uncategor%' OR lower(categories) LIKE '%unrated%' OR lower(categories) LIKE '%not rated%' OR lower(categories) LIKE '%unknown%' OR lower(categories) LIKE '%newly %' OR lower(categories) LIKE '%parked%'
  OR lower(categories) LIKE '%dynamic dns%' OR lower(categories) = 'none'
params:
  - {name: max_clients, type: int, unit: clients, default: 2, doc: a host that more clients have used is not told}
  - {name: quiet_days, type: int, unit: days, default: 1, doc: how long the house must have gone without a host before it counts as new}
  - {name: new_days, type: int, unit: days, default: 7, doc: how long a host counts as new}
false_positives:
  - Small sites, and servers of the house that no vendor can know
author: dwell
references: ["https://attack.mitre.org/techniques/T1583/001/"]
---*/
WITH rated AS (
  SELECT day, client_ip, host, count(*) AS count, min(ts) AS first, max(ts) AS last, max(categories) AS category,
    bool_or(ua_class(user_agent) IN ('script', 'c2', 'hacktool', 'malformed')) AS odd,
    count(*) FILTER (WHERE status < 400 AND (extension IN ('exe', 'msi', 'dll', 'scr', 'ps1', 'bat', 'cmd', 'vbs', 'hta', 'lnk', 'jar', 'iso', 'img', 'msix')
      OR content_type IN ('application/x-msdownload', 'application/x-dosexec', 'application/x-executable', 'application/vnd.microsoft.portable-executable', 'application/x-msi', 'application/hta'))) AS programs,
    coalesce(sum(request_bytes), 0) AS sent, coalesce(sum(response_bytes), 0) AS got,
    coalesce(bool_or(is_private_ip(server_ip)), false) OR is_private_ip(host) OR (max(domain) IS NULL AND host NOT LIKE '%.%' AND host NOT LIKE '%:%') AS inside
  FROM requests
  WHERE lower(categories) LIKE '%uncategor%' OR lower(categories) LIKE '%unrated%' OR lower(categories) LIKE '%not rated%' OR lower(categories) LIKE '%unknown%' OR lower(categories) LIKE '%newly %' OR lower(categories) LIKE '%parked%'
    OR lower(categories) LIKE '%dynamic dns%' OR lower(categories) = 'none'
  GROUP BY day, client_ip, host
),
found AS (SELECT * FROM rated WHERE NOT inside AND (odd OR programs > 0 OR sent >= 5000000 AND sent > 2 * got)),
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
  CASE WHEN is_new AND odd AND (programs > 0 OR sent >= 5000000) THEN 'medium' ELSE 'low' END AS level,
  concat(count, CASE WHEN count = 1 THEN ' request' ELSE ' requests' END, ' to a host of category ', category, CASE WHEN odd THEN ', by a script or an agent that is none' ELSE '' END,
    CASE WHEN programs > 0 THEN concat(', ', programs, CASE WHEN programs = 1 THEN ' program loaded' ELSE ' programs loaded' END) ELSE '' END,
    CASE WHEN sent >= 5000000 THEN concat(', ', round(sent / 1e6, 1), ' MB sent') ELSE '' END, '; ', clients, CASE WHEN clients = 1 THEN ' client has' ELSE ' clients have' END, ' ever used it',
    CASE WHEN is_new THEN concat('; the house did not know it before ', CAST(born AS VARCHAR))
      WHEN has_past THEN concat('; it is known since ', CAST(born AS VARCHAR)) ELSE '; there is no past to compare with' END) AS why,
  0.1 + CASE WHEN is_new THEN 0.2 ELSE 0.0 END + CASE WHEN odd THEN 0.3 ELSE 0.0 END + CASE WHEN programs > 0 THEN 0.2 ELSE 0.0 END + CASE WHEN sent >= 5000000 THEN 0.2 ELSE 0.0 END AS score,
  CASE WHEN is_new THEN 0.2 ELSE 0.0 END AS part_new,
  CASE WHEN odd THEN 0.3 ELSE 0.0 END AS part_agent,
  CASE WHEN programs > 0 THEN 0.2 ELSE 0.0 END AS part_program,
  CASE WHEN sent >= 5000000 THEN 0.2 ELSE 0.0 END AS part_sent
FROM judged
