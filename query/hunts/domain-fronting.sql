/*---
id: domain-fronting
title: The handshake asks for another name than the request
finds: >-
  Requests whose TLS handshake asked for a name (SNI) of another registered domain than the one of the request, for pairs of names that hardly any client has, to a host that hardly anybody uses.
because: Behind a large provider's name an implant can talk to any site that the provider serves. Filters see the name of the handshake.
attack: [T1090.004]
level: low
needs: [sni, host, client_ip]
entity: [client_ip, host, sni]
rows: sni IS NOT NULL AND host IS NOT NULL AND sni <> host
params:
  - {name: max_clients, type: int, unit: clients, default: 2, doc: a pair of names or a host that more clients of the day have is not told}
  - {name: min_requests, type: int, unit: requests, default: 5, doc: fewer are low}
  - {name: known_days, type: int, unit: days, default: 7, doc: a host that the house has used for so long is low}
  - {name: front_clients, type: int, unit: clients, default: 5, doc: a name in the handshake that so many clients use makes a front}
false_positives:
  - Connections that a browser uses again for another name of the same certificate (the names of one owner, seen at many clients)
author: dwell
references: ["https://attack.mitre.org/techniques/T1090/004/"]
---*/
WITH seen AS (
  SELECT day, client_ip, host, sni, domain, count(*) AS count, min(ts) AS first, max(ts) AS last, coalesce(sum(request_bytes), 0) AS sent,
    bool_or(ua_class(user_agent) NOT IN ('browser', 'browser_mobile')) AS program
  FROM requests WHERE sni IS NOT NULL AND host IS NOT NULL AND sni <> host
  GROUP BY day, client_ip, host, sni, domain
),
other AS (
  SELECT *, registered_domain(sni) AS front FROM seen WHERE domain IS NOT NULL AND registered_domain(sni) IS NOT NULL AND registered_domain(sni) <> domain
),
pairs AS (SELECT day, domain, front, count(DISTINCT client_ip) AS clients FROM other GROUP BY day, domain, front),
hosts AS (
  SELECT day, host, max(clients) AS clients FROM daily_hosts
  WHERE day >= CAST($since AS DATE) - 30 AND day < $until AND (host IN (SELECT host FROM other) OR host IN (SELECT sni FROM other)) GROUP BY day, host
),
born AS (SELECT host, min(day) AS born FROM hosts GROUP BY host),
judged AS (
  SELECT o.*, p.clients AS pair_clients, coalesce(h.clients, 1) AS host_clients, coalesce(f.clients, 0) AS front_users, o.day - coalesce(b.born, o.day) >= $known_days AS known, b.born
  FROM other o JOIN pairs p ON p.day = o.day AND p.domain = o.domain AND p.front = o.front
  LEFT JOIN hosts h ON h.day = o.day AND h.host = o.host LEFT JOIN hosts f ON f.day = o.day AND f.host = o.sni LEFT JOIN born b ON b.host = o.host
  WHERE p.clients <= $max_clients AND coalesce(h.clients, 1) <= $max_clients
)
SELECT day, client_ip, host, sni, count, first, last,
  CASE WHEN known THEN 'low' WHEN count >= $min_requests AND front_users >= $front_clients THEN 'high' WHEN count >= $min_requests THEN 'medium' ELSE 'low' END AS level,
  concat(count, CASE WHEN count = 1 THEN ' request to ' ELSE ' requests to ' END, host, ' went through connections that had asked for ', sni, '; ', front_users, CASE WHEN front_users = 1 THEN ' client uses' ELSE ' clients use' END,
    ' that name by itself that day, ', host_clients, CASE WHEN host_clients = 1 THEN ' uses' ELSE ' use' END, ' the host behind it',
    CASE WHEN known THEN concat('; it is known since ', CAST(born AS VARCHAR)) ELSE '' END) AS why,
  0.2 + 0.3 * least(1.0, count / 20.0) + CASE WHEN front_users >= $front_clients THEN 0.3 ELSE 0.0 END + CASE WHEN program THEN 0.2 ELSE 0.0 END AS score,
  0.3 * least(1.0, count / 20.0) AS part_count,
  CASE WHEN front_users >= $front_clients THEN 0.3 ELSE 0.0 END AS part_front,
  CASE WHEN program THEN 0.2 ELSE 0.0 END AS part_agent
FROM judged
