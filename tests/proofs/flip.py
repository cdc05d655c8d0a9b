#!/usr/bin/env python3
"""Flips single bits in a store: `verify --deep` must notice each, and a query must answer right or end with 12.

    flip.py --dwell target/release/dwell --store DIR [--flips 1000] [--seed 1] [--key-dir DIR]

Half of the flips choose a file first (so that small files get their share), half a byte of the whole store.
"""
import argparse
import collections
import os
import random
import subprocess
import sys

QUERIES = [
    # Reads every stored column of every row, and every quarantined line.
    "SELECT count(*), sum(length(concat_ws('|', ts, ts_quality, duration_ms, client_ip, client_port, computer, \"user\", "
    "method, http_version, url, scheme, host, domain, port, path, query, extension, server_ip, peer, hierarchy, proxy_name, "
    "status, action, verdict, cache, reason, rule, categories, threat, response_bytes, request_bytes, content_type, "
    "request_content_type, user_agent, referer, cookie, sni, tls_version, extra, parse, source_id, line_no))), "
    "bit_xor(response_bytes), bit_xor(line_no), sum(octet_length(encode(raw, 'hex'))) FROM requests",
    "SELECT count(*), sum(octet_length(encode(raw, 'hex'))) FROM quarantine",
    # Reads little: two columns of one host.
    "SELECT method, count(*) FROM requests WHERE host = (SELECT min(host) FROM requests) GROUP BY method ORDER BY method",
]


def run(args, *words):
    return subprocess.run([args.dwell, "--store", args.store, "--key-dir", args.keys, *words], capture_output=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dwell", required=True)
    parser.add_argument("--store", required=True)
    parser.add_argument("--key-dir", dest="keys", required=True)
    parser.add_argument("--flips", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    files = []
    for folder, _, names in os.walk(args.store):
        files += [os.path.join(folder, name) for name in names]
    files = sorted(f for f in files if os.path.getsize(f) > 0)
    sizes = [os.path.getsize(f) for f in files]
    right = [run(args, "sql", query, "--format", "csv") for query in QUERIES]
    assert all(answer.returncode == 0 for answer in right), [a.stderr for a in right]
    right = [answer.stdout for answer in right]
    assert run(args, "verify", "--deep").returncode == 0
    chance = random.Random(args.seed)
    seen = collections.Counter()
    failures = []
    for number in range(args.flips):
        path = chance.choice(files) if number % 2 else chance.choices(files, sizes)[0]
        at, bit = chance.randrange(os.path.getsize(path)), chance.randrange(8)
        with open(path, "rb") as file:
            whole = file.read()
        kind = os.path.relpath(path, args.store).split(os.sep)[0]
        mode = os.stat(path).st_mode
        os.chmod(path, 0o600)
        with open(path, "r+b") as file:
            file.seek(at)
            file.write(bytes([whole[at] ^ 1 << bit]))
        place = f"{os.path.relpath(path, args.store)} byte {at} bit {bit}"
        deep = run(args, "verify", "--deep")
        seen[kind, "flips"] += 1
        if deep.returncode == 12:
            seen[kind, "verify 12"] += 1
        else:
            failures.append((place, "verify", deep.returncode, deep.stderr[-300:]))
        for query, expect in zip(QUERIES, right):
            answer = run(args, "sql", query, "--format", "csv")
            if answer.returncode == 12 and answer.stderr.strip():
                seen[kind, "query 12"] += 1
            elif answer.returncode == 0 and answer.stdout == expect:
                seen[kind, "query right"] += 1
            else:
                failures.append((place, query[:40], answer.returncode, answer.stdout[-200:], answer.stderr[-300:]))
        with open(path, "r+b") as file:
            file.seek(at)
            file.write(bytes([whole[at]]))
        os.chmod(path, mode)
    for kind in sorted({k for k, _ in seen}):
        print(f"{kind:12}", {what: n for (k, what), n in sorted(seen.items()) if k == kind})
    for failure in failures[:20]:
        print("FAILED", *failure)
    assert run(args, "verify", "--deep").returncode == 0, "the store must be whole again"
    print(f"{args.flips} flips, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
