/*---
id: producer-consumer
title: A client that gives more than it takes
finds: >-
  Days on which a client sends far more to one host than it ever sends in a day (median + 3 x 1.4826 x MAD of its own days, and 1.5 times its greatest), in uploads that bring little back,
  and which is much for the whole fleet on that day.
because: Clients consume. One that turns into a producer gives something away. The ratio (sent - received) / (sent + received) is above 0 for uploads.
attack: [T1048, T1567, T1041]
level: low
needs: [request_bytes, client_ip, host]
entity: [client_ip, host]
rows: request_bytes >= $piece_bytes
params:
  - {name: piece_bytes, type: int, unit: bytes, default: 64000, doc: smaller requests count for nothing}
  - {name: min_bytes, type: int, unit: bytes, default: 20000000, doc: less on a day to one host is not told}
  - {name: medium_bytes, type: int, unit: bytes, default: 100000000, doc: less is low}
  - {name: huge_bytes, type: int, unit: bytes, default: 500000000, doc: "so much, and ten times the client's greatest day, is medium to any host"}
  - {name: ratio, type: float, unit: ratio, default: 0.2, doc: "of sent and received bytes in these requests, from -1 (all received) to 1 (all sent)"}
  - {name: days, type: int, unit: days, default: 21, doc: how far to look back}
  - {name: min_days, type: int, unit: days, default: 5, doc: fewer earlier days of the client are no past}
  - {name: max_clients, type: int, unit: clients, default: 3, doc: a host that more clients have used is low}
  - {name: quiet_days, type: int, unit: days, default: 1, doc: how long the house must have gone without a host before it counts as new}
  - {name: new_days, type: int, unit: days, default: 7, doc: how long a host counts as new}
false_positives:
  - Backups and conferences, unless they grow
  - A large file for a customer through a service that many use (low)
author: dwell
references: ["https://attack.mitre.org/techniques/T1567/"]
---*/
WITH ups AS (
  SELECT day, client_ip, host, count(*) AS count, min(ts) AS first, max(ts) AS last, sum(request_bytes) AS sent, coalesce(sum(response_bytes), 0) AS got
  FROM requests WHERE request_bytes >= $piece_bytes
  GROUP BY day, client_ip, host
  HAVING sum(request_bytes) >= $min_bytes AND (sum(request_bytes) - coalesce(sum(response_bytes), 0)) >= $ratio * (sum(request_bytes) + coalesce(sum(response_bytes), 0))
),
past AS (
  SELECT u.day, u.client_ip, u.host, u.sent, CAST(coalesce(c.request_bytes, 0) AS DOUBLE) AS before, median(CAST(coalesce(c.request_bytes, 0) AS DOUBLE)) OVER (PARTITION BY u.day, u.client_ip, u.host) AS mid
  FROM ups u JOIN daily_clients c ON c.client_ip = u.client_ip AND c.day < u.day AND c.day >= u.day - $days
  WHERE c.day >= CAST($since AS DATE) - $days AND c.day < $until
),
own AS (
  SELECT day, client_ip, host, max(mid) AS mid, median(abs(before - mid)) AS mad, max(before) AS most, count(*) AS days FROM past GROUP BY day, client_ip, host
),
fleet AS (
  SELECT day, median(request_bytes) AS mid, approx_percentile_cont(CAST(request_bytes AS DOUBLE), 0.95) AS top FROM daily_clients
  WHERE day >= CAST($since AS DATE) AND day < $until AND request_bytes > 0 GROUP BY day
),
ever AS (
  SELECT host, count(DISTINCT client_ip) AS clients FROM daily_pairs WHERE day >= CAST($since AS DATE) - 30 AND day < $until AND host IN (SELECT host FROM ups) GROUP BY host
),
known AS (
  SELECT host, min(day) AS born, max(clients) AS most FROM daily_hosts WHERE day >= CAST($since AS DATE) - 30 AND day < $until AND host IN (SELECT host FROM ups) GROUP BY host
),
began AS (SELECT min(day) AS start FROM daily_clients WHERE day >= CAST($since AS DATE) - 30),
judged AS (
  SELECT u.*, (u.sent - u.got) / CAST(u.sent + u.got AS DOUBLE) AS pcr, greatest(k.most, coalesce(e.clients, 1)) AS clients, k.born, u.day - s.start >= $quiet_days AS has_past,
    k.born - s.start >= $quiet_days AND u.day - k.born < $new_days AS is_new,
    coalesce(o.days, 0) AS days, o.mid, o.mad, o.most AS own_most, f.mid AS fleet_mid, f.top AS fleet_top
  FROM ups u JOIN known k ON k.host = u.host LEFT JOIN ever e ON e.host = u.host LEFT JOIN own o ON o.day = u.day AND o.client_ip = u.client_ip AND o.host = u.host
  JOIN fleet f ON f.day = u.day CROSS JOIN began s
  WHERE NOT is_private_ip(u.host)
)
SELECT day, client_ip, host, count, first, last,
  CASE WHEN days >= $min_days AND clients > $max_clients AND sent >= $huge_bytes AND sent >= 10 * own_most THEN 'medium'
    WHEN days < $min_days OR clients > $max_clients THEN 'low'
    WHEN is_new AND sent >= 5 * own_most AND sent >= 5 * $medium_bytes THEN 'high'
    WHEN is_new AND sent >= $medium_bytes THEN 'medium' ELSE 'low' END AS level,
  concat(round(sent / 1e6, 0), ' MB sent and ', round(got / 1e6, 0), ' MB received in ', count, CASE WHEN count = 1 THEN ' request' ELSE ' requests' END, ' (ratio ', round(pcr, 2), ')',
    CASE WHEN days >= $min_days THEN concat('; on its ', days, ' days before the client sent ', round(mid / 1e6, 1), ' MB in the middle and at most ', round(own_most / 1e6, 1), ' MB') ELSE '; there is no past of the client' END,
    '; the middle client sends ', round(fleet_mid / 1e6, 1), ' MB that day; ', clients, CASE WHEN clients = 1 THEN ' client has' ELSE ' clients have' END, ' used the host',
    CASE WHEN is_new THEN concat(', which the house did not know before ', CAST(born AS VARCHAR)) ELSE '' END) AS why,
  0.1 + 0.3 * greatest(0.0, pcr) + CASE WHEN is_new THEN 0.3 ELSE 0.0 END + 0.3 * least(1.0, sent / 1e9) AS score,
  0.3 * greatest(0.0, pcr) AS part_ratio,
  CASE WHEN is_new THEN 0.3 ELSE 0.0 END AS part_new,
  0.3 * least(1.0, sent / 1e9) AS part_bytes
FROM judged
WHERE days < $min_days AND has_past AND clients <= $max_clients OR days >= $min_days AND sent > mid + 3 * 1.4826 * mad AND sent > 1.5 * own_most AND sent > least(fleet_top, 20 * fleet_mid)
