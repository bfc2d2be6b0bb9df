"""The adapter to PostgreSQL."""
