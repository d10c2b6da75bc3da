"""The config: named archives and destinations, saved filters, keys, prices.

`$XDG_CONFIG_HOME/hourscope/config.toml`:

    [archives.media]
    url = "s3://media-archive/events.%Y-%m-%d_%H.log.gz"
    timezone = "Europe/Berlin"
    layout = "events.%Y-%m-%d_%H.log.gz"            # instead of one in the url
    profile = "prod"

    [nsq.prod]
    nsqd_tcp_address = "nsqd.example.com:4150"      # or a list, or lookupd_http_address = "lookupd.example.com:4161"
    tls_root_ca_file = "/etc/ssl/our-ca.pem"        # and tls_cert, tls_key; tls = true for the system's CAs

    [filters]                                         # JMESPath, or filter options as on the command line
    errors = "event == 'error'"
    fastlane = "-g fastlane --not-grep heartbeat"

    [explorer]
    mouse = true
    theme = "light"

    [notebook]
    write = true                                      # keep a notebook of each archive
    records = false                                   # without records in it

    [prices]
    transfer_per_gb = 0.0
    source = "in the bucket's region"
    date = "2026-11"
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tui.errors import ConfigError

if TYPE_CHECKING:
    from tui.config_file import ArchiveTable, NsqTable, PricesTable


@dataclass(frozen=True, slots=True)
class S3Options:
    """How to reach S3; `None` leaves it to the `AWS_*` environment and the shared config files."""

    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    no_sign_request: bool = False
    request_payer: bool = False

    def overlaid(self, other: S3Options) -> S3Options:
        """These options, overridden by what `other` sets."""
        given = {f.name: getattr(other, f.name) for f in fields(other) if getattr(other, f.name)}
        return replace(self, **given)


@dataclass(frozen=True, slots=True)
class ArchiveSpec:
    """A named archive of the config file."""

    url: str
    timezone: str | None = None
    s3: S3Options = field(default_factory=S3Options)
    layout: str | None = None


@dataclass(frozen=True, slots=True)
class NsqSpec:
    """A named destination of the config file: nsqds, or the nsqlookupds that know them. It never holds a secret."""

    nsqd_tcp_addresses: tuple[str, ...] = ()
    nsqd_http_addresses: tuple[str, ...] = ()
    lookupd_http_addresses: tuple[str, ...] = ()
    tls: bool = False
    tls_root_ca_file: str | None = None
    tls_cert: str | None = None
    tls_key: str | None = None


@dataclass(frozen=True, slots=True)
class ExplorerSpec:
    """How the explorer uses the terminal; None means that it is detected."""

    mouse: bool | None = None
    theme: str | None = None  # dark or light

    @property
    def takes_mouse(self) -> bool:
        """Whether to capture the mouse. By default not over SSH, where the terminal needs it to select text."""
        if setting := os.environ.get("HOURSCOPE_MOUSE"):
            return setting == "1"
        return self.mouse if self.mouse is not None else "SSH_CONNECTION" not in os.environ

    @property
    def is_dark(self) -> bool:
        """Whether to use dark colors: HOURSCOPE_THEME, the config, or the terminal's background (COLORFGBG: `0;15`)."""
        theme = os.environ.get("HOURSCOPE_THEME") or self.theme
        if theme in ("dark", "light"):
            return theme == "dark"
        return os.environ.get("COLORFGBG", "").rpartition(";")[2] not in ("7", "15")  # white


@dataclass(frozen=True, slots=True)
class NotebookSpec:
    """Whether notebooks are kept, and whether records are copied into them."""

    write: bool = True
    records: bool = True


@dataclass(frozen=True, slots=True)
class Prices:
    """S3's list prices in US dollars: S3 Standard in us-east-1, requests, and transfer out to the Internet.

    The transfer price is for a month's first 10 TB; more is cheaper. The first 100 GB, and transfer within the region,
    are free. These are AWS's list prices as of `date`; [prices] overrides them for other regions and contracts.
    """

    list_per_1000: float = 0.005
    get_per_1000: float = 0.0004
    transfer_per_gb: float = 0.09
    source: str = "aws.amazon.com/s3/pricing, us-east-1"
    date: str = "2025-01"


