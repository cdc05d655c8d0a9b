/*---
id: denied-then-allowed
title: Denied, and then it gets through
finds: A client that the proxy denies a host several times, and that reaches the same host afterwards on the same day, without having reached it before.
because: Somebody, or something, looked for a way round the rules and found one; or the rules changed, which is worth knowing, too.
attack: [T1090, T1562]
level: low
needs: [verdict, client_ip, host]
entity: [client_ip, host]
params:
  - {name: min_denied, type: int, unit: requests, default: 3, doc: fewer denials are not told}
  - {name: max_clients, type: int, unit: clients, default: 2, doc: a host that more clients of the day use is low}
  - {name: medium_denied, type: int, unit: requests, default: 5, doc: fewer denials are low}
false_positives:
  - A page that asks to confirm and then lets through, a site that was allowed on request
author: dwell
references: ["https://attack.mitre.org/techniques/T1562/"]
---*/
WITH denied AS (
  SELECT host FROM daily_hosts WHERE day >= CAST($since AS DATE) AND day < $until AND denied >= $min_denied AND requests > denied GROUP BY host
),
pairs AS (
  SELECT day, client_ip, host, count(*) AS count, min(ts) AS first, max(ts) AS last, count(*) FILTER (WHERE verdict = 'denied') AS refused, count(*) FILTER (WHERE verdict = 'allowed') AS passed,
    min(ts) FILTER (WHERE verdict = 'denied') AS first_denied, max(ts) FILTER (WHERE verdict = 'denied') AS last_denied, min(ts) FILTER (WHERE verdict = 'allowed') AS first_allowed,
    coalesce(sum(response_bytes) FILTER (WHERE verdict = 'allowed'), 0) AS got, count(DISTINCT user_agent) AS agents, count(DISTINCT scheme) AS schemes, max(categories) AS categories
  FROM requests WHERE host IN (SELECT host FROM denied)
  GROUP BY day, client_ip, host
  HAVING count(*) FILTER (WHERE verdict = 'denied') >= $min_denied AND min(ts) FILTER (WHERE verdict = 'allowed') > max(ts) FILTER (WHERE verdict = 'denied')
),
hosts AS (
  SELECT day, host, max(clients) AS clients FROM daily_hosts WHERE day >= CAST($since AS DATE) AND day < $until AND host IN (SELECT host FROM pairs) GROUP BY day, host
)
SELECT p.day, p.client_ip, p.host, p.count, p.first, p.last,
  CASE WHEN h.clients <= $max_clients AND p.refused >= $medium_denied THEN 'medium' ELSE 'low' END AS level,
  concat('denied ', p.refused, ' times, then allowed ', p.passed, CASE WHEN p.passed = 1 THEN ' time' ELSE ' times' END, ' from ', to_char(p.first_allowed, '%H:%M'), ' UTC on (', CASE WHEN p.got >= 1000000 THEN concat(round(p.got / 1e6, 1), ' MB') ELSE concat(round(p.got / 1e3, 1), ' kB') END, ' received)',
    CASE WHEN p.schemes > 1 THEN ', under another scheme' ELSE '' END, CASE WHEN p.agents > 1 THEN concat(', with ', p.agents, ' agents') ELSE '' END, coalesce(', category ' || p.categories, ''),
    '; ', h.clients, CASE WHEN h.clients = 1 THEN ' client asks' ELSE ' clients ask' END, ' for the host that day') AS why,
  0.2 + 0.3 * least(1.0, p.refused / 20.0) + 0.3 / h.clients + CASE WHEN p.schemes > 1 OR p.agents > 1 THEN 0.2 ELSE 0.0 END AS score,
  0.3 * least(1.0, p.refused / 20.0) AS part_denied,
  0.3 / h.clients AS part_rarity,
  CASE WHEN p.schemes > 1 OR p.agents > 1 THEN 0.2 ELSE 0.0 END AS part_changed
FROM pairs p JOIN hosts h ON h.day = p.day AND h.host = p.host
