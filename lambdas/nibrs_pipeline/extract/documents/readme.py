"""The README of a state-year's zip and that of a bundle, as text and as a page."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from importlib.resources import files

from nibrs_pipeline.archive.provenance import (
    COUNTED_ON,
    REPORTERS_ONLY,
    SIMULATED,
    SOURCE_NOTES,
    Provenance,
    SourceCode,
    SourceNote,
)
from nibrs_pipeline.catalog import Catalog, Table
from nibrs_pipeline.code_columns import code_columns
from nibrs_pipeline.extract.documents.diagram import diagram_svg
from nibrs_pipeline.extract.documents.markdown import filled, literally, page
from nibrs_pipeline.state_year import StateYear

#: The names of the README, in the order in which a zip holds them.
README = ("README.md", "README.html")


@dataclass(frozen=True)
class StateYearFacts:
    """What the README of a state-year's zip says of it.

    Attributes:
        rows: rows by table.
        agencies: agencies that reported a month, ``months`` that they reported together.
    """

    item: StateYear
    state_name: str
    rows: Mapping[str, int]
    agencies: int
    months: int
    provenance: Provenance

    @property
    def name(self) -> str:
        """As a heading says it: Arizona 2016."""
        return f"{self.state_name} {self.item.year}"


def state_year_readme(catalog: Catalog, facts: StateYearFacts) -> dict[str, bytes]:
    """Contents by name. The same facts give the same bytes."""
    simulated = facts.provenance.simulated
    markdown = filled(_template("zip_readme.md"), _parts(catalog, facts))
    title = f"{'SIMULATED: ' if simulated else ''}{facts.name}: incident-based crime data (NIBRS)"
    texts = (markdown, page(title, markdown, _appendix(catalog), simulated))
    return {name: text.encode() for name, text in zip(README, texts, strict=True)}


def bundle_readme(name: str, members: Sequence[tuple[StateYear, str, int, Provenance]]) -> dict[str, bytes]:
    """The README of a bundle.

    Args:
        name: of the bundle.
        members: each state-year in it with its state's name, its incidents and what is known of its source.
    """
    simulated = any(provenance.simulated for *_, provenance in members)
    lines = [
        f"| [{item}]({item}/README.html) | {literally(state_name)} | {item.year} | {incidents:,} |"
        for item, state_name, incidents, _ in members
    ]
    notes = [line for item, _, _, provenance in members for line in _bundle_notes(item, provenance)]
    parts = {
        "title": f"{'SIMULATED DATA, NOT REAL: ' if simulated else ''}{literally(name)}",
        "warning": _template("simulated.md") if simulated else "",
        "members": "\n".join(["| folder | state | data year | incidents |", "|---|---|---|---|", *lines]),
        "source": "\n".join(["## What is known of the sources", "", *notes, ""]) if notes else "",
    }
    markdown = filled(_template("bundle_readme.md"), parts)
    texts = (markdown, page(f"{'SIMULATED: ' if simulated else ''}{name}", markdown, simulated=simulated))
    return {name: text.encode() for name, text in zip(README, texts, strict=True)}


def readme_fingerprint(catalog: Catalog) -> str:
    """One SHA-256 over all that READMEs, of zips and of bundles, say beside the facts of their state-years."""
    note, code = SourceNote(kind="x", table="x", rows=1, note="x"), SourceCode(table="x", code="x", column="x")
    digest = hashlib.sha256()
    for kind in ("x", SIMULATED, REPORTERS_ONLY):
        known = Provenance(notes=(note.model_copy(update={"kind": kind}),), codes=(code,))
        facts = StateYearFacts(StateYear("XX", 0), "X", {}, 0, 0, known)
        for texts in (state_year_readme(catalog, facts), bundle_readme("x", [(facts.item, "X", 0, known)])):
            for content in texts.values():
                digest.update(content)
    return digest.hexdigest()


@lru_cache
def _template(name: str) -> str:
    return (files("code_tables") / "documents" / name).read_text(encoding="utf-8")


def _parts(catalog: Catalog, facts: StateYearFacts) -> dict[str, str]:
    simulated = facts.provenance.simulated
    name = literally(facts.name)
    return {
        "title": f"SIMULATED DATA, NOT REAL: {name}" if simulated else name,
        "warning": _template("simulated.md") if simulated else "",
        "year": str(facts.item.year),
        "listed": "those agencies of the state that reported (it is not known which others there are)"
        if facts.provenance.lists_reporters_only
        else "all agencies of the state",
        "reported": _reported(facts),
        "facts": _facts(facts),
        "source": _source(facts.provenance),
        "tables": _tables(catalog, facts.provenance),
        "notes_file": f"| [`{SOURCE_NOTES}`]({SOURCE_NOTES}) | what is known of this file's source, as a table |\n"
        if facts.provenance.notes
        else "",
        "rights": filled(_template("rights_simulated.md" if simulated else "rights.md"), _citation(facts)),
    }


def _reported(facts: StateYearFacts) -> str:
    state = literally(facts.state_name)
    if facts.provenance.simulated:
        return f"what police agencies of {state} might have reported"
    return f"what the police agencies of {state} reported"


def _citation(facts: StateYearFacts) -> dict[str, str]:
    return {"state": literally(facts.state_name), "year": str(facts.item.year), "zip": str(facts.item)}


def _facts(facts: StateYearFacts) -> str:
    rows = facts.rows
    lines = [
        ("State", f"{literally(facts.state_name)} ({facts.item.state})"),
        ("Data year", str(facts.item.year)),
        ("Incidents", f"{rows.get('nibrs_incident', 0):,}"),
        ("Offenses", f"{rows.get('nibrs_offense', 0):,}"),
        ("Victims", f"{rows.get('nibrs_victim', 0):,}"),
        ("Agencies that reported at least one month", f"{facts.agencies:,}"),
        ("Months that they reported, all agencies together", f"{facts.months:,}"),
        ("Agencies listed in `agency_participation`", f"{rows.get('agency_participation', 0):,}"),
    ]
    return "\n".join(["| | |", "|---|---|", *(f"| {what} | {value} |" for what, value in lines)])


def _source(provenance: Provenance) -> str:
    """The section on the source; nothing if nothing is known."""
    lines = [f"* {literally(note.sentence)}" for note in provenance.notes]
    lines += [f"* {_own_list(table, codes)}" for table, codes in sorted(provenance.codes_by_table().items())]
    return "\n".join(["## What is known of this file's source", "", *lines, ""]) if lines else ""


def _own_list(table: str, codes: list[SourceCode]) -> str:
    """What a code table says as the state-year's own list has it: names in full, of other columns how many."""
    name = code_columns()[table].name if table in code_columns() else ""
    named = [f'{code.code} is "{code.value or ""}"' for code in codes if code.column == name]
    others = Counter(code.column for code in codes if code.column != name)
    said = named + [f"{column} of {count} {'code' if count == 1 else 'codes'}" for column, count in others.items()]
    return literally(f"{table}: as this file's own list has it, where those of other years differ: {'; '.join(said)}")