@dataclass(frozen=True, slots=True)
class Config:
    """The content of the config file; empty if there is none."""

    path: Path
    archives: Mapping[str, ArchiveSpec] = field(default_factory=dict)
    nsq: Mapping[str, NsqSpec] = field(default_factory=dict)
    filters: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    prices: Prices = field(default_factory=Prices)
    explorer: ExplorerSpec = field(default_factory=ExplorerSpec)
    notebook: NotebookSpec = field(default_factory=NotebookSpec)


def _xdg(variable: str, default: str) -> Path:
    value = os.environ.get(variable, "")
    try:
        base = Path(value) if value and Path(value).is_absolute() else Path.home() / default
    except RuntimeError as error:  # neither HOME nor an entry in the passwd file
        raise ConfigError(f"the home folder is unknown; set HOME or {variable}") from error
    return base / "hourscope"


def config_dir() -> Path:
    """`$XDG_CONFIG_HOME/hourscope` (XDG Base Directory Specification: relative values are ignored)."""
    return _xdg("XDG_CONFIG_HOME", ".config")


def nsq_of_environment() -> dict[str, tuple[str, ...]]:
    """`HOURSCOPE_NSQD_TCP_ADDRESS` and `HOURSCOPE_LOOKUPD_HTTP_ADDRESS` as options; addresses are separated by spaces.

    They apply only if a topic is given without a server: the environment alone must not make a command send to NSQ.
    """
    names = ("nsqd_tcp_address", "lookupd_http_address")
    return {name: tuple(os.environ.get(f"HOURSCOPE_{name.upper()}", "").split()) for name in names}


def state_dir() -> Path:
    """`$XDG_STATE_HOME/hourscope`: journals, receipts, the last session of each archive."""
    return _xdg("XDG_STATE_HOME", ".local/state")


def cache_dir() -> Path:
    """`$XDG_CACHE_HOME/hourscope`: data that can be fetched again."""
    return _xdg("XDG_CACHE_HOME", ".cache")


def journals_dir() -> Path:
    """The folder of the journals of sends."""
    return state_dir() / "journals"


def extracts_dir() -> Path:
    """The folder of the extracts whose place is not chosen."""
    return state_dir() / "extracts"


def demo_dir() -> Path:
    """The folder of the sample archive."""
    return cache_dir() / "demo"


def load_config(path: Path | None = None) -> Config:
    """Read the config file; a missing one is an empty config. ConfigError names the place of an error."""
    path = path or config_dir() / "config.toml"
    try:
        path.lstat()
    except FileNotFoundError:
        return Config(path)
    except OSError:
        pass  # read_config_file reports the reason
    from tui.config_file import read_config_file  # not needed without a config file

    given = read_config_file(path)
    if given is None:
        return Config(path)
    return Config(
        path,
        {name: _archive(table) for name, table in given.archives.items()},
        {name: _nsq(table) for name, table in given.nsq.items()},
        given.filters,
        given.keys,
        _prices(given.prices),
        ExplorerSpec(given.explorer.mouse, given.explorer.theme),
        NotebookSpec(given.notebook.write, given.notebook.records),
    )


def _archive(table: ArchiveTable) -> ArchiveSpec:
    s3 = S3Options(table.profile, table.region, table.endpoint_url, table.no_sign_request, table.request_payer)
    return ArchiveSpec(table.url, table.timezone, s3, table.layout)


def _nsq(table: NsqTable) -> NsqSpec:
    files = table.tls_root_ca_file, table.tls_cert, table.tls_key
    return NsqSpec(
        _one_or_more(table.nsqd_tcp_address),
        _one_or_more(table.nsqd_http_address),
        _one_or_more(table.lookupd_http_address),
        any(files) if table.tls is None else table.tls,
        *files,
    )


def _one_or_more(value: str | list[str]) -> tuple[str, ...]:
    """`"a"` or `["a", "b"]`."""
    return (value,) if isinstance(value, str) else tuple(value)


def _prices(table: PricesTable) -> Prices:
    given = {price.name: getattr(table, price.name) for price in fields(Prices)}
    return replace(Prices(), **{name: value for name, value in given.items() if value is not None})
