"""The command line: one file per command. Each turns options into a validated call of the core, and prints the result.

Data goes to stdout, narration and progress to stderr. Exit codes are grep's: 0 something matched or all was sent,
1 nothing matched, 2 something failed, 130 interrupted.
"""

from __future__ import annotations

import atexit
import errno
import gc
import os
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress

import click

from tui.cli.console import (
    DEBUG,
    EXIT_FAILED,
    EXIT_INTERRUPTED,
    ReaderGoneError,
    StdoutError,
    notify,
    open_standard_streams,
)
from tui.cli.group import OPEN, Commands, UnnamedError, commands
from tui.cli.signals import interrupts, leave
from tui.cli.slips import unknown_option
from tui.errors import HourscopeError, is_full, reason
from tui.shell import shell_join

__all__ = ["Commands", "commands", "main", "program", "run"]


def program() -> None:
    """Run `main` and exit at once.

    Of a small scan's 150 ms, Python would spend 15 ms on tearing down its modules, and 7 ms on garbage collection in
    the imports.
    """
    gc.disable()  # until the command is imported: Commands.get_command
    try:
        main()
    except SystemExit as end:
        if not isinstance(end.code, int) or _is_busy():
            raise
        atexit._run_exitfuncs()  # os._exit does not run exit functions; there is no public name for this
        with suppress(OSError, ValueError):  # closed, or its reader is gone, which `main` has reported
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(end.code)


def _is_busy() -> bool:
    """Return whether there are threads or processes that Python would wait for."""
    others = (thread for thread in threading.enumerate() if thread is not threading.main_thread())
    return "multiprocessing" in sys.modules or not all(thread.daemon for thread in others)


def main(args: Sequence[str] | None = None) -> None:
    """Run a command; every expected failure is one line on stderr."""
    open_standard_streams()
    words = list(sys.argv[1:] if args is None else args)
    code = run(words)
    if code == EXIT_INTERRUPTED:
        leave()  # a stuck thread would keep Python from exiting
    sys.exit(code)


def run(words: list[str]) -> int:
    """Run a command line and return its exit code."""
    debug = DEBUG in words or bool(os.environ.get("HOURSCOPE_DEBUG"))
    if os.environ.get("_HOURSCOPE_COMPLETE"):  # a shell requests candidates
        from tui.cli.completion import answer_shells

        answer_shells()
    try:
        with interrupts(_interrupted(words)):
            code = commands.main(words, prog_name="hourscope", standalone_mode=False, obj=debug)
            sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  (the outermost handler: an unexpected error is one
        # sentence and exit code 2, because a traceback exits with 1, which is grep's "nothing matched")
        if debug:
            import traceback

            traceback.print_exc()
        return _explain(error, words)


def _interrupted(words: list[str]) -> str:
    return f"interrupted; run it again with: {shell_join(['hourscope', *words])}"


def _explain(error: BaseException, words: list[str]) -> int:
    """Print an error as one line; return the exit code."""
    match error:
        case ReaderGoneError():  # end as quietly as cat does
            _drop_stdout()
            return 128 + signal.SIGPIPE
        case StdoutError():
            _drop_stdout()
            notify(_about_stdout(error.error))
        case KeyboardInterrupt() | click.Abort():
            notify(_interrupted(words))
            return EXIT_INTERRUPTED
        case click.UsageError():
            notify(_about_usage(error))
        case click.ClickException():
            notify(error.format_message())
        case HourscopeError():
            notify(str(error))
        case UnnamedError():
            notify(_about_system(error.error))
        case MemoryError():
            notify("out of memory; run it again with fewer --jobs")
        case RuntimeError() if "can't start new thread" in str(error):
            notify("the system allows no more threads; raise the limit of processes (ulimit -u) or use fewer --jobs")
        case RuntimeError() if "home directory" in str(error):
            notify("the home folder is unknown; set HOME")
        case _:
            about = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            notify(f"internal error: {about}; run it again with {DEBUG} and report it")
    return EXIT_FAILED


def _about_usage(error: click.UsageError) -> str:
    try:
        match error:
            case click.NoSuchOption():
                sentence = unknown_option(error)
            case click.MissingParameter(param=click.Argument(type=click.Choice(choices=choices))):
                sentence = f"an argument is missing; it is one of {', '.join(choices)}"  # click prints a line for each
            case _:
                sentence = error.format_message()
    except HourscopeError as problem:  # the config is invalid, in which a name was looked up
        return str(problem)
    command = error.ctx.info_name if error.ctx else None
    where = {None: "hourscope --help", "hourscope": "hourscope --help", OPEN: "hourscope help open"}
    see = f"see {where.get(command) or f'hourscope {command} --help'}"
    return f"{sentence} ({see})" if sentence.endswith("?") else f"{sentence.rstrip('.')}; {see}"


def _drop_stdout() -> None:
    """Discard buffered output, so that the interpreter's last flush cannot fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _about_stdout(error: OSError) -> str:
    if error.errno == errno.EBADF:
        return "standard output is closed; send it to a file or a pipe, or name an output with -o"
    hint = "; free some space and run it again" if is_full(error) else ""
    return f"standard output cannot be written: {reason(error)}{hint}"


def _about_system(error: OSError) -> str:
    """Describe an OSError that the core does not explain."""
    from tempfile import gettempdir

    names = " and ".join(str(name) for name in (error.filename, error.filename2) if name is not None)
    hint = f"; free some space there or in {gettempdir()} (TMPDIR)" if is_full(error) else ""
    return f"{f'{names}: ' if names else ''}{reason(error)}{hint}; {DEBUG} shows where"
