"""`hourscope send`."""

import click


@click.command("send")
def command() -> int:
    """x"""
    return 2
