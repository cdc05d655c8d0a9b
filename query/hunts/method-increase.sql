/*---
id: method-increase
title: Far more of a method than ever
finds: >-
  Days on which a client uses a method far more than on its own earlier days (median + 3 x 1.4826 x MAD over the days it was there, at least 5) and far more than the other clients do that day.
  GET, HEAD and CONNECT grow with browsing and are left out.
because: A burst of POST, PUT or PROPFIND is data that leaves, a share that is searched, or a tool at work; the client's own past says what is a burst.
attack: [T1071.001, T1048]
level: low
needs: [method, client_ip]
entity: [client_ip, method]
excusable: true
params:
  - {name: days, type: int, unit: days, default: 21, doc: how far to look back}
  - {name: min_days, type: int, unit: days, default: 5, doc: fewer earlier days of the client are no past}
  - {name: floor, type: int, unit: requests, default: 5, doc: fewer are never told}
  - {name: medium_requests, type: int, unit: requests, default: 40, doc: fewer are low}
  - {name: medium_factor, type: float, unit: times, default: 3.0, doc: medium from so many times the client's own greatest day}
  - {name: methods, type: list, unit: methods, default: [GET, HEAD, CONNECT, NONE, "-", ""], doc: methods that are left out}
false_positives:
  - A new program, a migration, a day of uploads at work
author: dwell
references: ["https://attack.mitre.org/techniques/T1048/"]
---*/
WITH used AS (
  SELECT day, client_ip, method, sum(requests) AS n, max(hosts) AS hosts FROM daily_methods
  WHERE day >= CAST($since AS DATE) - $days AND day < $until AND method NOT IN $methods
  GROUP BY day, client_ip, method
),
present AS (SELECT DISTINCT day, client_ip FROM daily_clients WHERE day >= CAST($since AS DATE) - $days AND day < $until),
-- On a day when the client was there and did not use the method, it used it 0 times.
past AS (
  SELECT u.day, u.client_ip, u.method, u.n, u.hosts, CAST(coalesce(o.n, 0) AS DOUBLE) AS before
  FROM used u
  JOIN present p ON p.client_ip = u.client_ip AND p.day < u.day AND p.day >= u.day - $days
  LEFT JOIN used o ON o.client_ip = p.client_ip AND o.day = p.day AND o.method = u.method
  WHERE u.day >= CAST($since AS DATE) AND u.n >= $floor
),
middle AS (
  SELECT *, median(before) OVER (PARTITION BY day, client_ip, method) AS mid FROM past
),
own AS (
  SELECT day, client_ip, method, max(n) AS n, max(hosts) AS hosts, max(mid) AS mid, median(abs(before - mid)) AS mad, max(before) AS most, count(*) AS days
  FROM middle GROUP BY day, client_ip, method HAVING count(*) >= $min_days
),
others AS (
  SELECT day, method, median(n) AS mid, median(abs(n - m)) AS mad, count(*) AS clients FROM (
    SELECT day, method, CAST(n AS DOUBLE) AS n, median(CAST(n AS DOUBLE)) OVER (PARTITION BY day, method) AS m FROM used WHERE day >= CAST($since AS DATE))
  GROUP BY day, method
),
risen AS (
  SELECT o.*, o.mid + 3 * 1.4826 * o.mad AS own_limit, f.mid AS fleet_mid, f.mid + 3 * 1.4826 * f.mad AS fleet_limit, f.clients AS users
  FROM own o JOIN others f ON f.day = o.day AND f.method = o.method
  WHERE o.n > o.mid + 3 * 1.4826 * o.mad AND o.n > 1.5 * o.most AND o.n >= $floor
    AND (f.clients < 3 OR o.n > f.mid + 3 * 1.4826 * f.mad)
),
rows AS (
  SELECT r.day, r.client_ip, r.method, count(*) AS count, min(r.ts) AS first, max(r.ts) AS last,
    count(DISTINCT r.host) AS hosts, max(r.host) AS host
  FROM requests r JOIN risen i ON i.day = r.day AND i.client_ip = r.client_ip AND i.method = r.method
  WHERE r.method NOT IN $methods
  GROUP BY r.day, r.client_ip, r.method
)
SELECT i.day, i.client_ip, i.method, r.count, r.first, r.last,
  CASE WHEN i.n >= $medium_requests AND i.n >= $medium_factor * greatest(i.most, 5.0) AND i.n >= $medium_factor * least(i.fleet_limit, i.fleet_mid * 10) THEN 'medium' ELSE 'low' END AS level,
  concat(i.n, ' ', i.method, ' requests that day, ', CASE WHEN r.hosts = 1 THEN concat('all to ', r.host) ELSE concat('to ', r.hosts, ' hosts') END,
    '; on its ', i.days, ' days before the client had ', round(i.mid, 0), ' in the middle and never more than ', round(i.most, 0),
    CASE WHEN i.users > 1 THEN concat('; the ', i.users, ' clients that use it have ', round(i.fleet_mid, 0), ' in the middle') ELSE '; nobody else uses it' END) AS why,
  least(1.0, ln(i.n / greatest(i.most, 1.0)) / 5) AS score,
  round((i.n - i.mid) / greatest(1.4826 * i.mad, 1.0), 1) AS part_deviations,
  round(i.n / greatest(i.most, 1.0), 1) AS part_times_own_greatest
FROM risen i JOIN rows r ON r.day = i.day AND r.client_ip = i.client_ip AND r.method = i.method
