"""The command line: one file a command, each turning options into a validated call of the core, and printing.

Data goes to stdout, narration and progress to stderr. Exit codes are grep's: 0 something matched or all was sent,
1 nothing matched, 2 something failed, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from tui import __version__
from tui.cli.console import DEBUG, EXIT_FAILED, EXIT_INTERRUPTED, say
from tui.errors import HourscopeError

_COMMANDS = ("demo", "ls", "cat", "scan", "send", "archive", "verify", "doctor")
_OPEN = "open"  # what `hourscope ARCHIVE` means; hidden


class _ReaderGone(Exception):
    """The reader of our pipe has enough."""


class Commands(click.Group):
    """Commands that are imported when they are called for; anything else is an archive to open."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS and cmd_name != _OPEN:
            return None
        command: click.Command = import_module(f"tui.cli.{cmd_name}").command
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:  # click would make 1 of it, which is grep's "nothing matched"
            raise _ReaderGone from error

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own = {"--help", "-h", "--version"}
        while args and args[0] == DEBUG:  # `run` has seen it; it may stand before the command, too
            args = args[1:]
        if not args or (args[0] not in own and args[0] not in _COMMANDS):
            args = [_OPEN, *args]
        return super().parse_args(ctx, args)


@click.command(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    subcommand_metavar="[ARCHIVE] | COMMAND …",
    epilog="ARCHIVE is a folder, s3://bucket/prefix, either with a layout in it "
    "(s3://bucket/events.%Y-%m-%d_%H.log.gz), or a name from the config. "
    "Without a command it is opened in the explorer; without anything you choose.",
)
@click.version_option(__version__, prog_name="hourscope")
def commands() -> None:
    """Explore, filter and replay an archive of hourly event chunks in S3 or a folder."""


def main(args: Sequence[str] | None = None) -> None:
    """Run a command; every expected failure is one line on stderr."""
    words = list(sys.argv[1:] if args is None else args)
    sys.exit(run(words))


def run(words: list[str]) -> int:
    """The exit code of a command line."""
    debug = DEBUG in words or bool(os.environ.get("HOURSCOPE_DEBUG"))
    try:
        code = commands.main(words, prog_name="hourscope", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except (HourscopeError, click.ClickException, click.Abort, KeyboardInterrupt, _ReaderGone, OSError) as error:
        if debug:
            import traceback

            traceback.print_exc()
        return _explain(error)


def _drop_stdout() -> None:
    """What is still buffered goes nowhere, so that the interpreter's last flush cannot fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _explain(error: BaseException) -> int:
    match error:
        case _ReaderGone() | BrokenPipeError():  # end as quietly as cat does
            _drop_stdout()
            return 128 + 13
        case OSError():  # what the core can name it has named: this is stdout's, such as that of a full disk
            _drop_stdout()
            say(f"the output cannot be written: {error.strerror or error}; free some space and run it again")
        case KeyboardInterrupt() | click.Abort():
            say("interrupted")
            return EXIT_INTERRUPTED
        case click.UsageError():
            where = error.ctx.command_path if error.ctx else "hourscope"
            say(f"{error.format_message().rstrip('.')}; see {where} --help")
        case click.ClickException():
            say(error.format_message())
        case _:
            say(str(error))
    return EXIT_FAILED
