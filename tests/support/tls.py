"""A certificate for 127.0.0.1, signed by itself, for servers that speak TLS."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.build import ServerUnavailableError


@dataclass(frozen=True)
class Certificate:
    certificate: Path
    key: Path

    @property
    def nsqd_options(self) -> dict[str, str]:
        """TLS is then compulsory on nsqd's TCP port, and its HTTP port stays open for the tests."""
        return {"tls-cert": str(self.certificate), "tls-key": str(self.key), "tls-required": "tcp-https"}


def make_certificate(folder: Path, host: str = "127.0.0.1") -> Certificate:
    """A fresh certificate for an IP address, made with openssl."""
    openssl = shutil.which("openssl")
    if openssl is None:
        raise ServerUnavailableError("A TLS test needs the program openssl on PATH")
    made = Certificate(folder / "certificate.pem", folder / "key.pem")
    usage = "keyUsage=digitalSignature,keyCertSign"  # Python 3.13 wants it of a CA
    subject = ["-subj", f"/CN={host}", "-addext", f"subjectAltName=IP:{host}", "-addext", usage]
    files = ["-keyout", str(made.key), "-out", str(made.certificate)]
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command = [openssl, "req", "-x509", "-days", "2", *key, *subject, *files]
    subprocess.run(command, check=True, capture_output=True)
    return made
