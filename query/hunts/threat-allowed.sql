/*---
id: threat-allowed
title: The proxy calls it malicious and lets it through
finds: Requests that were allowed although the proxy itself names a threat in the transfer or a category such as malware, phishing or command and control.
because: A filter in learning mode, an exception too wide, or a category that came after the rule; whatever it is, the proxy has already done the analysis.
attack: [T1071.001, T1204]
level: high
needs: [verdict, host]
entity: [client_ip, host]
rows: >-
  verdict IN ('allowed', 'redirected') AND (threat IS NOT NULL AND lower(threat) NOT IN ('none', '', 'clean', 'unknown', 'n/a', '0') OR lower(categories) LIKE '%malware%' OR lower(categories) LIKE '%phishing%' OR lower(categories) LIKE '%botnet%'
  OR lower(categories) LIKE '%command and control%' OR lower(categories) LIKE '%command-and-control%' OR lower(categories) LIKE '%malicious%' OR lower(categories) LIKE '%spyware%' OR lower(categories) LIKE '%ransomware%')
params:
  - {name: many_clients, type: int, unit: clients, default: 5, doc: "what so many clients of the day do is more likely a wrong category, and medium"}
false_positives:
  - Wrong categories of sites that many use; category names that only mention malware (security vendors)
author: dwell
---*/
WITH found AS (
  SELECT day, client_ip, host, count(*) AS count, min(ts) AS first, max(ts) AS last, max(threat) AS threat, max(categories) AS category, coalesce(sum(response_bytes), 0) AS got,
    count(*) OVER (PARTITION BY day, host) AS clients
  FROM requests
  WHERE verdict IN ('allowed', 'redirected') AND (threat IS NOT NULL AND lower(threat) NOT IN ('none', '', 'clean', 'unknown', 'n/a', '0') OR lower(categories) LIKE '%malware%' OR lower(categories) LIKE '%phishing%' OR lower(categories) LIKE '%botnet%'
    OR lower(categories) LIKE '%command and control%' OR lower(categories) LIKE '%command-and-control%' OR lower(categories) LIKE '%malicious%' OR lower(categories) LIKE '%spyware%' OR lower(categories) LIKE '%ransomware%')
  GROUP BY day, client_ip, host
)
SELECT day, client_ip, host, count, first, last,
  CASE WHEN clients >= $many_clients THEN 'medium' ELSE 'high' END AS level,
  concat(count, CASE WHEN count = 1 THEN ' request was' ELSE ' requests were' END, ' allowed', coalesce(' with the threat ' || threat, ''), coalesce(', category ' || category, ''), ', ', round(got / 1e3, 1), ' kB received; ',
    clients, CASE WHEN clients = 1 THEN ' client does' ELSE ' clients do' END, ' so with this host that day') AS why,
  0.6 + 0.4 / clients AS score,
  0.4 / clients AS part_rarity
FROM found
