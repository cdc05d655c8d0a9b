/*---
id: beacons
title: A beacon to a host that hardly anybody uses
finds: >-
  A client that asks a rare host by a timer: with jitter, missed check-ins, changes of the sleep, for some hours only, or behind a person's own requests to the same host. The rhythm is rated for the pair and, where a
  host is browsed too, for each of its agents and paths; the best counts. Hosts of a few more clients are looked at where one client makes nearly all requests.
because: >-
  An implant must ask for orders, and it does so by a timer. So do updates and polls; but those go to hosts that many clients use, or that the house has known for long. A clear timer towards a host that is new
  and that one or two clients use is the best single sign of an infection that a proxy's log has.
attack: [T1071.001, T1029, T1573]
level: low
needs: [client_ip, host]
entity: [client_ip, host]
rows: coalesce(verdict, '') NOT IN ('denied', 'auth_required', 'error') AND coalesce(status, 200) NOT IN (407, 503)
params:
  - {name: min_score, type: float, unit: score, default: 0.68, doc: beacon_score below this is not told; in the laboratory 1 % of aperiodic pairs are above 0.675}
  - {name: min_checkins, type: int, unit: check-ins, default: 12, doc: fewer are not told; sleeps of an hour and more are slow-beacons}
  - {name: min_minutes, type: int, unit: minutes, default: 30, doc: what is over sooner is not told}
  - {name: max_clients, type: int, unit: clients, default: 3, doc: a host that more clients have used is told only by the next two; at most 5}
  - {name: max_share, type: float, unit: share of the clients, default: 0.1, doc: a host that more clients use is not looked at even if one of them makes most requests}
  - {name: own_share, type: float, unit: share of the requests, default: 0.8, doc: so many of the requests to a host of several clients must be of the one that is told}
  - {name: quiet_days, type: int, unit: days, default: 5, doc: how long the house must have gone without a host before it counts as new}
  - {name: new_days, type: int, unit: days, default: 7, doc: how long a host counts as new}
false_positives:
  - A page with a ticker that one person keeps open, a new online service on its first day
  - A page that several read now and then and one leaves open for the first time
  - Devices, licence checks and monitoring that only one client has (known for weeks, they stay low)
author: dwell
references: ["https://attack.mitre.org/techniques/T1071/001/", "https://attack.mitre.org/techniques/T1029/"]
---*/
WITH pairs AS (
  SELECT day, client_ip, host FROM daily_pairs
  WHERE day >= CAST($since AS DATE) AND day < $until AND requests >= $min_checkins AND NOT is_private_ip(host)
  GROUP BY day, client_ip, host
),
ever AS (
  SELECT host, count(DISTINCT client_ip) AS clients FROM daily_pairs
  WHERE day >= CAST($since AS DATE) - 30 AND day < $until AND host IN (SELECT host FROM pairs) GROUP BY host
),
known AS (
  SELECT host, min(day) AS born, max(clients) AS most FROM daily_hosts
  WHERE day >= CAST($since AS DATE) - 30 AND day < $until AND host IN (SELECT host FROM pairs) GROUP BY host
),
past AS (SELECT min(day) AS start, max(day) - min(day) < $quiet_days AS is_young FROM daily_clients WHERE day >= CAST($since AS DATE) - 30),
fleet AS (SELECT max(clients) AS clients FROM (SELECT count(DISTINCT client_ip) AS clients FROM daily_clients WHERE day >= CAST($since AS DATE) AND day < $until GROUP BY day) d),
shared AS (
  SELECT d.day, d.host, sum(d.requests) AS requests, max(d.clients) AS clients FROM daily_hosts d CROSS JOIN fleet f
  WHERE d.day >= CAST($since AS DATE) AND d.day < $until AND d.clients > 1 AND d.clients <= $max_share * f.clients AND d.requests >= $min_checkins
    AND d.requests * (1 - $own_share) >= d.clients - 1 AND NOT is_private_ip(d.host)
  GROUP BY d.day, d.host
),
heavy AS (
  SELECT r.day, r.client_ip, r.host, max(s.clients) AS clients, max(s.requests) AS requests, count(*) / CAST(max(s.requests) AS DOUBLE) AS own
  FROM requests r JOIN shared s ON s.day = r.day AND s.host = r.host
  GROUP BY r.day, r.client_ip, r.host HAVING count(*) >= $own_share * max(s.requests)
),
before AS (
  SELECT h.day, h.host, max(d.requests) AS most, min(d.day) AS born FROM shared h JOIN daily_hosts d ON d.host = h.host WHERE d.day < h.day AND d.day >= CAST($since AS DATE) - 30 GROUP BY h.day, h.host
),
rare AS (
  SELECT p.day, p.client_ip, p.host, greatest(k.most, e.clients) AS clients, k.born, CAST(NULL AS DOUBLE) AS own, CAST(NULL AS BOOLEAN) AS jumped FROM pairs p JOIN known k ON k.host = p.host JOIN ever e ON e.host = p.host
  WHERE greatest(k.most, e.clients) <= $max_clients
  UNION ALL
  SELECT h.day, h.client_ip, h.host, greatest(h.clients, k.most, e.clients), coalesce(b.born, h.day), h.own, h.requests >= 4 * b.most
  FROM heavy h LEFT JOIN before b ON b.day = h.day AND b.host = h.host LEFT JOIN known k ON k.host = h.host LEFT JOIN ever e ON e.host = h.host
  WHERE greatest(h.clients, coalesce(k.most, 0), coalesce(e.clients, 0)) > $max_clients
),
seen AS (
  SELECT r.day, r.client_ip, r.host, r.user_agent, r.path, grouping(r.user_agent) AS no_agent, grouping(r.path) AS no_path, count(*) AS count, min(r.ts) AS first, max(r.ts) AS last,
    beacon_stats(r.ts, r.request_bytes, r.response_bytes) AS s, coalesce(bool_or(is_private_ip(r.server_ip)), false) AS inside, bool_and(ua_class(r.user_agent) IN ('os_update', 'office', 'security_agent')) AS machine,
    bool_or(ua_class(r.user_agent) IN ('c2', 'hacktool', 'script', 'malformed')) AS odd, max(ua_class(r.user_agent)) AS class, max(p.clients) AS clients, max(p.born) AS born, max(p.own) AS own, bool_or(p.jumped) AS jumped
  FROM requests r JOIN rare p ON p.day = r.day AND p.client_ip = r.client_ip AND p.host = r.host
  WHERE coalesce(r.verdict, '') NOT IN ('denied', 'auth_required', 'error') AND coalesce(r.status, 200) NOT IN (407, 503)
  GROUP BY GROUPING SETS ((r.day, r.client_ip, r.host), (r.day, r.client_ip, r.host, r.user_agent), (r.day, r.client_ip, r.host, r.path))
),
valued AS (
  SELECT *, CASE WHEN no_agent = 0 THEN concat('those with the agent ', coalesce(user_agent, '-')) WHEN no_path = 0 THEN concat('those for ', coalesce(path, '-')) ELSE 'all requests' END AS of,
    CASE WHEN s['n_checkins'] >= $min_checkins AND s['span_s'] >= 60 * $min_minutes THEN s['score'] ELSE 0.0 END - CASE WHEN no_agent = 0 OR no_path = 0 THEN 0.05 ELSE 0.0 END AS value
  FROM seen
),
best AS (
  SELECT day, client_ip, host, first_value(s ORDER BY value DESC, of) AS s, first_value(of ORDER BY value DESC, of) AS of, max(count) AS count, min(first) AS first, max(last) AS last,
    bool_or(inside) AS inside, bool_and(machine) AS machine, bool_or(odd) AS odd, max(class) AS class, max(clients) AS clients, max(born) AS born, max(own) AS own, bool_or(jumped) AS jumped
  FROM valued GROUP BY day, client_ip, host
),
ranked AS (
  SELECT *, s['score'] AS rhythm, s['period_s'] AS period, s['jitter'] AS jitter, s['missed'] AS missed, s['n_checkins'] AS checkins, s['active_hours'] AS hours, s['span_s'] AS span, s['rita_score'] AS rita,
    greatest(coalesce(s['modal_response_share'], 0.0), coalesce(s['modal_share'], 0.0)) AS same
  FROM best
),
judged AS (
  SELECT r.*, f.clients AS fleet, p.is_young, r.day - p.start >= $quiet_days AS has_past, r.own IS NULL AND r.born - p.start >= $quiet_days AND r.day - r.born < $new_days AS is_new
  FROM ranked r CROSS JOIN past p CROSS JOIN fleet f
  WHERE r.rhythm >= $min_score AND r.checkins >= $min_checkins AND r.span >= 60 * $min_minutes AND NOT r.inside
)
SELECT day, client_ip, host, count, first, last,
  CASE WHEN machine THEN 'low'
    WHEN is_new AND clients <= 2 AND rhythm >= 0.9 AND (odd OR same >= 0.8 AND hours >= 12) THEN 'critical'
    WHEN is_new AND clients <= 2 THEN 'high'
    WHEN is_new OR jumped AND has_past OR is_young AND clients = 1 AND rhythm >= 0.9 THEN 'medium'
    ELSE 'low' END AS level,
  concat('asks about every ', CASE WHEN period < 120 THEN concat(CAST(round(period) AS BIGINT), ' s') WHEN period < 7200 THEN concat(CAST(round(period / 60) AS BIGINT), ' min') ELSE concat(round(period / 3600, 1), ' h') END,
    ', with a jitter of ', CAST(round(100 * jitter) AS BIGINT), ' %: ', checkins, ' check-ins in ', hours, CASE WHEN hours = 1 THEN ' hour' ELSE ' hours' END, CASE WHEN missed >= 0.05 THEN concat(', ', CAST(round(100 * missed) AS BIGINT), ' % missed') ELSE '' END,
    CASE WHEN same >= 0.8 THEN concat(', ', CAST(round(100 * same) AS BIGINT), ' % of one length') ELSE '' END, ' (', of, '), with an agent of class ', class, '; score ', round(rhythm, 2), ', RITA''s ', round(rita, 2), '; ',
    clients, ' of ', fleet, ' clients ', CASE WHEN clients = 1 THEN 'has' ELSE 'have' END, ' ever used the host', CASE WHEN own IS NULL THEN '' ELSE concat(', but this one makes ', CAST(round(100 * own) AS BIGINT), ' % of the requests', CASE WHEN jumped THEN ', and four times as many as the host ever had' ELSE '' END) END,
    CASE WHEN is_new THEN concat('; the house did not know it before ', CAST(born AS VARCHAR))
      WHEN has_past THEN concat('; it is known since ', CAST(born AS VARCHAR)) ELSE '; there is no past to compare with' END) AS why,
  0.5 * rhythm + CASE WHEN is_new THEN 0.25 WHEN jumped THEN 0.15 ELSE 0.0 END + 0.1 / clients + 0.1 * same + CASE WHEN odd THEN 0.05 ELSE 0.0 END AS score,
  0.5 * rhythm AS part_rhythm,
  CASE WHEN is_new THEN 0.25 WHEN jumped THEN 0.15 ELSE 0.0 END AS part_new,
  0.1 / clients AS part_rarity,
  0.1 * same AS part_same_length,
  CASE WHEN odd THEN 0.05 ELSE 0.0 END AS part_agent
FROM judged
