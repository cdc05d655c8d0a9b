/*---
id: new-domain
title: A domain that the house sees for the first time
finds: >-
  Domains that nobody of the house has asked for in thirty days, on the day when the first one or two clients do, and only where something else speaks against them: a program is loaded without a page being read,
  by a script, data goes out, or posts without pages.
because: >-
  Hundreds of domains are new every day, because people read. What an intruder brings along is new, too; what is done there tells them apart.
attack: [T1105, T1583.001]
level: low
needs: [domain, client_ip]
entity: [client_ip, domain]
params:
  - {name: max_clients, type: int, unit: clients, default: 2, doc: a domain that more clients ask for on its first day is not told}
  - {name: quiet_days, type: int, unit: days, default: 2, doc: how long the store must hold without the domain}
  - {name: few_requests, type: int, unit: requests, default: 3, doc: a program that is loaded with at most so many requests to the domain was not looked for}
  - {name: past_days, type: int, unit: days, default: 30, doc: how far to look back}
false_positives:
  - A program that somebody looked for and that its maker distributes from a domain of its own
author: dwell
references: ["https://attack.mitre.org/techniques/T1105/"]
---*/
WITH names AS (
  SELECT domain, min(day) AS born FROM daily_hosts
  WHERE day >= CAST($since AS DATE) - $past_days AND day < $until AND domain IS NOT NULL GROUP BY domain
),
past AS (SELECT min(day) AS start FROM daily_clients WHERE day >= CAST($since AS DATE) - $past_days),
fresh AS (SELECT n.domain, n.born, p.start FROM names n CROSS JOIN past p WHERE n.born >= CAST($since AS DATE) AND n.born - p.start >= $quiet_days),
seen AS (
  SELECT r.day, r.client_ip, r.domain, count(*) AS count, min(r.ts) AS first, max(r.ts) AS last, max(f.start) AS start,
    count(*) FILTER (WHERE r.status < 400 AND (r.extension IN ('exe', 'msi', 'dll', 'scr', 'ps1', 'bat', 'cmd', 'vbs', 'vbe', 'jse', 'wsf', 'hta', 'lnk', 'jar', 'iso', 'img', 'cpl', 'msix', 'pkg', 'dmg', 'elf')
      OR r.content_type IN ('application/x-msdownload', 'application/x-dosexec', 'application/x-executable', 'application/vnd.microsoft.portable-executable', 'application/x-msi', 'application/hta', 'application/x-elf'))) AS programs,
    max(r.path) FILTER (WHERE r.extension IN ('exe', 'msi', 'dll', 'scr', 'ps1', 'bat', 'cmd', 'vbs', 'vbe', 'jse', 'wsf', 'hta', 'lnk', 'jar', 'iso', 'img', 'cpl', 'msix', 'pkg', 'dmg', 'elf')) AS program,
    bool_or(ua_class(r.user_agent) IN ('script', 'c2', 'hacktool', 'malformed')) AS odd,
    count(*) FILTER (WHERE r.method IN ('POST', 'PUT')) AS posts, count(*) FILTER (WHERE r.method IN ('GET', 'HEAD')) AS gets,
    coalesce(sum(r.request_bytes), 0) AS sent, coalesce(sum(r.response_bytes), 0) AS got,
    count(*) OVER (PARTITION BY r.day, r.domain) AS clients
  FROM requests r JOIN fresh f ON f.domain = r.domain AND f.born = r.day
  WHERE r.verdict NOT IN ('denied', 'auth_required')
  GROUP BY r.day, r.client_ip, r.domain
),
judged AS (
  SELECT *, programs > 0 AND count <= $few_requests AS straight, sent >= 5000000 AND sent > 2 * got AS gives, posts >= 3 AND posts > gets AS reports
  FROM seen WHERE clients <= $max_clients
),
-- Clients that run scripts by habit: a build machine, a developer.
habit AS (
  SELECT client_ip, min(day) AS since FROM daily_agents
  WHERE day >= CAST($since AS DATE) - $past_days AND day < $until AND client_ip IN (SELECT client_ip FROM judged WHERE odd) AND ua_class(user_agent) = 'script' GROUP BY client_ip
),
rows AS (
  SELECT j.day, j.client_ip, j.domain, count(*) AS count, min(r.ts) AS first, max(r.ts) AS last
  FROM requests r JOIN judged j ON j.day = r.day AND j.client_ip = r.client_ip AND j.domain = r.domain
  WHERE j.programs > 0 OR j.odd OR j.gives OR j.reports
  GROUP BY j.day, j.client_ip, j.domain
)
SELECT j.day, j.client_ip, j.domain, r.count, r.first, r.last,
  CASE WHEN programs > 0 AND odd AND (w.since IS NULL OR j.day - w.since < $quiet_days) THEN 'high' WHEN programs > 0 AND odd THEN 'medium' WHEN straight OR odd AND (gives OR reports) THEN 'medium' ELSE 'low' END AS level,
  concat('the house has not asked for ', j.domain, ' since ', CAST(start AS VARCHAR), ' at least; ', r.count, CASE WHEN r.count = 1 THEN ' request' ELSE ' requests' END, ' now',
    CASE WHEN programs > 0 THEN concat(', and a program comes of it', coalesce(' (' || regexp_replace(program, '^.*/', '') || ')', ''), CASE WHEN straight THEN ' with hardly a page read' ELSE '' END) ELSE '' END,
    CASE WHEN odd THEN ', by a script or an agent that is none' ELSE '' END, CASE WHEN gives THEN concat(', ', round(sent / 1e6, 1), ' MB out and ', round(got / 1e6, 1), ' MB in') ELSE '' END,
    CASE WHEN reports THEN concat(', ', posts, ' posts to ', gets, ' pages') ELSE '' END) AS why,
  0.2 + CASE WHEN programs > 0 THEN 0.2 ELSE 0.0 END + CASE WHEN straight THEN 0.1 ELSE 0.0 END + CASE WHEN odd THEN 0.2 ELSE 0.0 END + CASE WHEN gives THEN 0.2 ELSE 0.0 END + CASE WHEN reports THEN 0.1 ELSE 0.0 END AS score,
  CASE WHEN programs > 0 THEN 0.2 ELSE 0.0 END + CASE WHEN straight THEN 0.1 ELSE 0.0 END AS part_program,
  CASE WHEN odd THEN 0.2 ELSE 0.0 END AS part_agent,
  CASE WHEN gives THEN 0.2 ELSE 0.0 END AS part_sent,
  CASE WHEN reports THEN 0.1 ELSE 0.0 END AS part_posts
FROM judged j JOIN rows r ON r.day = j.day AND r.client_ip = j.client_ip AND r.domain = j.domain LEFT JOIN habit w ON w.client_ip = j.client_ip
