/*---
id: trusted-sites
title: Living off trusted sites
finds: >-
  Raw pastes, files of code hosts, file drops, webhooks, bots of messengers, gateways to IPFS and free web spaces, used by a script, for what intruders use them for (a raw paste, an upload, a program, a bot), or at all where that is what the site is for; by a client that has not used them in the two weeks before.
because: Filters trust these names and they cannot be blocked. A script that fetches a raw paste, or an archive that goes to a file drop, says more than the name.
attack: [T1102, T1567.001, T1567.002, T1105]
level: low
needs: [host, client_ip]
entity: [client_ip, host]
params:
  - {name: known_days, type: int, unit: days, default: 5, doc: a client that has used the site so long ago does so by habit}
  - {name: many_clients, type: int, unit: clients, default: 5, doc: a site that more clients of the day use is one of the house's own}
false_positives:
  - Developers, build machines, installers that fetch from code hosts (the client is known to, it stays low)
author: dwell
references: ["https://lots-project.com", "https://attack.mitre.org/techniques/T1102/"]
---*/
WITH sites(site, kind) AS (VALUES
  ('pastebin.com', 'paste'), ('paste.ee', 'paste'), ('hastebin.com', 'paste'), ('rentry.co', 'paste'), ('rentry.org', 'paste'), ('ghostbin.com', 'paste'), ('dpaste.com', 'paste'), ('paste.rs', 'paste'), ('termbin.com', 'paste'),
  ('controlc.com', 'paste'), ('justpaste.it', 'paste'), ('textbin.net', 'paste'), ('pastes.io', 'paste'), ('ix.io', 'paste'), ('sprunge.us', 'paste'), ('privatebin.net', 'paste'), ('paste.mozilla.org', 'paste'), ('bpa.st', 'paste'),
  ('raw.githubusercontent.com', 'code'), ('gist.githubusercontent.com', 'code'), ('objects.githubusercontent.com', 'code'), ('codeload.github.com', 'code'), ('bitbucket.org', 'code'), ('raw.githack.com', 'code'), ('glitch.me', 'space'),
  ('transfer.sh', 'drop'), ('file.io', 'drop'), ('gofile.io', 'drop'), ('anonfiles.com', 'drop'), ('bashupload.com', 'drop'), ('temp.sh', 'drop'), ('0x0.st', 'drop'), ('catbox.moe', 'drop'), ('litterbox.catbox.moe', 'drop'),
  ('pixeldrain.com', 'drop'), ('ufile.io', 'drop'), ('uguu.se', 'drop'), ('oshi.at', 'drop'), ('filebin.net', 'drop'), ('tmpfiles.org', 'drop'), ('sendspace.com', 'drop'), ('mega.nz', 'drop'), ('mega.io', 'drop'), ('mega.co.nz', 'drop'),
  ('mediafire.com', 'drop'), ('zippyshare.com', 'drop'), ('easyupload.io', 'drop'), ('qaz.im', 'drop'), ('put.io', 'drop'), ('pcloud.com', 'drop'), ('send.vis.ee', 'drop'), ('wormhole.app', 'drop'), ('dropmefiles.com', 'drop'),
  ('api.telegram.org', 'messenger'), ('discord.com', 'messenger'), ('discordapp.com', 'messenger'), ('cdn.discordapp.com', 'messenger'), ('media.discordapp.net', 'messenger'), ('hooks.slack.com', 'messenger'),
  ('webhook.site', 'hook'), ('requestbin.com', 'hook'), ('pipedream.net', 'hook'), ('requestcatcher.com', 'hook'), ('beeceptor.com', 'hook'), ('interact.sh', 'hook'), ('oast.fun', 'hook'), ('oast.pro', 'hook'), ('oast.live', 'hook'),
  ('oast.site', 'hook'), ('oast.online', 'hook'), ('oast.me', 'hook'), ('oastify.com', 'hook'), ('burpcollaborator.net', 'hook'), ('canarytokens.com', 'hook'), ('mockbin.org', 'hook'), ('hookbin.com', 'hook'),
  ('ipfs.io', 'ipfs'), ('dweb.link', 'ipfs'), ('cloudflare-ipfs.com', 'ipfs'), ('gateway.pinata.cloud', 'ipfs'), ('mypinata.cloud', 'ipfs'), ('nftstorage.link', 'ipfs'), ('w3s.link', 'ipfs'), ('4everland.io', 'ipfs'), ('infura-ipfs.io', 'ipfs'), ('cf-ipfs.com', 'ipfs'),
  ('workers.dev', 'space'), ('pages.dev', 'space'), ('web.app', 'space'), ('firebaseapp.com', 'space'), ('netlify.app', 'space'), ('vercel.app', 'space'), ('herokuapp.com', 'space'), ('onrender.com', 'space'), ('repl.co', 'space'), ('replit.dev', 'space'),
  ('surge.sh', 'space'), ('000webhostapp.com', 'space'), ('r2.dev', 'space'), ('script.google.com', 'space'), ('azurewebsites.net', 'space'), ('blob.core.windows.net', 'space'), ('graph.org', 'paste'), ('telegra.ph', 'paste')
),
named AS (
  SELECT d.host, coalesce(max(a.kind), max(b.kind), max(c.kind)) AS kind
  FROM (SELECT DISTINCT host, concat(split_part(reverse(host), '.', 1), '.', split_part(reverse(host), '.', 2)) AS two FROM daily_hosts WHERE day >= CAST($since AS DATE) AND day < $until) d
  LEFT JOIN sites a ON a.site = d.host
  LEFT JOIN sites b ON reverse(b.site) = d.two
  LEFT JOIN sites c ON c.site = substr(d.host, strpos(d.host, '.') + 1)
  WHERE a.kind IS NOT NULL OR b.kind IS NOT NULL OR c.kind IS NOT NULL
  GROUP BY d.host
),
hosts AS (
  SELECT d.day, d.host, max(d.clients) AS clients, max(n.kind) AS kind FROM daily_hosts d JOIN named n ON n.host = d.host
  WHERE d.day >= CAST($since AS DATE) AND d.day < $until GROUP BY d.day, d.host
),
found AS (
  SELECT r.day, r.client_ip, r.host, count(*) AS count, min(r.ts) AS first, max(r.ts) AS last, count(*) FILTER (WHERE r.verdict IN ('denied', 'auth_required')) AS refused,
    bool_or(ua_class(r.user_agent) IN ('script', 'c2', 'hacktool', 'malformed')) AS odd, max(ua_class(r.user_agent)) AS class,
    count(*) FILTER (WHERE r.path LIKE '/raw/%' OR r.path LIKE '/bot%:%/%' OR r.path LIKE '/api/webhooks/%' OR r.path LIKE '/ipfs/%' OR r.path LIKE '/services/%' OR r.path LIKE '/macros/s/%') AS telling,
    count(*) FILTER (WHERE r.status < 400 AND r.extension IN ('ps1', 'exe', 'dll', 'bat', 'cmd', 'vbs', 'vbe', 'js', 'hta', 'scr', 'msi', 'bin', 'jar', 'zip', '7z', 'rar', 'iso', 'lnk', 'psm1', 'xll')) AS programs,
    count(*) FILTER (WHERE r.status < 400 AND r.extension IN ('ps1', 'psm1', 'bat', 'cmd', 'vbs', 'vbe', 'hta', 'scr', 'dll', 'xll', 'lnk')) AS scripts,
    max(r.path) FILTER (WHERE r.path <> '/') AS path,
    coalesce(sum(r.request_bytes), 0) AS sent, coalesce(sum(r.response_bytes), 0) AS got
  FROM requests r WHERE r.host IN (SELECT host FROM named)
  GROUP BY r.day, r.client_ip, r.host
),
told AS (
  SELECT f.*, h.clients, h.kind, f.sent >= 1000000 AND f.sent > 2 * f.got AS gives,
    coalesce(f.odd, false) OR f.telling > 0 OR f.programs > 0 OR f.scripts > 0 OR f.sent >= 1000000 AND f.sent > 2 * f.got AS suspect
  FROM found f JOIN hosts h ON h.host = f.host AND h.day = f.day
),
-- Whether the client has used the site before: a developer has.
habit AS (
  SELECT client_ip, host, min(day) AS since FROM history
  WHERE ts >= CAST($since AS TIMESTAMP) - INTERVAL '14 days' AND ts < $until
    AND host IN (SELECT host FROM told WHERE suspect) AND client_ip IN (SELECT client_ip FROM told WHERE suspect)
  GROUP BY client_ip, host
),
past AS (SELECT min(day) AS start FROM daily_clients WHERE day >= CAST($since AS DATE) - 30),
judged AS (
  SELECT t.*, coalesce(w.since, t.day) AS since, t.day - coalesce(w.since, t.day) >= $known_days AS known, t.day - p.start >= $known_days AS has_past
  FROM told t LEFT JOIN habit w ON w.client_ip = t.client_ip AND w.host = t.host CROSS JOIN past p
  WHERE t.suspect OR t.kind IN ('paste', 'drop', 'hook', 'ipfs')
)
SELECT day, client_ip, host, count, first, last,
  CASE WHEN refused = count OR known THEN 'low'
    WHEN has_past AND odd AND kind IN ('paste', 'messenger', 'hook', 'drop') AND (telling > 0 OR gives OR programs > 0) AND clients <= 2 THEN 'high'
    WHEN odd AND kind <> 'space' AND has_past OR odd AND (gives OR telling > 0 AND kind <> 'code') THEN 'medium'
    WHEN has_past AND (gives AND kind = 'drop' OR programs > 0 AND kind IN ('code', 'paste', 'drop', 'messenger', 'ipfs') OR telling > 0 AND kind IN ('messenger', 'hook')) AND clients <= $many_clients THEN 'medium'
    WHEN has_past AND scripts > 0 THEN 'medium'
    ELSE 'low' END AS level,
  concat(count, CASE WHEN count = 1 THEN ' request' ELSE ' requests' END, ' to ', host, ' (', CASE kind WHEN 'paste' THEN 'pastes' WHEN 'code' THEN 'files of a code host' WHEN 'drop' THEN 'file drop' WHEN 'messenger' THEN 'messenger' WHEN 'hook' THEN 'catcher of requests'
      WHEN 'ipfs' THEN 'gateway to IPFS' ELSE 'free web space' END, ')', coalesce(', among them ' || path, ''), CASE WHEN refused > 0 THEN concat(', ', refused, ' of them refused') ELSE '' END, ', with an agent of class ', class,
    CASE WHEN gives THEN concat(', ', round(sent / 1e6, 1), ' MB sent') ELSE '' END, CASE WHEN programs > 0 THEN '; a program, script or archive was loaded' ELSE '' END, '; ', clients, CASE WHEN clients = 1 THEN ' client uses' ELSE ' clients use' END, ' the site that day',
    CASE WHEN known THEN concat('; this one has since ', CAST(since AS VARCHAR)) WHEN has_past AND suspect THEN '; this one had not in the weeks before' WHEN has_past THEN '' ELSE '; there is no past to compare with' END) AS why,
  CASE WHEN known THEN 0.0 ELSE 0.2 END + CASE WHEN odd THEN 0.3 ELSE 0.0 END + CASE WHEN telling > 0 OR programs > 0 OR gives THEN 0.3 ELSE 0.0 END + 0.2 / clients AS score,
  CASE WHEN known THEN 0.0 ELSE 0.2 END AS part_new,
  CASE WHEN odd THEN 0.3 ELSE 0.0 END AS part_agent,
  CASE WHEN telling > 0 OR programs > 0 OR gives THEN 0.3 ELSE 0.0 END AS part_use,
  0.2 / clients AS part_rarity
FROM judged
