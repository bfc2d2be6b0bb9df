"""SQL files that hold many queries, each under lines like ``-- check: its name``."""

import re
from dataclasses import dataclass

_FIELD = re.compile(r"-- ([a-z]+): (.+)")


@dataclass(frozen=True)
class Block:
    """One query, and the fields above it."""

    fields: dict[str, str]
    query: str


def read_blocks(text: str, first: str) -> tuple[str, list[Block]]:
    """What stands before the first block, and the blocks.

    Args:
        first: the field that begins a block.
    """
    preamble, *parts = re.split(rf"^(?=-- (?:{first}): )", text, flags=re.MULTILINE)
    blocks = []
    for part in parts:
        lines = part.splitlines()
        fields = {match[1]: match[2] for line in lines if (match := _FIELD.fullmatch(line))}
        query = "\n".join(line for line in lines if not _FIELD.fullmatch(line)).strip().rstrip(";")
        blocks.append(Block(fields, query))
    return preamble, blocks
