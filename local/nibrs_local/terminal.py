"""Where commands write, and what they end with."""

from rich.console import Console

FAILED, WRONG_USE = 1, 2

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)
