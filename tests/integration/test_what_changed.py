"""What publications change is found from manifests, told once, and told right whatever happens to a publication."""

import csv
import hashlib
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import duckdb
import feedparser
import pytest
from nibrs_pipeline.archive.manifest import EstimatesManifest, FileEntry, StateYearManifest, ZipSummary
from nibrs_pipeline.catalog import nibrs_catalog
from nibrs_pipeline.errors import StorageUnavailable
from nibrs_pipeline.estimate.moved import moved_numbers
from nibrs_pipeline.keys import (
    CHANGES_ATOM,
    CHANGES_HTML,
    INDEX_HTML,
    INDEX_JSON,
    TOLD,
    change_key,
    manifest_of,
    plan_key,
    public_beside_key,
    public_estimates_key,
    public_report_key,
    public_zip_key,
    staged,
    staged_beside,
)
from nibrs_pipeline.plan.planning import Plan, WorkItem
from nibrs_pipeline.publish.publication import publish_run
from nibrs_pipeline.state_year import StateYear
from nibrs_pipeline.store import Store

from tests.unit.samples import estimates, manifest

AZ, LA = StateYear("AZ", 2016), StateYear("LA", 2013)
BIAS = "bias_code,bias_name\n11,Anti-White\n12,Anti-Black\n"


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def a_zip(incidents: int, bias: str = BIAS, note: str = "") -> dict[str, bytes]:
    """The members of a small zip."""
    return {
        "nibrs_incident.csv": "\n".join(["incident_id", *map(str, range(incidents))]).encode(),
        "nibrs_bias_list.csv": bias.encode(),
        "README.md": note.encode(),
    }


def stage(store: Store, run_id: str, item: StateYear, members: dict[str, bytes], day: int = 1, **update: Any) -> None:
    """Let a run have made a zip of these members."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    incidents = len(members["nibrs_incident.csv"].splitlines()) - 1
    files = [
        FileEntry(name=name, bytes=len(text), sha256=digest(text), rows=incidents if "incident" in name else None)
        for name, text in members.items()
    ]
    found = manifest(*item, time=f"2026-01-{day:02d}T00:00:00Z").model_copy(
        update={
            "run_id": run_id,
            "files": files,
            "zip": ZipSummary(name="x", bytes=len(content.getvalue()), sha256=digest(content.getvalue())),
            **update,
        }
    )
    _put(store, run_id, public_zip_key(item), content.getvalue(), found)


def _put(store: Store, run_id: str, key: str, content: bytes, found: StateYearManifest | EstimatesManifest) -> None:
    store.put(staged(run_id, key), content)
    store.put(manifest_of(staged(run_id, key)), found.to_json())
    earlier = store.get(plan_key(run_id))
    planned = (
        Plan.model_validate_json(earlier) if earlier else Plan(run_id=run_id, expected=[], to_extract=[], bundles=[])
    )
    if isinstance(found, StateYearManifest):
        work = WorkItem(run_id=run_id, state=found.state, state_name=found.state_name, year=found.year, reason="x")
        planned = planned.model_copy(update={"expected": [*planned.expected, work]})
    store.put(plan_key(run_id), planned.model_dump_json().encode())


COLUMNS = (
    "geography", "geography_name", "geography_kind", "agency_group", "table", "characteristic", "offense", "unit",
    "statistic", "variable", "estimate", "standard_error", "lower_95", "upper_95", "for_release",
)  # fmt: skip
Numbers = list[tuple[str, str, float, float | None, bool]]


def all_numbers(path: Path, numbers: Numbers) -> Path:
    """A file of all numbers: geography, variable, estimate, standard error, whether it may be quoted."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for geography, variable, estimate, error, release in numbers:
        same = (f"State {geography}", "state", "all agencies", "2a", "Total", "Robbery", "victims", "count")
        limits = ("", "", "") if error is None else (float(error), estimate - 1.96 * error, estimate + 1.96 * error)
        writer.writerow([geography, *same, variable, float(estimate), *limits, release])
    path.with_suffix(".csv").write_text(text.getvalue())
    duckdb.read_csv(str(path.with_suffix(".csv")), dtype={"standard_error": "DOUBLE", "lower_95": "DOUBLE",
                    "upper_95": "DOUBLE"}).write_parquet(str(path))  # fmt: skip
    return path


