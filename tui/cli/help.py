"""`hourscope help`: print what `--help` prints."""

from __future__ import annotations

import click

from tui.cli.command import Command
from tui.cli.console import EXIT_MATCHED
from tui.cli.slips import similar_command


@click.command("help", cls=Command)
@click.argument("name", metavar="[COMMAND]", required=False)
@click.pass_context
def command(ctx: click.Context, name: str | None) -> int:
    """Print the help of a command.

    Without COMMAND, print the list of commands.

    \b
    Examples:
      hourscope help
      hourscope help scan
    """
    program = ctx.find_root()
    if name is None:
        click.echo(program.get_help())
        return EXIT_MATCHED
    group = program.command
    assert isinstance(group, click.Group)
    described = group.get_command(program, name)
    if described is None:
        names = group.list_commands(program)
        near = similar_command(name, names)
        hint = f"did you mean {near}?" if near else f"the commands are {', '.join(names)}"
        raise click.UsageError(f"'{name}' is not a command; {hint}", ctx)
    click.echo(described.make_context(name, [], parent=program, resilient_parsing=True).get_help())
    return EXIT_MATCHED
