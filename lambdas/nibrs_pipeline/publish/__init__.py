"""From staged objects to what the public sees, and what is said of a run that failed."""