def stage_estimates(
    store: Store, run_id: str, numbers: Path, day: int = 1, choices: dict[str, str] | None = None
) -> None:
    """Let a run have made estimates of 2016 with these numbers."""
    parquet, page = numbers.read_bytes(), b"<p>estimates"
    content = parquet[::-1] + json.dumps(choices).encode()
    found = estimates(2016, time=f"2026-01-{day:02d}T00:00:00Z")
    found = found.model_copy(
        update={
            "source": found.source.model_copy(update={"choices": choices or {}}),
            "run_id": run_id,
            "zip": ZipSummary(name="x", bytes=len(content), sha256=digest(content)),
            "report_sha256": digest(page),
            "beside": (FileEntry(name="nibrs-estimates-2016.parquet", bytes=len(parquet), sha256=digest(parquet)),),
        }
    )
    key = public_beside_key(2016, "nibrs-estimates-2016.parquet")
    store.put(staged_beside(run_id, key, digest(parquet)), parquet)
    store.put(staged(run_id, public_report_key(2016)), page)
    _put(store, run_id, public_estimates_key(2016), content, found)


def publish(store: Store, run_id: str) -> None:
    publish_run(store, run_id, f"arn:{run_id}:1")


def told(store: Store, number: int) -> dict[str, Any]:
    return dict(json.loads(store.get(change_key(number, "json")) or b"{}"))


def all_told(store: Store) -> dict[str, bytes]:
    """Everything that says what changed."""
    keys = [key for key in store.sizes("downloads/change") if "change" in key]
    return store.get_many([*keys, TOLD])


def feed(store: Store) -> Any:
    """The feed, as a reader's program understands it."""
    found = feedparser.parse(
        store.get(CHANGES_ATOM) or b"",
        response_headers={
            "content-location": "https://x.org/downloads/changes.atom",
            "content-type": "application/atom+xml",
        },
    )
    assert not found.bozo, found
    assert found.version == "atom10"
    assert found.feed.id.startswith("urn:uuid:")
    assert found.feed.updated_parsed
    assert len({found.feed.id, *(entry.id for entry in found.entries)}) == 1 + len(found.entries)
    assert all(entry.updated_parsed and entry.summary and entry.title for entry in found.entries)
    return found


def test_a_first_publication_says_that_all_is_new(store: Store) -> None:
    stage(store, "r", AZ, a_zip(7))
    stage(store, "r", LA, a_zip(3))
    publish(store, "r")
    found = told(store, 1)
    assert found["title"] == "2 state-years new"
    assert [(each["name"], each["what"], each["incidents"]) for each in found["state_years"]] == [
        ("AZ-2016", "new", 7),
        ("LA-2013", "new", 3),
    ]
    [entry] = feed(store).entries
    assert (entry.title, entry.summary) == ("2 state-years new", "New: AZ 2016, LA 2013.")
    assert entry.link == "https://x.org/downloads/changes/1.html"
    assert b"2 state-years new" in (store.get(CHANGES_HTML) or b"")
    assert json.loads(store.get(INDEX_JSON) or b"")["changes"] == "changes.html"
    assert b'<a href="changes.html">What changed</a>: 2 state-years new.' in (store.get(INDEX_HTML) or b"")


