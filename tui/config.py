"""The config file, and the options that reach a store: what is where, never how it works.

`$XDG_CONFIG_HOME/hourscope/config.toml`:

    [archives.media]
    url = "s3://media-archive/events.%Y-%m-%d_%H.log.gz"
    timezone = "Europe/Berlin"
    profile = "prod"

    [nsq.prod]
    nsqd_tcp_address = "nsqd.example.com:4150"

    [filters]
    errors = "event == 'error'"

    [prices]
    transfer_per_gb = 0.0
    source = "in the bucket's region"
    date = "2026-11"
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from tui.errors import ConfigError


@dataclass(frozen=True, slots=True)
class S3Options:
    """How to reach S3; `None` leaves it to the `AWS_*` environment and the shared config files."""

    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    no_sign_request: bool = False
    request_payer: bool = False

    def overlaid(self, other: S3Options) -> S3Options:
        """These options where `other` says nothing."""
        said = {f.name: getattr(other, f.name) for f in fields(other) if getattr(other, f.name)}
        return replace(self, **said)


@dataclass(frozen=True, slots=True)
class ArchiveSpec:
    """A named archive of the config file."""

    url: str
    timezone: str | None = None
    s3: S3Options = field(default_factory=S3Options)


@dataclass(frozen=True, slots=True)
class NsqSpec:
    """A named nsqd of the config file."""

    nsqd_tcp_address: str


@dataclass(frozen=True, slots=True)
class Prices:
    """What S3 asks for, in US dollars: S3 Standard in us-east-1, requests and transfer out to the Internet."""

    list_per_1000: float = 0.005
    get_per_1000: float = 0.0004
    transfer_per_gb: float = 0.09
    source: str = "aws.amazon.com/s3/pricing, us-east-1"
    date: str = "2025-01"


@dataclass(frozen=True, slots=True)
class Config:
    """What the config file says; empty where there is none."""

    path: Path
    archives: Mapping[str, ArchiveSpec] = field(default_factory=dict)
    nsq: Mapping[str, NsqSpec] = field(default_factory=dict)
    filters: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    prices: Prices = field(default_factory=Prices)


def _xdg(variable: str, default: str) -> Path:
    value = os.environ.get(variable, "")
    base = Path(value) if value and Path(value).is_absolute() else Path.home() / default
    return base / "hourscope"


def config_dir() -> Path:
    """`$XDG_CONFIG_HOME/hourscope` (XDG Base Directory Specification: relative values are ignored)."""
    return _xdg("XDG_CONFIG_HOME", ".config")


def state_dir() -> Path:
    """`$XDG_STATE_HOME/hourscope`: journals, receipts, the last session of each archive."""
    return _xdg("XDG_STATE_HOME", ".local/state")


def cache_dir() -> Path:
    """`$XDG_CACHE_HOME/hourscope`: what can be fetched again."""
    return _xdg("XDG_CACHE_HOME", ".cache")


def load_config(path: Path | None = None) -> Config:
    """Read the config file; a missing one is an empty config, a wrong one a ConfigError with its place."""
    path = path or config_dir() / "config.toml"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Config(path)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}; mend the file or move it away") from error
    archives = {name: _archive(path, name, table) for name, table in _tables(path, data, "archives").items()}
    nsq = {
        name: NsqSpec(_text(path, f"nsq.{name}.nsqd_tcp_address", table.get("nsqd_tcp_address")))
        for name, table in _tables(path, data, "nsq").items()
    }
    return Config(path, archives, nsq, _texts(path, data, "filters"), _texts(path, data, "keys"), _prices(path, data))


def _archive(path: Path, name: str, table: Mapping[str, object]) -> ArchiveSpec:
    where = f"archives.{name}"
    flags = {key: _flag(path, f"{where}.{key}", table.get(key, False)) for key in ("no_sign_request", "request_payer")}
    words = {
        key: _text(path, f"{where}.{key}", table[key]) for key in ("profile", "region", "endpoint_url") if key in table
    }
    zone = _text(path, f"{where}.timezone", table["timezone"]) if "timezone" in table else None
    s3 = S3Options(
        words.get("profile"),
        words.get("region"),
        words.get("endpoint_url"),
        flags["no_sign_request"],
        flags["request_payer"],
    )
    return ArchiveSpec(_text(path, f"{where}.url", table.get("url")), zone, s3)


def _prices(path: Path, data: Mapping[str, object]) -> Prices:
    section = data.get("prices", {})
    if not isinstance(section, dict):
        raise ConfigError(f"{path}: [prices] must be a table such as get_per_1000 = 0.0004")
    given: dict[str, Any] = {}
    for name, value in section.items():
        default = getattr(Prices(), name, None)
        number = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
        if default is None or not (number if isinstance(default, float) else isinstance(value, str)):
            raise ConfigError(
                f"{path}: prices.{name} is no price; known are {', '.join(f.name for f in fields(Prices))}"
            )
        given[name] = value
    return Prices(**given)


def _tables(path: Path, data: Mapping[str, object], name: str) -> dict[str, Mapping[str, object]]:
    section = data.get(name, {})
    if not isinstance(section, dict) or not all(isinstance(value, dict) for value in section.values()):
        raise ConfigError(f"{path}: [{name}] must hold tables such as [{name}.prod]")
    return section


def _texts(path: Path, data: Mapping[str, object], name: str) -> dict[str, str]:
    section = data.get(name, {})
    if not isinstance(section, dict):
        raise ConfigError(f'{path}: [{name}] must be a table of name = "text"')
    return {key: _text(path, f"{name}.{key}", value) for key, value in section.items()}


def _flag(path: Path, where: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ConfigError(f"{path}: {where} must be true or false")
    return value


def _text(path: Path, where: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ConfigError(f"{path}: {where} must be a text in quotes")
    return value
