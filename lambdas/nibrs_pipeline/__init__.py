"""The NIBRS pipeline: from the database to the published downloads.

Handlers (``handlers/``) are the edges that AWS Lambda calls; everything else is logic that takes
and returns plain values, and three adapters: ``database`` (PostgreSQL), ``store`` (S3) and
``observability`` (logs, metrics, traces).
"""
