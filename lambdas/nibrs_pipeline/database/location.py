"""Where the database is, and how to log in."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from nibrs_pipeline.database.sockets import (
    Tls,
    wanted_tls,
)
from nibrs_pipeline.errors import BadRequest

#: The variable that says what a database calls its tables.
PROFILE = "SOURCE_PROFILE"


@dataclass(frozen=True)
class DatabaseLocation:
    """Where the database is and how to log in. ``host`` that begins with a slash is a socket folder.

    ``profile`` says what it calls its tables (see ``source_profile``).
    """

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str
    tls: Tls
    root_certificates: str = ""
    profile: str = "cde"

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str] = os.environ, fetch_secret: Callable[[str], Mapping[str, Any]] | None = None
    ) -> "DatabaseLocation":
        """DB_URI, or a Secrets Manager secret (DB_SECRET_ARN), or PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE.

        SOURCE_PROFILE says what it calls its tables.

        Without PGSSLMODE, TLS is on except on this machine. PGSSLROOTCERT names a file of certificates to
        trust instead of the system's.

        Raises:
            BadRequest: nothing of this is set, or DB_URI is not a PostgreSQL address.
        """
        if uri := environment.get("DB_URI"):
            return cls.from_uri(uri, environment)
        settings: Mapping[str, Any] = {
            "host": environment.get("PGHOST"),
            "port": environment.get("PGPORT"),
            "username": environment.get("PGUSER"),
            "password": environment.get("PGPASSWORD"),
            "dbname": environment.get("PGDATABASE"),
        }
        if (arn := environment.get("DB_SECRET_ARN")) and fetch_secret:
            settings = {**settings, **fetch_secret(arn)}
        if not settings["host"]:
            raise BadRequest("no database is named: set DB_URI, or PGHOST and its companions, or DB_SECRET_ARN")
        host = str(settings["host"])
        return cls(
            host=host,
            port=_port("PGPORT", settings["port"] or 5432),
            user=str(settings["username"] or "postgres"),
            password=str(settings["password"] or ""),
            database=str(settings["dbname"] or "postgres"),
            tls=wanted_tls(host, environment.get("PGSSLMODE", "")),
            root_certificates=environment.get("PGSSLROOTCERT", ""),
            profile=wanted_profile(environment),
        )

    @classmethod
    def from_uri(cls, uri: str, environment: Mapping[str, str] = os.environ) -> "DatabaseLocation":
        """``postgresql://user:password@host:port/database?host=/socket/folder&sslmode=disable``.

        What the address does not say of TLS, PGSSLMODE and PGSSLROOTCERT of the environment do.

        Raises:
            BadRequest: it is not a PostgreSQL address.
        """
        try:
            parts = urlsplit(uri)
            port = parts.port
        except ValueError:
            # Its message would show a part of the password.
            raise BadRequest(
                "DB_URI has no port that is a number; special characters of user and password have to be written "
                "as %XX, for example %2F for a slash"
            ) from None
        if parts.scheme not in ("postgresql", "postgres"):
            raise BadRequest(f"DB_URI begins with {parts.scheme!r}; it has to begin with postgresql://")
        options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        host = options.get("host") or parts.hostname or "localhost"
        return cls(
            host=host,
            port=port or _port("port in DB_URI", options.get("port", "5432")),
            user=unquote(parts.username or "postgres"),
            password=unquote(parts.password or ""),
            database=unquote(parts.path.lstrip("/")) or "postgres",
            tls=wanted_tls(host, options.get("sslmode") or environment.get("PGSSLMODE", "")),
            root_certificates=options.get("sslrootcert") or environment.get("PGSSLROOTCERT", ""),
            profile=wanted_profile(environment),
        )

    def as_environment(self) -> dict[str, str]:
        """The variables from which ``from_environment`` makes the same location."""
        return {
            "PGHOST": self.host,
            "PGPORT": str(self.port),
            "PGUSER": self.user,
            "PGPASSWORD": self.password,
            "PGDATABASE": self.database,
            "PGSSLMODE": self.tls or "disable",
            "PGSSLROOTCERT": self.root_certificates,
            PROFILE: self.profile,
        }


def wanted_profile(environment: Mapping[str, str] = os.environ) -> str:
    """What SOURCE_PROFILE says, or the schema of the Crime Data Explorer."""
    return environment.get(PROFILE) or "cde"


def _port(name: str, value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        raise BadRequest(f"{name}: {value!r} was given; it has to be a number, for example 5432") from None
