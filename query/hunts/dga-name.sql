/*---
id: dga-name
title: A new domain with a made-up name
finds: >-
  Domains that the house has never seen before, that at most two clients ask for repeatedly, and whose name looks made up by a program: twelve characters and more, mixed, with few of the hundred commonest pairs of
  English letters.
because: Nobody chooses such a name to be remembered. Masters whose names are computed have them, and so have some networks of advertisers and content.
attack: [T1568.002]
level: low
needs: [domain, client_ip, host]
entity: [client_ip, domain]
params:
  - {name: min_length, type: int, unit: characters, default: 12, doc: of the first label of the domain; shorter ones are not told}
  - {name: min_entropy, type: float, unit: bits, default: 3.0, doc: of the first label}
  - {name: max_pairs, type: float, unit: share, default: 0.2, doc: of the name that common pairs of letters may cover}
  - {name: min_requests, type: int, unit: requests, default: 5, doc: fewer are not told}
  - {name: past_days, type: int, unit: days, default: 30, doc: how far to look back}
false_positives:
  - Content networks, advertisers, names in other languages and abbreviations
author: dwell
references: ["https://attack.mitre.org/techniques/T1568/002/"]
---*/
WITH names AS (
  SELECT domain, min(day) AS born, max(clients) AS clients FROM daily_hosts
  WHERE day >= CAST($since AS DATE) - $past_days AND day < $until AND length(domain) > $min_length GROUP BY domain
),
past AS (SELECT min(day) AS start FROM daily_clients WHERE day >= CAST($since AS DATE) - $past_days),
made_up AS (
  SELECT n.domain, n.born, n.clients, 2.0 * regexp_count(split_part(n.domain, '.', 1), 'th|he|in|er|an|re|on|at|en|nd|ti|es|or|te|of|ed|is|it|al|ar|st|to|nt|ng|se|ha|as|ou|io|le|ve|co|me|de|hi|ri|ro|ic|ne|ea|ra|ce|li|ch|ll|be|ma|si|om|ur|ca|el|ta|la|ns|di|fo|ho|pe|ec|pr|no|ct|us|ac|ot|il|tr|ly|nc|et|ut|ss|so|rs|un|lo|wa|ge|ie|wh|ee|wi|em|ad|ol|rt|po|we|na|ul|ni|ts|mo|ow|pa|im|mi|ai|sh') / length(split_part(n.domain, '.', 1)) AS pairs, entropy(split_part(n.domain, '.', 1)) AS bits
  FROM names n CROSS JOIN past p
  WHERE n.born >= CAST($since AS DATE) AND n.born > p.start AND n.clients <= 2 AND length(split_part(n.domain, '.', 1)) >= $min_length AND n.domain NOT LIKE 'xn--%'
    AND entropy(split_part(n.domain, '.', 1)) >= $min_entropy
),
found AS (
  SELECT r.day, r.client_ip, r.domain, count(*) AS count, min(r.ts) AS first, max(r.ts) AS last, max(m.pairs) AS pairs, max(m.bits) AS bits, max(m.clients) AS clients,
    bool_or(ua_class(r.user_agent) IN ('script', 'c2', 'hacktool', 'malformed')) AS odd, count(*) FILTER (WHERE r.status < 400) AS good
  FROM requests r JOIN made_up m ON m.domain = r.domain AND m.born = r.day
  WHERE m.pairs <= $max_pairs
  GROUP BY r.day, r.client_ip, r.domain
  HAVING count(*) >= $min_requests
)
SELECT day, client_ip, domain, count, first, last,
  CASE WHEN odd AND good > 0 THEN 'medium' ELSE 'low' END AS level,
  concat(count, ' requests (', good, ' of them answered) to ', domain, ', whose name looks made up (', round(bits, 1), ' bits a character, ', round(100 * pairs, 0), ' % common pairs of letters)', CASE WHEN odd THEN ', with an agent that is no browser''s' ELSE '' END,
    '; the house never asked for it before, and ', clients, CASE WHEN clients = 1 THEN ' client does' ELSE ' clients do' END, ' that day') AS why,
  0.2 + 0.3 * (1 - least(1.0, pairs / 0.25)) + CASE WHEN odd THEN 0.3 ELSE 0.0 END + 0.1 / clients AS score,
  0.3 * (1 - least(1.0, pairs / 0.25)) AS part_name,
  CASE WHEN odd THEN 0.3 ELSE 0.0 END AS part_agent,
  0.1 / clients AS part_rarity
FROM found
