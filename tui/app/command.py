"""The command line that does what a screen does, so that a look around becomes a runbook."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from tui.app.selection import Selection
from tui.app.session import Session
from tui.archive.times import spell_hour
from tui.errors import FilterError
from tui.filter import Filter, parse_filter
from tui.shell import shell_join, shell_word


def scan_command(
    session: Session, start: datetime, stop: datetime, wanted: Filter, out: str, more: Sequence[str] = ()
) -> str:
    """`hourscope scan ARCHIVE --from … --to … -m … -o OUT/`, for one range."""
    return _spelled("scan", session, _range(start, stop), wanted.arguments(), [*more, "-o", out])


def scan_commands(session: Session, hours: Selection, wanted: Filter, out: str, more: Sequence[str] = ()) -> list[str]:
    """One command a range; those of several ranges have an output each, numbered."""
    outs = [out] if len(hours.ranges) == 1 else [numbered(out, at) for at in range(1, len(hours.ranges) + 1)]
    return [
        scan_command(session, each.start, each.stop, wanted, name, more)
        for each, name in zip(hours.ranges, outs, strict=True)
    ]


def numbered(out: str, number: int) -> str:
    """`found/` → `found.1/`; `found.jsonl.gz` → `found.1.jsonl.gz`."""
    if out.endswith("/"):
        return f"{out.rstrip('/')}.{number}/"
    stem, dot, ending = Path(out).name.partition(".")
    return str(Path(out).with_name(f"{stem}.{number}{dot}{ending}"))


def ls_command(session: Session) -> str:
    return _spelled("ls", session)


def cat_command(session: Session, hour: datetime, wanted: Filter) -> str:
    return _spelled("cat", session, ["--hour", spell_hour(hour)], wanted.arguments())


def _range(start: datetime, stop: datetime) -> list[str]:
    return ["--from", spell_hour(start), "--to", spell_hour(stop)]


def _spelled(verb: str, session: Session, *words: list[str]) -> str:
    zone = [] if session.name else _options(session)
    return shell_join(["hourscope", verb, session.title, *(word for part in words for word in part), *zone])


def _options(session: Session) -> list[str]:
    """The options without which the same archive would not be reached."""
    s3 = session.s3
    words: list[str] = []
    for name, value in (("--profile", s3.profile), ("--region", s3.region), ("--endpoint-url", s3.endpoint_url)):
        words += [name, value] if value else []
    words += ["--no-sign-request"] if s3.no_sign_request else []
    return words + (["--request-payer"] if s3.request_payer else [])


def shell_read(session: Session, key: str) -> str:
    """How one chunk is read by hand."""
    root = session.archive.store.url
    place = f"{root}/{key}"
    if root.startswith("s3://"):
        return f"aws s3 cp {shell_word(place)} - | zcat"
    return f"zcat {shell_word(str(Path(place)))}"


def send_command(session: Session, source: tuple[str, ...], to: list[str]) -> str:
    """`hourscope send SOURCE … --nsqd-tcp-address … --topic …`."""
    return shell_join(["hourscope", "send", *source, *to, *([] if session.name else _options(session))])


def read_filter(words: str) -> Filter:
    """A filter as the command line spells it: `-g TEXT -e RE -m EXPR -v`; FilterError if it is not."""
    found: dict[str, list[str]] = {"-g": [], "-e": [], "-m": []}
    try:
        rest = shlex.split(words)
    except ValueError as error:
        raise FilterError(f"a quote is not closed in: {words}", words) from error
    invert = False
    while rest:
        word = rest.pop(0)
        if word == "-v":
            invert = True
        elif word in found and rest:
            found[word].append(rest.pop(0))
        else:
            raise FilterError(f"'{word}' is none of -g TEXT, -e REGEX, -m JMESPATH, -v", words, words.find(word))
    return parse_filter(grep=found["-g"], regex=found["-e"], match=found["-m"], invert=invert)


def shell_filter(wanted: Filter) -> str:
    """The filter's text and regex terms as greps; JMESPath has no everyday tool."""
    flag = "-v " if wanted.invert and len(wanted.active) == 1 else ""
    options = {"grep": "-F", "regex": "-E"}
    return "".join(
        f" | grep {options[term.kind]} {flag}-- {shlex.quote(term.text)}"
        for term in wanted.active
        if term.kind in options
    )
