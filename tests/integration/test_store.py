"""The adapter to S3 against an emulated one: conditional writes, reading in places, copies, removals."""

import hashlib
import io
import zipfile
from pathlib import Path

import pytest
from nibrs_pipeline.errors import BrokenExtract, StorageUnavailable
from nibrs_pipeline.keys import PUBLISH_LEASE
from nibrs_pipeline.store import Stated, Store


def test_a_conditional_write_whose_answer_got_lost_counts_as_made(store: Store) -> None:
    store.put(PUBLISH_LEASE, b"mine")
    assert store.put_if_absent(PUBLISH_LEASE, b"mine")
    assert not store.put_if_absent(PUBLISH_LEASE, b"another's")
    assert not store.delete_if_same(PUBLISH_LEASE, '"of another content"')
    assert store.get(PUBLISH_LEASE) == b"mine"


def test_what_is_copied_in_parts_tells_caches_the_same(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nibrs_pipeline.store._GIB", 5 << 20)
    store._s3.put_object(Bucket="bucket", Key="runs/r/downloads/a.zip", Body=b"0" * (9 << 20))
    store.copy("runs/r/downloads/a.zip", "downloads/a.zip")
    found = store._s3.head_object(Bucket="bucket", Key="downloads/a.zip")
    assert (found["ContentType"], found["CacheControl"]) == ("application/zip", "public, no-cache")
    assert found["ETag"].endswith('-2"')


def test_files_are_uploaded_while_the_next_is_made(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "made"
    contents = {"small": b"s", "large": bytes(9 << 20), "next": b"n"}
    with store.uploading() as upload:
        for key, content in contents.items():
            path.write_bytes(content)
            upload(path, key, hashlib.sha256(content).hexdigest())
            path.unlink()
    assert store.get_many(contents) == contents
    for key, content in contents.items():
        assert store.stated(key) == Stated(
            len(content), store.listed(key)[key].tag, hashlib.sha256(content).hexdigest()
        )


def test_an_upload_that_fails_while_the_next_file_is_made_is_raised(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "made"
    path.write_bytes(b"x")
    store.bucket = "gone"
    with pytest.raises(StorageUnavailable, match="s3://gone/first"), store.uploading() as upload:
        upload(path, "first", "0")


def test_very_many_objects_are_removed_and_others_stay(store: Store) -> None:
    keys = [f"staged/{number:04}" for number in range(2001)]
    store.put_many((key, b"x") for key in ["kept", *keys])
    store.delete_many([*keys, "never/there"])
    assert list(store.sizes("")) == ["kept"]
    store.delete_many([])


def test_what_s3_keeps_though_it_should_be_removed_is_named(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    # S3 answers 200 and says in its answer which objects it could not remove; the emulation always can.
    answer = {"Errors": [{"Key": "a", "Code": "SlowDown", "Message": "Please reduce your request rate."}] * 2}
    monkeypatch.setattr(store._s3, "delete_objects", lambda **request: answer)
    with pytest.raises(StorageUnavailable, match=r"s3://bucket/a, one of 2, was not removed: SlowDown: Please reduce"):
        store.delete_many(["a", "b", "c"])


def test_an_object_is_read_in_places_and_not_after_it_was_replaced(store: Store) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("small.csv", "code,name\n11,Anti-White\n")
        archive.writestr("large.bin", bytes(range(256)) * 4000)
    store.put("a.zip", content.getvalue())
    with store.open("a.zip") as file, zipfile.ZipFile(file) as archive:
        assert archive.read("small.csv") == b"code,name\n11,Anti-White\n"
        assert archive.read("large.bin")[-3:] == b"\xfd\xfe\xff"
    file = store.open("a.zip")
    store.put("a.zip", b"another")
    with pytest.raises(BrokenExtract, match="was replaced while it was read"):
        file.read(10)
    with pytest.raises(BrokenExtract, match="is missing"):
        store.open("nowhere.zip")
