"""Where things lie on one machine: the home folder, the embedded database, its schema."""
