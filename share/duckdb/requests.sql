-- The table `requests` of a dwell store, for readers without dwell: every column in the order of docs/columns.md.
-- Lines that were hidden (a last line that grew, a quarantine retry) stay visible here until `dwell compact`.
CREATE OR REPLACE VIEW requests AS
SELECT
    "ts",
    "ts_quality",
    "duration_ms",
    "client_ip",
    "client_port",
    "computer",
    "user",
    "method",
    "http_version",
    CASE
        WHEN "url_as_logged" IS NOT NULL THEN "url_as_logged"
        WHEN "host" IS NULL AND "port" IS NULL AND "path" IS NULL AND "query" IS NULL THEN NULL
        ELSE CASE
                WHEN "scheme" IS NULL OR "scheme" = 'tunnel' THEN ''
                WHEN "host" IS NULL THEN "scheme" || ':'
                ELSE "scheme" || '://'
            END
            || CASE
                WHEN "host" IS NULL THEN ''
                WHEN instr("host", ':') > 0 THEN '[' || "host" || ']'
                ELSE "host"
            END
            || CASE
                WHEN "port" IS NULL THEN ''
                WHEN "host" IS NULL AND "scheme" IS NOT NULL AND "scheme" <> 'tunnel' THEN ''
                WHEN "port" = CASE "scheme" WHEN 'http' THEN 80 WHEN 'https' THEN 443 WHEN 'ftp' THEN 21 WHEN 'ws' THEN 80 WHEN 'wss' THEN 443 END THEN ''
                ELSE ':' || CAST("port" AS VARCHAR)
            END
            || coalesce("path", '')
            || coalesce('?' || "query", '')
    END AS "url",
    "scheme",
    "host",
    "domain",
    "port",
    "path",
    "query",
    "extension",
    "server_ip",
    "peer",
    "hierarchy",
    "proxy_name",
    "status",
    "action",
    "verdict",
    "cache",
    "reason",
    "rule",
    "categories",
    "threat",
    "response_bytes",
    "request_bytes",
    "content_type",
    "request_content_type",
    "user_agent",
    "referer",
    "cookie",
    "sni",
    "tls_version",
    "request_body",
    "extra",
    "parse",
    "source_id",
    "line_no",
    "raw",
    CAST("day" AS DATE) AS "day"
FROM read_parquet('dwell-store/requests/*/*.parquet',
    hive_partitioning = true, hive_types = {'day': DATE}, union_by_name = true);
