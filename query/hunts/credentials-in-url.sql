/*---
id: credentials-in-url
title: Credentials in a URL
finds: Requests whose URL carries a user and a password before the host, or a password in the query.
because: Phishing pages, stealers and badly built programs put passwords into URLs, and every proxy and server on the way logs them. Whoever reads this finding reads them, too.
attack: [T1552, T1056.003]
level: low
needs: [host, client_ip]
entity: [client_ip, host]
rows: query LIKE '%pass%=%' AND query ~* '(^|[&;])[a-z_]*(password|passwd|passwort|passphrase|user_?pass|login_?pass|pass)=[^&]+' OR query LIKE '%pwd=%' AND query ~* '(^|[&;])[a-z_]*pwd=[^&]+' OR scheme IN ('http', 'https', 'ftp') AND url ~ '^[a-z]+://[^/?#@:]+:[^/?#@]+@'
params:
  - {name: max_clients, type: int, unit: clients, default: 3, doc: a host that more clients of the day use is low}
  - {name: known_days, type: int, unit: days, default: 5, doc: a host that the house has used for so long is low}
false_positives:
  - Devices and old programs with a password in their address (known for weeks, they stay low)
  - Password resets with a token called password
author: dwell
references: ["https://attack.mitre.org/techniques/T1552/"]
---*/
WITH found AS (
  SELECT day, client_ip, host, count(*) AS count, min(ts) AS first, max(ts) AS last, max(scheme) AS scheme,
    count(*) FILTER (WHERE url ~ '^[a-z]+://[^/?#@:]+:[^/?#@]+@') AS before,
    coalesce(bool_or(is_private_ip(server_ip)), false) OR is_private_ip(host) OR (max(domain) IS NULL AND host NOT LIKE '%.%' AND host NOT LIKE '%:%') AS inside
  FROM requests
  WHERE query LIKE '%pass%=%' AND query ~* '(^|[&;])[a-z_]*(password|passwd|passwort|passphrase|user_?pass|login_?pass|pass)=[^&]+'
    OR query LIKE '%pwd=%' AND query ~* '(^|[&;])[a-z_]*pwd=[^&]+'
    OR scheme IN ('http', 'https', 'ftp') AND url ~ '^[a-z]+://[^/?#@:]+:[^/?#@]+@'
  GROUP BY day, client_ip, host
),
hosts AS (
  SELECT host, day, max(clients) AS clients FROM daily_hosts
  WHERE day >= CAST($since AS DATE) - 30 AND day < $until AND host IN (SELECT host FROM found) GROUP BY host, day
),
judged AS (
  SELECT f.*, coalesce(h.clients, 1) AS clients, b.born, f.day - coalesce(b.born, f.day) >= $known_days AS known
  FROM found f LEFT JOIN hosts h ON h.host = f.host AND h.day = f.day
  LEFT JOIN (SELECT host, min(day) AS born FROM hosts GROUP BY host) b ON b.host = f.host
)
SELECT day, client_ip, host, count, first, last,
  CASE WHEN inside OR known OR clients > $max_clients THEN 'low' ELSE 'medium' END AS level,
  concat(count, CASE WHEN count = 1 THEN ' request carries' ELSE ' requests carry' END, ' a password in the URL',
    CASE WHEN before > 0 THEN concat(' (', before, ' as user:password@host)') ELSE ' (in the query)' END,
    CASE WHEN scheme = 'http' THEN ', unencrypted' ELSE '' END, '; ', clients, CASE WHEN clients = 1 THEN ' client uses' ELSE ' clients use' END, ' the host that day',
    CASE WHEN inside THEN '; the server is inside the house' WHEN known THEN concat('; the host is known since ', CAST(born AS VARCHAR)) ELSE '' END) AS why,
  CASE WHEN inside OR known THEN 0.1 ELSE 0.4 END + 0.3 / clients AS score,
  CASE WHEN inside OR known THEN 0.1 ELSE 0.4 END AS part_new,
  0.3 / clients AS part_rarity
FROM judged
