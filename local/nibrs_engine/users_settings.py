"""What the user has said of himself on the real AWS, which does not matter where AWS is emulated."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

_PROFILES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
_FILES = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")


@contextmanager
def without_the_users_settings() -> Iterator[None]:
    """Profiles and files of the user are as if there were none: a wrong one would end whatever makes a session."""
    before = {name: os.environ.pop(name, None) for name in (*_PROFILES, *_FILES)}
    os.environ.update(dict.fromkeys(_FILES, os.devnull))
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
