/*---
id: dynamic-dns
title: Dynamic names that nobody else uses
finds: Hosts below a provider of dynamic DNS or of tunnels to a computer at home, where at most three clients of the house use the name.
because: A dynamic name costs nothing, needs no registration, and follows its owner from address to address. Remote access trojans live there; so do cameras at home.
attack: [T1568, T1583.001]
level: low
needs: [host, client_ip]
entity: [client_ip, host]
params:
  - {name: max_clients, type: int, unit: clients, default: 3, doc: a name that more clients have used is not told}
  - {name: min_requests, type: int, unit: requests, default: 3, doc: fewer are low}
  - {name: quiet_days, type: int, unit: days, default: 1, doc: how long the house must have gone without a host before it counts as new}
  - {name: new_days, type: int, unit: days, default: 7, doc: how long a host counts as new}
false_positives:
  - The door, the photovoltaics, the disk at home (known for weeks, or below the name of a maker of such disks, they stay low)
author: dwell
references: ["https://attack.mitre.org/techniques/T1568/", "https://github.com/MISP/misp-warninglists (list dynamic-dns)"]
---*/
WITH dynamic AS (
  SELECT DISTINCT host FROM daily_hosts
  WHERE day >= CAST($since AS DATE) AND day < $until
    AND host ~ '(^|\.)(duckdns\.org|ddns\.net|no-ip\.(org|biz|com|info)|noip\.(me|com)|hopto\.(org|me)|zapto\.org|sytes\.net|serveftp\.(com|net)|servebeer\.com|serveblog\.net|servegame\.com|servehttp\.com|servehalflife\.com|serveminecraft\.net|myftp\.(org|biz)|myvnc\.com|redirectme\.net|bounceme\.net|viewdns\.net|gotdns\.ch|webhop\.me|3utilities\.com|onthewifi\.com|systes\.net|access\.ly|dyndns\.(org|biz|info|tv|ws|dk)|dyndns-(home|ip|web|work|server|remote|office)\.com|dnsalias\.(com|net|org)|homeip\.net|homelinux\.(com|net|org)|homeunix\.(com|net|org)|homedns\.org|gotdns\.(com|org)|is-a-geek\.(com|net|org)|ath\.cx|dynalias\.(com|net|org)|dyn\.(com|tk)|dynu\.(net|com)|freeddns\.org|ddnsfree\.com|ddnsgeek\.com|giize\.com|gleeze\.com|kozow\.com|loseyourip\.com|ooguy\.com|theworkpc\.com|accesscam\.org|camdvr\.org|casacam\.net|mywire\.org|webredirect\.org|mooo\.com|chickenkiller\.com|crabdance\.com|strangled\.net|twilightparadox\.com|ignorelist\.com|jumpingcrab\.com|us\.to|uk\.to|afraid\.org|changeip\.(org|co|net)|dns-dns\.com|dns04\.com|dnsrd\.com|ns0[12]\.(biz|info|us)|dsmtp\.com|dumb1\.com|dynamic-dns\.net|dynamicdns\.(biz|co\.uk|me\.uk|org\.uk)|ddns\.(info|me|ms|name|us|mobi)|sexidude\.com|toh\.info|ygto\.com|youdontcare\.com|x24hr\.com|zzux\.com|xxuz\.com|port25\.biz|mrbasic\.com|mrbonus\.com|lflinkup\.(com|net|org)|itsaol\.com|myddns\.(com|rocks)|dyn-ip24\.de|dnshome\.de|spdns\.(de|eu|org)|selfhost\.(de|eu|me)|goip\.de|my-gateway\.de|mydns\.(jp|bz)|dtdns\.net|dynv6\.net|nsupdate\.info|nerdpol\.ovh|now-dns\.(com|net|org)|2mydns\.net|1cooldns\.com|f3322\.(net|org)|3322\.(org|net)|8866\.org|9966\.org|2288\.org|6600\.org|7766\.org|8800\.org|ddns\.oray\.com|vicp\.(net|cc|co)|gicp\.net|xicp\.net|eicp\.net|iok\.la|synology\.me|diskstation\.me|myqnapcloud\.com|myds\.me|i234\.me|myfritz\.net|no-ip\.ca|ngrok\.(io|app|dev|com)|ngrok-free\.(app|dev)|trycloudflare\.com|loca\.lt|localhost\.run|lhr\.life|serveo\.net|localto\.net|portmap\.(io|host)|pagekite\.me|telebit\.io|playit\.gg|ply\.gg|bore\.pub|tunnelto\.dev|packetriot\.net|zrok\.io|pinggy\.(io|link|online)|devtunnels\.ms)$'
),
names AS (
  SELECT host, min(day) AS born, max(clients) AS most FROM daily_hosts
  WHERE day >= CAST($since AS DATE) - 30 AND day < $until AND host IN (SELECT host FROM dynamic) GROUP BY host
),
ever AS (
  SELECT host, count(DISTINCT client_ip) AS clients FROM daily_pairs WHERE day >= CAST($since AS DATE) - 30 AND day < $until AND host IN (SELECT host FROM names) GROUP BY host
),
past AS (SELECT min(day) AS start FROM daily_clients WHERE day >= CAST($since AS DATE) - 30),
rare AS (
  SELECT n.host, n.born, greatest(n.most, coalesce(e.clients, 1)) AS clients FROM names n LEFT JOIN ever e ON e.host = n.host WHERE greatest(n.most, coalesce(e.clients, 1)) <= $max_clients
),
found AS (
  SELECT day, client_ip, host, count(*) AS count, min(ts) AS first, max(ts) AS last, count(*) FILTER (WHERE verdict IN ('denied', 'auth_required')) AS refused,
    coalesce(sum(request_bytes), 0) AS sent, coalesce(sum(response_bytes), 0) AS got, bool_or(ua_class(user_agent) IN ('script', 'c2', 'hacktool', 'malformed', 'empty')) AS odd
  FROM requests WHERE host IN (SELECT host FROM rare)
  GROUP BY day, client_ip, host
),
judged AS (
  SELECT f.*, r.clients, r.born, f.day - s.start >= $quiet_days AS has_past, r.born - s.start >= $quiet_days AND f.day - r.born < $new_days AS is_new
  FROM found f JOIN rare r ON r.host = f.host CROSS JOIN past s
)
SELECT day, client_ip, host, count, first, last,
  CASE WHEN refused = count OR NOT is_new AND NOT (odd AND NOT has_past) THEN 'low' WHEN is_new AND odd AND count >= $min_requests THEN 'high'
    WHEN NOT odd AND host ~ '(synology|diskstation|i234|myds)\.me$|myqnapcloud\.com$|myfritz\.net$' THEN 'low' WHEN odd OR count >= $min_requests THEN 'medium' ELSE 'low' END AS level,
  concat(count, CASE WHEN count = 1 THEN ' request' ELSE ' requests' END, ' to a dynamic name', CASE WHEN refused > 0 THEN concat(', ', refused, ' of them refused') ELSE '' END, CASE WHEN odd THEN ', with an agent that is no browser''s' ELSE '' END,
    CASE WHEN sent + got >= 100000 THEN concat(', ', round(sent / 1e6, 1), ' MB out and ', round(got / 1e6, 1), ' MB in') ELSE '' END, '; ', clients, CASE WHEN clients = 1 THEN ' client has' ELSE ' clients have' END, ' ever used it',
    CASE WHEN is_new THEN concat('; the house did not know it before ', CAST(born AS VARCHAR))
      WHEN has_past THEN concat('; it is known since ', CAST(born AS VARCHAR)) ELSE '; there is no past to compare with' END) AS why,
  0.2 + CASE WHEN is_new THEN 0.4 ELSE 0.0 END + CASE WHEN odd THEN 0.3 ELSE 0.0 END + 0.1 / clients AS score,
  CASE WHEN is_new THEN 0.4 ELSE 0.0 END AS part_new,
  CASE WHEN odd THEN 0.3 ELSE 0.0 END AS part_agent,
  0.1 / clients AS part_rarity
FROM judged
