#!/usr/bin/env python3
"""An encrypted store, read by pyarrow and DuckDB with its keys and without dwell: the same rows, and none with another key.

    encrypted.py --dwell target/debug/dwell --log FILE [--logformat STR]    (needs: pip install cryptography duckdb pyarrow)
"""
import argparse
import base64
import csv
import glob
import io
import json
import os
import subprocess
import tempfile

import duckdb
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def data_key(path, store_key):
    """The data key in a file below `keys/`: AES-256-GCM over it, authenticated with all other members of the file."""
    members = json.load(open(path))
    sealed = base64.b64decode(members.pop("wrapped"))
    bound = json.dumps(members, sort_keys=True, separators=(",", ":")).encode()
    return AESGCM(store_key).decrypt(sealed[:12], sealed[12:], bound)


def by_pyarrow(path, key):
    properties = pe.create_decryption_properties(footer_key=key)
    return pq.ParquetFile(path, decryption_properties=properties).read()


def by_duckdb(path, key, what, where=""):
    connection = duckdb.connect()
    # DuckDB 2.0 can't skip within an encrypted file: filters are applied to what has been read.
    connection.execute("SET disabled_optimizers = 'filter_pushdown'")
    connection.execute(f"PRAGMA add_parquet_key('day', '{base64.b64encode(key).decode()}')")
    table = f"read_parquet('{path}', encryption_config = {{footer_key: 'day'}})"
    return connection.execute(f"SELECT {what} FROM {table} {where}").fetchall()


def refused(read):
    try:
        read()
    except Exception as error:  # each reader has errors of its own
        return type(error).__name__
    raise SystemExit("a wrong key opened a file")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dwell", required=True)
    parser.add_argument("--log", required=True)
    parser.add_argument("--logformat", help="if the log needs one")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as root:
        store, keys = os.path.join(root, "store"), os.path.join(root, "keys")
        environment = dict(os.environ, DWELL_STORE=store, DWELL_KEY_DIR=keys)

        def dwell(*words):
            command = [os.path.abspath(arguments.dwell), *words]
            done = subprocess.run(command, env=environment, capture_output=True, text=True)
            # 3: some lines became no rows.
            assert done.returncode in (0, 3), done.stderr
            return done.stdout

        dwell("init", "--encrypt")
        dwell("ingest", arguments.log, *(["--logformat", arguments.logformat] if arguments.logformat else []))
        expected = list(csv.reader(io.StringIO(dwell(
            "sql", "SELECT day, count(*), count(DISTINCT host), sum(response_bytes), sum(line_no) FROM requests GROUP BY 1 ORDER BY 1",
            "--format", "csv"))))[1:]
        store_key = bytes.fromhex(open(glob.glob(f"{keys}/*.encryption")[0]).read().strip())
        what = "count(*), count(DISTINCT host), sum(response_bytes), sum(line_no)"
        sums, filtered, files = {}, 0, sorted(glob.glob(f"{store}/requests/day=*/*.parquet"))
        for path in files:
            day = path.split("/")[-2]
            key = data_key(glob.glob(f"{store}/keys/{day}/*.key")[0], store_key)
            table = by_pyarrow(path, key)
            rows = by_duckdb(path, key, what)[0]
            numbers = [table.num_rows, len(table["host"].drop_null().unique()), *(sum(filter(None, table[name].to_pylist()))
                       for name in ("response_bytes", "line_no"))]
            assert list(rows) == numbers, (path, rows, numbers)
            filtered += by_duckdb(path, key, "count(*)", "WHERE status >= 400 AND host IS NOT NULL")[0][0]
            sums[day[4:]] = [str(number) for number in numbers]
            wrong = os.urandom(32)
            print(f"{day}: {table.num_rows} rows alike by pyarrow and DuckDB; another key: "
                  f"{refused(lambda: by_pyarrow(path, wrong))}, {refused(lambda: by_duckdb(path, wrong, what))}")
        assert files and len(files) == len(sums), "one file a day is expected here"
        assert [[day, *numbers] for day, numbers in sorted(sums.items())] == expected, (sums, expected)
        count = dwell("sql", "SELECT count(*) FROM requests WHERE status >= 400 AND host IS NOT NULL", "--format", "csv")
        assert int(count.split()[1]) == filtered, (count, filtered)
        print(f"{sum(int(numbers[0]) for numbers in sums.values())} rows in {len(files)} encrypted files: equal to dwell's own answers")


if __name__ == "__main__":
    main()
