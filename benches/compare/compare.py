#!/usr/bin/env python3
"""dwell beside DuckDB: the same generated Squid file into day-partitioned Parquet, the same number of threads, runs
interleaved, medians. `benches/compare/run` starts this; it needs python with duckdb.

What each does:
  dwell    `dwell ingest` into a new store: parse, prove byte-exact, hash, write, fsync, sign, commit. A whole process.
  duckdb   read the text, split it, type it, derive host, domain-ish and port, write zstd Parquet by day. A whole
           process, too (`python -c`), its start-up is measured alone and shown. Two variants, the better one counts:
           `regexp` reads lines and takes them apart with regexp_extract; `csv` lets read_csv split at blanks and quotes
           and drops the empty fields that padding makes.
The sizes of `gzip -9` and `zstd -19 --long=27` of the text stand beside them.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

COLUMNS = """
    make_timestamp(CAST(round(t * 1000) AS BIGINT) * 1000) AS ts, duration_ms, client_ip,
    "user", method, url,
    CASE WHEN method = 'CONNECT' THEN 'tunnel' ELSE lower(split_part(url, ':', 1)) END AS scheme,
    lower(CASE WHEN method = 'CONNECT' THEN split_part(url, ':', 1)
               ELSE split_part(split_part(split_part(url, '://', 2), '/', 1), ':', 1) END) AS host,
    split_part(action, '/', 1) AS action, TRY_CAST(split_part(action, '/', 2) AS INTEGER) AS status,
    response_bytes, split_part(hier, '/', 1) AS hierarchy, split_part(hier, '/', 2) AS server_ip,
    content_type, referer, user_agent
"""
# The registered domain without the suffix list: the last two labels. Less than dwell does, in DuckDB's favour.
DOMAIN = "array_to_string(list_slice(string_split(host, '.'), -2, -1), '.') AS domain"
PORT = ("CASE WHEN method = 'CONNECT' THEN TRY_CAST(split_part(url, ':', 2) AS INTEGER) "
        "WHEN scheme = 'https' THEN 443 ELSE 80 END AS port")

REGEXP = r"""
SELECT CAST(f.t AS DOUBLE) AS t, CAST(f.d AS BIGINT) AS duration_ms, f.c AS client_ip, f.a AS action,
       CAST(f.b AS BIGINT) AS response_bytes, f.m AS method, f.u AS url, nullif(f.n, '-') AS "user", f.h AS hier,
       nullif(f.y, '-') AS content_type, nullif(f.r, '-') AS referer, nullif(f.g, '-') AS user_agent
FROM (SELECT regexp_extract(line,
  '^(\S+) +(\S+) (\S+) (\S+) (\S+) (\S+) (\S+) (\S+) (\S+) (\S+) "([^"]*)" "([^"]*)"$',
  ['t','d','c','a','b','m','u','n','h','y','r','g']) AS f
  FROM read_csv('{log}', columns = {{'line': 'VARCHAR'}}, delim = '\x01', quote = '', escape = '', header = false,
                auto_detect = false))
"""
# The elapsed time is padded with blanks to six columns: each is one more empty field to read_csv, which it reads as NULL.
# So a line has 12 to 17 fields, and those that are not NULL are the twelve wanted.
CSV = r"""
SELECT CAST(f[1] AS DOUBLE) AS t, CAST(f[2] AS BIGINT) AS duration_ms, f[3] AS client_ip, f[4] AS action,
       CAST(f[5] AS BIGINT) AS response_bytes, f[6] AS method, f[7] AS url, nullif(f[8], '-') AS "user", f[9] AS hier,
       nullif(f[10], '-') AS content_type, nullif(f[11], '-') AS referer, nullif(f[12], '-') AS user_agent
FROM (SELECT list_filter([c1,c2,c3,c4,c5,c6,c7,c8,c9,c10,c11,c12,c13,c14,c15,c16,c17], lambda x: x IS NOT NULL) AS f
  FROM read_csv('{log}', delim = ' ', quote = '"', header = false, auto_detect = false, null_padding = true,
    columns = {{'c1':'VARCHAR','c2':'VARCHAR','c3':'VARCHAR','c4':'VARCHAR','c5':'VARCHAR','c6':'VARCHAR','c7':'VARCHAR',
    'c8':'VARCHAR','c9':'VARCHAR','c10':'VARCHAR','c11':'VARCHAR','c12':'VARCHAR','c13':'VARCHAR','c14':'VARCHAR',
    'c15':'VARCHAR','c16':'VARCHAR','c17':'VARCHAR'}}))
