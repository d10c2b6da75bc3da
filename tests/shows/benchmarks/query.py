"""Run by the Python with DuckDB and chDB: ENGINE SQL → the query's count, or its rows as JSON."""

import json
import sys

engine, sql = sys.argv[1:]
if engine == "duckdb":
    import duckdb

    duckdb.sql("SET enable_progress_bar = false")
    rows = duckdb.sql(sql).fetchall()
    print(rows[0][0] if len(rows) == len(rows[0]) == 1 else json.dumps(rows))
else:
    import chdb

    print(str(chdb.query(sql, "CSV")).strip())
