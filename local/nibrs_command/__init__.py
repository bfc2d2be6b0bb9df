"""The ``nibrs`` command: it uses all other packages, and none of them uses it."""
