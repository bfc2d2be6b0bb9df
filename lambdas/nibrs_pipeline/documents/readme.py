"""The README of every zip, as text and as a page."""

from html import escape
from importlib.resources import files

from markdown_it import MarkdownIt

from nibrs_pipeline.catalog import Catalog, Table

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; max-width: 62rem;
       margin: 0 auto; padding: 1rem; }
h1, h2, h3 { line-height: 1.2; }
h2 { margin-top: 2.5rem; border-bottom: 2px solid #1b4b72; padding-bottom: .2rem; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; background: #f2f4f6; }
pre { padding: .8rem; overflow-x: auto; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: .8rem 0; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #cfd6dc; }
th { background: #1b4b72; color: #fff; }
a { color: #1b4b72; }
svg { max-width: 100%; height: auto; }
"""


def readme_markdown(catalog: Catalog) -> str:
    """The text of ``code_tables/documents/zip_readme.md`` with the list of tables in its place."""
    template = (files("code_tables") / "documents" / "zip_readme.md").read_text(encoding="utf-8")
    parts = [
        f"The {len(catalog.data_tables)} tables of this state and year:",
        _table_list(catalog.data_tables),
        f"The {len(catalog.code_tables)} code tables, the same in every zip:",
        _table_list(catalog.code_tables),
    ]
    return template.replace("{{tables}}", "\n\n".join(parts))


def readme_html(catalog: Catalog, markdown: str, diagram: str) -> str:
    """The README as one page without outside requests, with the diagram and the data dictionary."""
    body = MarkdownIt("commonmark").enable("table").render(markdown)
    dictionary = "".join(_dictionary_section(table) for table in catalog.published)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<title>NIBRS: incident-based crime data of one state and year</title>\n"
        f"<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n"
        f'<h2 id="diagram">How the tables hang together</h2>\n<div class="wide">{diagram}</div>\n'
        f'<h2 id="dictionary">Data dictionary</h2>\n{dictionary}</body>\n</html>\n'
    )


def _table_list(tables: tuple[Table, ...]) -> str:
    lines = [f"| `{table.name}` | {table.description} |" for table in tables]
    return "\n".join(["| table | what a row is |", "|---|---|", *lines])


def _dictionary_section(table: Table) -> str:
    rows = "".join(
        f"<tr><td><code>{column.name}</code></td><td>{column.type}</td>"
        f"<td>{'primary' if column.primary_key else ''}</td>"
        f"<td>{_link(column.references)}</td><td>{escape(column.description)}</td></tr>\n"
        for column in table.columns
    )
    return (
        f'<h3 id="{table.name}"><code>{table.name}</code></h3>\n<p>{escape(table.description)}.</p>\n'
        '<div class="wide"><table>\n<tr><th>column</th><th>type</th><th>key</th><th>found in</th>'
        f"<th>meaning</th></tr>\n{rows}</table></div>\n"
    )


def _link(table: str) -> str:
    return f'<a href="#{table}"><code>{table}</code></a>' if table else ""
