"""What something was made for: an output counts only for the inputs and the method that it was made from."""

import hashlib
import json


def identity_of(*parts: object) -> str:
    """A name for exactly these inputs: SHA-256 over their values, which have to be JSON."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]
