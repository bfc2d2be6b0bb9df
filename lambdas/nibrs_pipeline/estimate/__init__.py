"""Which years are estimated, from which inputs, and whether these have changed."""
