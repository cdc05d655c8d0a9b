/*---
id: post-get-ratio
title: Posts, and hardly a page read
finds: A client that posts to a host that hardly anybody uses, at least twenty times a day, and reads at most a tenth as much from it.
because: People read before they write. A channel of an implant only reports.
attack: [T1071.001, T1041]
level: low
needs: [method, client_ip, host]
entity: [client_ip, host]
rows: method IN ('POST', 'PUT')
params:
  - {name: min_posts, type: int, unit: requests, default: 20, doc: fewer are not told}
  - {name: ratio, type: float, unit: posts per other request, default: 10.0, doc: fewer are not told}
  - {name: max_clients, type: int, unit: clients, default: 3, doc: a host that more clients of the day use is not told}
  - {name: quiet_days, type: int, unit: days, default: 1, doc: how long the house must have gone without a host before it counts as new}
  - {name: new_days, type: int, unit: days, default: 7, doc: how long a host counts as new}
false_positives:
  - Programs that report to their maker or to a partner (known for weeks, they stay low)
author: dwell
references: ["https://attack.mitre.org/techniques/T1071/001/"]
---*/
WITH posts AS (
  SELECT day, client_ip, host, count(*) AS count, min(ts) AS first, max(ts) AS last, coalesce(sum(request_bytes), 0) AS sent,
    bool_or(ua_class(user_agent) IN ('os_update', 'office', 'security_agent', 'sync_app')) AS machine,
    bool_or(ua_class(user_agent) IN ('browser', 'browser_mobile')) AS browser, count(*) FILTER (WHERE referer IS NOT NULL) AS with_referer
  FROM requests WHERE method IN ('POST', 'PUT') AND verdict NOT IN ('denied', 'auth_required')
  GROUP BY day, client_ip, host HAVING count(*) >= $min_posts
),
hosts AS (
  SELECT day, host, max(clients) AS clients FROM daily_hosts
  WHERE day >= CAST($since AS DATE) - 30 AND day < $until AND host IN (SELECT host FROM posts) GROUP BY day, host
),
past AS (SELECT min(day) AS start FROM daily_clients WHERE day >= CAST($since AS DATE) - 30),
rest AS (
  SELECT r.day, r.client_ip, r.host, count(*) FILTER (WHERE method IN ('POST', 'PUT')) AS count, count(*) FILTER (WHERE method NOT IN ('POST', 'PUT')) AS others
  FROM requests r JOIN (SELECT day, client_ip, host FROM posts) p ON p.day = r.day AND p.client_ip = r.client_ip AND p.host = r.host
  GROUP BY r.day, r.client_ip, r.host
),
judged AS (
  SELECT p.day, p.client_ip, p.host, r.count, p.first, p.last, p.sent, p.machine, p.browser, p.with_referer, r.others, h.clients, b.born, p.day - s.start >= $quiet_days AS has_past,
    b.born - s.start >= $quiet_days AND p.day - b.born < $new_days AS is_new
  FROM posts p JOIN rest r ON r.day = p.day AND r.client_ip = p.client_ip AND r.host = p.host
  JOIN hosts h ON h.day = p.day AND h.host = p.host JOIN (SELECT host, min(day) AS born FROM hosts GROUP BY host) b ON b.host = p.host CROSS JOIN past s
  WHERE h.clients <= $max_clients AND r.count >= $ratio * r.others AND NOT is_private_ip(p.host)
)
SELECT day, client_ip, host, count, first, last,
  CASE WHEN machine THEN 'informational' WHEN is_new AND 2 * with_referer <= count THEN 'medium' ELSE 'low' END AS level,
  concat(count, ' posts', CASE WHEN sent > 0 THEN concat(' (', CASE WHEN sent >= 1000000 THEN concat(round(sent / 1e6, 1), ' MB') ELSE concat(round(sent / 1e3, 1), ' kB') END, ')') ELSE '' END, ' and ', others,
    CASE WHEN others = 1 THEN ' other request' ELSE ' other requests' END, ' to a host that ', clients, CASE WHEN clients = 1 THEN ' client uses' ELSE ' clients use' END, ' that day',
    CASE WHEN browser AND with_referer = 0 THEN '; the agent is a browser''s, but no page is named as the origin' WHEN 2 * with_referer > count THEN '; a page is named as the origin' ELSE '' END,
    CASE WHEN is_new THEN concat('; the house did not know it before ', CAST(born AS VARCHAR))
      WHEN has_past THEN concat('; it is known since ', CAST(born AS VARCHAR)) ELSE '; there is no past to compare with' END) AS why,
  0.1 + CASE WHEN is_new THEN 0.4 ELSE 0.0 END + 0.3 * least(1.0, count / 200.0) + CASE WHEN browser AND with_referer = 0 THEN 0.2 ELSE 0.0 END AS score,
  CASE WHEN is_new THEN 0.4 ELSE 0.0 END AS part_new,
  0.3 * least(1.0, count / 200.0) AS part_count,
  CASE WHEN browser AND with_referer = 0 THEN 0.2 ELSE 0.0 END AS part_no_page
FROM judged
