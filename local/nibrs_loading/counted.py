"""Numbers of things, for people."""


def counted(number: int, one: str, several: str) -> str:
    """A number with the word, or words, that it asks for: ``1 code``, ``1,200 codes``."""
    return f"{number:,} {one if number == 1 else several}"
