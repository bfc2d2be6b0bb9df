"""Publish against an emulated S3: leases, whole zips only, newer data stays."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from nibrs_pipeline.archive.manifest import EXPLORER_YEAR, FileEntry
from nibrs_pipeline.errors import BrokenExtract, PublishBusy, SimulatedBesideReal, StorageUnavailable
from nibrs_pipeline.keys import (
    EXPLORER_HTML,
    INDEX_HTML,
    INDEX_JSON,
    PUBLISH_LEASE,
    manifest_of,
    public_bundle_key,
    public_estimates_key,
    public_report_key,
    public_zip_key,
    publication_key,
    staged,
    staged_beside,
)
from nibrs_pipeline.plan.planning import BundleItem
from nibrs_pipeline.publish import explorer_page
from nibrs_pipeline.publish.publication import publish_run, write_index
from nibrs_pipeline.state_year import StateYear
from nibrs_pipeline.store import Store

from tests.staged import AZ, CONTENT, plan, stage
from tests.unit.samples import MADE_UP, bundle, estimates, manifest


def lease(run_id: str, minutes: int, execution: str = "1") -> bytes:
    until = (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()
    return json.dumps({"run_id": run_id, "execution": f"arn:{run_id}:{execution}", "until": until}).encode()


def test_what_is_staged_is_published_and_cleared(store: Store) -> None:
    stage(store, "r", manifest(*AZ))
    assert publish_run(store, "r", "arn:r:1") == (["downloads/2016/AZ-2016.zip"], [])
    assert store.get("downloads/2016/AZ-2016.zip") == CONTENT
    assert json.loads(store.get("downloads/index.json") or b"")["state_years"][0]["state"] == "AZ"
    assert store.sizes("runs/r/downloads/") == {}
    assert store.get(PUBLISH_LEASE) is None


def test_what_an_earlier_try_left_for_another_plan_is_not_published(store: Store) -> None:
    stage(store, "r", manifest(*AZ))
    stage(store, "r", manifest("LA", 2013).model_copy(update={"made_for": "an earlier plan"}))
    assert publish_run(store, "r", "arn:r:1") == (["downloads/2016/AZ-2016.zip"], [])
    assert store.get("downloads/2013/LA-2013.zip") is None
    assert store.sizes("runs/r/downloads/") == {}


def test_later_data_is_never_replaced_by_earlier(store: Store) -> None:
    stage(store, "late", manifest(*AZ, time="2026-01-02T00:00:00Z"), b"l" * 1000)
    publish_run(store, "late", "arn:late:1")
    stage(store, "early", manifest(*AZ, time="2026-01-01T00:00:00Z"), b"e" * 1000)
    assert publish_run(store, "early", "arn:early:1") == ([], ["downloads/2016/AZ-2016.zip"])
    assert store.get("downloads/2016/AZ-2016.zip") == b"l" * 1000


def test_simulated_state_years_are_not_published_beside_real_ones(store: Store) -> None:
    stage(store, "real", manifest("LA", 2013))
    publish_run(store, "real", "arn:real:1")
    before = {key: store.get(key) for key in store.sizes("downloads/")}
    stage(store, "simulated", manifest(*AZ, known=MADE_UP))
    with pytest.raises(
        SimulatedBesideReal, match=r"simulated: downloads/2016/AZ-2016.zip of run simulated; .*LA-2013.zip"
    ):
        publish_run(store, "simulated", "arn:simulated:1")
    assert {key: store.get(key) for key in store.sizes("downloads/")} == before
    assert store.get(PUBLISH_LEASE) is None


def test_a_zip_of_another_size_than_its_manifest_says_stops_all(store: Store) -> None:
    stage(store, "r", manifest("LA", 2013))
    stage(store, "r", manifest(*AZ), CONTENT[:-1])
    with pytest.raises(BrokenExtract, match=r"AZ-2016.zip has 999 bytes, its manifest says 1,000"):
        publish_run(store, "r", "arn:r:1")
    assert store.sizes("downloads/") == {}
    assert store.get(PUBLISH_LEASE) is None


def test_a_bundle_that_was_not_built_stops_all_unless_it_is_published_already(store: Store) -> None:
    stage(store, "earlier", manifest(*AZ))
    item = BundleItem(run_id="earlier", name="AZ-all-years", members=[StateYear("AZ", 2016)])
    plan(store, "earlier", bundles=[item])
    with pytest.raises(BrokenExtract, match="bundles were not built: AZ-all-years"):
        publish_run(store, "earlier", "arn:earlier:1")
    store.put(manifest_of(public_bundle_key("AZ-all-years")), bundle("AZ-all-years").to_json())
    assert publish_run(store, "earlier", "arn:earlier:1")[0] == ["downloads/2016/AZ-2016.zip"]


@pytest.mark.parametrize("stated", [True, False], ids=["stated with the zip", "read from the zip"])
def test_a_zip_of_another_content_than_its_manifest_says_stops_all(store: Store, tmp_path: Path, stated: bool) -> None:
    stage(store, "r", manifest("LA", 2013))
    stage(store, "r", manifest(*AZ))
    # What a function that was thought dead has written since, of the same size.
    path = tmp_path / "late.zip"
    path.write_bytes(b"y" * 1000)
    sha256 = hashlib.sha256(b"y" * 1000).hexdigest()
    store.upload(path, staged("r", public_zip_key(AZ)), sha256 if stated else None)
    with pytest.raises(BrokenExtract, match=rf"AZ-2016.zip has SHA-256 {sha256}, its manifest says"):
        publish_run(store, "r", "arn:r:1")
    assert store.sizes("downloads/") == {}


def test_what_was_checked_is_what_is_copied(store: Store) -> None:
    store.put("runs/r/downloads/a.zip", b"checked")
    found = store.stated("runs/r/downloads/a.zip")
    assert found
    store.put("runs/r/downloads/a.zip", b"changed")
    with pytest.raises(BrokenExtract, match=r"a\.zip was replaced while it was published"):
        store.copy("runs/r/downloads/a.zip", "downloads/a.zip", found.tag)
    with pytest.raises(BrokenExtract, match=r"a\.zip was replaced while it was read"):
        store.sha256_of("runs/r/downloads/a.zip", found.tag)
    assert store.get("downloads/a.zip") is None


def test_the_page_beside_estimates_is_the_one_that_their_manifest_names(store: Store) -> None:
    content, page = b"e" * 3000, b"<p>estimates"
    made = estimates(2016)
    made = made.model_copy(
        update={
            "zip": made.zip.model_copy(update={"sha256": hashlib.sha256(content).hexdigest()}),
            "report_sha256": hashlib.sha256(page).hexdigest(),
        }
    )
    key = staged("r", public_estimates_key(2016))
    store.put(key, content)
    store.put(manifest_of(key), made.to_json())
    plan(store, "r")
    store.put(staged("r", public_report_key(2016)), b"<p>of another try")
    with pytest.raises(BrokenExtract, match=r"report.html is not the page that the manifest beside it names"):
        publish_run(store, "r", "arn:r:1")
    assert store.sizes("estimates/") == {}
    store.put(staged("r", public_report_key(2016)), page)
    publish_run(store, "r", "arn:r:1")
    assert store.get(public_report_key(2016)) == page


def test_what_lies_beside_estimates_is_what_their_manifest_names(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    content, page, year = b"e" * 3000, b"<p>estimates", b"nibrsExplorer({});"
    made = estimates(2016)
    entry = FileEntry(name=EXPLORER_YEAR, bytes=len(year), sha256=hashlib.sha256(year).hexdigest())
    made = made.model_copy(
        update={
            "zip": made.zip.model_copy(update={"sha256": hashlib.sha256(content).hexdigest()}),
            "report_sha256": hashlib.sha256(page).hexdigest(),
            "beside": (entry,),
        }
    )
    key, beside = public_estimates_key(2016), "estimates/2016/explorer/year.js"
    plan(store, "r")
    for name, body in ((key, content), (public_report_key(2016), page), (manifest_of(key), made.to_json())):
        store.put(staged("r", name), body)
    of_another_try = b"nibrsExplorer([]);"
    there, elsewhere = (staged_beside("r", beside, hashlib.sha256(each).hexdigest()) for each in (year, of_another_try))
    for staged_key, content, told in ("", b"", 0), (elsewhere, of_another_try, 0), (there, year[:5], 5):
        if staged_key:
            store.put(staged_key, content)
        with pytest.raises(BrokenExtract, match=rf"explorer/year\.js\.{entry.sha256} has {told} bytes"):
            publish_run(store, "r", "arn:r:1")
        assert store.sizes("estimates/") == {}
    store.put(there, year)
    told_of: list[str] = []
    publish_run(store, "r", "arn:r:1", told_of.extend)
    assert store.get(beside) == year
    assert store.sizes("runs/r/estimates/") == {}
    assert {beside, EXPLORER_HTML} <= set(told_of)
    index = json.loads(store.get(INDEX_JSON) or b"")
    assert (index["explorer"], index["estimates"][0]["explorable"]) == ("explorer.html", True)
    found = store.get(EXPLORER_HTML) or b""
    assert b'{"years": [2016], "estimates": "../estimates/"}' in found
    assert b'<a href="explorer.html">' in (store.get(INDEX_HTML) or b"")
    # Without Node the script is not built: the index does not lead to a page that is not there.
    monkeypatch.setattr(explorer_page, "BUNDLE", "not.built.js")
    explorer_page.has_bundle.cache_clear()
    assert write_index(store) == [INDEX_JSON, INDEX_HTML]
    assert b"explorer.html" not in (store.get(INDEX_HTML) or b"")
    explorer_page.has_bundle.cache_clear()


@pytest.mark.parametrize("holder", ["other", "r"], ids=["of another run", "of the same run"])
def test_while_another_execution_publishes_one_waits(store: Store, holder: str) -> None:
    stage(store, "r", manifest(*AZ))
    store.put(PUBLISH_LEASE, lease(holder, 5, "2"))
    with pytest.raises(PublishBusy, match=f"execution arn:{holder}:2 is publishing run {holder}"):
        publish_run(store, "r", "arn:r:1")
    assert json.loads(store.get(PUBLISH_LEASE) or b"")["execution"] == f"arn:{holder}:2"


@pytest.mark.parametrize(("holder", "minutes"), [("other", -1), ("r", 5)], ids=["ran out", "its own, of a broken try"])
def test_a_lease_is_taken_over(store: Store, holder: str, minutes: int) -> None:
    stage(store, "r", manifest(*AZ))
    store.put(PUBLISH_LEASE, lease(holder, minutes))
    assert publish_run(store, "r", "arn:r:1")[0] == ["downloads/2016/AZ-2016.zip"]
    assert store.get(PUBLISH_LEASE) is None


def test_who_has_lost_the_lease_publishes_nothing_more_and_leaves_it_to_its_holder(store: Store) -> None:
    stage(store, "r", manifest(*AZ))
    copy_many = store.copy_many

    def slow(copies: Any) -> None:
        copy_many(copies)
        store.put(PUBLISH_LEASE, lease("other", 5))

    store.copy_many = slow  # type: ignore[method-assign]
    with pytest.raises(PublishBusy, match="another execution has begun to publish since arn:r:1 was at work"):
        publish_run(store, "r", "arn:r:1")
    assert store.get("downloads/index.json") is None
    assert json.loads(store.get(PUBLISH_LEASE) or b"")["run_id"] == "other"


def test_a_publication_that_breaks_off_says_what_it_was_about_to_publish_until_it_is_completed(store: Store) -> None:
    stage(store, "r", manifest(*AZ))
    put = store.put

    def broken(key: str, content: bytes) -> None:
        if key == INDEX_JSON:
            raise StorageUnavailable("no answer")
        put(key, content)

    store.put = broken  # type: ignore[method-assign]
    with pytest.raises(StorageUnavailable):
        publish_run(store, "r", "arn:r:1")
    assert json.loads(store.get(publication_key("r")) or b"") == {
        "zips": ["downloads/2016/AZ-2016.zip"],
        "moved": [],
    }
    store.put = put  # type: ignore[method-assign]
    publish_run(store, "r", "arn:r:2")
    assert store.get(publication_key("r")) is None
    assert store.get(INDEX_JSON)


def test_what_was_replaced_is_told_before_anything_is_cleared(store: Store) -> None:
    stage(store, "r", manifest(*AZ))
    told: list[str] = []

    def refresh(keys: list[str]) -> None:
        assert store.get(staged("r", public_zip_key(AZ)))
        told.extend(keys)

    publish_run(store, "r", "arn:r:1", refresh)
    assert told == [
        "downloads/2016/AZ-2016.zip", "downloads/2016/AZ-2016.manifest.json", "downloads/changes/1.json",
        "downloads/changes/1.html", "downloads/changes.html", "downloads/changes.atom", "downloads/index.json",
        "downloads/index.html",
    ]  # fmt: skip
