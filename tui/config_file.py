"""config.toml as a file: its sections and keys as Structs, checked strictly and edited line by line.

An unknown name is an error with the nearest known name: ignoring a misspelled `timezone` would move every hour. All
problems are reported at once, in one line.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import msgspec

from tui.errors import ConfigError, reason
from tui.keys import key_problems
from tui.nearest import nearest
from tui.validation import explained

VERSION = 1
_MAX_BYTES = 1 << 20
_MAX_PROBLEMS = 5  # named in one line

NonEmptyText = Annotated[str, msgspec.Meta(min_length=1)]
Price = Annotated[float, msgspec.Meta(ge=0)]
S = TypeVar("S", bound=msgspec.Struct)


class ArchiveTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[archives.NAME]"""

    url: NonEmptyText
    timezone: NonEmptyText | None = None
    layout: NonEmptyText | None = None
    profile: NonEmptyText | None = None
    region: NonEmptyText | None = None
    endpoint_url: NonEmptyText | None = None
    no_sign_request: bool = False
    request_payer: bool = False


class NsqTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[nsq.NAME]; each address is one string or a list of strings."""

    nsqd_tcp_address: NonEmptyText | list[NonEmptyText] = []
    nsqd_http_address: NonEmptyText | list[NonEmptyText] = []
    lookupd_http_address: NonEmptyText | list[NonEmptyText] = []
    tls: bool | None = None
    tls_root_ca_file: NonEmptyText | None = None
    tls_cert: NonEmptyText | None = None
    tls_key: NonEmptyText | None = None


class PricesTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[prices]; None keeps the default price."""

    list_per_1000: Price | None = None
    get_per_1000: Price | None = None
    transfer_per_gb: Price | None = None
    source: NonEmptyText | None = None
    date: NonEmptyText | None = None


class ExplorerTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[explorer]"""

    mouse: bool | None = None
    theme: NonEmptyText | None = None  # dark or light


class NotebookTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[notebook]"""

    write: bool = True
    records: bool = True


class ConfigFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file. A file without `version` has version 1."""

    version: int = VERSION
    archives: dict[str, ArchiveTable] = {}
    nsq: dict[str, NsqTable] = {}
    filters: dict[str, NonEmptyText] = {}
    keys: dict[str, NonEmptyText] = {}
    prices: PricesTable = PricesTable()
    explorer: ExplorerTable = ExplorerTable()
    notebook: NotebookTable = NotebookTable()


def read_config_file(path: Path) -> ConfigFile | None:
    """Read and check the file; None if there is none. ConfigError names the file and its problems."""
    data = _parsed(path)
    if data is None:
        return None
    version = data.get("version", VERSION)
    if isinstance(version, int) and version > VERSION:
        raise ConfigError(f"{path} is written for a newer hourscope (config version {version}); upgrade hourscope")
    problems = _sections(data)
    if problems:
        more = f"; and {len(problems) - _MAX_PROBLEMS} more" if len(problems) > _MAX_PROBLEMS else ""
        raise ConfigError(f"{path}: {'; '.join(problems[:_MAX_PROBLEMS])}{more}")
    return msgspec.convert(data, ConfigFile)


def _parsed(path: Path) -> dict[str, Any] | None:
    try:
        if not path.is_file() and path.exists():  # reading a pipe would block
            raise ConfigError(f"{path} is not a file; replace it, or set XDG_CONFIG_HOME")
        with path.open("rb") as stream:
            text = stream.read(_MAX_BYTES + 1)
        if len(text) > _MAX_BYTES:
            raise ConfigError(f"{path} is larger than {_MAX_BYTES >> 20} MiB, so it is not a config file; move it away")
        return tomllib.loads(text.decode("utf-8-sig"))  # Windows editors write a BOM
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
    except ValueError as error:  # invalid TOML, or a number with thousands of digits
        raise ConfigError(f"{path} cannot be read: {error}; fix the file or move it away") from error


def _sections(data: Mapping[str, Any]) -> list[str]:
    """Return the problems of all sections, in file order."""
    problems: list[str] = []
    known = ConfigFile.__struct_fields__
    for name, section in data.items():
        if name == "version":
            problems += [] if type(section) is int and section > 0 else ["version must be a whole number such as 1"]
        elif name not in known:
            kind = (
                f"[{_toml_key(name)}] is not a section"
                if isinstance(section, dict)
                else f"{_toml_key(name)} is not known"
            )
            problems.append(kind + _suggestion(name, known[1:], "[{}]"))
        elif not isinstance(section, dict):
            problems.append(
                f"[{name}] must be a section; write [{name}{'.prod' if name in _TABLES else ''}] above its keys"
            )
        elif name in _TABLES:
            for key, table in section.items():
                problems += _table(f"{name}.{_toml_key(key)}", table, _TABLES[name])
        elif name in _SECTIONS:
            problems += _table(name, section, _SECTIONS[name])
        else:
            wrong = [key for key, text in section.items() if not isinstance(text, str) or not text]
            problems += [
                f"{name}.{_toml_key(key)} must {'not be empty' if section[key] == '' else 'be a text in quotes'}"
                for key in wrong
            ]
            if name == "keys" and not wrong:
                problems += key_problems(section)
    return problems


_TABLES: Mapping[str, type[msgspec.Struct]] = {"archives": ArchiveTable, "nsq": NsqTable}
_SECTIONS: Mapping[str, type[msgspec.Struct]] = {
    "prices": PricesTable,
    "explorer": ExplorerTable,
    "notebook": NotebookTable,
}


def _table(where: str, table: object, kind: type[S]) -> list[str]:
    """Return the problems of one table."""
    if not isinstance(table, dict):
        outer = where.partition(".")[0]
        return [f"{where} must be a table of its own; write [{outer}.prod] above its keys"]
    known = kind.__struct_fields__
    unknown = [key for key in table if key not in known]
    problems = [_unknown(where, key, known) for key in unknown]
    try:
        read = msgspec.convert({key: value for key, value in table.items() if key in known}, kind)
    except msgspec.ValidationError as error:
        return [*problems, explained(error, where).replace(" or null", "")]  # TOML has none
    if isinstance(read, ArchiveTable) and read.timezone:
        problems += _zone_problem(f"{where}.timezone", read.timezone)
    if isinstance(read, ExplorerTable) and read.theme not in (None, "dark", "light"):
        problems.append(f"{where}.theme must be dark or light, not '{read.theme}'")
    if isinstance(read, NsqTable) and bool(read.nsqd_tcp_address) == bool(read.lookupd_http_address) and not unknown:
        problems.append(f"{where}.nsqd_tcp_address or {where}.lookupd_http_address must be given, not both")
    return problems


def _unknown(where: str, key: str, known: tuple[str, ...]) -> str:
    if where.startswith("nsq.") and "secret" in key:
        return f"{where}.{_toml_key(key)} is a secret in a file; set HOURSCOPE_NSQ_AUTH_SECRET instead"
    return f"{where}.{_toml_key(key)} is not known" + _suggestion(key, known)


def _suggestion(name: str, known: Iterable[str], form: str = "{}") -> str:
    known = tuple(known)
    near = nearest(name, known)
    return f" (did you mean {form.format(near)}?)" if near else f" (known: {', '.join(map(form.format, known))})"


def _zone_problem(where: str, name: str) -> list[str]:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zones = {zone.lower(): zone for zone in sorted(available_timezones())}
        cities = {zone.rpartition("/")[2]: zone for zone in reversed(zones)}
        near = nearest(name, [*zones, *cities])
        hint = f"did you mean {zones[cities.get(near, near)]}?" if near else "use a name such as Europe/Berlin"
        return [f"{where}: no time zone is named '{name}' ({hint})"]
    return []


def _toml_key(key: str) -> str:
    """Return a key in TOML notation."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _toml(key)


