"""Requests: what is understood, and that everything else is refused by name."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nibrs_command.early_refusal import asked_for
from nibrs_home.home import BUCKET, Home
from nibrs_pipeline.database.location import DatabaseLocation
from nibrs_pipeline.errors import BadRequest
from nibrs_pipeline.keys import request_key
from nibrs_pipeline.plan.request import Request, parse_request, request_to_complete, run_name


def test_the_empty_request_asks_for_all_that_is_out_of_date() -> None:
    request = parse_request({})
    assert request.years == "all"
    assert request.states == "all"
    assert request.downloads
    assert not request.force


@pytest.mark.parametrize(
    ("years", "included"),
    [
        ("all", {2012, 2016, 2020}),
        ([2016], {2016}),
        ({"from": 2012, "to": 2016}, {2012, 2016}),
        ({"from": 2016, "to": 2016}, {2016}),
    ],
)
def test_years_may_be_all_a_list_or_a_range(years: object, included: set[int]) -> None:
    request = parse_request({"years": years})
    assert {year for year in (2012, 2016, 2020) if request.includes("AZ", year)} == included


@pytest.mark.parametrize(
    ("given_", "named"),
    [
        ({"years": [True]}, r"years: \[True\] was given; allowed is"),
        ({"years": ["2016"]}, r"years: \['2016'\]"),
        (
            {"years": 2016},
            r'years: 2016 was given; allowed is "all", a list of data years such as \[2016\], or {"from": 2012, ',
        ),
        ({"years": []}, r"years: \[\]"),
        ({"years": {"from": 2016, "to": 2012}}, "years: .*'from'"),
        ({"years": {"from": 2016}}, "years:"),
        ({"states": ["a"]}, r"states: \['a'\] was given; allowed is"),
        ({"states": ["\u017fs"]}, "states:"),
        ({"states": ["Arizona"]}, "states:"),
        ({"states": "AZ"}, "states: 'AZ'"),
        ({"force": "yes"}, "force: 'yes' was given; allowed is true"),
        ({"run_id": "../up"}, "run_id:"),
        ({"run_id": ""}, "run_id:"),
        ({"estimates": "no"}, "estimates: 'no' was given; allowed is true or false"),
        ({"bundles": ["counties"]}, "bundles:"),
        ({"yaers": [2016]}, "yaers: there is no such field; allowed are years, states"),
        ({"downloads": False, "estimates": False}, "downloads: false was given, .* asks for nothing"),
        ({"downloads": False, "states": ["AZ"]}, "downloads: false was given, .* asks for nothing"),
        ([2016], r"the request is \[2016\]; it has to be a JSON object"),
    ],
)
def test_a_refusal_names_the_field_what_was_given_and_what_is_allowed(given_: object, named: str) -> None:
    with pytest.raises(BadRequest, match=named):
        parse_request(given_)


@pytest.mark.parametrize(("letters", "shown"), [(78, "'" + "x" * 78 + "'"), (79, "'" + "x" * 76 + "...")])
def test_what_was_given_is_shown_up_to_eighty_characters(letters: int, shown: str) -> None:
    with pytest.raises(BadRequest) as error:
        parse_request({"states": "x" * letters})
    assert str(error.value).startswith(f"states: {shown} was given; allowed is ")


def test_a_request_is_as_long_as_states_pass_on_and_no_longer() -> None:
    request = {"years": [2016] * 3329, "force": True}
    assert len(json.dumps(request)) == 20_000
    assert parse_request(request).force
    with pytest.raises(BadRequest) as error:
        parse_request(request | {"years": [2016] * 3330})
    assert str(error.value) == (
        'the request has 20,006 characters, and 20,000 are allowed; say "all", or give a range of years'
    )


def test_states_may_be_given_in_small_letters() -> None:
    assert parse_request({"states": ["az", "La"]}) == parse_request({"states": ["AZ", "LA"]})


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
field = st.sampled_from([*Request.model_fields, "unknown"])


@settings(max_examples=500)
@given(st.dictionaries(field, anything, max_size=4) | anything)
def test_whatever_comes_in_is_understood_or_refused_by_name(value: object) -> None:
    try:
        request = parse_request(value)
    except BadRequest as refusal:
        assert str(refusal)
        if isinstance(value, dict):
            assert any(str(refusal).startswith(str(name)) or f"; {name}: " in str(refusal) for name in value)
    else:
        assert isinstance(request, Request)


def test_a_runs_name_alone_completes_what_it_was_started_with() -> None:
    recorded = b'{"years":[2016],"run_id":"r1"}'
    assert request_to_complete(parse_request({"run_id": "r1"}), recorded, list).years == [2016]


def test_a_runs_name_cannot_be_used_for_another_request() -> None:
    with pytest.raises(BadRequest, match=r"run_id: 'r1' was started with .*2016"):
        request_to_complete(parse_request({"run_id": "r1", "years": [2013]}), b'{"years":[2016],"run_id":"r1"}', list)


def test_a_run_that_had_its_executions_name_can_be_completed_by_its_request() -> None:
    again = parse_request({"run_id": "e1", "years": [2016]})
    assert request_to_complete(again, b'{"years":[2016]}', list).years == [2016]


def test_a_run_that_does_not_exist_cannot_be_completed_and_those_that_do_are_named() -> None:
    with pytest.raises(BadRequest) as error:
        request_to_complete(parse_request({"run_id": "r9"}), None, lambda: ["r2", "r1"])
    assert str(error.value) == (
        "run_id: there is no run 'r9' to complete; the newest are r2, r1. "
        'To start a run of that name, say what it should make, such as "years": "all"'
    )
    with pytest.raises(BadRequest, match="there is none yet"):
        request_to_complete(parse_request({"run_id": "r9"}), None, list)


def test_the_command_refuses_a_run_that_its_home_does_not_have_before_it_asks_the_database(tmp_path: Path) -> None:
    home = Home(tmp_path)
    nowhere = DatabaseLocation("127.0.0.1", 1, "x", "", "x", "")
    for name in ("r1", "r2"):
        recorded = home.objects / BUCKET / request_key(name)
        recorded.parent.mkdir(parents=True)
        recorded.write_text('{"years": [2016]}')
        os.utime(recorded, (0, int(name[1])))
    with pytest.raises(BadRequest, match="there is no run 'r9' to complete; the newest are r2, r1"):
        asked_for(home, nowhere, {"run_id": "r9"})


def test_a_name_with_a_request_starts_a_run_of_that_name() -> None:
    request = parse_request({"run_id": "r9", "years": "all"})
    assert request_to_complete(request, None, list) == request
    assert request_to_complete(parse_request({}), None, list) == parse_request({})


def test_a_run_is_called_as_the_request_says_and_else_like_its_execution() -> None:
    assert run_name(parse_request({"run_id": "r1"}), "e1") == "r1"
    assert run_name(parse_request({}), "e1") == "e1"


@pytest.mark.parametrize("name", ["a b", "a\nb", "Zoë", "", "-x", "a/../b", "x" * 81])
def test_an_execution_whose_name_cannot_be_a_runs_has_to_be_given_one(name: str) -> None:
    with pytest.raises(
        BadRequest,
        match=r"^run_id: none was given, and the execution's name .* give a run_id: up to 80 letters, "
        "digits, dots, hyphens and underscores, beginning with a letter or digit$",
    ):
        run_name(parse_request({}), name)
