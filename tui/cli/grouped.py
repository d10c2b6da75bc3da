"""Help for a command of many options: they come in groups, each with a heading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click


class Grouped(click.Command):
    """`groups` are headings and the names of their parameters; what is in none comes last."""

    def __init__(self, *words: Any, groups: Mapping[str, Sequence[str]], **settings: Any) -> None:
        super().__init__(*words, **settings)
        self._groups = groups

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        options = [param for param in self.get_params(ctx) if isinstance(param, click.Option)]
        records = {option.name: found for option in options if (found := option.get_help_record(ctx))}
        for heading, names in self._groups.items():
            with formatter.section(heading):
                formatter.write_dl([records.pop(name) for name in names if name in records])
        with formatter.section("Other options"):
            formatter.write_dl(list(records.values()))
