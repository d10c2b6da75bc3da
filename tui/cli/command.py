"""The base class of commands: option headings in the help, and a sentence for an extra argument."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from tui.cli.console import DEBUG
from tui.cli.slips import extra_words, one_dash

HEADINGS = ("Range", "Filter", "NSQ", "Output", "Run", "Sample", "Reading", "S3", "Other")
F = TypeVar("F", bound=Callable[..., Any])


class Option(click.Option):
    """An option with the heading under which the help lists it."""

    def __init__(self, *args: Any, heading: str, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.heading = heading


def option(heading: str, *names: str, **attributes: Any) -> Callable[[F], F]:
    """Declare an option as `click.option` does, under one of the headings."""
    return click.option(*names, cls=Option, heading=heading, **attributes)


json_option = option("Output", "--json", "as_json", is_flag=True, help="Print one JSON object.")
debug_option = option("Other", DEBUG, is_flag=True, expose_value=False, help="Print the traceback of an error.")


class Command(click.Command):
    """A command of hourscope."""

    def option_rows(self, ctx: click.Context) -> dict[str, list[tuple[str, str]]]:
        """Return the options and their help texts by heading."""
        rows_by_heading: dict[str, list[tuple[str, str]]] = {heading: [] for heading in HEADINGS}
        for parameter in self.get_params(ctx):
            if isinstance(parameter, click.Option) and (record := parameter.get_help_record(ctx)):
                rows_by_heading[getattr(parameter, "heading", "Other")].append(record)
        return {heading: rows for heading, rows in rows_by_heading.items() if rows}

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for heading, rows in self.option_rows(ctx).items():
            with formatter.section(f"{heading} options"):
                formatter.write_dl(rows)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.allow_extra_args = True  # to report them in our own words
        if problem := one_dash(ctx, args):
            raise click.UsageError(problem, ctx)
        try:
            extra = super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx  # click omits it if an option lacks its value
            raise
        if extra and not ctx.resilient_parsing:
            raise click.UsageError(extra_words(ctx, extra), ctx)
        return extra