"""

DUCKDB = """
import duckdb
c = duckdb.connect()
c.execute("SET threads = {threads}")
c.execute("SET preserve_insertion_order = false")
c.execute('''COPY (SELECT *, CAST(ts AS DATE) AS day FROM (SELECT *, {domain}, {port} FROM (SELECT {columns} FROM ({source}))))
TO '{out}' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (day), OVERWRITE_OR_IGNORE true)''')
"""


def measured(command, env=None):
    """Seconds, peak resident bytes of one process, run to its end."""
    begin = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env)
    stderr = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - begin
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{command[:3]} failed: {stderr.decode()[-2000:]}")
    return seconds, usage.ru_maxrss * 1024


def size(path):
    return sum(f.stat().st_size for f in pathlib.Path(path).rglob("*") if f.is_file())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--bin", type=pathlib.Path, required=True)
    parser.add_argument("--lines", type=int, default=2_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--log", type=pathlib.Path, help="use this file instead of a generated one (agents format)")
    parser.add_argument("--skip-text", action="store_true", help="leave out gzip and zstd of the text")
    args = parser.parse_args()
    log = args.log or args.work / f"agents-{args.lines}.log"
    if not log.exists():
        subprocess.run([args.bin / "examples" / "generate_log", "--lines", str(args.lines), "-o", log], check=True)
    logformat = ('%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt "%{Referer}>h" "%{User-Agent}>h"')
    store, keys = args.work / "store", args.work / "keys"

    def dwell():
        shutil.rmtree(store, ignore_errors=True)
        shutil.rmtree(keys, ignore_errors=True)
        base = [args.bin / "dwell", "--store", store, "--key-dir", keys]
        subprocess.run(base + ["init"], check=True, capture_output=True)
        return measured(base + ["ingest", log, "--logformat", logformat, "--jobs", str(args.threads)])

    def duck(source):
        def run():
            out = args.work / "duckdb"
            shutil.rmtree(out, ignore_errors=True)
            code = DUCKDB.format(threads=args.threads, out=out, columns=COLUMNS, domain=DOMAIN, port=PORT,
                                 source=source.format(log=log))
            return measured([sys.executable, "-c", code])
        return run

    peers = {"dwell": dwell, "duckdb regexp": duck(REGEXP), "duckdb csv": duck(CSV)}
    results = {name: [] for name in peers}
    sizes = {}
    for number in range(args.runs + 1):
        for name, run in peers.items():
            result = run()
            # The first round warms the page cache and is not counted.
            if number > 0:
                results[name].append(result)
            sizes[name] = size(store / "requests") if name == "dwell" else size(args.work / "duckdb")
    start_up = statistics.median(measured([sys.executable, "-c", "import duckdb; duckdb.connect()"])[0] for _ in range(3))
    seconds = {name: statistics.median(s for s, _ in runs) for name, runs in results.items()}
    memory = {name: statistics.median(m for _, m in runs) for name, runs in results.items()}
    best = min((name for name in peers if name != "dwell"), key=seconds.get)
    text = log.stat().st_size
    print(f"{log}: {text / 1e6:.0f} MB, {args.lines if not args.log else '?'} lines, {args.threads} threads, "
          f"{args.runs} interleaved runs, medians; DuckDB's start-up of {start_up:.2f} s is taken off its times\n")
    print(f"{'':24}{'seconds':>9}{'spread':>14}{'MB/s':>7}{'peak MB':>9}{'MB':>8}")
    rows = {}
    for name in peers:
        off = 0 if name == "dwell" else start_up
        times = sorted(s - off for s, _ in results[name])
        rows[name] = statistics.median(times)
        spread = f"{times[0]:.2f}..{times[-1]:.2f}"
        print(f"{name:24}{rows[name]:9.2f}{spread:>14}{text / rows[name] / 1e6:7.0f}{memory[name] / 1e6:9.0f}{sizes[name] / 1e6:8.1f}")
    packed = {}
    if not args.skip_text:
        for name, command in {"gzip -9": ["gzip", "-9", "-c"], "zstd -19 --long=27": ["zstd", "-q", "-19", "--long=27", "-c"]}.items():
            if shutil.which(command[0]) is None:
                print(f"{name:24} not installed")
                continue
            counted = subprocess.run(" ".join(command) + f" '{log}' | wc -c", shell=True, capture_output=True, check=True)
            packed[name] = int(counted.stdout)
            print(f"{name:24}{'':39}{packed[name] / 1e6:8.1f}")
    print(f"\ndwell against {best}: {rows[best] / rows['dwell']:.2f} x its speed, "
          f"{memory['dwell'] / memory[best]:.2f} of its memory, {sizes['dwell'] / sizes[best]:.2f} of its bytes")
    for name, number in packed.items():
        print(f"dwell against {name}: {sizes['dwell'] / number:.2f} of its bytes")
    report = {"seconds": rows, "peak_bytes": memory, "bytes": sizes | packed, "text_bytes": text, "threads": args.threads,
              "runs": args.runs}
    (args.work / "result.json").write_text(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
