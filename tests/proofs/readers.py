#!/usr/bin/env python3
"""The same 25 queries by dwell, and over its Parquet files by DuckDB (plain and through the generated view), polars
and pyarrow without dwell. Every answer must be equal.

    readers.py --dwell target/release/dwell --store DIR        (needs: pip install duckdb polars pyarrow)
"""
import argparse
import csv
import io
import subprocess
import sys

import duckdb
import polars as pl
import pyarrow.compute as pc
import pyarrow.dataset as ds

# A query is (filters, group columns, aggregates); each engine gets it in its own words, none through another's SQL.
# Filters: (column, operator, value). Aggregates: (function, column).
COUNT = ("count", None)
QUERIES = [
    ([], [], [COUNT]),
    ([], ["day"], [COUNT]),
    ([], ["method"], [COUNT, ("sum", "response_bytes")]),
    ([], ["status"], [COUNT, ("min", "duration_ms"), ("max", "duration_ms")]),
    ([], ["verdict", "cache"], [COUNT]),
    ([], ["client_ip"], [("sum", "response_bytes"), ("distinct", "host")]),
    ([], ["domain"], [COUNT, ("distinct", "client_ip")]),
    ([], ["port"], [COUNT, ("distinct", "host")]),
    ([], ["user"], [COUNT]),
    ([], ["scheme", "method"], [COUNT]),
    ([], ["extension"], [COUNT, ("max", "response_bytes")]),
    ([], ["content_type"], [COUNT, ("sum", "response_bytes")]),
    ([], ["source_id"], [COUNT, ("min", "line_no"), ("max", "line_no"), ("distinct", "line_no")]),
    ([], ["hierarchy"], [COUNT, ("distinct", "server_ip")]),
    ([], ["ts_quality", "parse"], [COUNT]),
    ([("method", "=", "POST")], ["host"], [COUNT, ("sum", "response_bytes")]),
    ([("scheme", "=", "tunnel"), ("port", "!=", 443)], ["host", "port"], [COUNT]),
    ([("status", ">=", 400)], ["status", "action"], [COUNT]),
    ([("response_bytes", ">", 100000)], ["client_ip"], [COUNT, ("max", "response_bytes")]),
    ([("host", "contains", "a.")], ["host"], [COUNT]),
    ([("path", "contains", "/1")], [], [COUNT, ("distinct", "path")]),
    ([("query", "null", None)], ["method"], [COUNT]),
    ([("user", "notnull", None), ("status", "=", 200)], ["user"], [COUNT, ("sum", "duration_ms")]),
    ([("server_ip", "null", None)], ["hierarchy"], [COUNT]),
    ([("duration_ms", "<", 10)], ["cache", "verdict"], [COUNT, ("sum", "response_bytes")]),
]


def sql(query):
    filters, group, aggregates = query
    words = {
        "=": lambda c, v: f"{c} = {v!r}", "!=": lambda c, v: f"{c} <> {v!r}",
        ">=": lambda c, v: f"{c} >= {v}", ">": lambda c, v: f"{c} > {v}", "<": lambda c, v: f"{c} < {v}",
        "contains": lambda c, v: f"{c} LIKE '%{v}%'",
        "null": lambda c, v: f"{c} IS NULL", "notnull": lambda c, v: f"{c} IS NOT NULL",
    }
    functions = {
        "count": lambda c: "count(*)", "sum": lambda c: f"sum({c})", "min": lambda c: f"min({c})",
        "max": lambda c: f"max({c})", "distinct": lambda c: f"count(DISTINCT {c})",
    }
    name = lambda c: '"user"' if c == "user" else c
    select = ", ".join([name(c) for c in group] + [functions[f](name(c)) for f, c in aggregates])
    where = " AND ".join(words[op](name(c), v) for c, op, v in filters)
    text = f"SELECT {select} FROM requests"
    if where:
        text += f" WHERE {where}"
    if group:
        text += " GROUP BY " + ", ".join(name(c) for c in group)
    return text


def text(value):
    return "" if value is None else str(value)


def rows(table):
    return sorted(tuple(text(v) for v in row) for row in table)


def by_dwell(args, query):
    command = [args.dwell, "--store", args.store, "sql", sql(query), "--format", "csv"]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return rows(list(csv.reader(io.StringIO(out)))[1:])


def by_duckdb(connection, query):
    return rows(connection.execute(sql(query)).fetchall())


