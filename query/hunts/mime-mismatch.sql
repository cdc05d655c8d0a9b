/*---
id: mime-mismatch
title: A program under another name
finds: >-
  Answers whose type is that of a program, a script host's file or an archive, while the path ends with the extension of a picture, text, style sheet or document.
because: A program that is called a picture passes filters that go by names; web servers label by content or by what they were told.
attack: [T1036.008, T1105]
level: low
needs: [content_type, extension, host]
entity: [client_ip, host, path]
rows: >-
  extension IN ('jpg', 'jpeg', 'png', 'gif', 'bmp', 'ico', 'svg', 'webp', 'txt', 'css', 'js', 'htm', 'html', 'woff', 'woff2', 'ttf', 'mp3', 'mp4', 'pdf', 'doc', 'docx', 'xls', 'xlsx', 'csv', 'xml', 'json') AND
  (content_type IN ('application/x-msdownload', 'application/x-dosexec', 'application/x-executable', 'application/x-elf', 'application/x-mach-binary', 'application/vnd.microsoft.portable-executable', 'application/x-msdos-program',
  'application/exe', 'application/x-exe', 'application/dos-exe', 'application/x-winexe', 'application/msdos-windows', 'application/x-msi', 'application/x-ms-installer', 'application/hta', 'application/x-ms-shortcut',
  'application/x-sharedlib', 'application/x-powershell', 'application/x-bat', 'application/java-archive')
  OR extension IN ('jpg', 'jpeg', 'png', 'gif', 'bmp', 'ico', 'css') AND content_type IN ('application/zip', 'application/x-zip-compressed', 'application/x-7z-compressed', 'application/x-rar-compressed', 'application/vnd.rar',
  'application/vnd.ms-cab-compressed', 'application/x-iso9660-image', 'application/octet-stream'))
params:
  - {name: max_clients, type: int, unit: clients, default: 2, doc: a host that more clients of the day use is low}
  - {name: known_days, type: int, unit: days, default: 7, doc: from a host that the house has used for so long it is medium at most}
  - {name: min_bytes, type: int, unit: bytes, default: 50000, doc: smaller answers of octet-stream or archives are not told}
false_positives:
  - Servers that label everything octet-stream (low, and only told from hosts that hardly anybody uses)
author: dwell
references: ["https://attack.mitre.org/techniques/T1036/008/"]
---*/
WITH found AS (
  SELECT day, client_ip, host, path, count(*) AS count, min(ts) AS first, max(ts) AS last, max(extension) AS extension, max(content_type) AS type, coalesce(max(response_bytes), 0) AS bytes,
    bool_or(content_type NOT IN ('application/zip', 'application/x-zip-compressed', 'application/x-7z-compressed', 'application/x-rar-compressed', 'application/vnd.rar', 'application/vnd.ms-cab-compressed',
      'application/x-iso9660-image', 'application/octet-stream')) AS program,
    count(*) FILTER (WHERE status < 400 OR status IS NULL AND verdict = 'allowed') AS got
  FROM requests
  WHERE extension IN ('jpg', 'jpeg', 'png', 'gif', 'bmp', 'ico', 'svg', 'webp', 'txt', 'css', 'js', 'htm', 'html', 'woff', 'woff2', 'ttf', 'mp3', 'mp4', 'pdf', 'doc', 'docx', 'xls', 'xlsx', 'csv', 'xml', 'json') AND
    (content_type IN ('application/x-msdownload', 'application/x-dosexec', 'application/x-executable', 'application/x-elf', 'application/x-mach-binary', 'application/vnd.microsoft.portable-executable', 'application/x-msdos-program',
    'application/exe', 'application/x-exe', 'application/dos-exe', 'application/x-winexe', 'application/msdos-windows', 'application/x-msi', 'application/x-ms-installer', 'application/hta', 'application/x-ms-shortcut',
    'application/x-sharedlib', 'application/x-powershell', 'application/x-bat', 'application/java-archive')
    OR extension IN ('jpg', 'jpeg', 'png', 'gif', 'bmp', 'ico', 'css') AND content_type IN ('application/zip', 'application/x-zip-compressed', 'application/x-7z-compressed', 'application/x-rar-compressed', 'application/vnd.rar',
    'application/vnd.ms-cab-compressed', 'application/x-iso9660-image', 'application/octet-stream'))
  GROUP BY day, client_ip, host, path
),
hosts AS (
  SELECT day, host, max(clients) AS clients FROM daily_hosts WHERE day >= CAST($since AS DATE) - 30 AND day < $until AND host IN (SELECT host FROM found) GROUP BY day, host
),
born AS (SELECT host, min(day) AS born FROM hosts GROUP BY host),
judged AS (
  SELECT f.*, coalesce(h.clients, 1) AS clients, f.day - coalesce(b.born, f.day) >= $known_days AS known, b.born
  FROM found f LEFT JOIN hosts h ON h.day = f.day AND h.host = f.host LEFT JOIN born b ON b.host = f.host
  WHERE f.program OR f.bytes >= $min_bytes AND coalesce(h.clients, 1) <= $max_clients
)
SELECT day, client_ip, host, path, count, first, last,
  CASE WHEN NOT program OR got = 0 THEN 'low' WHEN clients <= $max_clients AND NOT known THEN 'high' WHEN extension IN ('js', 'css', 'txt', 'xml', 'json') THEN 'low' ELSE 'medium' END AS level,
  concat('the answer for ', regexp_replace(path, '^.*/', ''), ' is of type ', type, ' (', CASE WHEN bytes >= 1000000 THEN concat(round(bytes / 1e6, 1), ' MB') ELSE concat(round(bytes / 1e3, 1), ' kB') END, ')',
    CASE WHEN got = 0 THEN ', but it failed' ELSE '' END, '; ', clients, CASE WHEN clients = 1 THEN ' client uses' ELSE ' clients use' END, ' the host that day',
    CASE WHEN known THEN concat('; it is known since ', CAST(born AS VARCHAR)) ELSE '' END) AS why,
  CASE WHEN program THEN 0.6 ELSE 0.2 END + 0.3 / clients AS score,
  CASE WHEN program THEN 0.6 ELSE 0.2 END AS part_type,
  0.3 / clients AS part_rarity
FROM judged
