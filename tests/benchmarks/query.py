"""Run by the python that has DuckDB and chDB: ENGINE SQL → the count that the query gives."""

import sys

engine, sql = sys.argv[1:]
if engine == "duckdb":
    import duckdb

    print(duckdb.sql(sql).fetchall()[0][0])
else:
    import chdb

    print(str(chdb.query(sql, "CSV")).strip())
