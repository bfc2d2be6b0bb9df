"""Imported before moto's interpreter, keeps its Batch out: see ``emulator``. A state that uses Batch is refused."""

import sys
from types import ModuleType

_BATCH = "moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_batch"


class _NoBatch:
    def __init__(self) -> None:
        raise NotImplementedError("the emulator runs no AWS Batch")


class _BatchModule(ModuleType):
    StateTaskServiceBatch = _NoBatch


sys.modules.setdefault(_BATCH, _BatchModule(_BATCH))
