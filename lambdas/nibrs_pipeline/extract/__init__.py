"""From one snapshot of the database to the files of a zip."""
