/*---
id: nonstandard-port
title: Connections to an unusual port
finds: Requests to ports other than those of their scheme.
because: Implants and tunnels listen where few programs talk.
attack: [T1571]
level: low
needs: [port]
entity: [client_ip, host, port]
rows: is_nonstandard_port(port, scheme)
excusable: true
params:
  - {name: least, type: int, unit: requests, default: 1, doc: pairs with fewer requests are not told}
author: dwell
---*/
SELECT day, client_ip, host, port, count(*) AS count, min(ts) AS first, max(ts) AS last,
  concat(count(*), ' requests to port ', port) AS why
FROM requests
WHERE is_nonstandard_port(port, scheme)
GROUP BY day, client_ip, host, port
HAVING count(*) >= $least
