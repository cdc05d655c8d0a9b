/*---
id: slow-beacons
title: A slow beacon, seen over several days
finds: >-
  A client that asks a rare host by a timer of an hour and more, over at least two days. One day holds too few such check-ins to tell them from chance.
because: >-
  Whoever has time lets an implant sleep for hours: six requests a day drown in every report that looks at one day. Over a week the timer stands out again.
attack: [T1071.001, T1029]
level: low
needs: [client_ip, host]
entity: [client_ip, host]
rows: coalesce(verdict, '') NOT IN ('denied', 'auth_required', 'error') AND coalesce(status, 200) NOT IN (407, 503)
params:
  - {name: days, type: int, unit: days, default: 14, doc: how far before the range it looks}
  - {name: min_score, type: float, unit: score, default: 0.75, doc: beacon_score over all the days below this is not told}
  - {name: min_period, type: int, unit: seconds, default: 3000, doc: faster ones are beacons}
  - {name: min_checkins, type: int, unit: check-ins, default: 10, doc: fewer are not told}
  - {name: min_days, type: int, unit: days, default: 2, doc: what is seen on fewer days is not told}
  - {name: max_clients, type: int, unit: clients, default: 3, doc: a host that more clients have used is not told; at most 5}
  - {name: quiet_days, type: int, unit: days, default: 5, doc: how long the house must have gone without a host before it counts as new}
  - {name: new_days, type: int, unit: days, default: 21, doc: how long a host counts as new}
false_positives:
  - Devices and licence checks that one client has and that ask every few hours (known from the start, they stay low)
author: dwell
references: ["https://attack.mitre.org/techniques/T1029/"]
---*/
WITH pairs AS (
  SELECT client_ip, host FROM daily_pairs
  WHERE day >= CAST($since AS DATE) - $days AND day < $until AND NOT is_private_ip(host)
  GROUP BY client_ip, host
  HAVING count(DISTINCT day) >= $min_days AND sum(requests) >= $min_checkins AND max(day) >= CAST($since AS DATE) AND sum(requests) <= 200 * count(DISTINCT day)
),
ever AS (
  SELECT host, count(DISTINCT client_ip) AS clients FROM daily_pairs
  WHERE day >= CAST($since AS DATE) - 30 AND day < $until AND host IN (SELECT host FROM pairs) GROUP BY host
),
known AS (
  SELECT host, min(day) AS born, max(clients) AS most FROM daily_hosts
  WHERE day >= CAST($since AS DATE) - 30 AND day < $until AND host IN (SELECT host FROM pairs) GROUP BY host
),
past AS (SELECT min(day) AS start FROM daily_clients WHERE day >= CAST($since AS DATE) - 30),
fleet AS (SELECT max(clients) AS clients FROM (SELECT count(DISTINCT client_ip) AS clients FROM daily_clients WHERE day >= CAST($since AS DATE) AND day < $until GROUP BY day) d),
rare AS (
  SELECT p.client_ip, p.host, greatest(k.most, e.clients) AS clients, k.born FROM pairs p JOIN known k ON k.host = p.host JOIN ever e ON e.host = p.host
  WHERE greatest(k.most, e.clients) <= $max_clients
),
rated AS (
  SELECT r.client_ip, r.host, max(p.clients) AS clients, max(p.born) AS born, max(r.day) AS day, count(DISTINCT r.day) AS days, count(*) AS count, min(r.ts) AS first, max(r.ts) AS last,
    beacon_stats(r.ts, r.request_bytes, r.response_bytes) AS s, bool_and(ua_class(r.user_agent) IN ('os_update', 'office', 'security_agent')) AS machine,
    bool_or(ua_class(r.user_agent) IN ('c2', 'hacktool', 'script', 'malformed')) AS odd, max(ua_class(r.user_agent)) AS class, coalesce(bool_or(is_private_ip(r.server_ip)), false) AS inside
  FROM history r JOIN rare p ON p.client_ip = r.client_ip AND p.host = r.host
  WHERE r.day >= CAST($since AS DATE) - $days AND r.ts < $until AND coalesce(r.verdict, '') NOT IN ('denied', 'auth_required', 'error') AND coalesce(r.status, 200) NOT IN (407, 503)
  GROUP BY r.client_ip, r.host
),
judged AS (
  SELECT r.*, s['score'] AS rhythm, s['period_s'] AS period, s['jitter'] AS jitter, s['missed'] AS missed, s['n_checkins'] AS checkins, s['coverage'] AS coverage,
    greatest(coalesce(s['modal_response_share'], 0.0), coalesce(s['modal_share'], 0.0)) AS same, f.clients AS fleet,
    r.day - p.start >= $quiet_days AS has_past, r.born - p.start >= $quiet_days AND r.day - r.born < $new_days AS is_new
  FROM rated r CROSS JOIN past p CROSS JOIN fleet f
  WHERE s['score'] >= $min_score AND s['period_s'] >= $min_period AND s['n_checkins'] >= $min_checkins AND days >= $min_days AND NOT inside AND r.day >= CAST($since AS DATE)
)
SELECT day, client_ip, host, count, first, last,
  CASE WHEN machine THEN 'low'
    WHEN is_new AND clients <= 2 AND rhythm >= 0.9 AND odd THEN 'critical'
    WHEN is_new AND clients <= 2 THEN 'high'
    WHEN is_new THEN 'medium'
    ELSE 'low' END AS level,
  concat('asks about every ', CASE WHEN period < 7200 THEN concat(CAST(round(period / 60) AS BIGINT), ' min') ELSE concat(round(period / 3600, 1), ' h') END,
    ', with a jitter of ', CAST(round(100 * jitter) AS BIGINT), ' %: ', checkins, ' check-ins on ', days, ' days', CASE WHEN missed >= 0.05 THEN concat(', ', CAST(round(100 * missed) AS BIGINT), ' % missed') ELSE '' END,
    CASE WHEN same >= 0.8 THEN concat(', ', CAST(round(100 * same) AS BIGINT), ' % of one length') ELSE '' END, ', with an agent of class ', class, '; score ', round(rhythm, 2), '; ',
    clients, ' of ', fleet, ' clients ', CASE WHEN clients = 1 THEN 'has' ELSE 'have' END, ' ever used the host',
    CASE WHEN is_new THEN concat('; the house did not know it before ', CAST(born AS VARCHAR))
      WHEN has_past THEN concat('; it is known since ', CAST(born AS VARCHAR)) ELSE '; there is no past to compare with' END) AS why,
  0.5 * rhythm + CASE WHEN is_new THEN 0.25 ELSE 0.0 END + 0.1 / clients + 0.1 * same + CASE WHEN odd THEN 0.05 ELSE 0.0 END AS score,
  0.5 * rhythm AS part_rhythm,
  CASE WHEN is_new THEN 0.25 ELSE 0.0 END AS part_new,
  0.1 / clients AS part_rarity,
  0.1 * same AS part_same_length,
  CASE WHEN odd THEN 0.05 ELSE 0.0 END AS part_agent
FROM judged
