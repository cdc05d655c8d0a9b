#!/usr/bin/env python3
"""Kills `dwell archive` (-9) at random moments: what the ledger says is archived is, and the next run ends it.

    archive.py --dwell target/debug/dwell [--kills 100] [--seed 1] [--days 20]
"""
import argparse
import json
import os
import random
import shutil
import subprocess
import tempfile
import time


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dwell", required=True)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--days", type=int, default=20)
    args = parser.parse_args()
    work = tempfile.mkdtemp(prefix="dwell-archive-")
    try:
        prove(args, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def prove(args, work):
    env = {"HOME": work, "USER": "tester", "DWELL_STORE": os.path.join(work, "store"), "DWELL_KEY_DIR": os.path.join(work, "keys")}
    to = os.path.join(work, "backup")

    def run(*words):
        done = subprocess.run([args.dwell, *words], capture_output=True, text=True, cwd=work, env=env)
        assert done.returncode == 0, (words, done.returncode, done.stdout, done.stderr)
        return done.stdout

    with open(os.path.join(work, "a.log"), "w") as log:
        for n in range(60 * args.days):
            log.write(f"{1764547200 + n * 1440}.{n % 1000:03} {n % 90} 10.1.1.{n % 200} TCP_MISS/200 {300 + n} GET "
                      f"http://host{n % 50}.example/p{n} - HIER_DIRECT/192.0.2.1 text/html\n")
    run("init")
    run("ingest", "a.log")
    run("seal", "--before", "2026-11-01")
    chance = random.Random(args.seed)
    begin = time.monotonic()
    run("archive", "--to", to)
    longest = time.monotonic() - begin
    shutil.rmtree(to)
    # The folder is gone: another one, for this machine knows what it has written there.
    killed, round_trips = 0, 0
    for number in range(args.kills):
        place = os.path.join(work, f"backup{round_trips}")
        child = subprocess.Popen([args.dwell, "archive", "--to", place], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=work, env=env)
        try:
            child.wait(chance.uniform(0, longest))
        except subprocess.TimeoutExpired:
            killed += 1
        child.kill()
        child.wait()
        if not os.path.exists(os.path.join(place, "dwell-archive")):
            continue
        left = subprocess.run([args.dwell, "verify", place, "--deep", "--json"], capture_output=True, text=True, cwd=work, env=env)
        assert left.returncode == 0, (number, left.stdout, left.stderr)
        if number % 5 == 4:
            run("archive", "--to", place)
            report = json.loads(run("verify", place, "--deep", "--json"))
            assert report["days"] == args.days and report["valid"] and not report["unfinished"], report
            assert "nothing was due" in run("archive", "--to", place)
            round_trips += 1
    run("verify", "--deep")
    print(f"{killed} runs killed, {round_trips} times ended by the next run: every archive is whole")


if __name__ == "__main__":
    main()
