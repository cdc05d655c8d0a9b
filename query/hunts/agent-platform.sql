/*---
id: agent-platform
title: A browser of another system than its computer's
finds: >-
  Browsers whose system is not the one that computers with such a name have (LAPTOP-# and Windows), or that the client itself had before.
because: >-
  A user agent is chosen by whoever writes the program, the name of a computer by its house. A Mac's browser on a Windows laptop is a program that pretends, a virtual machine, or another device behind the address.
attack: [T1036, T1071.001]
level: low
needs: [user_agent, client_ip]
entity: [client_ip, user_agent]
excusable: true
params:
  - {name: min_requests, type: int, unit: requests, default: 5, doc: "fewer are not told"}
  - {name: min_computers, type: int, unit: computers, default: 5, doc: "names that fewer computers share tell nothing"}
  - {name: usual_share, type: float, unit: share, default: 0.9, doc: "from this share on a system is usual"}
  - {name: max_hosts, type: int, unit: hosts, default: 2, doc: "more hosts that day look like a person; it stays low"}
  - {name: quiet_days, type: int, unit: days, default: 5, doc: "how long the house must have gone without it before it counts as new"}
false_positives:
  - "Virtual machines, telephones behind a laptop, developers who look at a page as a telephone sees it"
author: dwell
references: []
---*/
WITH days AS (
  SELECT day, client_ip, computer, user_agent, requests, hosts FROM daily_agents
  WHERE day >= CAST($since AS DATE) - 14 AND day < $until AND user_agent IS NOT NULL AND ua_class(user_agent) IN ('browser', 'browser_mobile')
),
read AS (
  SELECT d.*, computer_pattern(computer) AS kind, CASE WHEN os LIKE 'Windows%' THEN 'Windows' WHEN os LIKE 'Mac OS%' THEN 'macOS' WHEN os IN ('iOS', 'Android') THEN os
    WHEN os = 'Chrome OS' THEN os WHEN os IN ('Linux', 'Ubuntu', 'Debian', 'Fedora', 'Red Hat', 'CentOS', 'SUSE') THEN 'Linux' END AS system
  FROM (SELECT *, ua_info(user_agent)['os'] AS os FROM days) d
),
by_kind AS (SELECT kind, system, count(DISTINCT computer) AS computers FROM read WHERE system IS NOT NULL AND computer IS NOT NULL GROUP BY kind, system),
kinds AS (SELECT kind, count(DISTINCT computer) AS computers FROM read WHERE system IS NOT NULL AND computer IS NOT NULL GROUP BY kind),
usual AS (
  SELECT b.kind, b.system, b.computers, k.computers AS all_computers FROM by_kind b JOIN kinds k ON k.kind = b.kind
  WHERE k.computers >= $min_computers AND b.computers >= $usual_share * k.computers
),
own AS (
  SELECT client_ip, system, min(day) AS born, count(DISTINCT day) AS days, sum(requests) AS requests, max(hosts) AS hosts FROM read WHERE system IS NOT NULL GROUP BY client_ip, system
),
main AS (SELECT client_ip, max(days) AS days, first_value(system ORDER BY days DESC, requests DESC) AS system FROM own GROUP BY client_ip),
past AS (SELECT min(day) AS start FROM daily_clients WHERE day >= CAST($since AS DATE) - 30),
odd AS (
  SELECT DISTINCT r.day, r.client_ip, r.user_agent, r.system, r.hosts, u.system AS kind_system, r.kind, u.computers, u.all_computers, m.system AS own_system, m.days, o.born, r.day - p.start >= $quiet_days AS has_past
  FROM read r LEFT JOIN usual u ON u.kind = r.kind LEFT JOIN main m ON m.client_ip = r.client_ip LEFT JOIN own o ON o.client_ip = r.client_ip AND o.system = r.system CROSS JOIN past p
  WHERE r.day >= CAST($since AS DATE) AND r.system IS NOT NULL AND r.requests >= $min_requests
    AND (u.system <> r.system OR u.system IS NULL AND m.system <> r.system AND m.days >= $quiet_days AND r.day - p.start >= $quiet_days)
),
found AS (
  SELECT day, client_ip, user_agent, count(*) AS count, min(ts) AS first, max(ts) AS last, min(host) AS one_host
  FROM requests WHERE user_agent IN (SELECT user_agent FROM odd) AND client_ip IS NOT NULL GROUP BY day, client_ip, user_agent
)
SELECT f.day, f.client_ip, f.user_agent, f.count, f.first, f.last,
  CASE WHEN o.hosts <= $max_hosts AND o.born = f.day AND o.has_past THEN 'medium' ELSE 'low' END AS level,
  concat('a browser on ', o.system, ', ', CASE WHEN o.kind_system IS NOT NULL THEN concat('where ', o.computers, ' of ', o.all_computers, ' computers named ', o.kind, ' have ', o.kind_system)
    ELSE concat('where the client has had ', o.own_system, ' on ', o.days, ' days') END, '; ', f.count, ' requests to ', CASE WHEN o.hosts = 1 THEN coalesce(f.one_host, 'no host') ELSE concat(o.hosts, ' hosts') END,
    CASE WHEN NOT o.has_past THEN '; there is no past to compare with' WHEN o.born = f.day THEN '; the client never sent such an agent before' ELSE concat('; the client has sent such an agent since ', CAST(o.born AS VARCHAR)) END) AS why,
  0.3 + CASE WHEN o.born = f.day AND o.has_past THEN 0.3 ELSE 0.0 END + CASE WHEN o.hosts <= $max_hosts THEN 0.3 ELSE 0.0 END AS score,
  CASE WHEN o.born = f.day AND o.has_past THEN 0.3 ELSE 0.0 END AS part_new,
  CASE WHEN o.hosts <= $max_hosts THEN 0.3 ELSE 0.0 END AS part_hosts
FROM found f JOIN odd o ON o.day = f.day AND o.client_ip = f.client_ip AND o.user_agent = f.user_agent
