/*---
id: agent-empty
title: Requests without a user agent to a rare host
finds: >-
  Requests without a user agent, by client and host, where hardly any client of the house uses the host.
because: >-
  Browsers and well-made programs name themselves. Small implants and scripts leave it out; so do appliances, which have done so since they were installed.
attack: [T1071.001]
level: low
needs: [client_ip, host]
entity: [client_ip, host]
rows: ua_class(user_agent) = 'empty'
excusable: true
params:
  - {name: min_requests, type: int, unit: requests, default: 5, doc: "fewer are not told"}
  - {name: max_clients, type: int, unit: clients, default: 2, doc: "hosts that more clients use are not told"}
  - {name: quiet_days, type: int, unit: days, default: 5, doc: "how long the house must have gone without it before it counts as new"}
  - {name: new_days, type: int, unit: days, default: 7, doc: "how long it counts as new"}
false_positives:
  - "Appliances, cameras, telephones: they are known for weeks and stay low"
  - "Tunnels of programs that name themselves only inside of them"
author: dwell
references: ["https://github.com/SigmaHQ/sigma (proxy_ua_empty)"]
---*/
WITH found AS (
  SELECT day, client_ip, host, count(*) AS count, min(ts) AS first, max(ts) AS last, count(*) FILTER (WHERE method <> 'CONNECT') AS plain,
    coalesce(bool_or(is_private_ip(server_ip)), false) OR is_private_ip(host) OR (max(domain) IS NULL AND host NOT LIKE '%.%' AND host NOT LIKE '%:%') AS inside
  FROM requests WHERE ua_class(user_agent) = 'empty' AND host IS NOT NULL AND client_ip IS NOT NULL GROUP BY day, client_ip, host HAVING count(*) >= $min_requests
),
known AS (
  SELECT host, min(day) AS born, max(clients) AS clients FROM daily_hosts WHERE day >= CAST($since AS DATE) - 30 AND day < $until AND host IN (SELECT host FROM found) GROUP BY host
),
past AS (SELECT min(day) AS start FROM daily_clients WHERE day >= CAST($since AS DATE) - 30),
judged AS (
  SELECT f.*, k.born, k.clients, f.day - p.start >= $quiet_days AS has_past,
    k.born - p.start >= $quiet_days AND f.day - k.born < $new_days AS is_new
  FROM found f JOIN known k ON k.host = f.host CROSS JOIN past p WHERE k.clients <= $max_clients AND NOT f.inside
)
SELECT day, client_ip, host, count, first, last,
  CASE WHEN is_new AND plain > 0 THEN 'medium' ELSE 'low' END AS level,
  concat(count, ' requests without a user agent', CASE WHEN plain = 0 THEN ', all of them tunnels' WHEN plain < count THEN concat(', ', plain, ' of them outside of tunnels') ELSE '' END, '; ',
    clients, CASE WHEN clients = 1 THEN ' client uses' ELSE ' clients use' END, ' the host',
    CASE WHEN is_new THEN concat(', which the house did not know before ', CAST(born AS VARCHAR)) WHEN has_past THEN concat(', known since ', CAST(born AS VARCHAR)) ELSE '; there is no past to compare with' END) AS why,
  0.2 + CASE WHEN is_new THEN 0.4 ELSE 0.0 END + 0.2 / clients + CASE WHEN plain > 0 THEN 0.1 ELSE 0.0 END AS score,
  CASE WHEN is_new THEN 0.4 ELSE 0.0 END AS part_new,
  0.2 / clients AS part_rarity
FROM judged
