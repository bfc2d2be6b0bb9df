"""Errors that the state machine knows by name.

A Lambda error reaches Step Functions as the name of its class, so these names are part of the
contract with ``statemachines/nibrs_pipeline.asl.json``: the retryable ones stand in its Retry lists.
"""


class PipelineError(Exception):
    """An error that names the thing, the value and the remedy."""


class BadRequest(PipelineError):
    """The request cannot be carried out as it stands; nothing was written."""


class RunUnderWay(PipelineError):
    """Another execution works on the run at this moment; nothing was written."""


class DatabaseUnavailable(PipelineError):
    """The database could not be reached or cut the connection; trying again can help."""


class DatabaseMisconfigured(PipelineError):
    """The database refuses the login, or its identity cannot be confirmed; trying again does not help."""


class QueryFailed(PipelineError):
    """The database refused a statement; trying again does not help."""


class SourceUnfit(PipelineError):
    """The database lacks a table or column, or has another type or code than can be read; nothing was written."""


class QueryTooSlow(PipelineError):
    """A query was ended because the function's time is over; trying again does not help."""


class StorageUnavailable(PipelineError):
    """S3 did not take or give an object after its own retries; trying again can help."""


class DiskFull(PipelineError):
    """The function's temporary storage is full."""


class EmptyTable(PipelineError):
    """A table that had rows in the last published zip has none now."""


class MissingExtracts(PipelineError):
    """State-years of the work list were not produced."""


class MissingBundles(PipelineError):
    """Bundles of the work list were not built."""


class MissingTabulations(PipelineError):
    """States were not tabulated, so that the year cannot be estimated."""


class BrokenExtract(PipelineError):
    """A staged object is missing or is not what its manifest says."""


class PublishBusy(PipelineError):
    """Another run is publishing at this moment; trying again helps."""


class SimulatedBesideReal(PipelineError):
    """Real and simulated state-years would stand in one index; nothing was written."""
