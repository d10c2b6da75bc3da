"""The command line: one file a command, each turning options into a validated call of the core, and printing.

Data goes to stdout, narration and progress to stderr. Exit codes are grep's: 0 something matched or all was sent,
1 nothing matched, 2 something failed, 130 interrupted.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from tui import __version__
from tui.cli.console import (
    DEBUG,
    EXIT_FAILED,
    EXIT_INTERRUPTED,
    ReaderGoneError,
    StdoutError,
    open_standard_streams,
    say,
)
from tui.cli.signals import interrupts, leave
from tui.errors import HourscopeError, is_full, reason
from tui.shell import shell_join

_COMMANDS = ("demo", "ls", "cat", "scan", "send", "archive", "verify", "doctor")
_OPEN = "open"  # what `hourscope ARCHIVE` means; hidden


class _UnnamedError(Exception):
    """An OSError that the core has not made a sentence of."""

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.error = error


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
        except StdoutError:
            raise
        except OSError as error:  # click would make 1 of a broken pipe, which is grep's "nothing matched"
            raise _UnnamedError(error) from error
        except EOFError as error:  # click would take it for the end of what a person types
            raise RuntimeError(f"EOFError: {error}") from error
        except KeyboardInterrupt as error:  # click would print an empty line
            raise click.Abort from error

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
    open_standard_streams()
    words = list(sys.argv[1:] if args is None else args)
    code = run(words)
    if code == EXIT_INTERRUPTED:
        leave()  # a thread that is stuck would hold Python's own end
    sys.exit(code)


def run(words: list[str]) -> int:
    """The exit code of a command line."""
    debug = DEBUG in words or bool(os.environ.get("HOURSCOPE_DEBUG"))
    try:
        with interrupts(_interrupted(words)):
            code = commands.main(words, prog_name="hourscope", standalone_mode=False, obj=debug)
            sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  (the outermost handler: whatever nobody foresaw is
        # a sentence and exit code 2, because a traceback ends with 1, which is grep's "nothing matched")
        if debug:
            import traceback

            traceback.print_exc()
        return _explain(error, words)


def _interrupted(words: list[str]) -> str:
    return f"interrupted; run it again with: {shell_join(['hourscope', *words])}"


def _explain(error: BaseException, words: list[str]) -> int:
    """Print an error as one line: the exit code."""
    match error:
        case ReaderGoneError():  # end as quietly as cat does
            _drop_stdout()
            return 128 + signal.SIGPIPE
        case StdoutError():
            _drop_stdout()
            say(_about_stdout(error.error))
        case KeyboardInterrupt() | click.Abort():
            say(_interrupted(words))
            return EXIT_INTERRUPTED
        case click.UsageError():
            where = error.ctx.command_path if error.ctx else "hourscope"
            say(f"{error.format_message().rstrip('.')}; see {where} --help")
        case click.ClickException():
            say(error.format_message())
        case HourscopeError():
            say(str(error))
        case _UnnamedError():
            say(_about_system(error.error))
        case MemoryError():
            say("out of memory; run it again with fewer --jobs")
        case RuntimeError() if "can't start new thread" in str(error):
            say("the system allows no more threads; raise the limit of processes (ulimit -u) or use fewer --jobs")
        case RuntimeError() if "home directory" in str(error):
            say("the home folder is unknown; set HOME")
        case _:
            about = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            say(f"internal error: {about}; run it again with {DEBUG} and report it")
    return EXIT_FAILED


def _drop_stdout() -> None:
    """What is still buffered goes nowhere, so that the interpreter's last flush cannot fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _about_stdout(error: OSError) -> str:
    if error.errno == errno.EBADF:
        return "standard output is closed; send it to a file or a pipe, or name an output with -o"
    hint = "; free some space and run it again" if is_full(error) else ""
    return f"standard output cannot be written: {reason(error)}{hint}"


def _about_system(error: OSError) -> str:
    """An error of the system that the core made no sentence of."""
    from tempfile import gettempdir

    names = " and ".join(str(name) for name in (error.filename, error.filename2) if name is not None)
    hint = f"; free some space there or in {gettempdir()} (TMPDIR)" if is_full(error) else ""
    return f"{f'{names}: ' if names else ''}{reason(error)}{hint}; {DEBUG} shows where"