def _bundle_notes(item: StateYear, provenance: Provenance) -> list[str]:
    """What bears on every count, and how much more the state-year's own README has."""
    told = [note for note in provenance.notes if note.kind in COUNTED_ON]
    more = len(provenance.notes) - len(told) - provenance.simulated
    lines = [f"* {item}: {literally(note.sentence)}" for note in told]
    if more:
        lines.append(f"* {item}: {more} more {'note' if more == 1 else 'notes'} in [its README]({item}/README.html).")
    return lines


def _tables(catalog: Catalog, provenance: Provenance) -> str:
    same = "the same in every zip" if not provenance.codes else "the same in every zip but for names of codes"
    return "\n\n".join(
        [
            f"The {len(catalog.data_tables)} tables of this state and year:",
            _table_list(catalog.data_tables),
            f"The {len(catalog.code_tables)} code tables, {same}:",
            _table_list(catalog.code_tables),
        ]
    )


def _table_list(tables: tuple[Table, ...]) -> str:
    lines = [f"| [`{table.name}`](README.html#{table.name}) | {table.description} |" for table in tables]
    return "\n".join(["| table | what a row is |", "|---|---|", *lines])


@lru_cache(maxsize=1)
def _appendix(catalog: Catalog) -> str:
    """What follows the text on the page: the diagram and the data dictionary."""
    dictionary = "".join(_dictionary_section(table) for table in catalog.published)
    return (
        f'<h2 id="diagram">How the tables hang together</h2>\n<div class="wide">{diagram_svg(catalog)}</div>\n'
        f'<h2 id="dictionary">Data dictionary</h2>\n{dictionary}'
    )


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
