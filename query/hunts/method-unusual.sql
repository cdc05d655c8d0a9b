/*---
id: method-unusual
title: Unusual methods
finds: >-
  Methods other than GET, HEAD, POST and CONNECT to a host that hardly anybody uses: WebDAV, PUT, DELETE, OPTIONS; and methods that nobody should use (TRACE, TRACK, DEBUG, unknown verbs) to any host.
because: >-
  WebDAV outside of the house fetches tools and gives away passwords, PUT and DELETE move data, TRACE and DEBUG look for holes, and a verb that does not exist is home-made.
attack: [T1071.001, T1187, T1567]
level: low
needs: [method, client_ip, host]
entity: [client_ip, host]
rows: method NOT IN ('GET', 'HEAD', 'POST', 'CONNECT', 'NONE', '-', '')
excusable: true
params:
  - {name: max_clients, type: int, unit: clients, default: 3, doc: a host that more clients of the day use is not rare}
  - {name: quiet_days, type: int, unit: days, default: 1, doc: how long the house must have gone without a host before it counts as new}
  - {name: new_days, type: int, unit: days, default: 7, doc: how long a host counts as new}
  - {name: many, type: int, unit: requests, default: 20, doc: "so many PUT, PATCH, DELETE or OPTIONS of a browser to a new host are medium"}
false_positives:
  - Programs over a REST interface, backups, scanners of the house (known for weeks, they stay low)
author: dwell
references: ["https://attack.mitre.org/techniques/T1187/", "https://attack.mitre.org/techniques/T1567/"]
---*/
WITH verbs AS (
  SELECT day, client_ip, host, method, count(*) AS n, min(ts) AS first, max(ts) AS last, count(*) FILTER (WHERE status < 400) AS good,
    coalesce(bool_or(is_private_ip(server_ip)), false) OR is_private_ip(host) OR (max(domain) IS NULL AND host NOT LIKE '%.%' AND host NOT LIKE '%:%') AS inside,
    bool_or(ua_class(user_agent) NOT IN ('browser', 'browser_mobile', 'mobile_app', 'office', 'sync_app')) AS program,
    coalesce(sum(request_bytes), 0) AS sent,
    method NOT IN ('PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'PROPPATCH', 'MKCOL', 'COPY', 'MOVE', 'LOCK', 'UNLOCK', 'SEARCH', 'REPORT', 'ACL', 'MKCALENDAR', 'BIND', 'SUBSCRIBE', 'POLL', 'NOTIFY',
      'BPROPFIND', 'BMOVE', 'BDELETE', 'BCOPY', 'CHECKOUT', 'MERGE', 'MKACTIVITY', 'QUERY', 'PURGE') AS senseless,
    method IN ('PROPFIND', 'PROPPATCH', 'MKCOL', 'COPY', 'MOVE', 'LOCK', 'UNLOCK', 'SEARCH') AS dav
  FROM requests
  WHERE method NOT IN ('GET', 'HEAD', 'POST', 'CONNECT', 'NONE', '-', '')
  GROUP BY day, client_ip, host, method
),
hosts AS (
  SELECT day, host, max(clients) AS clients FROM daily_hosts
  WHERE day >= CAST($since AS DATE) AND day < $until AND host IN (SELECT host FROM verbs) GROUP BY day, host
),
seen AS (
  SELECT v.day, v.client_ip, v.host, CAST(sum(n) AS BIGINT) AS count, min(first) AS first, max(last) AS last, bool_or(inside) AS inside, bool_or(program) AS program, sum(sent) AS sent,
    sum(good) AS good, count(*) AS verbs, string_agg(concat(n, ' ', method), ', ' ORDER BY n DESC, method) AS told, bool_or(senseless) AS senseless, bool_or(dav) AS dav, coalesce(max(h.clients), 1) AS clients
  FROM verbs v LEFT JOIN hosts h ON h.day = v.day AND h.host = v.host
  GROUP BY v.day, v.client_ip, v.host
  HAVING coalesce(max(h.clients), 1) <= $max_clients OR bool_or(senseless)
),
born AS (
  SELECT host, min(day) AS born FROM daily_hosts
  WHERE day >= CAST($since AS DATE) - 30 AND day < $until AND host IN (SELECT host FROM seen) GROUP BY host
),
past AS (SELECT min(day) AS start FROM daily_clients WHERE day >= CAST($since AS DATE) - 30),
judged AS (
  SELECT s.*, coalesce(b.born, s.day) AS born, s.day - p.start >= $quiet_days AS has_past,
    coalesce(b.born, s.day) - p.start >= $quiet_days AND s.day - coalesce(b.born, s.day) < $new_days AS is_new
  FROM seen s LEFT JOIN born b ON b.host = s.host CROSS JOIN past p
)
SELECT day, client_ip, host, count, first, last,
  CASE WHEN inside OR clients > $max_clients THEN 'low'
    WHEN is_new AND (senseless OR dav OR program OR count >= $many) THEN 'medium'
    WHEN senseless AND NOT has_past THEN 'medium'
    ELSE 'low' END AS level,
  concat(told, ' to a host that ', clients, CASE WHEN clients = 1 THEN ' client uses' ELSE ' clients use' END, ' that day',
    CASE WHEN good = 0 THEN ', none of them answered with success' ELSE '' END,
    CASE WHEN sent >= 1000000 THEN concat(', ', round(sent / 1e6, 1), ' MB sent') ELSE '' END,
    CASE WHEN inside THEN '; the server is inside the house' WHEN is_new THEN concat('; the house did not know the host before ', CAST(born AS VARCHAR))
      WHEN has_past THEN concat('; the host is known since ', CAST(born AS VARCHAR)) ELSE '; there is no past to compare with' END) AS why,
  0.1 + CASE WHEN senseless THEN 0.3 WHEN dav THEN 0.2 ELSE 0.0 END + CASE WHEN is_new THEN 0.3 ELSE 0.0 END + 0.2 / clients AS score,
  CASE WHEN senseless THEN 0.3 WHEN dav THEN 0.2 ELSE 0.0 END AS part_verb,
  CASE WHEN is_new THEN 0.3 ELSE 0.0 END AS part_new,
  0.2 / clients AS part_rarity
FROM judged