def test_rows_codes_and_documents_that_changed_are_told_apart(store: Store) -> None:
    stage(store, "a", AZ, a_zip(7))
    stage(store, "a", LA, a_zip(3))
    publish(store, "a")
    stage(store, "b", AZ, a_zip(9, BIAS.replace("Anti-White", "Against Whites") + "13,Anti-Other\n"), day=2)
    stage(store, "b", LA, a_zip(3, note="a better README"), day=2)
    publish(store, "b")
    found = told(store, 2)
    assert found["title"] == "2 state-years changed"
    arizona, louisiana = found["state_years"]
    assert arizona["tables"] == [{"table": "nibrs_incident", "before": 7, "after": 9}]
    assert (arizona["codes"], louisiana["tables"], louisiana["codes"]) == (True, [], False)
    [codes] = found["codes"]
    assert codes["state_years"] == ["AZ-2016"]
    assert [each["sentence"] for each in codes["codes"]] == [
        "nibrs_bias_list: 11 was Anti-White, is Against Whites",
        "nibrs_bias_list: 13 came, Anti-Other",
    ]
    page = (store.get(change_key(2, "html")) or b"").decode()
    assert '<td class="number">+2</td>' in page
    assert "Every row as it was; documents or packing differ" in page
    assert [entry.title for entry in feed(store).entries] == ["2 state-years changed", "2 state-years new"]


def test_rows_that_changed_in_place_are_told(store: Store) -> None:
    stage(store, "a", AZ, a_zip(7))
    publish(store, "a")
    other = a_zip(7)
    other["nibrs_incident.csv"] = other["nibrs_incident.csv"].replace(b"5", b"55")
    stage(store, "b", AZ, other, day=2)
    publish(store, "b")
    [arizona] = told(store, 2)["state_years"]
    assert arizona["tables"] == [{"table": "nibrs_incident", "before": 7, "after": 7}]


def test_a_zip_that_is_taken_away_is_told_with_the_next_publication(store: Store) -> None:
    stage(store, "a", AZ, a_zip(7))
    stage(store, "a", LA, a_zip(3))
    publish(store, "a")
    store.delete_many([public_zip_key(LA), manifest_of(public_zip_key(LA))])
    stage(store, "b", AZ, a_zip(7))
    publish(store, "b")
    assert told(store, 2)["title"] == "1 state-year withdrawn"


def test_the_same_again_tells_nothing_new(store: Store) -> None:
    stage(store, "a", AZ, a_zip(7))
    publish(store, "a")
    before = all_told(store)
    stage(store, "again", AZ, a_zip(7), day=3)
    publish(store, "again")
    assert all_told(store) == before


@pytest.mark.parametrize("broken", [public_zip_key(LA), manifest_of(public_zip_key(AZ)), change_key(2, "json"), TOLD,
                         CHANGES_HTML, CHANGES_ATOM, INDEX_JSON])  # fmt: skip
def test_a_publication_that_breaks_off_anywhere_is_told_whole_and_once(store: Store, broken: str) -> None:
    def one_after_the_other(fail_at: str) -> dict[str, bytes]:
        for key in store.sizes(""):
            store.delete(key)
        stage(store, "a", AZ, a_zip(7))
        publish(store, "a")
        stage(store, "b", AZ, a_zip(9), day=2)
        stage(store, "b", LA, a_zip(3), day=2)
        put, copy = store.put, store.copy

        def fails(key: str, *given: Any, **more: Any) -> None:
            if key == fail_at:
                raise StorageUnavailable("no answer")
            put(key, *given, **more)

        def copy_fails(source: str, target: str, *more: Any) -> None:
            if target == fail_at:
                raise StorageUnavailable("no answer")
            copy(source, target, *more)

        store.put, store.copy = fails, copy_fails  # type: ignore[method-assign]
        try:
            publish(store, "b")
        except StorageUnavailable:
            assert fail_at
        else:
            assert not fail_at
        store.put, store.copy = put, copy  # type: ignore[method-assign]
        if fail_at:
            publish(store, "b")
        return all_told(store)

    smooth = one_after_the_other("")
    assert one_after_the_other(broken) == smooth
    assert told(store, 2)["title"] == "1 state-year new, 1 changed"


