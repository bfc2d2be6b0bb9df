"""Memory of this machine: on AWS each container has its own, here all tasks share one."""

import os
from dataclasses import dataclass, field
from pathlib import Path

#: Tasks that run at once wherever they are: most need far less than their definition gives them.
_ALWAYS = 2
#: What a container may use at most, if this is one.
_LIMIT = Path("/sys/fs/cgroup/memory.max")


def machine_memory_mb() -> int:
    """The memory of this machine, or of the container that this is, in MB."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = _LIMIT.read_text().strip() if _LIMIT.is_file() else "max"
    return min(memory, int(limit) if limit.isdecimal() else memory) >> 20


@dataclass
class Memory:
    """What tasks have taken of a machine's memory; sizes in MB."""

    size: int = field(default_factory=machine_memory_mb)
    _taken: dict[str, int] = field(default_factory=dict)

    def take(self, task: str, size: int) -> bool:
        """Take memory for a task if there is room, or if hardly anything else runs."""
        if len(self._taken) >= _ALWAYS and sum(self._taken.values()) + size > self.size:
            return False
        self._taken[task] = size
        return True

    def tasks(self) -> list[str]:
        """The tasks that have taken some."""
        return list(self._taken)

    def free(self, task: str) -> None:
        """The task has ended."""
        self._taken.pop(task, None)
