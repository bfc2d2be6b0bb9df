"""Published zips, and frames of agencies, into the database."""
