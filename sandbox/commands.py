"""What the sandbox adds to the command line."""

import click


def register(cli: click.Group) -> None:
    """Add the sandbox's commands to ``duewatch``."""
