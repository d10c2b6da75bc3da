"""What all commands share: headings for their options, and a sentence for a superfluous argument."""

from __future__ import annotations

from collections.abc import Mapping

import click

from tui.cli.slips import extra_words

# Every option of every command, by the name of its parameter, in the order in which help shows them.
_HEADINGS: Mapping[str, tuple[str, ...]] = {
    heading: tuple(names.split())
    for heading, names in {
        "Range": "start stop hour key time_field lag against",
        "Filter": "grep file regex match not_grep not_regex ignore_case words invert",
        "NSQ": "topic channel nsqd_tcp_address nsqds nsqd_http_address lookupd_http_address round_robin "
        "tls tls_root_ca_file tls_cert tls_key",
        "Output": "verify redact by every stats top out append split force as_json as_csv count max_count lines "
        "pretty after before around fields project unique order",
        "Run": "dry_run yes again check policy only_estimate full ids ids_size status drop resume jobs dask cache rate "
        "pace max_depth name canary skip_oversize spool spool_max host sync_interval rotate_size merge_hour "
        "processes max_in_flight indexed status_address port",
        "Sample": "folder tour no_open hours records_per_hour seed",
        "Reading": "timezone layout records include_damaged max_record",
        "S3": "profile region endpoint_url no_sign_request request_payer",
        "Other": "debug",  # and what every command of click has
    }.items()
}


class Command(click.Command):
    """A command of hourscope."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        records = {
            parameter.name: record
            for parameter in self.get_params(ctx)
            if isinstance(parameter, click.Option) and (record := parameter.get_help_record(ctx))
        }
        for heading, names in _HEADINGS.items():
            rows = [records.pop(name) for name in names if name in records]
            rows += records.values() if heading == "Other" else ()
            if rows:
                with formatter.section(f"{heading} options"):
                    formatter.write_dl(rows)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.allow_extra_args = True  # so that the sentence about them is ours
        try:
            extra = super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx  # click leaves it out where an option lacks its value
            raise
        if extra and not ctx.resilient_parsing:
            raise click.UsageError(extra_words(ctx, extra), ctx)
        return extra
