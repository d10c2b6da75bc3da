"""hourscope's commands by name, and the choice of the command that runs."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from importlib import import_module

import click

from tui.cli.console import DEBUG, StdoutError
from tui.cli.slips import unknown_command

# The first sentence of each command's help. With it, the list of commands imports none of them.
COMMANDS: Mapping[str, str] = {
    "demo": "Write a sample archive with an incident in it, and open it.",
    "ls": "List the hours of an archive: chunks, sizes, gaps.",
    "cat": "Print the records of an hour, a minute, or a range.",
    "count": "Count the matching records of a range, by value and by time.",
    "diff": "Show what changed in some hours, or in which hours something changed.",
    "scan": "Find the matching records of a range.",
    "index": "Index the chunks of a range to speed up later commands.",
    "send": "Send records to an NSQ topic or a file.",
    "archive": "Record an NSQ topic in an archive.",
    "verify": "Read a whole range and report damage, duplicates, and gaps.",
    "doctor": "Check the config, an archive, this machine, and nsqd.",
    "extracts": "List the extracts.",
    "sends": "List the sends, or check one against its source.",
    "jobs": "List scans and sends that were stopped, with the command that resumes each.",
    "notebook": "Print the notebook of an archive.",
    "serve": "Show the explorer in a browser on this machine.",
    "config": "Show where the config file is, check it, or list the keys of the explorer.",
    "completion": "Print the script that completes command lines in a shell.",
    "help": "Print the help of a command.",
}
OPEN = "open"  # what `hourscope ARCHIVE` means; not listed

_HELP = """\
Explore, filter, and replay archives of hourly event chunks in S3 or a folder.

Without a command, hourscope opens ARCHIVE in the explorer. ARCHIVE is a folder, s3://bucket/prefix, either of them with
a layout (s3://bucket/events.%Y-%m-%d_%H.log.gz), or a name from the config.

\b
Examples:
  hourscope demo
  hourscope /var/archive
  hourscope ls s3://bucket/events. --from yesterday
"""
_EPILOG = "'hourscope help COMMAND' describes a command, 'hourscope help open' the options of the explorer."


class UnnamedError(Exception):
    """An OSError that the core does not explain."""

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.error = error


class Commands(click.Group):
    """The commands, imported when they run. Any other first word is an archive to open."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS and cmd_name != OPEN:
            return None
        command: click.Command = import_module(f"tui.cli.{cmd_name}").command
        if not gc.isenabled():
            gc.freeze()  # imported modules stay: garbage collection need not scan them
            gc.enable()
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except StdoutError:
            raise
        except OSError as error:  # click would exit with 1 for a broken pipe, which is grep's "nothing matched"
            raise UnnamedError(error) from error
        except EOFError as error:  # click would take it for the end of typed input
            raise RuntimeError(f"EOFError: {error}") from error
        except KeyboardInterrupt as error:  # click would print an empty line
            raise click.Abort from error

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        while args and args[0] == DEBUG:  # `run` has already handled --debug before the command
            args = args[1:]
        if not args or args[0] not in {"--help", "-h", "--version", OPEN, *COMMANDS}:
            if args and (problem := unknown_command(args, list(COMMANDS))):
                raise click.UsageError(problem, ctx)
            args = [OPEN, *args]
        return super().parse_args(ctx, args)


def _print_version(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    del parameter
    if value and not ctx.resilient_parsing:
        from tui.cli.version import version

        click.echo(f"hourscope, version {version()}")
        ctx.exit()


@click.command(
    cls=Commands,
    help=_HELP,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    options_metavar="",
    subcommand_metavar="[ARCHIVE | COMMAND] [OPTIONS]",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Print the version and exit.",
)
def commands() -> None:
    pass
