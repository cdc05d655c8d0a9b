/*---
id: ip-literal
title: An address instead of a name
finds: Requests and tunnels to a public address instead of a name, where at most a few clients use it.
because: People type names and programs ship with names. An address needs no registration and leaves no trace in DNS, so droppers and implants like it.
attack: [T1071.001, T1105]
level: low
needs: [host, client_ip]
entity: [client_ip, host]
excusable: false
params:
  - {name: max_clients, type: int, unit: clients, default: 3, doc: an address that more clients of the day use is not told}
  - {name: quiet_days, type: int, unit: days, default: 1, doc: how long the house must have gone without a host before it counts as new}
  - {name: new_days, type: int, unit: days, default: 7, doc: how long a host counts as new}
  - {name: min_requests, type: int, unit: requests, default: 3, doc: fewer are low unless a program was loaded or an odd agent asked}
false_positives:
  - Conferences and games, which connect to addresses of relays
  - Appliances and partners' portals without a name (known for weeks, they stay low)
author: dwell
references: ["https://attack.mitre.org/techniques/T1071/001/"]
---*/
WITH found AS (
  SELECT day, client_ip, host, count(*) AS count, min(ts) AS first, max(ts) AS last,
    count(*) FILTER (WHERE verdict IN ('denied', 'auth_required')) AS refused,
    count(*) FILTER (WHERE method = 'CONNECT') AS tunnels, count(*) FILTER (WHERE method = 'POST') AS posts,
    count(DISTINCT port) AS ports, min(port) AS port,
    bool_or(ua_class(user_agent) IN ('script', 'c2', 'hacktool', 'malformed', 'empty')) AS odd_agent,
    bool_or(status < 400 AND (extension IN ('exe', 'dll', 'msi', 'ps1', 'bat', 'vbs', 'hta', 'scr', 'jar', 'bin', 'sh', 'elf', 'iso', 'lnk', 'js', 'cab')
      OR content_type IN ('application/octet-stream', 'application/x-msdownload', 'application/x-dosexec', 'application/x-executable', 'application/vnd.microsoft.portable-executable', 'application/hta'))) AS program,
    count(*) OVER (PARTITION BY day, host) AS clients
  FROM requests
  WHERE domain IS NULL AND (host ~ '^[0-9.]+$' OR host LIKE '%:%') AND NOT is_private_ip(host)
  GROUP BY day, client_ip, host
),
rare AS (SELECT * FROM found WHERE clients <= $max_clients),
born AS (
  SELECT host, min(day) AS born FROM daily_hosts
  WHERE day >= CAST($since AS DATE) - 30 AND day < $until AND host IN (SELECT host FROM rare) GROUP BY host
),
past AS (SELECT min(day) AS start FROM daily_clients WHERE day >= CAST($since AS DATE) - 30),
-- Clients that run scripts by habit: a build machine, a developer.
habit AS (
  SELECT client_ip, min(day) AS since FROM daily_agents
  WHERE day >= CAST($since AS DATE) - 30 AND day < $until AND client_ip IN (SELECT client_ip FROM rare WHERE odd_agent) AND ua_class(user_agent) = 'script' GROUP BY client_ip
),
judged AS (
  SELECT r.*, coalesce(b.born, r.day) AS born, r.day - p.start >= $quiet_days AS has_past, coalesce(program, false) AS programs, coalesce(odd_agent, false) AS odd, w.since IS NOT NULL AND r.day - w.since >= $new_days AS scripts,
    coalesce(b.born, r.day) - p.start >= $quiet_days AND r.day - coalesce(b.born, r.day) < $new_days AS is_new
  FROM rare r LEFT JOIN born b ON b.host = r.host LEFT JOIN habit w ON w.client_ip = r.client_ip CROSS JOIN past p
)
SELECT day, client_ip, host, count, first, last,
  CASE WHEN refused = count THEN 'low'
    WHEN is_new AND programs AND odd AND NOT scripts THEN 'high'
    WHEN is_new AND (programs OR odd OR count >= $min_requests) THEN 'medium'
    WHEN NOT has_past AND programs THEN 'medium'
    ELSE 'low' END AS level,
  concat(count, CASE WHEN count = 1 THEN ' request' ELSE ' requests' END, CASE WHEN tunnels > 0 THEN concat(' (', tunnels, ' CONNECT)') ELSE '' END, ' to the address ', host,
    CASE WHEN ports = 1 THEN concat(', port ', port) ELSE '' END, CASE WHEN refused > 0 THEN concat(', ', refused, ' of them refused') ELSE '' END,
    '; ', clients, CASE WHEN clients = 1 THEN ' client uses' ELSE ' clients use' END, ' it that day',
    CASE WHEN programs THEN '; a program or data without a type was loaded' ELSE '' END, CASE WHEN odd THEN '; the agent is no browser''s' ELSE '' END,
    CASE WHEN is_new THEN concat('; the house did not know it before ', CAST(born AS VARCHAR))
      WHEN has_past THEN concat('; it is known since ', CAST(born AS VARCHAR)) ELSE '; there is no past to compare with' END) AS why,
  0.1 + CASE WHEN programs THEN 0.2 ELSE 0.0 END + CASE WHEN odd THEN 0.2 ELSE 0.0 END + CASE WHEN is_new THEN 0.3 ELSE 0.0 END + 0.2 / clients AS score,
  CASE WHEN programs THEN 0.2 ELSE 0.0 END AS part_program,
  CASE WHEN odd THEN 0.2 ELSE 0.0 END AS part_agent,
  CASE WHEN is_new THEN 0.3 ELSE 0.0 END AS part_new,
  0.2 / clients AS part_rarity
FROM judged
