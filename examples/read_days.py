#!/usr/bin/env python3
"""Reads the days of a store without dwell, with DuckDB and with pyarrow: they are plain Parquet files.

    pip install duckdb pyarrow
    python3 examples/read_days.py dwell-store
"""
import pathlib
import sys

import duckdb
import pyarrow.dataset

store = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "dwell-store")

# DuckDB: a glob over the days; `day` comes from the names of the folders.
days = f"read_parquet('{store}/requests/*/*.parquet', hive_partitioning = true)"
print(duckdb.sql(f"SELECT day, count(*) AS requests, count(DISTINCT client_ip) AS clients FROM {days} GROUP BY day ORDER BY day"))
print(duckdb.sql(f"SELECT host, port, count(*) AS requests FROM {days} WHERE port NOT IN (80, 443) GROUP BY ALL ORDER BY 3 DESC LIMIT 5"))

# pyarrow: the same files as a dataset; only the columns asked for are read.
dataset = pyarrow.dataset.dataset(store / "requests", partitioning="hive")
table = dataset.to_table(columns=["ts", "client_ip", "host", "status"])
print(f"pyarrow: {table.num_rows} rows, {table.schema.field('ts').type}")

# `url` is stored only where its parts do not give it back; `dwell export views duckdb` prints a view that has it.
