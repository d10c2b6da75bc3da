"""config.toml as a file: its sections and keys as Structs, read strictly, and edited by the line.

A name that hourscope does not know is an error with the nearest name that it knows: a misspelt `timezone` that is
ignored would move every hour. All that is wrong is reported at once, in one line.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import msgspec

from tui.errors import ConfigError, reason
from tui.keys import key_problems
from tui.validation import explained

VERSION = 1
_LARGEST_BYTES = 1 << 20
_MOST_PROBLEMS = 5  # that one line names

Text = Annotated[str, msgspec.Meta(min_length=1)]
Price = Annotated[float, msgspec.Meta(ge=0)]
S = TypeVar("S", bound=msgspec.Struct)


class ArchiveTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[archives.NAME]"""

    url: Text
    timezone: Text | None = None
    layout: Text | None = None
    profile: Text | None = None
    region: Text | None = None
    endpoint_url: Text | None = None
    no_sign_request: bool = False
    request_payer: bool = False


class NsqTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[nsq.NAME]; each address is one text or a list of them."""

    nsqd_tcp_address: Text | list[Text] = []
    nsqd_http_address: Text | list[Text] = []
    lookupd_http_address: Text | list[Text] = []
    tls: bool | None = None
    tls_root_ca_file: Text | None = None
    tls_cert: Text | None = None
    tls_key: Text | None = None


class PricesTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[prices]; None leaves a price as it is."""

    list_per_1000: Price | None = None
    get_per_1000: Price | None = None
    transfer_per_gb: Price | None = None
    source: Text | None = None
    date: Text | None = None


class ExplorerTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[explorer]"""

    mouse: bool | None = None
    theme: Text | None = None  # dark or light


class ConfigFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file. A file without `version` is of the first version."""

    version: int = VERSION
    archives: dict[str, ArchiveTable] = {}
    nsq: dict[str, NsqTable] = {}
    filters: dict[str, Text] = {}
    keys: dict[str, Text] = {}
    prices: PricesTable = PricesTable()
    explorer: ExplorerTable = ExplorerTable()


def read_config_file(path: Path) -> ConfigFile | None:
    """Read and check the file; None if there is none. ConfigError names the file and everything that is wrong in it."""
    data = _parsed(path)
    if data is None:
        return None
    version = data.get("version", VERSION)
    if isinstance(version, int) and version > VERSION:
        raise ConfigError(f"{path} is written for a newer hourscope (config version {version}); upgrade hourscope")
    found = _sections(data)
    if found:
        more = f"; and {len(found) - _MOST_PROBLEMS} more" if len(found) > _MOST_PROBLEMS else ""
        raise ConfigError(f"{path}: {'; '.join(found[:_MOST_PROBLEMS])}{more}")
    return msgspec.convert(data, ConfigFile)


def _parsed(path: Path) -> dict[str, Any] | None:
    try:
        with path.open("rb") as stream:
            text = stream.read(_LARGEST_BYTES + 1)
        if len(text) > _LARGEST_BYTES:
            raise ConfigError(
                f"{path} is larger than {_LARGEST_BYTES >> 20} MiB, so it is not a config file; move it away"
            )
        return tomllib.loads(text.decode())
    except FileNotFoundError:
        return None
    except RecursionError as error:
        raise ConfigError(f"{path} cannot be read: it is nested too deeply; fix the file or move it away") from error
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {reason(error)}; fix or remove it, or set XDG_CONFIG_HOME"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} cannot be read: byte {error.start:,} is not UTF-8; fix the file") from error
    except ValueError as error:  # not TOML, a number of thousands of digits
        raise ConfigError(f"{path} cannot be read: {error}; fix the file or move it away") from error


def _sections(data: Mapping[str, Any]) -> list[str]:
    """What is wrong, in the order of the file."""
    found: list[str] = []
    known = ConfigFile.__struct_fields__
    for name, section in data.items():
        if name == "version":
            found += [] if type(section) is int and section > 0 else ["version must be a whole number such as 1"]
        elif name not in known:
            kind = (
                f"[{_spelled(name)}] is not a section"
                if isinstance(section, dict)
                else f"{_spelled(name)} is not known"
            )
            found.append(kind + _suggestion(name, known[1:], "[{}]"))
        elif not isinstance(section, dict):
            found.append(
                f"[{name}] must be a section; write [{name}{'.prod' if name in _TABLES else ''}] above its keys"
            )
        elif name in _TABLES:
            for each, table in section.items():
                found += _table(f"{name}.{_spelled(each)}", table, _TABLES[name])
        elif name in _SECTIONS:
            found += _table(name, section, _SECTIONS[name])
        else:
            wrong = [key for key, text in section.items() if not isinstance(text, str) or not text]
            found += [f"{name}.{_spelled(key)} must be a text in quotes" for key in wrong]
            if name == "keys" and not wrong:
                found += key_problems(section)
    return found


