#!/usr/bin/env python3
"""Kills an ingest at random moments, many times, then lets it end: every line must be there exactly once.

    kill.py --dwell target/release/dwell --log FILE --work DIR [--kills 200] [--seed 1] [--extent 64MiB]

A run that ends before its kill is proven and starts a new store, so that every counted kill hit a running ingest.
"""
import argparse
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time


def run(args, *words, **options):
    return subprocess.run([args.dwell, "--store", args.store, "--key-dir", args.keys, *words],
                          capture_output=True, text=True, **options)


def fresh(args):
    shutil.rmtree(args.store, ignore_errors=True)
    shutil.rmtree(args.keys, ignore_errors=True)
    answer = run(args, "init")
    assert answer.returncode == 0, answer.stderr
    path = os.path.join(args.store, "dwell.toml")
    with open(path) as config:
        text = config.read()
    assert '# extent = "1GiB"' in text
    with open(path, "w") as config:
        config.write(text.replace('# extent = "1GiB"', f'extent = "{args.extent}"'))


def check(args, lines, digest):
    """The whole proof over a store whose ingest has ended."""
    end = run(args, "ingest", args.log)
    assert end.returncode in (0, 3), (end.returncode, end.stderr)
    deep = run(args, "verify", "--deep")
    assert deep.returncode == 0, (deep.returncode, deep.stdout, deep.stderr)
    sources = run(args, "sql", "SELECT count(*), sum(lines), sum(rows), sum(quarantined), sum(headers), sum(blank) "
                  "FROM system.sources", "--format", "csv").stdout.splitlines()[1].split(",")
    assert int(sources[0]) == 1 and int(sources[1]) == lines, (sources, lines)
    rows = run(args, "sql", "SELECT count(*), count(DISTINCT line_no), max(line_no) FROM requests",
               "--format", "csv").stdout.splitlines()[1].split(",")
    assert rows[0] == rows[1] == sources[2], (rows, sources)
    with subprocess.Popen([args.dwell, "--store", args.store, "--key-dir", args.keys, "raw", "--source", "1"],
                          stdout=subprocess.PIPE) as raw:
        back = hashlib.file_digest(raw.stdout, "sha256").hexdigest()
    assert back == digest, "the source does not come back byte for byte"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dwell", required=True)
    parser.add_argument("--log", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--extent", default="64MiB")
    args = parser.parse_args()
    args.store, args.keys = os.path.join(args.work, "store"), os.path.join(args.work, "keys")
    os.makedirs(args.work, exist_ok=True)
    chance = random.Random(args.seed)
    with open(args.log, "rb") as log:
        digest = hashlib.file_digest(log, "sha256").hexdigest()
    with open(args.log, "rb") as log:
        lines = sum(block.count(b"\n") for block in iter(lambda: log.read(1 << 20), b""))
    fresh(args)
    begin = time.monotonic()
    assert run(args, "ingest", args.log).returncode in (0, 3)
    whole = time.monotonic() - begin
    check(args, lines, digest)
    print(f"{lines} lines, an ingest takes {whole:.2f} s", flush=True)
    fresh(args)
    kills = ended = proofs = 0
    while kills < args.kills:
        command = [args.dwell, "--store", args.store, "--key-dir", args.keys, "ingest", args.log]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(chance.uniform(0.0, whole * 0.95))
            ended += 1
            check(args, lines, digest)
            proofs += 1
            fresh(args)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
    check(args, lines, digest)
    proofs += 1
    print(f"{kills} kills of a running ingest, {ended} runs ended in between, {proofs} stores proven: "
          "every line exactly once, verify --deep clean, byte-exact")


if __name__ == "__main__":
    sys.exit(main())
