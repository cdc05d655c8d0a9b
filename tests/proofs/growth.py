#!/usr/bin/env python3
"""How do opening, listing, planning and a query over one day grow from 30 days to 3,650?

    growth.py --dwell target/release/dwell --growth target/release/examples/growth --log FILE --work DIR [--days 30 3650]

One store for each number of days: made-up days (three sources of nine segments each, sealed) before one real day, taken in from
--log. Prints medians of whole processes, their ratios, and the bytes of ledger a day.
"""
import argparse
import datetime
import os
import shutil
import statistics
import subprocess
import sys
import time


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dwell", required=True)
    parser.add_argument("--growth", required=True)
    parser.add_argument("--log", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--days", type=int, nargs="+", default=[30, 3650])
    parser.add_argument("--runs", type=int, default=15)
    args = parser.parse_args()
    stores = {}
    for days in args.days:
        work = os.path.join(args.work, str(days))
        shutil.rmtree(work, ignore_errors=True)
        os.makedirs(work)
        store, keys = os.path.join(work, "store"), os.path.join(work, "keys")
        base = [args.dwell, "--store", store, "--key-dir", keys]
        subprocess.run([*base, "init"], check=True, capture_output=True)
        first = datetime.date(2026, 10, 1) - datetime.timedelta(days=days)
        begin = time.monotonic()
        subprocess.run([args.growth, store, keys, str(first), str(days)], check=True)
        made = time.monotonic() - begin
        ledger = os.path.join(store, "ledger")
        size = sum(os.path.getsize(os.path.join(ledger, name)) for name in os.listdir(ledger) if name != "snapshot")
        begin = time.monotonic()
        answer = subprocess.run([*base, "ingest", args.log], capture_output=True, text=True)
        if answer.returncode not in (0, 3):
            sys.exit(answer.stderr)
        stores[days] = base
        print(f"{days} days: made in {made:.0f} s; ledger {size / days:.0f} bytes a day, snapshot "
              f"{os.path.getsize(os.path.join(ledger, 'snapshot')) / 1e6:.1f} MB, ingest of the log {time.monotonic() - begin:.2f} s")
    day = subprocess.run([*stores[args.days[0]], "sql", "SELECT CAST(max(day) AS varchar) FROM system.days", "--format", "csv"],
                         capture_output=True, text=True).stdout.split()[-1]
    day = day[:10]
    hunt = ("SELECT client_ip, count(*) AS n FROM requests WHERE ts >= '{0}' AND ts < '{0}'::timestamp + INTERVAL '1 day' "
            "GROUP BY client_ip ORDER BY n DESC LIMIT 10").format(day)
    commands = {
        "open (version)": ["sql", "SELECT 1"],
        "days": ["days", "--format", "csv"],
        "retain plan": ["retain", "plan", "--keep-days", "365"],
        "one-day query": ["sql", hunt, "--format", "csv"],
    }
    print(f"{'command':18}" + "".join(f"{days:>10} d" for days in args.days) + "     ratio")
    for name, words in commands.items():
        medians = []
        for days in args.days:
            times = []
            for _ in range(args.runs):
                begin = time.monotonic()
                answer = subprocess.run([*stores[days], *words], capture_output=True, text=True)
                times.append(time.monotonic() - begin)
                if answer.returncode != 0:
                    sys.exit(f"{name}: {answer.stderr}")
            medians.append(statistics.median(times) * 1e3)
        ratio = medians[-1] / medians[0]
        print(f"{name:18}" + "".join(f"{ms:>9.1f} ms" for ms in medians) + f"{ratio:>10.2f}")


if __name__ == "__main__":
    main()
