"""Constructs by capability, and the stack that puts them together."""
