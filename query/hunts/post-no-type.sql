/*---
id: post-no-type
title: Posts that do not say what they carry
finds: POST of two kilobytes and more without a content type, in a log that has content types, to a host that hardly anybody uses.
because: Every browser and every library names the type of what it posts. A program that was written by hand forgets to.
attack: [T1041, T1071.001]
level: low
needs: [request_content_type, request_bytes, client_ip, host]
entity: [client_ip, host]
rows: method = 'POST' AND request_content_type IS NULL AND request_bytes >= $min_bytes
params:
  - {name: min_bytes, type: int, unit: bytes, default: 2000, doc: smaller posts may have no body}
  - {name: max_clients, type: int, unit: clients, default: 3, doc: a host that more clients of the day use is not told}
  - {name: quiet_days, type: int, unit: days, default: 1, doc: how long the house must have gone without a host before it counts as new}
  - {name: new_days, type: int, unit: days, default: 7, doc: how long a host counts as new}
  - {name: min_requests, type: int, unit: requests, default: 5, doc: "so many are medium: one upload is a person, many are a program"}
false_positives:
  - Backups, data exchange with partners (known for weeks, they stay low)
  - A person who hands in documents at a portal
author: dwell
references: ["https://attack.mitre.org/techniques/T1041/"]
---*/
WITH posts AS (
  SELECT day, client_ip, host, count(*) AS count, min(ts) AS first, max(ts) AS last, coalesce(sum(request_bytes), 0) AS sent,
    count(*) FILTER (WHERE referer IS NOT NULL) AS with_referer,
    bool_or(ua_class(user_agent) IN ('script', 'c2', 'hacktool', 'malformed', 'empty')) AS odd,
    coalesce(bool_or(is_private_ip(server_ip)), false) OR is_private_ip(host) AS inside
  FROM requests
  WHERE method = 'POST' AND request_content_type IS NULL AND request_bytes >= $min_bytes
  GROUP BY day, client_ip, host
),
hosts AS (
  SELECT day, host, max(clients) AS clients FROM daily_hosts
  WHERE day >= CAST($since AS DATE) - 30 AND day < $until AND host IN (SELECT host FROM posts) GROUP BY day, host
),
past AS (SELECT min(day) AS start FROM daily_clients WHERE day >= CAST($since AS DATE) - 30),
judged AS (
  SELECT p.*, h.clients, b.born, p.day - s.start >= $quiet_days AS has_past, b.born - s.start >= $quiet_days AND p.day - b.born < $new_days AS is_new
  FROM posts p JOIN hosts h ON h.day = p.day AND h.host = p.host JOIN (SELECT host, min(day) AS born FROM hosts GROUP BY host) b ON b.host = p.host CROSS JOIN past s
  WHERE h.clients <= $max_clients AND NOT p.inside
)
SELECT day, client_ip, host, count, first, last,
  CASE WHEN is_new AND (count >= $min_requests OR odd) THEN 'medium' ELSE 'low' END AS level,
  concat(count, CASE WHEN count = 1 THEN ' post' ELSE ' posts' END, ' without a content type, ',
    CASE WHEN sent >= 1000000 THEN concat(round(sent / 1e6, 1), ' MB') ELSE concat(round(sent / 1e3, 1), ' kB') END, ' to a host that ', clients,
    CASE WHEN clients = 1 THEN ' client uses' ELSE ' clients use' END, ' that day', CASE WHEN with_referer = 0 THEN ', none from a page' ELSE '' END,
    CASE WHEN is_new THEN concat('; the house did not know it before ', CAST(born AS VARCHAR))
      WHEN has_past THEN concat('; it is known since ', CAST(born AS VARCHAR)) ELSE '; there is no past to compare with' END) AS why,
  0.1 + CASE WHEN is_new THEN 0.3 ELSE 0.0 END + CASE WHEN odd THEN 0.2 ELSE 0.0 END + 0.2 * least(1.0, count / 20.0) + CASE WHEN with_referer = 0 THEN 0.1 ELSE 0.0 END AS score,
  CASE WHEN is_new THEN 0.3 ELSE 0.0 END AS part_new,
  CASE WHEN odd THEN 0.2 ELSE 0.0 END AS part_agent,
  0.2 * least(1.0, count / 20.0) AS part_count,
  CASE WHEN with_referer = 0 THEN 0.1 ELSE 0.0 END AS part_no_page
FROM judged
