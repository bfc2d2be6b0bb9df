"""The certificates against which the database's is checked: Amazon RDS's, fetched before a deployment, or a file's."""

import hashlib
import os
import ssl
import sys
import urllib.request
from pathlib import Path

from nibrs_cdk.configuration import REPOSITORY, BadConfiguration, Configuration, read_configuration

#: Where AWS publishes the authorities of all regions' databases; no system trusts them by itself.
RDS_BUNDLE = "https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem"

#: Where they are kept for the app, which is also synthesised without a network.
FETCHED = REPOSITORY / ".tools" / "rds-certificates.pem"

_SECONDS = 30


class CertificatesNotFetched(Exception):
    """The certificates could not be fetched; names the address, the reason, and what to do instead."""


def root_certificates(configuration: Configuration, fetched: Path = FETCHED) -> Path | None:
    """The file that goes to the functions: the configuration's, else what was fetched, else none yet."""
    return configuration.database.root_certificates_path or (fetched if fetched.exists() else None)


def fetch(address: str, target: Path) -> str:
    """Fetch the certificates; an earlier file is replaced only by one that was checked.

    Returns:
        For people: how many certificates were fetched, and the file's SHA-256.

    Raises:
        CertificatesNotFetched: the address does not answer, or not with certificates in PEM format.
    """
    try:
        with urllib.request.urlopen(address, timeout=_SECONDS) as answer:
            content = answer.read()
    except (OSError, ValueError) as error:
        raise CertificatesNotFetched(_advice(address, str(error))) from error
    count = _count(content)
    if not count:
        raise CertificatesNotFetched(_advice(address, "what came is not certificates in PEM format"))
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".partial")
    partial.write_bytes(content)
    partial.replace(target)
    return f"{count} certificates, SHA-256 {hashlib.sha256(content).hexdigest()}"


def _count(content: bytes) -> int:
    """How many certificates there are; 0 if any of them cannot be read."""
    begun = content.count(b"-----BEGIN CERTIFICATE-----")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=content.decode("ascii"))
    except (ssl.SSLError, UnicodeDecodeError, ValueError):
        return 0
    # OpenSSL ignores a last certificate that is cut off.
    return begun if begun == content.count(b"-----END CERTIFICATE-----") else 0


def _advice(address: str, why: str) -> str:
    return (
        f"The certificates of Amazon RDS could not be fetched from {address}: {why}. Functions that do not know them "
        "refuse to connect. Try again with a network; or fetch the file elsewhere, put it beside the configuration and "
        'name it there under [database] as root_certificates = "global-bundle.pem"'
    )


def main(name: str) -> None:
    """Fetch the certificates unless the configuration names a file of its own."""
    try:
        if read_configuration(name).database.root_certificates:
            return
        address = os.environ.get("RDS_CERTIFICATES_URL") or RDS_BUNDLE
        print(f"== Certificates of Amazon RDS: {fetch(address, FETCHED)}")
    except (BadConfiguration, CertificatesNotFetched) as error:
        sys.exit(f"Nothing was deployed.\n{error}")


if __name__ == "__main__":
    main(sys.argv[1])
