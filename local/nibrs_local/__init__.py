"""The application on one machine: embedded PostgreSQL, emulated AWS, the ``nibrs`` command."""