def test_what_another_run_publishes_between_two_tries_is_told_once(store: Store) -> None:
    stage(store, "a", AZ, a_zip(7))
    publish(store, "a")
    stage(store, "b", AZ, a_zip(8), day=2)
    put = store.put
    store.put = lambda key, *rest, **more: (_ for _ in ()).throw(StorageUnavailable("x")) if key == INDEX_JSON or (  # type: ignore[method-assign]
        "changes/" in key) else put(key, *rest, **more)  # fmt: skip
    with pytest.raises(StorageUnavailable):
        publish(store, "b")
    store.put = put  # type: ignore[method-assign]
    stage(store, "c", AZ, a_zip(9), day=3)
    publish(store, "c")
    publish(store, "b")
    [change] = told(store, 2)["state_years"]
    assert change["tables"] == [{"table": "nibrs_incident", "before": 7, "after": 9}]
    assert len(feed(store).entries) == 2


def test_what_an_earlier_version_published_is_what_the_first_entry_is_compared_with(store: Store) -> None:
    stage(store, "a", AZ, a_zip(7))
    publish(store, "a")
    for key in all_told(store):
        store.delete(key)
    stage(store, "b", AZ, a_zip(9, BIAS.replace("12,Anti-Black\n", "")), day=2)
    publish(store, "b")
    found = told(store, 1)
    assert found["title"] == "1 state-year changed"
    assert found["codes"][0]["codes"][0]["sentence"] == "nibrs_bias_list: 12 went, Anti-Black"


def test_a_published_zip_that_cannot_be_read_keeps_nobody_from_publishing(store: Store) -> None:
    stage(store, "a", AZ, a_zip(7))
    publish(store, "a")
    for key in [*all_told(store), public_zip_key(AZ)]:
        store.delete(key)
    stage(store, "b", AZ, a_zip(9), day=2)
    publish(store, "b")
    assert told(store, 1)["title"] == "1 state-year changed"
    assert told(store, 1)["codes"] == []


BEFORE: Numbers = [("OH", "robbery", 1000, 10, True), ("OH", "arson", 50, 5, True), ("UT", "robbery", 300, None, False),
                   ("UT", "arson", 40, 2, True)]  # fmt: skip
AFTER: Numbers = [("OH", "robbery", 1100, 12, True), ("OH", "arson", 54, 5, False), ("UT", "robbery", 350, None, False),
                  ("NE", "arson", 9, 1, True)]  # fmt: skip


def test_counts_that_moved_by_more_than_their_error_are_named(tmp_path: Path) -> None:
    found = moved_numbers(all_numbers(tmp_path / "a.parquet", BEFORE), all_numbers(tmp_path / "b.parquet", AFTER))
    assert found
    assert (found.compared, found.came, found.went, found.moved, found.outside) == (3, 1, 1, 1, 1)
    assert (found.released, found.withheld) == (0, 1)
    [robbery] = found.largest
    assert (robbery.geography, robbery.variable, robbery.before, robbery.error_before) == ("OH", "robbery", 1000, 10)
    assert (robbery.after, robbery.error_after, robbery.for_release) == (1100, 12, True)


