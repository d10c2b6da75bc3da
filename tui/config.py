"""The config file, and the options that reach a store: what is where, never how it works.

`$XDG_CONFIG_HOME/hourscope/config.toml`:

    [archives.media]
    url = "s3://media-archive/events.%Y-%m-%d_%H.log.gz"
    timezone = "Europe/Berlin"
    profile = "prod"

    [nsq.prod]
    nsqd_tcp_address = "nsqd.example.com:4150"      # or a list, or lookupd_http_address = "lookupd.example.com:4161"
    tls_root_ca_file = "/etc/ssl/our-ca.pem"        # and tls_cert, tls_key; tls = true for the system's CAs

    [filters]                                         # a JMESPath, or the command line's words
    errors = "event == 'error'"
    fastlane = "-g fastlane --not-grep heartbeat"

    [explorer]
    mouse = true
    theme = "light"

    [prices]
    transfer_per_gb = 0.0
    source = "in the bucket's region"
    date = "2026-11"
"""

from __future__ import annotations

import json
import os
import re
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
    """A named destination of the config file: nsqds, or the nsqlookupds that know them. A secret is never in it."""

    nsqd_tcp_addresses: tuple[str, ...] = ()
    nsqd_http_addresses: tuple[str, ...] = ()
    lookupd_http_addresses: tuple[str, ...] = ()
    tls: bool = False
    tls_root_ca_file: str | None = None
    tls_cert: str | None = None
    tls_key: str | None = None

    @property
    def nsqd_tcp_address(self) -> str:
        """The first nsqd; empty where it is found through nsqlookupd."""
        return next(iter(self.nsqd_tcp_addresses), "")


@dataclass(frozen=True, slots=True)
class ExplorerSpec:
    """What the explorer does with the terminal; None leaves it to what the terminal says of itself."""

    mouse: bool | None = None
    theme: str | None = None  # dark or light


@dataclass(frozen=True, slots=True)
class Prices:
    """What S3 asks for, in US dollars: S3 Standard in us-east-1, requests, and transfer out to the Internet.

    The transfer is that of a month's first 10 TB; more is cheaper, the first 100 GB and the region itself are free.
    AWS's list prices as of `date` are no bill: other regions and contracts differ, and [prices] overrides them.
    """

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
    explorer: ExplorerSpec = field(default_factory=ExplorerSpec)


def _xdg(variable: str, default: str) -> Path:
    value = os.environ.get(variable, "")
    try:
        base = Path(value) if value and Path(value).is_absolute() else Path.home() / default
    except RuntimeError as error:  # neither HOME nor a line in the passwd file
        raise ConfigError(f"the home folder is unknown; set HOME or {variable}") from error
    return base / "hourscope"


def config_dir() -> Path:
    """`$XDG_CONFIG_HOME/hourscope` (XDG Base Directory Specification: relative values are ignored)."""
    return _xdg("XDG_CONFIG_HOME", ".config")


def nsq_of_environment() -> dict[str, tuple[str, ...]]:
    """`HOURSCOPE_NSQD_TCP_ADDRESS` and `HOURSCOPE_LOOKUPD_HTTP_ADDRESS` as their options: addresses between spaces.

    They count where a topic is given and no server: an environment alone must not turn a command towards NSQ.
    """
    names = ("nsqd_tcp_address", "lookupd_http_address")
    return {name: tuple(os.environ.get(f"HOURSCOPE_{name.upper()}", "").split()) for name in names}


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
    nsq = {name: _nsq(path, f"nsq.{name}", table) for name, table in _tables(path, data, "nsq").items()}
    return Config(
        path,
        archives,
        nsq,
        _texts(path, data, "filters"),
        _texts(path, data, "keys"),
        _prices(path, data),
        _explorer(path, data),
    )


