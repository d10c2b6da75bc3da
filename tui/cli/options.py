"""Options that several commands share, and their conversion."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields
from typing import Any, TypeVar

import click

from tui.archive.location import Location, locate
from tui.archive.reading import MAX_RECORD, Reading
from tui.cli.command import debug_option, option
from tui.cli.slips import count_as_expression
from tui.config import Config, S3Options
from tui.filter import Filter, parse_filter
from tui.filter.terms import KINDS, OPTIONS, TermKind
from tui.filter.texts import read_texts
from tui.units import parse_size

F = TypeVar("F", bound=Callable[..., Any])
N = TypeVar("N", int, float)


def _all(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    def apply(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return apply


def parsed_size(context: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    """Convert a size such as 64MiB to bytes: the callback of an option."""
    if value is None:
        return None
    number = parse_size(value)
    if not number:
        raise click.UsageError(f"'{value}' is not a size; write {parameter.opts[0]} 500kB, 64MiB or 20GB", context)
    return number


def whole_number(minimum: int, maximum: int | None = None) -> Callable[[str], int]:
    """Return an option type for a whole number. click's IntRange would add `[x>=1]` to the help."""
    return _number(int, "a whole number", minimum, maximum)


def number(minimum: float, maximum: float | None = None) -> Callable[[str], float]:
    """Return an option type for any number between the two, both included."""
    return _number(float, "a number", minimum, maximum)


def _number(convert: Callable[[str], N], kind: str, minimum: N, maximum: N | None) -> Callable[[str], N]:
    limits = f"of at least {minimum}" if maximum is None else f"from {minimum} to {maximum}"

    def parsed(text: str) -> N:
        with suppress(ValueError):
            if minimum <= (value := convert(text)) and (maximum is None or value <= maximum):
                return value
        raise click.BadParameter(f"'{text}' is not {kind} {limits}")

    return parsed


POSITIVE = whole_number(1)

archive_argument = click.argument("archive", metavar="ARCHIVE")

archive_options = _all(
    option(
        "Reading",
        "--timezone",
        envvar="HOURSCOPE_TIMEZONE",
        metavar="ZONE",
        help="Time zone of the hours in the keys, such as Europe/Berlin.  [default: UTC]",
    ),
    option(
        "Reading",
        "--layout",
        envvar="HOURSCOPE_LAYOUT",
        metavar="LAYOUT",
        help="Layout of the keys, such as events.%Y-%m-%d_%H.log.gz.  [default: detected]",
    ),
    option(
        "S3", "--profile", envvar="HOURSCOPE_PROFILE", metavar="NAME", help="AWS profile, from the shared config files."
    ),
    option("S3", "--region", envvar="HOURSCOPE_REGION", metavar="NAME", help="AWS region of the bucket."),
    option(
        "S3",
        "--endpoint-url",
        envvar="HOURSCOPE_ENDPOINT_URL",
        metavar="URL",
        help="Endpoint of an S3 server other than AWS.",
    ),
    option(
        "S3",
        "--no-sign-request",
        envvar="HOURSCOPE_NO_SIGN_REQUEST",
        is_flag=True,
        help="Read a public bucket without credentials.",
    ),
    option(
        "S3",
        "--request-payer",
        envvar="HOURSCOPE_REQUEST_PAYER",
        is_flag=True,
        help="Agree to pay for requests and transfer (requester pays).",
    ),
    debug_option,
)

reading_options = _all(
    option(
        "Reading", "--records", metavar="PATH", help="Path of the list of records in a document; '.' is the document."
    ),
    option("Reading", "--include-damaged", is_flag=True, help="Include the doubtful records of damaged parts."),
    option(
        "Reading",
        "--max-record",
        metavar="SIZE",
        callback=parsed_size,
        help="Skip records larger than SIZE.  [default: 64MiB]",
    ),
)

jobs_option = option(
    "Run",
    "--jobs",
    metavar="N",
    type=POSITIVE,
    help="Number of chunks to read at a time.  [default: one per core; more in S3]",
)
dask_option = option(
    "Run", "--dask", metavar="ADDRESS", help="Run on the Dask cluster of the scheduler tcp://HOST:PORT."
)

range_options = _all(
    option("Range", "--from", "start", metavar="T", help="First hour: 2015-01-20T13, 2015-01-20, -6h, yesterday, …"),
    option("Range", "--to", "stop", metavar="T", help="End of the range, exclusive, in the same forms."),
)


time_options = _all(
    option(
        "Range", "--time-field", metavar="PATH", help="Field with a record's time, for minutes.  [default: detected]"
    ),
    option("Range", "--lag", metavar="TIME", help="Maximum delay before a record is archived.  [default: 1h]"),
)

_TERM_PARAMETERS = {  # by the kind and whether it is negated, as the help lists them
    (kind, negated): f"{'not_' * negated}{kind}"
    for negated in (False, True)
    for kind in KINDS
    if (kind, negated) in OPTIONS
}


def _term_option(kind: TermKind, negated: bool) -> Callable[[F], F]:
    spec = KINDS[kind]
    names = [f"--not-{kind}"] if negated else [spec.option, f"--{kind}"]
    return option("Filter", *names, metavar=spec.metavar, multiple=True, help=spec.opposite if negated else spec.help)


filter_options = _all(
    *(_term_option(kind, negated) for kind, negated in _TERM_PARAMETERS),
    option("Filter", "-i", "--ignore-case", is_flag=True, help="Ignore case in -g, -f, and -e."),
    option("Filter", "-w", "--words", is_flag=True, help="Match whole words only, in -g and -f."),
    option("Filter", "-v", "--invert", is_flag=True, help="Invert the whole filter."),
)


def filter_of(given: dict[str, Any]) -> Filter:
    """Build the filter from a command's options. UsageError for `-m 5`, which stops after 5 matches in grep."""
    for text in given["match"]:
        if slip := count_as_expression(text, click.get_current_context().params):
            raise click.UsageError(slip)
    for flag, name in (("-i", "ignore_case"), ("-w", "words")):
        kinds = [key for key in _TERM_PARAMETERS if (KINDS[key[0]].words if name == "words" else KINDS[key[0]].folds)]
        if given[name] and not any(given[_TERM_PARAMETERS[key]] for key in kinds):
            options = ", ".join(OPTIONS[key] for key in kinds)
            raise click.UsageError(f"{flag} applies to {options}; give one of them")
    names = (*_TERM_PARAMETERS.values(), "invert", "ignore_case", "words")
    stdin = read_texts("-") if "-" in given["file"] else None
    return parse_filter(**{name: given.pop(name) for name in names}, stdin=stdin)


def s3_of(given: dict[str, Any]) -> S3Options:
    """Take the S3 options out of a command's options."""
    return S3Options(*(given.pop(field.name) for field in fields(S3Options)))


def located(name: str, given: dict[str, Any], config: Config) -> Location:
    """Resolve a location or config name, with the archive options of a command."""
    timezone, layout = given.pop("timezone"), given.pop("layout")
    return locate(name, config, timezone=timezone, layout=layout, s3=s3_of(given), reading=reading_of(given))


def reading_of(given: dict[str, Any]) -> Reading:
    """Take the reading options, if the command has them, out of its options."""
    records, damaged = given.pop("records", None), given.pop("include_damaged", False)
    if records is not None and (not records or set("[]") & set(records.removesuffix("[*]"))):
        raise click.UsageError("--records needs a path, such as Records or a.b; '.' makes each document one record")
    return Reading(records, damaged, given.pop("max_record", None) or MAX_RECORD)
