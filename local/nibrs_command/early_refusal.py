"""Refuses bad requests before anything is started: the same answers as Plan run's, in a second."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nibrs_engine.folder_objects import FolderObjects
from nibrs_home.home import BUCKET, Home
from nibrs_pipeline.database.location import DatabaseLocation
from nibrs_pipeline.database.snapshot import snapshot
from nibrs_pipeline.keys import request_key
from nibrs_pipeline.plan.planning import requested
from nibrs_pipeline.plan.request import Request, parse_request, request_to_complete
from nibrs_pipeline.plan.run_record import newest_runs
from nibrs_pipeline.plan.source import read_state_years
from nibrs_pipeline.state_year import StateYear


@dataclass(frozen=True)
class Asked:
    """The state-years that a request is about, and whether their years' estimates are."""

    state_years: list[StateYear]
    request: Request

    def __str__(self) -> str:
        """For people: ``4 state-years (DE, RI; 2015, 2016) and the estimates of 2015, 2016``."""
        states = _listed(sorted({item.state for item in self.state_years}))
        years = _listed(sorted({item.year for item in self.state_years}))
        count = len(self.state_years)
        zips = f"{count} {'state-year' if count == 1 else 'state-years'} ({states}; {years})"
        if not self.request.wants_estimates:
            return zips
        estimates = f"the estimates of {years}"
        return f"{zips} and {estimates}" if self.request.downloads else estimates


def _listed(things: list[Any], most: int = 12) -> str:
    more = f" and {len(things) - most} more" if len(things) > most else ""
    return ", ".join(str(thing) for thing in things[:most]) + more


def asked_for(home: Home, location: DatabaseLocation, request: Mapping[str, Any]) -> Asked:
    """What a request asks for; if it is only the name of a run, what that run was started with.

    Raises:
        BadRequest: the database does not have it, or there is no such run to complete.
    """
    objects = FolderObjects(home.objects / BUCKET)
    recorded = objects.get(request_key(str(request["run_id"])))
    complete = request_to_complete(parse_request(dict(request)), recorded, lambda: newest_runs(objects))
    with snapshot(location) as view:
        return Asked(requested(complete, read_state_years(view)), complete)
