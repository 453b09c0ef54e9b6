"""Certificates made for one test run: a good authority, one that nobody trusts, and leaves with one defect each."""

import datetime as dt
import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True)
class Certs:
    ca: trustme.CA
    ca_file: str

    def server(
        self,
        *names: str,
        issuer: trustme.CA | None = None,
        not_before: dt.datetime | None = None,
        not_after: dt.datetime | None = None,
    ) -> ssl.SSLContext:
        """A server's context with a certificate for `names`."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        (issuer or self.ca).issue_cert(*names, not_before=not_before, not_after=not_after).configure_cert(context)
        return context


def make(directory: Path) -> Certs:
    ca = trustme.CA()
    path = directory / "ca.pem"
    path.write_bytes(ca.cert_pem.bytes())
    return Certs(ca, str(path))


def days(count: float) -> dt.datetime:
    return dt.datetime.now(dt.UTC) + dt.timedelta(days=count)
