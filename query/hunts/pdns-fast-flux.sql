/*---
id: pdns-fast-flux
title: A name with ever new addresses
finds: Requests to hosts for which passive DNS saw many addresses in many networks within a day, by client, host and day.
because: Fast flux hides a controller behind hundreds of infected machines in as many networks. Content networks have many addresses too, but in few networks.
attack: [T1568.001]
level: low
needs: [host]
entity: [client_ip, host]
params:
  - {name: min_addresses, type: int, unit: addresses, default: 10, doc: fewer addresses in a day are usual}
  - {name: min_networks, type: int, unit: networks, default: 8, doc: fewer networks (/16) are usual for one operator}
false_positives:
  - Time servers and mirrors in a pool of volunteers
  - Content networks that answer from many countries
author: dwell
references: ["https://attack.mitre.org/techniques/T1568/001/"]
---*/
WITH days AS (
  SELECT rrname, CAST(time_first AS DATE) AS day, rdata FROM passive_dns WHERE rrtype = 'A'
  UNION
  SELECT rrname, CAST(time_last AS DATE) AS day, rdata FROM passive_dns WHERE rrtype = 'A'
),
flux AS (
  SELECT rrname, day, count(DISTINCT rdata) AS addresses, count(DISTINCT concat(split_part(rdata, '.', 1), '.', split_part(rdata, '.', 2))) AS networks
  FROM days GROUP BY rrname, day
),
seen AS (
  SELECT day, client_ip, host, count(*) AS count, min(ts) AS first, max(ts) AS last FROM requests
  WHERE host IN (SELECT rrname FROM flux WHERE addresses >= $min_addresses AND networks >= $min_networks) GROUP BY day, client_ip, host
)
SELECT s.day, s.client_ip, s.host, s.count, s.first, s.last, least(1.0, f.networks / 40.0) AS score,
  concat(s.count, CASE WHEN s.count = 1 THEN ' request' ELSE ' requests' END, ' to ', s.host, ', for which passive DNS saw ', f.addresses, ' addresses in ', f.networks, ' networks that day') AS why
FROM seen s JOIN flux f ON f.rrname = s.host AND f.day = s.day
WHERE f.addresses >= $min_addresses AND f.networks >= $min_networks
