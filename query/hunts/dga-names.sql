/*---
id: dga-names
title: One client asks for many names that do not exist
finds: >-
  A client whose requests fail (5xx, or no answer) for at least twenty domains of a day that the house has never seen before. Where most of these names look made up by a program (few of the hundred commonest pairs of
  English letters), it is high.
because: Malware that computes its master's names asks for hundreds until one answers. Mistyped names are few, and somebody asked for them before.
attack: [T1568.002]
level: medium
needs: [domain, client_ip, host]
entity: [client_ip]
rows: domain IS NOT NULL AND (status >= 500 OR verdict = 'error')
params:
  - {name: min_domains, type: int, unit: domains, default: 20, doc: fewer new domains that fail are not told}
  - {name: made_up, type: float, unit: share, default: 0.4, doc: of the names that must look made up for high}
  - {name: max_clients, type: int, unit: clients, default: 3, doc: "where more clients of a day have this, a resolver or a line was down: low"}
  - {name: past_days, type: int, unit: days, default: 30, doc: how far to look back}
false_positives:
  - A crawler, a link checker, a resolver that is down (then many clients fail, also for known names)
author: dwell
references: ["https://attack.mitre.org/techniques/T1568/002/"]
---*/
WITH failing AS (
  SELECT day, domain, min(day) AS d FROM daily_hosts
  WHERE day >= CAST($since AS DATE) AND day < $until AND domain IS NOT NULL AND failed > 0 GROUP BY day, domain
),
first_seen AS (
  SELECT domain, min(day) AS born FROM daily_hosts
  WHERE day >= CAST($since AS DATE) - $past_days AND day < $until AND domain IN (SELECT domain FROM failing) GROUP BY domain
),
failed AS (
  SELECT day, client_ip, domain, count(*) AS n, min(ts) AS first, max(ts) AS last
  FROM requests WHERE domain IS NOT NULL AND (status >= 500 OR verdict = 'error')
  GROUP BY day, client_ip, domain
),
told AS (
  SELECT f.day, f.client_ip, CAST(sum(f.n) AS BIGINT) AS count, min(f.first) AS first, max(f.last) AS last, count(*) AS domains, count(*) FILTER (WHERE b.born = f.day) AS fresh,
    count(*) FILTER (WHERE b.born = f.day AND length(split_part(f.domain, '.', 1)) >= 8
      AND 2.0 * regexp_count(split_part(f.domain, '.', 1), 'th|he|in|er|an|re|on|at|en|nd|ti|es|or|te|of|ed|is|it|al|ar|st|to|nt|ng|se|ha|as|ou|io|le|ve|co|me|de|hi|ri|ro|ic|ne|ea|ra|ce|li|ch|ll|be|ma|si|om|ur|ca|el|ta|la|ns|di|fo|ho|pe|ec|pr|no|ct|us|ac|ot|il|tr|ly|nc|et|ut|ss|so|rs|un|lo|wa|ge|ie|wh|ee|wi|em|ad|ol|rt|po|we|na|ul|ni|ts|mo|ow|pa|im|mi|ai|sh') / length(split_part(f.domain, '.', 1)) <= 0.3) AS made_up,
    min(f.domain) FILTER (WHERE b.born = f.day) AS example, count(*) OVER (PARTITION BY f.day) AS clients
  FROM failed f JOIN first_seen b ON b.domain = f.domain
  GROUP BY f.day, f.client_ip
  HAVING count(*) FILTER (WHERE b.born = f.day) >= $min_domains
),
past AS (SELECT min(day) AS start FROM daily_clients WHERE day >= CAST($since AS DATE) - $past_days)
SELECT t.day, t.client_ip, t.count, t.first, t.last,
  CASE WHEN t.clients > $max_clients THEN 'low' WHEN t.made_up >= $made_up * t.fresh AND t.made_up >= $min_domains / 2 THEN 'high' WHEN t.day > p.start THEN 'medium' ELSE 'low' END AS level,
  concat(t.count, ' requests failed for ', t.domains, ' domains, ', t.fresh, ' of which the house never asked for before', CASE WHEN t.day = p.start THEN ' (there is no past to compare with)' ELSE '' END, '; ',
    t.made_up, ' of these look made up, for example ', t.example, CASE WHEN t.clients > $max_clients THEN concat('; so it goes for ', t.clients, ' clients that day') ELSE '' END) AS why,
  0.3 + 0.4 * t.made_up / t.fresh + 0.3 * least(1.0, t.fresh / 100.0) AS score,
  0.4 * t.made_up / t.fresh AS part_made_up,
  0.3 * least(1.0, t.fresh / 100.0) AS part_count
FROM told t CROSS JOIN past p
