"""A certificate authority for one test: certificates that are good, expired, or for another host."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.build import ServerUnavailableError

_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


@dataclass(frozen=True)
class Authority:
    """The authority's certificate is `ca`; `issue` makes others."""

    folder: Path

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    def issue(self, name: str, *, host: str = "IP:127.0.0.1", days: int = 2) -> tuple[Path, Path]:
        """Return certificate and key; with negative `days` the certificate has expired."""
        key, request, certificate = (self.folder / f"{name}.{kind}" for kind in ("key", "csr", "pem"))
        subject = ["-subj", f"/CN={name}", "-addext", f"subjectAltName={host}"]
        _openssl("req", *_KEY, *subject, "-keyout", key, "-out", request)
        signer = ["-CA", self.ca, "-CAkey", self.folder / "ca.key", "-CAcreateserial"]
        _openssl(
            "x509", "-req", "-in", request, *signer, "-days", days, "-copy_extensions", "copy", "-out", certificate
        )
        return certificate, key


def authority(folder: Path) -> Authority:
    """A CA as `openssl req -x509` makes it: without key usage."""
    folder.mkdir()
    made = Authority(folder)
    _openssl("req", "-x509", "-days", 2, *_KEY, "-subj", "/CN=test CA", "-keyout", folder / "ca.key", "-out", made.ca)
    return made


def nsqd_options(pair: tuple[Path, Path], **more: str) -> dict[str, str]:
    """TLS is compulsory on the TCP port; HTTP stays open for the tests."""
    return {"tls-cert": str(pair[0]), "tls-key": str(pair[1]), "tls-required": "tcp-https", **more}


def _openssl(*words: object) -> None:
    program = shutil.which("openssl")
    if program is None:
        raise ServerUnavailableError("a TLS test needs the program openssl on PATH")
    subprocess.run([program, *map(str, words)], check=True, capture_output=True)
