"""What publications changed, as published: a page and JSON of each, the page that lists them, and a feed (RFC 4287)."""

import json
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5
from xml.etree import ElementTree

from nibrs_pipeline.archive.manifest_store import Manifests
from nibrs_pipeline.keys import CHANGES_ATOM, CHANGES_HTML, INDEX_HTML, PUBLIC, change_key
from nibrs_pipeline.pages import rendered
from nibrs_pipeline.publish.changes.comparison import Changes
from nibrs_pipeline.publish.changes.told import Told, ToldEntry
from nibrs_pipeline.publish.changes.words import summary, title

_ATOM = "http://www.w3.org/2005/Atom"
#: Publications that the feed has; the page lists all.
_IN_FEED = 50
#: Before the first moment of any data.
_EARLIEST = "1970-01-01T00:00:00Z"


def entry_of(changes: Changes, before: Told, published: Manifests, run_id: str) -> ToldEntry:
    """The entry of a publication, which depends on what is published alone, and on the run's name."""
    earlier = before.entries[-1] if before.entries else None
    moments = [earlier.updated if earlier else _EARLIEST, *_moments(changes, published)]
    content = json.dumps([run_id, changes.model_dump(mode="json")], sort_keys=True)
    return ToldEntry(
        number=earlier.number + 1 if earlier else 1,
        identifier=str(uuid5(UUID(before.feed) if before.feed else NAMESPACE_OID, content)),
        updated=max(moments),
        title=title(changes),
        summary=summary(changes),
    )


def _moments(changes: Changes, published: Manifests) -> list[str]:
    names = {each.name for each in changes.state_years}
    years = {each.year for each in changes.estimates}
    found = [each.source.snapshot_time for each in published.state_years.values() if str(each.item) in names]
    return found + [each.source.snapshot_time for year, each in published.estimates.items() if year in years]


def change_json(entry: ToldEntry, changes: Changes, run_id: str, simulated: bool) -> bytes:
    """What a publication changed, for programs."""
    head: dict[str, Any] = {"run_id": run_id, "simulated": simulated}
    content = entry.model_dump(mode="json") | head | changes.model_dump(mode="json")
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def change_html(entry: ToldEntry, changes: Changes, run_id: str, simulated: bool) -> bytes:
    """What a publication changed, for people."""
    page = rendered("change.html", entry=entry, changes=changes, run_id=run_id, simulated=simulated)
    return page.encode()


def changes_html(told: Told, simulated: bool) -> bytes:
    """The page that lists all publications, the latest first."""
    page = rendered("changes.html", entries=told.entries[::-1], simulated=simulated, feed=_from_index(CHANGES_ATOM))
    return page.encode()


def changes_atom(told: Told, simulated: bool) -> bytes:
    """The feed; what it links to is named relative to it, since nobody says under which address a site lies."""
    entries = told.entries[: -_IN_FEED - 1 : -1]
    feed = ElementTree.Element("feed", xmlns=_ATOM)
    _text(feed, "id", f"urn:uuid:{told.feed}")
    _text(feed, "title", "SIMULATED NIBRS downloads: what changed" if simulated else "NIBRS downloads: what changed")
    _text(feed, "updated", entries[0].updated)
    _text(ElementTree.SubElement(feed, "author"), "name", "NIBRS downloads")
    ElementTree.SubElement(feed, "link", rel="self", href=_from_index(CHANGES_ATOM), type="application/atom+xml")
    ElementTree.SubElement(feed, "link", rel="alternate", href=_from_index(CHANGES_HTML), type="text/html")
    ElementTree.SubElement(feed, "link", rel="related", href=_from_index(INDEX_HTML), type="text/html")
    for entry in entries:
        _entry(feed, entry)
    ElementTree.indent(feed, " ")
    content: bytes = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
    return content + b"\n"


def _entry(feed: ElementTree.Element, entry: ToldEntry) -> None:
    made = ElementTree.SubElement(feed, "entry")
    _text(made, "id", f"urn:uuid:{entry.identifier}")
    _text(made, "title", entry.title)
    _text(made, "updated", entry.updated)
    for ending, kind in (("html", "text/html"), ("json", "application/json")):
        relation = "alternate" if ending == "html" else "related"
        href = _from_index(change_key(entry.number, ending))
        ElementTree.SubElement(made, "link", rel=relation, href=href, type=kind)
    _text(made, "summary", " ".join(entry.summary))


def _text(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, name).text = text


def _from_index(key: str) -> str:
    return key.removeprefix(PUBLIC)
