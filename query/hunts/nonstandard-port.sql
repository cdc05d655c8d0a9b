/*---
id: nonstandard-port
title: Connection to an unusual port
finds: >-
  Every request and tunnel to a port that is not the scheme's own (http 80, https 443, ftp 21, CONNECT 443), by client, host and port, where at most five clients of the day use that host and port.
  What more clients use is told once by nonstandard-port-shared; what speaks against a tunnel, by connect-port.
because: >-
  Servers of implants, reverse shells, miners and remote administration listen where no web server does, and a proxy that lets them through is a hole in the fence.
attack: [T1571]
level: low
needs: [port, host]
entity: [client_ip, host, port]
rows: is_nonstandard_port(port, scheme)
excusable: true
params:
  - {name: min_requests, type: int, unit: requests, default: 1, doc: fewer of a client to a host and port on a day are not told}
  - {name: max_clients, type: int, unit: clients, default: 5, doc: hosts and ports that more clients of the day use are left to nonstandard-port-shared}
  - {name: quiet_days, type: int, unit: days, default: 1, doc: how long the house must have gone without a host before it counts as new}
  - {name: new_days, type: int, unit: days, default: 7, doc: how long a host counts as new}
false_positives:
  - Development and administration inside the house (private addresses stay low)
  - Vendors' own protocols (known for weeks, they stay low)
  - Web servers at 8080 or 8443 (never above medium)
author: dwell
references: ["https://attack.mitre.org/techniques/T1571/"]
---*/
WITH seen AS (
  SELECT day, client_ip, host, port, max(scheme) AS scheme, count(*) AS count, min(ts) AS first, max(ts) AS last,
    count(*) FILTER (WHERE verdict IN ('denied', 'auth_required')) AS refused,
    coalesce(bool_or(is_private_ip(server_ip)), false) OR is_private_ip(host) OR (max(domain) IS NULL AND host NOT LIKE '%.%' AND host NOT LIKE '%:%') AS inside,
    bool_or(ua_class(user_agent) IN ('script', 'c2', 'hacktool', 'malformed', 'empty')) AS odd_agent,
    count(*) OVER (PARTITION BY day, host, port) AS clients
  FROM requests
  WHERE is_nonstandard_port(port, scheme)
  GROUP BY day, client_ip, host, port
),
rare AS (
  SELECT *, port_class(port, scheme) = 'alternate' AS usual,
    port IN (22, 23, 25, 135, 139, 445, 1080, 1337, 1604, 2222, 3333, 3389, 4444, 4445, 4782, 5552, 5555, 5900, 5985, 5986, 6606, 6660, 6661, 6662, 6663, 6664, 6665, 6666, 6667, 6668, 6669, 6697,
      7707, 8808, 9001, 9030, 9050, 9150, 12345, 14444, 31337, 45700, 50050) AS telling
  FROM seen WHERE clients <= $max_clients AND count >= $min_requests
),
born AS (
  SELECT host, min(day) AS born FROM daily_hosts
  WHERE day >= CAST($since AS DATE) - 30 AND day < $until AND host IN (SELECT host FROM rare) GROUP BY host
),
past AS (SELECT min(day) AS start FROM daily_clients WHERE day >= CAST($since AS DATE) - 30),
judged AS (
  SELECT r.*, coalesce(b.born, r.day) AS born, r.day - p.start >= $quiet_days AS has_past,
    coalesce(b.born, r.day) - p.start >= $quiet_days AND r.day - coalesce(b.born, r.day) < $new_days AS is_new
  FROM rare r LEFT JOIN born b ON b.host = r.host CROSS JOIN past p
)
SELECT day, client_ip, host, port, count, first, last,
  CASE WHEN inside OR scheme = 'tunnel' THEN 'low'
    WHEN usual THEN CASE WHEN is_new AND odd_agent THEN 'medium' ELSE 'low' END
    WHEN telling AND is_new AND refused < count THEN 'high'
    WHEN is_new OR telling AND NOT has_past AND refused < count THEN 'medium'
    ELSE 'low' END AS level,
  concat(count, CASE WHEN count = 1 THEN ' request' ELSE ' requests' END, ' (', coalesce(scheme, 'unknown scheme'), ') to port ', port,
    CASE WHEN refused > 0 THEN concat(', ', refused, ' of them refused') ELSE '' END,
    ', which ', clients, CASE WHEN clients = 1 THEN ' client uses' ELSE ' clients use' END, ' there that day',
    CASE WHEN telling THEN '; the port is one of remote administration, chat, mining or implants' WHEN usual THEN '; web servers often use the port' ELSE '' END,
    CASE WHEN inside THEN '; the server is inside the house' WHEN is_new THEN concat('; the house did not know the host before ', CAST(born AS VARCHAR))
      WHEN has_past THEN concat('; the host is known since ', CAST(born AS VARCHAR)) ELSE '; there is no past to compare with' END) AS why,
  0.2 + CASE WHEN telling THEN 0.3 ELSE 0.0 END + CASE WHEN is_new THEN 0.3 ELSE 0.0 END + CASE WHEN inside THEN 0.0 ELSE 0.2 / clients END AS score,
  CASE WHEN telling THEN 0.3 ELSE 0.0 END AS part_port,
  CASE WHEN is_new THEN 0.3 ELSE 0.0 END AS part_new,
  CASE WHEN inside THEN 0.0 ELSE 0.2 / clients END AS part_rarity
FROM judged