def by_polars(frame, query):
    filters, group, aggregates = query
    words = {
        "=": lambda c, v: pl.col(c) == v, "!=": lambda c, v: pl.col(c) != v, ">=": lambda c, v: pl.col(c) >= v,
        ">": lambda c, v: pl.col(c) > v, "<": lambda c, v: pl.col(c) < v,
        "contains": lambda c, v: pl.col(c).str.contains(v, literal=True),
        "null": lambda c, v: pl.col(c).is_null(), "notnull": lambda c, v: pl.col(c).is_not_null(),
    }
    functions = {
        "count": lambda c: pl.len(), "sum": lambda c: pl.col(c).sum(), "min": lambda c: pl.col(c).min(),
        "max": lambda c: pl.col(c).max(), "distinct": lambda c: pl.col(c).drop_nulls().n_unique(),
    }
    for column, op, value in filters:
        frame = frame.filter(words[op](column, value))
    # polars sums no values to 0, SQL to NULL: say it in SQL's way.
    expressions = []
    for at, (function, column) in enumerate(aggregates):
        expression = functions[function](column)
        if function == "sum":
            expression = pl.when(pl.col(column).count() > 0).then(expression)
        expressions.append(expression.alias(f"a{at}"))
    frame = frame.group_by(group).agg(expressions) if group else frame.select(expressions)
    return rows(frame.collect().rows())


def by_pyarrow(dataset, query):
    filters, group, aggregates = query
    field = pc.field
    words = {
        "=": lambda c, v: field(c) == v, "!=": lambda c, v: field(c) != v, ">=": lambda c, v: field(c) >= v,
        ">": lambda c, v: field(c) > v, "<": lambda c, v: field(c) < v,
        "contains": lambda c, v: pc.match_substring(field(c), v),
        "null": lambda c, v: field(c).is_null(), "notnull": lambda c, v: field(c).is_valid(),
    }
    condition = None
    for column, op, value in filters:
        part = words[op](column, value)
        condition = part if condition is None else condition & part
    columns = sorted({c for c in group} | {c for _, c in aggregates if c} | {"source_id"})
    table = dataset.to_table(columns=columns, filter=condition)
    names = {"sum": "sum", "min": "min", "max": "max", "distinct": "count_distinct"}
    wanted = [((c, names[f]) if f != "count" else ([], "count_all")) for f, c in aggregates]
    answer = table.group_by(group).aggregate(wanted)
    order = list(group) + [f"{c}_{names[f]}" if f != "count" else "count_all" for f, c in aggregates]
    return rows(zip(*[answer.column(name).to_pylist() for name in order]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dwell", required=True)
    parser.add_argument("--store", required=True)
    args = parser.parse_args()
    glob = f"{args.store}/requests/**/*.parquet"
    plain = duckdb.connect()
    plain.execute(f"CREATE VIEW requests AS SELECT * FROM read_parquet('{glob}', hive_partitioning=true)")
    view = duckdb.connect()
    view.execute(subprocess.run([args.dwell, "--store", args.store, "export", "views", "duckdb"],
                                capture_output=True, text=True, check=True).stdout)
    frame = pl.scan_parquet(glob, hive_partitioning=True)
    dataset = ds.dataset(f"{args.store}/requests", partitioning="hive")
    bad = 0
    for number, query in enumerate(QUERIES, 1):
        expect = by_dwell(args, query)
        answers = {
            "duckdb": by_duckdb(plain, query), "duckdb view": by_duckdb(view, query),
            "polars": by_polars(frame, query), "pyarrow": by_pyarrow(dataset, query),
        }
        wrong = [name for name, answer in answers.items() if answer != expect]
        bad += len(wrong)
        print(f"{number:2} {len(expect):7} rows  {'equal' if not wrong else 'DIFFERS: ' + ', '.join(wrong)}  {sql(query)}")
        for name in wrong:
            print("   dwell", [r for r in expect if r not in set(answers[name])][:3])
            print("  ", name, [r for r in answers[name] if r not in set(expect)][:3])
    urls = "SELECT count(*), count(DISTINCT url), sum(octet_length(url)) FROM requests"
    expect = subprocess.run([args.dwell, "--store", args.store, "sql", urls, "--format", "csv"],
                            capture_output=True, text=True, check=True).stdout.splitlines()[1]
    answer = ",".join(text(v) for v in view.execute(
        "SELECT count(*), count(DISTINCT url), sum(octet_length(encode(url))) FROM requests").fetchone())
    print("url through the view:", "equal" if expect == answer else f"DIFFERS: {expect} / {answer}")
    bad += expect != answer
    print(f"{len(QUERIES)} queries, {bad} differences")
    sys.exit(1 if bad else 0)


main()
