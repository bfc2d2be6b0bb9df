"""What replaces a part of moto for as long as a block lasts, and how AWS's services spell keys."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def patched(owner: Any, name: str, value: Any) -> Iterator[None]:
    """Give an attribute another value inside the block."""
    original = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, original)


def camel_case(value: Any) -> Any:
    """Keys as ECS's API spells them, from Step Functions' spelling: TaskDefinition becomes taskDefinition."""
    return _with_keys(value, lambda key: key[:1].lower() + key[1:])


def pascal_case(value: Any) -> Any:
    """Keys as Step Functions spells them, from an API's own spelling: taskDefinition becomes TaskDefinition."""
    return _with_keys(value, lambda key: key[:1].upper() + key[1:])


def _with_keys(value: Any, spell: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {spell(key): _with_keys(each, spell) for key, each in value.items()}
    if isinstance(value, list):
        return [_with_keys(each, spell) for each in value]
    return value
