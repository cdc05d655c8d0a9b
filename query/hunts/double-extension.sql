/*---
id: double-extension
title: A document that is a program
finds: Paths that end with the extension of a document and that of a program (invoice.pdf.exe), with many blanks before the last, or with the character that turns the direction of writing.
because: Windows hides the last extension, so that the victim sees a document. Nobody else names files like this.
attack: [T1036.007, T1204.002]
level: medium
needs: [path, extension]
entity: [client_ip, host, path]
rows: >-
  extension IN ('exe', 'scr', 'com', 'pif', 'bat', 'cmd', 'vbs', 'vbe', 'js', 'jse', 'wsf', 'hta', 'ps1', 'lnk', 'msi', 'jar', 'cpl', 'dll', 'iso', 'img', 'vhd', 'one', 'url') AND
  (path ~* '[^/.]+(\.|%2e)(pdf|docx?|xlsx?|pptx?|rtf|txt|csv|jpe?g|png|gif|mp[34]|avi|eml|odt)(%20| |_)*\.[a-z0-9]+$' OR path ~* '(%20| ){8,}\.[a-z0-9]+$' OR path LIKE '%‮%' OR path ~* '%e2%80%ae')
params:
  - {name: max_clients, type: int, unit: clients, default: 5, doc: a host that more clients of the day use is low}
  - {name: known_days, type: int, unit: days, default: 7, doc: from a host that the house has used for so long it is medium at most}
false_positives:
  - Scripts of web sites that carry the name of a file type (viewer.pdf.js), which are low
author: dwell
references: ["https://attack.mitre.org/techniques/T1036/007/"]
---*/
WITH found AS (
  SELECT day, client_ip, host, path, count(*) AS count, min(ts) AS first, max(ts) AS last, max(extension) AS extension, coalesce(max(response_bytes), 0) AS bytes, max(content_type) AS type,
    count(*) FILTER (WHERE status < 400 OR status IS NULL AND verdict = 'allowed') AS got, bool_and(referer IS NULL) AS direct
  FROM requests
  WHERE extension IN ('exe', 'scr', 'com', 'pif', 'bat', 'cmd', 'vbs', 'vbe', 'js', 'jse', 'wsf', 'hta', 'ps1', 'lnk', 'msi', 'jar', 'cpl', 'dll', 'iso', 'img', 'vhd', 'one', 'url') AND
    (path ~* '[^/.]+(\.|%2e)(pdf|docx?|xlsx?|pptx?|rtf|txt|csv|jpe?g|png|gif|mp[34]|avi|eml|odt)(%20| |_)*\.[a-z0-9]+$' OR path ~* '(%20| ){8,}\.[a-z0-9]+$' OR path LIKE '%‮%' OR path ~* '%e2%80%ae')
  GROUP BY day, client_ip, host, path
),
hosts AS (
  SELECT day, host, max(clients) AS clients FROM daily_hosts WHERE day >= CAST($since AS DATE) - 30 AND day < $until AND host IN (SELECT host FROM found) GROUP BY day, host
),
born AS (SELECT host, min(day) AS born FROM hosts GROUP BY host)
SELECT f.day, f.client_ip, f.host, f.path, f.count, f.first, f.last,
  CASE WHEN f.extension IN ('js', 'url', 'one') THEN CASE WHEN coalesce(h.clients, 1) <= 1 AND f.direct AND f.got > 0 THEN 'medium' ELSE 'low' END
    WHEN coalesce(h.clients, 1) > $max_clients THEN 'low' WHEN f.got > 0 AND f.day - coalesce(b.born, f.day) < $known_days THEN 'high' ELSE 'medium' END AS level,
  concat('the file ', regexp_replace(f.path, '^.*/', ''), CASE WHEN f.got > 0 THEN concat(' was loaded (', CASE WHEN f.bytes >= 1000000 THEN concat(round(f.bytes / 1e6, 1), ' MB') ELSE concat(round(f.bytes / 1e3, 1), ' kB') END,
    coalesce(', ' || f.type, ''), ')') ELSE ' was asked for, but not given' END,
    '; ', coalesce(h.clients, 1), CASE WHEN coalesce(h.clients, 1) = 1 THEN ' client uses' ELSE ' clients use' END, ' the host that day',
    CASE WHEN f.day - b.born >= $known_days THEN concat('; it is known since ', CAST(b.born AS VARCHAR)) ELSE '' END) AS why,
  0.5 + CASE WHEN f.got > 0 THEN 0.2 ELSE 0.0 END + 0.3 / coalesce(h.clients, 1) AS score,
  CASE WHEN f.got > 0 THEN 0.2 ELSE 0.0 END AS part_loaded,
  0.3 / coalesce(h.clients, 1) AS part_rarity
FROM found f LEFT JOIN hosts h ON h.day = f.day AND h.host = f.host LEFT JOIN born b ON b.host = f.host
