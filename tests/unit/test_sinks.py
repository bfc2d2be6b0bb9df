"""What stands between a COPY and a zip."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nibrs_pipeline.catalog import nibrs_catalog
from nibrs_pipeline.extract.queries import KeyRange
from nibrs_pipeline.extract.sinks import BackgroundSink, EndsSink

INCIDENT = nibrs_catalog()["nibrs_incident"]


def as_csv(keys: list[int], number: str) -> bytes:
    """Rows of nibrs_incident, ordered by key, each with a text that may be anything."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(INCIDENT.column_names)
    for key in keys:
        writer.writerow([1, key, 2, number, *[""] * (len(INCIDENT.columns) - 4)])
    return text.getvalue().encode()


keys_of_rows = st.lists(st.integers(0, 2**62), unique=True, max_size=30).map(sorted)


@given(keys_of_rows, st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=15), st.integers(1, 200))
def test_the_range_is_that_of_the_rows_or_unknown(keys: list[int], text: str, portion: int) -> None:
    data = as_csv(keys, text)
    collected = io.BytesIO()
    sink = EndsSink(collected)
    for start in range(0, len(data), portion):
        sink.write(data[start : start + portion])
    assert collected.getvalue() == data
    found = sink.key_range(INCIDENT, len(keys))
    if keys and not {"\n", "\r"} & set(text):
        assert found == KeyRange(keys[0], keys[-1])
    else:
        assert found is None or found == KeyRange(keys[0], keys[-1])


def test_the_ends_of_a_large_table_are_found() -> None:
    data = as_csv(list(range(10, 20_000)), "x" * 40)
    sink = EndsSink(io.BytesIO())
    for start in range(0, len(data), 200_000):
        sink.write(data[start : start + 200_000])
    assert sink.key_range(INCIDENT, 19_990) == KeyRange(10, 19_999)


@given(st.lists(st.binary(max_size=300_000), max_size=8))
def test_all_that_goes_in_arrives_in_order(portions: list[bytes]) -> None:
    collected = io.BytesIO()
    with BackgroundSink(collected) as sink:
        for portion in portions:
            sink.write(portion)
    assert collected.getvalue() == b"".join(portions)


def test_an_error_behind_is_raised_in_front() -> None:
    class Full:
        def write(self, data: bytes, /) -> int:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"), BackgroundSink(Full()) as sink:
        for _ in range(100):
            sink.write(b"x" * 100_000)


def test_an_error_in_front_is_the_one_that_is_raised() -> None:
    with pytest.raises(ConnectionError), BackgroundSink(io.BytesIO()) as sink:
        sink.write(b"x")
        raise ConnectionError