def save_filter(path: Path, name: str, words: str) -> None:
    """Add `name = "words"` to [filters] of the config file, or change it there; all the rest stays as it is.

    ConfigError if the name is none, or if the file cannot be read or written, or is so written that a line cannot be
    added to it.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise ConfigError(f"'{name}' is no name for a filter: use letters, digits, _ and -")
    target = path.resolve()  # of a link, what it leads to
    try:
        text = target.read_bytes().decode() if target.exists() else ""
        wanted = tomllib.loads(text)
        wanted.setdefault("filters", {})[name] = words
        changed = _with_line(text, name, f"{name} = {_toml(words)}")
        if tomllib.loads(changed) != wanted:
            raise ConfigError(f"{path} is written too freely to add to it; write it there yourself, under [filters]")
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.part")
        part.write_bytes(changed.encode())
        if target.exists():
            part.chmod(target.stat().st_mode & 0o777)
        part.replace(target)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, AttributeError, TypeError) as error:
        raise ConfigError(f"the filter could not be saved in {path}: {error}") from error


def _with_line(text: str, name: str, line: str) -> str:
    """The file's text with a line in [filters]: in place of the one of that name, else behind the table's last."""
    lines = text.removesuffix("\n").split("\n") if text else []
    begin = next((at for at, each in enumerate(lines) if re.match(r"\s*\[\s*filters\s*\]", each)), None)
    if begin is None:
        return "\n".join([*lines, *([""] if lines else []), "[filters]", line, ""])
    end = next((at for at in range(begin + 1, len(lines)) if re.match(r"\s*\[", lines[at])), len(lines))
    for at in range(begin + 1, end):
        if re.match(rf"""\s*["']?{name}["']?\s*=""", lines[at]):
            return "\n".join([*lines[:at], line, *lines[at + 1 :], ""])
    last = max(at for at in range(begin, end) if lines[at].strip() and not lines[at].strip().startswith("#"))
    return "\n".join([*lines[: last + 1], line, *lines[last + 1 :], ""])


def _toml(text: str) -> str:
    """A basic string of TOML."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


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


def _nsq(path: Path, where: str, table: Mapping[str, object]) -> NsqSpec:
    known = ("nsqd_tcp_address", "nsqd_http_address", "lookupd_http_address")
    files = ("tls_root_ca_file", "tls_cert", "tls_key")
    for key in table:
        if "secret" in key:
            raise ConfigError(f"{path}: {where}.{key} is a secret in a file; set HOURSCOPE_NSQ_AUTH_SECRET instead")
        if key not in (*known, *files, "tls"):
            raise ConfigError(f"{path}: {where}.{key} is not known; known are {', '.join((*known, 'tls', *files))}")
    tcp, http, lookupd = (_one_or_more(path, f"{where}.{key}", table.get(key, [])) for key in known)
    if bool(tcp) == bool(lookupd):
        raise ConfigError(f"{path}: {where}.nsqd_tcp_address or {where}.lookupd_http_address must be given, not both")
    named = {key: _text(path, f"{where}.{key}", table[key]) for key in files if key in table}
    return NsqSpec(tcp, http, lookupd, _flag(path, f"{where}.tls", table.get("tls", bool(named))), **named)


def _one_or_more(path: Path, where: str, value: object) -> tuple[str, ...]:
    """`"a"` or `["a", "b"]`."""
    return tuple(_text(path, where, each) for each in (value if isinstance(value, list) else [value]))


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


def _explorer(path: Path, data: Mapping[str, object]) -> ExplorerSpec:
    section = data.get("explorer", {})
    if not isinstance(section, dict) or not section.keys() <= {"mouse", "theme"}:
        raise ConfigError(f'{path}: [explorer] must be a table of mouse = true and theme = "light", or one of them')
    mouse = _flag(path, "explorer.mouse", section["mouse"]) if "mouse" in section else None
    theme = _text(path, "explorer.theme", section["theme"]) if "theme" in section else None
    if theme not in (None, "dark", "light"):
        raise ConfigError(f"{path}: explorer.theme must be dark or light, and not '{theme}'")
    return ExplorerSpec(mouse, theme)


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
