"""Ranges of keys: keys of the FBI, keys that rows are given here, and keys of simulated rows never collide.

In the downloads of 2024 the largest key of the FBI is 246,859,218, and a year brings some 20 million.
"""

#: Keys of simulated agencies, months, incidents and what belongs to them are larger than this.
SIMULATED_KEYS = 1_000_000_000
#: Keys of rows that are numbered here, because their file has no key for them or one that is taken, are larger.
GIVEN_KEYS = 2_000_000_000
