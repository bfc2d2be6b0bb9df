"""Names, values and statements as PostgreSQL wants them written.

pg8000 has functions for the first two, but quotes every name, which load scripts for people should not, and ignores
NULs and backslashes.
"""

import re


def identifier(name: str) -> str:
    """A name as SQL: lower-case words as they are, anything else quoted.

    Raises:
        ValueError: the name is empty or holds a NUL, which PostgreSQL cannot quote.
    """
    if not name or "\0" in name:
        raise ValueError(f"not a name for a table or column: {name!r}")
    if re.fullmatch(r"[a-z_][a-z0-9_]*", name):
        return name
    return '"' + name.replace('"', '""') + '"'


def literal(value: str | int) -> str:
    """A value as an SQL literal; COPY takes no parameters.

    Raises:
        ValueError: a text with a NUL.
    """
    if isinstance(value, int):
        return str(int(value))
    if "\0" in value:
        raise ValueError(f"text with a NUL cannot be written in SQL: {value!r}")
    quoted = "'" + value.replace("'", "''") + "'"
    return "E" + quoted.replace("\\", "\\\\") if "\\" in value else quoted


def copy_out(select: str) -> str:
    """The statement that streams a query as CSV with a header line."""
    return f"COPY (\n{select}\n) TO STDOUT WITH (FORMAT csv, HEADER)"
