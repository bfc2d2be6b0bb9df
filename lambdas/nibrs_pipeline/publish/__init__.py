"""From staged objects to what the public sees, and the report of a run that failed."""
