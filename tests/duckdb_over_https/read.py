"""Run by an earlier DuckDB than the locked one: statements over https, and the rows of the last as JSON.

    read.py CERTIFICATES STATEMENTS

CERTIFICATES is a file of authorities that are trusted, STATEMENTS what a reader types.
"""

import json
import sys
from importlib.resources import files

import duckdb

certificates, statements = sys.argv[1:]
[extension] = files("duckdb_extension_httpfs").joinpath("extensions").glob("*/httpfs.duckdb_extension")
with duckdb.connect() as connection:
    connection.load_extension(str(extension))
    connection.execute(f"SET ca_cert_file = '{certificates}'")
    print(json.dumps(connection.execute(statements).fetchall()))