_TABLES: Mapping[str, type[msgspec.Struct]] = {"archives": ArchiveTable, "nsq": NsqTable}
_SECTIONS: Mapping[str, type[msgspec.Struct]] = {"prices": PricesTable, "explorer": ExplorerTable}


def _table(where: str, table: object, kind: type[S]) -> list[str]:
    """What is wrong with one table of keys."""
    if not isinstance(table, dict):
        outer = where.partition(".")[0]
        return [f"{where} must be a table of its own; write [{outer}.prod] above its keys"]
    known = kind.__struct_fields__
    unknown = [key for key in table if key not in known]
    found = [_unknown(where, key, known) for key in unknown]
    try:
        read = msgspec.convert({key: value for key, value in table.items() if key in known}, kind)
    except msgspec.ValidationError as error:
        return [*found, explained(error, where)]
    if isinstance(read, ArchiveTable) and read.timezone:
        found += _zone_problem(f"{where}.timezone", read.timezone)
    if isinstance(read, ExplorerTable) and read.theme not in (None, "dark", "light"):
        found.append(f"{where}.theme must be dark or light, not '{read.theme}'")
    if isinstance(read, NsqTable) and bool(read.nsqd_tcp_address) == bool(read.lookupd_http_address) and not unknown:
        found.append(f"{where}.nsqd_tcp_address or {where}.lookupd_http_address must be given, not both")
    return found


def _unknown(where: str, key: str, known: tuple[str, ...]) -> str:
    if where.startswith("nsq.") and "secret" in key:
        return f"{where}.{_spelled(key)} is a secret in a file; set HOURSCOPE_NSQ_AUTH_SECRET instead"
    return f"{where}.{_spelled(key)} is not known" + _suggestion(key, known)


def _suggestion(name: str, known: Iterable[str], form: str = "{}") -> str:
    known = tuple(known)
    near = get_close_matches(name.lower().replace("-", "_"), known, n=1)
    return f" (did you mean {form.format(near[0])}?)" if near else f" (known: {', '.join(map(form.format, known))})"


def _zone_problem(where: str, name: str) -> list[str]:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zones = {zone.lower(): zone for zone in sorted(available_timezones())}
        cities = {zone.rpartition("/")[2]: zone for zone in reversed(zones)}
        near = get_close_matches(name.lower(), [*zones, *cities], n=1)
        hint = f"did you mean {zones[cities.get(near[0], near[0])]}?" if near else "use a name such as Europe/Berlin"
        return [f"{where}: no time zone is named '{name}' ({hint})"]
    return []


def _spelled(key: str) -> str:
    """A key as TOML spells it."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _toml(key)


def save_filter(path: Path, name: str, words: str) -> None:
    """Add `name = "words"` to [filters] of the config file, or change it there; all the rest stays as it is.

    ConfigError if the name cannot be one, or if the file cannot be read or written, or is written in a way that a line
    cannot be added to.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise ConfigError(f"'{name}' cannot be a filter's name; use letters, digits, _ and -")
    target = path.resolve()  # of a link, what it leads to
    try:
        text = target.read_bytes().decode() if target.exists() else ""
        wanted = tomllib.loads(text)
        wanted.setdefault("filters", {})[name] = words
        changed = _with_line(text, name, f"{name} = {_toml(words)}")
        if tomllib.loads(changed) != wanted:
            raise ConfigError(
                f"a filter cannot be added to {path} by a program; add it there yourself, under [filters]"
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.part")
        part.write_bytes(changed.encode())
        if target.exists():
            part.chmod(target.stat().st_mode & 0o777)
        part.replace(target)
    except (OSError, ValueError, AttributeError, TypeError, RecursionError) as error:
        why = reason(error) if isinstance(error, OSError) else error
        raise ConfigError(f"the filter could not be saved in {path}: {why}") from error


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
