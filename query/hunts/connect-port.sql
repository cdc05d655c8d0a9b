/*---
id: connect-port
title: Tunnel to a port other than 443
finds: CONNECT to any port but 443, by client, host and port.
because: >-
  A tunnel is a hole for any protocol. To 443 it is mostly TLS; to 22, 3389, 4444 or 3333 it is a shell, a remote desktop, an implant, a miner.
attack: [T1572, T1090]
level: low
needs: [port, host, method]
entity: [client_ip, host, port]
rows: method = 'CONNECT' AND port <> 443
excusable: true
params:
  - {name: max_clients, type: int, unit: clients, default: 5, doc: what more clients of the day use stays low}
  - {name: quiet_days, type: int, unit: days, default: 1, doc: how long the house must have gone without a host before it counts as new}
  - {name: new_days, type: int, unit: days, default: 7, doc: how long a host counts as new}
false_positives:
  - Mail programs (993, 465, 587), chat and push services (5222, 5223, 5228), portals at 8443
  - SFTP with a partner, which is known for weeks and stays low
author: dwell
references: ["https://attack.mitre.org/techniques/T1572/"]
---*/
WITH seen AS (
  SELECT day, client_ip, host, port, count(*) AS count, min(ts) AS first, max(ts) AS last,
    count(*) FILTER (WHERE verdict IN ('denied', 'auth_required')) AS refused,
    coalesce(sum(request_bytes), 0) AS sent, coalesce(sum(response_bytes), 0) AS got, coalesce(max(duration_ms), 0) AS longest,
    coalesce(bool_or(is_private_ip(server_ip)), false) OR is_private_ip(host) OR (max(domain) IS NULL AND host NOT LIKE '%.%' AND host NOT LIKE '%:%') AS inside,
    max(domain) IS NULL AND (host LIKE '%:%' OR host ~ '^[0-9.]+$') AS literal,
    bool_or(ua_class(user_agent) IN ('script', 'c2', 'hacktool', 'malformed', 'empty')) AS odd_agent,
    count(*) OVER (PARTITION BY day, host, port) AS clients
  FROM requests
  WHERE method = 'CONNECT' AND port <> 443
  GROUP BY day, client_ip, host, port
),
graded AS (
  SELECT *, port IN (80, 110, 143, 465, 563, 587, 853, 993, 995, 1935, 3478, 5222, 5223, 5228, 5229, 5230, 8000, 8008, 8080, 8081, 8088, 8443, 8888, 9443) AS usual,
    port IN (22, 23, 25, 135, 139, 445, 1080, 1337, 1604, 2222, 3333, 3389, 4444, 4445, 4782, 5552, 5555, 5900, 5985, 5986, 6606, 6660, 6661, 6662, 6663, 6664, 6665, 6666, 6667, 6668, 6669, 6697,
      7707, 8808, 9001, 9030, 9050, 9150, 12345, 14444, 31337, 45700, 50050) AS telling
  FROM seen
),
born AS (
  SELECT host, min(day) AS born FROM daily_hosts
  WHERE day >= CAST($since AS DATE) - 30 AND day < $until AND host IN (SELECT host FROM seen) GROUP BY host
),
past AS (SELECT min(day) AS start FROM daily_clients WHERE day >= CAST($since AS DATE) - 30),
judged AS (
  SELECT g.*, coalesce(b.born, g.day) AS born, g.day - p.start >= $quiet_days AS has_past,
    coalesce(b.born, g.day) - p.start >= $quiet_days AND g.day - coalesce(b.born, g.day) < $new_days AS is_new
  FROM graded g LEFT JOIN born b ON b.host = g.host CROSS JOIN past p
)
SELECT day, client_ip, host, port, count, first, last,
  CASE WHEN inside OR clients > $max_clients THEN 'low'
    WHEN usual THEN CASE WHEN is_new AND (odd_agent OR literal) THEN 'medium' ELSE 'low' END
    WHEN telling AND is_new AND refused < count THEN 'high'
    WHEN is_new OR telling AND NOT has_past AND refused < count THEN 'medium'
    ELSE 'low' END AS level,
  concat(count, CASE WHEN count = 1 THEN ' tunnel' ELSE ' tunnels' END, ' to port ', port, CASE WHEN refused > 0 THEN concat(', ', refused, ' of them refused') ELSE '' END,
    CASE WHEN sent + got >= 1000000 THEN concat(', ', round(sent / 1e6, 1), ' MB up and ', round(got / 1e6, 1), ' MB down') ELSE '' END,
    CASE WHEN longest >= 60000 THEN concat(', the longest ', round(longest / 6e4, 0), ' minutes') ELSE '' END,
    '; ', clients, CASE WHEN clients = 1 THEN ' client goes' ELSE ' clients go' END, ' there that day',
    CASE WHEN telling THEN '; the port is one of remote administration, chat, mining or implants' WHEN usual THEN '; the port has ordinary uses' ELSE '' END,
    CASE WHEN inside THEN '; the server is inside the house' WHEN is_new THEN concat('; the house did not know the host before ', CAST(born AS VARCHAR))
      WHEN has_past THEN concat('; the host is known since ', CAST(born AS VARCHAR)) ELSE '; there is no past to compare with' END) AS why,
  0.2 + CASE WHEN telling THEN 0.3 ELSE 0.0 END + CASE WHEN is_new THEN 0.3 ELSE 0.0 END + CASE WHEN inside THEN 0.0 ELSE 0.2 / clients END AS score,
  CASE WHEN telling THEN 0.3 ELSE 0.0 END AS part_port,
  CASE WHEN is_new THEN 0.3 ELSE 0.0 END AS part_new,
  CASE WHEN inside THEN 0.0 ELSE 0.2 / clients END AS part_rarity
FROM judged
