"""The functions' environment: what is wrong with it is said by the variable's name."""

import pytest
from nibrs_pipeline.environment import parsed_environment
from nibrs_pipeline.errors import BadRequest

GOOD = {"DATA_BUCKET": "b", "PGPASSWORD": "secret"}


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        (GOOD | {"ESTIMATOR": "ratio"}, "ESTIMATOR is 'ratio': it has to be 'model_assisted' or 'reference'"),
        (GOOD | {"IMPUTATIONS": "0"}, "IMPUTATIONS is '0': it has to be greater than or equal to 1"),
        (GOOD | {"MAX_CONCURRENCY": "many"}, "MAX_CONCURRENCY is 'many': it has to be a valid integer"),
        (GOOD | {"WORKBOOKS": ""}, "WORKBOOKS is '': it has to be 'all', 'nation' or 'none'"),
        ({"PGPASSWORD": "secret"}, "DATA_BUCKET is not set"),
    ],
)
def test_a_wrong_variable_is_named_with_what_it_may_be(variables: dict[str, str], said: str) -> None:
    with pytest.raises(BadRequest) as refused:
        parsed_environment(variables)
    assert said in str(refused.value)
    assert "secret" not in str(refused.value)


def test_what_nobody_sets_has_its_default() -> None:
    parsed = parsed_environment(GOOD)
    assert (parsed.estimator, parsed.imputations, parsed.workbooks) == ("model_assisted", 1, "all")
    assert parsed.of_stages == {}
    assert parsed_environment(GOOD | {"ESTIMATOR": "reference"}).of_stages == {"ESTIMATOR": "reference"}