@pytest.mark.parametrize("broken", ["", INDEX_JSON], ids=["smoothly", "with a try that broke off"])
def test_estimates_made_anew_are_compared_before_they_are_replaced(store: Store, tmp_path: Path, broken: str) -> None:
    stage_estimates(store, "a", all_numbers(tmp_path / "a.parquet", BEFORE))
    publish(store, "a")
    assert told(store, 1)["title"] == "estimates of 2016"
    stage_estimates(store, "b", all_numbers(tmp_path / "b.parquet", AFTER), day=2)
    if broken:
        # The numbers are replaced, and what changed is not told yet.
        put = store.put

        def fails(key: str, *rest: Any, **more: Any) -> None:
            if key == change_key(2, "json"):
                raise StorageUnavailable("no answer")
            put(key, *rest, **more)

        store.put = fails  # type: ignore[method-assign]
        with pytest.raises(StorageUnavailable):
            publish(store, "b")
        store.put = put  # type: ignore[method-assign]
    publish(store, "b")
    found = told(store, 2)
    assert found["estimates"][0]["moved"]["moved"] == 1
    assert found["summary"] == [
        "Estimates of 2016 were made anew: 1 of 3 counts moved by more than their standard error, 1 of them out of "
        "their 95 % interval; 0 may be quoted now that might not before, 1 may not any more."
    ]
    page = (store.get(change_key(2, "html")) or b"").decode()
    assert re.search(r"State OH</th>.*1,000 ± 20</td><td class=\"number\">1,100 ± 24", page)


def test_tables_that_are_no_longer_estimated_are_told_with_what_was_chosen(store: Store, tmp_path: Path) -> None:
    numbers = all_numbers(tmp_path / "a.parquet", BEFORE)
    stage_estimates(store, "a", numbers)
    publish(store, "a")
    stage_estimates(store, "b", numbers, day=2, choices={"TABLES": "crimes", "AREAS": "all"})
    publish(store, "b")
    assert told(store, 2)["summary"] == [
        "Estimates of 2016 were made anew; the file of all numbers is as it was, tables that are not in it differ. "
        "They were made with AREAS=all and TABLES=crimes, before with the defaults of the method."
    ]
    stage_estimates(store, "c", all_numbers(tmp_path / "c.parquet", AFTER), day=3, choices={"TABLES": "crimes"})
    publish(store, "c")
    [sentence] = told(store, 3)["summary"]
    assert sentence.startswith("Estimates of 2016 were made anew: 1 of 3 counts moved")
    assert sentence.endswith(" They were made with TABLES=crimes, before with AREAS=all and TABLES=crimes.")


def test_what_was_told_before_choices_were_kept_says_nothing_of_them(store: Store, tmp_path: Path) -> None:
    numbers = all_numbers(tmp_path / "a.parquet", BEFORE)
    stage_estimates(store, "a", numbers)
    publish(store, "a")
    kept = json.loads(store.get(TOLD) or b"")
    del kept["estimates"]["2016"]["choices"]
    store.put(TOLD, json.dumps(kept).encode())
    # The same estimates are no news.
    publish(store, "a")
    assert told(store, 2) == {}
    stage_estimates(store, "b", all_numbers(tmp_path / "b.parquet", AFTER), day=2, choices={"TABLES": "crimes"})
    publish(store, "b")
    [sentence] = told(store, 2)["summary"]
    assert "made with" not in sentence


def test_every_table_of_codes_is_one_whose_names_are_compared() -> None:
    from nibrs_pipeline.archive.code_lists import named_tables  # noqa: PLC0415

    named = {table.name for table in named_tables(nibrs_catalog())}
    assert {table.name for table in nibrs_catalog().code_tables} - named == set()


@pytest.mark.parametrize("there", [b"no Parquet", b"other columns", None], ids=["broken", "of other columns", "gone"])
def test_published_numbers_that_cannot_be_read_keep_nobody_from_publishing(
    store: Store, tmp_path: Path, there: bytes | None
) -> None:
    published = all_numbers(tmp_path / "a.parquet", BEFORE)
    if there == b"other columns":
        duckdb.sql("SELECT 1 AS another").write_parquet(str(published))
    stage_estimates(store, "a", published)
    publish(store, "a")
    key = public_beside_key(2016, "nibrs-estimates-2016.parquet")
    if there is None:
        store.delete(key)
    elif there == b"no Parquet":
        store.put(key, there)
    stage_estimates(store, "b", all_numbers(tmp_path / "b.parquet", AFTER), day=2)
    publish(store, "b")
    assert told(store, 2)["summary"] == ["Estimates of 2016 were made anew; the two versions were not compared."]
