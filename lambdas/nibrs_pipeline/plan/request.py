"""The request that starts a run, from the console, a schedule or the command line."""

import json
import re
from collections.abc import Callable
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from nibrs_pipeline.errors import BadRequest
from nibrs_pipeline.state_year import FIRST_YEAR, LAST_YEAR


def _upper(given: Any) -> Any:
    """Postal abbreviations are accepted in upper and lower case."""
    return given.upper() if isinstance(given, str) and given.isascii() else given


Year = Annotated[int, Field(strict=True, ge=FIRST_YEAR, le=LAST_YEAR)]
State = Annotated[str, BeforeValidator(_upper), Field(strict=True, pattern=r"^[A-Z]{2}$")]
Scope = Literal["states", "years"]

#: What a run may be called; its name is part of keys, of folders and of a mail's subject.
RUN_ID = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$"


#: Characters of a request: all states and years have less than two thousand. Step Functions limits what states pass to
#: each other, the request and a failure's message included.
_LONGEST = 20_000


class YearRange(BaseModel):
    """Data years from the first to the last, both included."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    first: Year = Field(alias="from")
    last: Year = Field(alias="to")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.first > self.last:
            raise ValueError("'from' is later than 'to'")
        return self


class Request(BaseModel):
    """What a run is asked to do; every field is optional, ``{}`` means all that is out of date.

    The description of a field says what is allowed; a refusal quotes it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    years: Literal["all"] | list[Year] | YearRange = Field(
        default="all",
        description='"all", a list of data years such as [2016], or {"from": 2012, "to": 2016}',
    )
    states: Literal["all"] | list[State] = Field(
        default="all",
        description='"all" or a list of postal abbreviations such as ["AZ", "LA"]',
    )
    downloads: bool = Field(default=True, strict=True, description="true or false")
    estimates: bool | None = Field(
        default=None,
        strict=True,
        description='true or false; estimates use all states, so by default they are made when states is "all"',
    )
    bundles: list[Scope] = Field(
        default=[],
        description='a list of "states" (one zip per state with all its years) and "years" (one per year)',
    )
    force: bool = Field(default=False, strict=True, description="true (make everything anew) or false")
    run_id: str | None = Field(
        default=None,
        strict=True,
        pattern=RUN_ID,
        description="up to 80 letters, digits, dots, hyphens and underscores, beginning with a letter or digit",
    )

    @field_validator("years", "states")
    @classmethod
    def _not_empty(cls, value: object) -> object:
        if value == []:
            raise ValueError("an empty list asks for nothing")
        return value

    @property
    def wants_estimates(self) -> bool:
        """Whether estimates are asked for."""
        return self.states == "all" if self.estimates is None else self.estimates

    def includes_year(self, year: int) -> bool:
        """Whether a data year is asked for."""
        if isinstance(self.years, YearRange):
            return self.years.first <= year <= self.years.last
        return self.years == "all" or year in self.years

    def includes(self, state: str, year: int) -> bool:
        """Whether a state-year is asked for."""
        if self.states != "all" and state not in self.states:
            return False
        return self.includes_year(year)

    @property
    def asks_for_nothing(self) -> bool:
        """Whether neither downloads nor estimates nor bundles are to be made."""
        return not (self.downloads or self.wants_estimates or self.bundles)

    def is_only_a_run_id(self) -> bool:
        """Whether nothing is given but a run's name: then that run is to be completed."""
        return self.run_id is not None and self.model_fields_set == {"run_id"}


def parse_request(given: Any) -> Request:
    """Validate what was given.

    Raises:
        BadRequest: names each field that is wrong, what was given and what is allowed.
    """
    if not isinstance(given, dict):
        raise BadRequest(
            f"the request is {_short(given)}; it has to be a JSON object, {{}} for all that is out of date"
        )
    if (length := len(json.dumps(given))) > _LONGEST:
        raise BadRequest(
            f'the request has {length:,} characters, and {_LONGEST:,} are allowed; say "all", or give a range of years'
        )
    try:
        request = Request.model_validate(given)
    except ValidationError as error:
        fields = sorted({str(problem["loc"][0]) if problem["loc"] else "request" for problem in error.errors()})
        raise BadRequest("; ".join(_refusal(field, given) for field in fields)) from error
    if request.asks_for_nothing:
        estimates = "false" if request.estimates is False else "not asked for (with states they are not the default)"
        raise BadRequest(
            f'downloads: false was given, and estimates are {estimates}: this asks for nothing; say "downloads": true '
            'or "estimates": true'
        )
    return request


def run_name(request: Request, execution_name: str) -> str:
    """The run's name: the one that is given, or else the execution's.

    Raises:
        BadRequest: none is given, and the execution's name cannot be a run's.
    """
    name = request.run_id or execution_name
    if not re.fullmatch(RUN_ID, name):
        raise BadRequest(
            f"run_id: none was given, and the execution's name {_short(name)} cannot be a run's; give a run_id: "
            f"{Request.model_fields['run_id'].description}"
        )
    return name


def request_to_complete(request: Request, recorded: bytes | None, runs: Callable[[], list[str]]) -> Request:
    """The request to carry out, given the recorded one if a run of that name was started before.

    A request of nothing but a run's name means: complete that run.

    Args:
        runs: gives the names of the newest runs; called only if the message needs them.

    Raises:
        BadRequest: the run is to be completed and does not exist, or exists and was asked for something else.
    """
    if recorded is None:
        if request.is_only_a_run_id():
            raise BadRequest(_no_such_run(str(request.run_id), runs()))
        return request
    earlier = Request.model_validate_json(recorded)
    if request.is_only_a_run_id() or _wishes(request) == _wishes(earlier):
        return earlier
    raise BadRequest(
        f"run_id: {request.run_id!r} was started with {recorded.decode()}; "
        "give the run_id alone to complete that run, or another run_id for another request"
    )


def _no_such_run(run_id: str, runs: list[str]) -> str:
    there = f"the newest are {', '.join(runs)}" if runs else "there is none yet"
    return (
        f"run_id: there is no run {run_id!r} to complete; {there}. "
        'To start a run of that name, say what it should make, such as "years": "all"'
    )


def _wishes(request: Request) -> dict[str, Any]:
    return request.model_dump(exclude={"run_id"})


def _refusal(field: str, given: dict[str, Any]) -> str:
    known = Request.model_fields.get(field)
    if known is None:
        return f"{field}: there is no such field; allowed are {', '.join(Request.model_fields)}"
    return f"{field}: {_short(given[field])} was given; allowed is {known.description}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