def save_filter(path: Path, name: str, words: str) -> None:
    """Add `name = "words"` to [filters] in the config file, or replace it; change nothing else.

    ConfigError if the name is invalid, the file cannot be read or written, or its form does not allow adding a line.
    """
    _check_name(name, "a filter's name")

    def change(text: str, values: dict[str, Any]) -> str:
        values.setdefault("filters", {})[name] = words
        return _with_line(text, name, f"{name} = {_toml(words)}")

    _edit(path, "filter", change)


def save_archive(path: Path, name: str, keys: Mapping[str, str | bool]) -> None:
    """Append [archives.NAME] with its keys to the config file; change nothing else.

    ConfigError if the name is invalid or taken, or if the file cannot be read, written or added to.
    """
    _check_name(name, "an archive's name")

    def change(before: str, values: dict[str, Any]) -> str:
        archives = values.setdefault("archives", {})
        if name in archives:
            raise ConfigError(f"there is already an archive named '{name}'; choose another name")
        archives[name] = dict(keys)
        lines = [
            f"{key} = {_toml(value) if isinstance(value, str) else str(value).lower()}" for key, value in keys.items()
        ]
        above = f"{before.rstrip()}\n\n" if before.strip() else ""
        return "\n".join([f"{above}[archives.{name}]", *lines, ""])

    _edit(path, "archive", change)


def _check_name(name: str, what: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise ConfigError(f"'{name}' cannot be {what}; use letters, digits, _ and -")


def _edit(path: Path, what: str, change: Callable[[str, dict[str, Any]], str]) -> None:
    """Rewrite the file with `change`, which returns the new text and updates the values that it must then parse to."""
    target = path.resolve()  # follow a symbolic link
    try:
        text = target.read_bytes().decode("utf-8-sig") if target.exists() else ""
        expected = tomllib.loads(text)
        changed = change(text, expected)
        if tomllib.loads(changed) != expected:
            raise ConfigError(f"a program cannot add this {what} to {path}; add it there yourself, under [{what}s]")
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.part")
        part.write_bytes(changed.encode())
        if target.exists():
            part.chmod(target.stat().st_mode & 0o777)
        part.replace(target)
    except (OSError, ValueError, AttributeError, TypeError, RecursionError) as error:
        why = reason(error) if isinstance(error, OSError) else error
        raise ConfigError(f"the {what} could not be saved in {path}: {why}") from error


def _with_line(text: str, name: str, line: str) -> str:
    """Return the text with a line in [filters]: in place of the one with that name, or after the table's last line."""
    lines = text.removesuffix("\n").split("\n") if text else []
    begin = next((at for at, line_ in enumerate(lines) if re.match(r"\s*\[\s*filters\s*\]", line_)), None)
    if begin is None:
        return "\n".join([*lines, *([""] if lines else []), "[filters]", line, ""])
    end = next((at for at in range(begin + 1, len(lines)) if re.match(r"\s*\[", lines[at])), len(lines))
    for at in range(begin + 1, end):
        if re.match(rf"""\s*["']?{name}["']?\s*=""", lines[at]):
            return "\n".join([*lines[:at], line, *lines[at + 1 :], ""])
    last = max(at for at in range(begin, end) if lines[at].strip() and not lines[at].strip().startswith("#"))
    return "\n".join([*lines[: last + 1], line, *lines[last + 1 :], ""])


def _toml(text: str) -> str:
    """Return the text as a TOML basic string."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
