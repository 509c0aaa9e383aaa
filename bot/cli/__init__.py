"""The command line, ``duewatch``: one group, a file for each command.

What another room adds to it is found by the entry point group ``duewatch.commands``.
"""

from importlib import import_module
from importlib.metadata import entry_points
from typing import Final

import click

from bot.cli.asking import overdue, understand
from bot.cli.calendars import calendar
from bot.cli.channels import channels
from bot.cli.checklists import checklist
from bot.cli.databases import db
from bot.cli.deadlines import due
from bot.cli.events import event
from bot.cli.inbox import inbox
from bot.cli.keeping import keep
from bot.cli.outbox import outbox
from bot.cli.quotas import quota
from bot.cli.registries import import_, invite
from bot.cli.rulebooks import rules
from bot.cli.rulings import ruling
from bot.cli.terminal import language_of_environment
from locales.printer import LANGUAGES, Printer

_PLUGINS = "duewatch.commands"


_LATE: Final = {"doctor": "bot.cli.doctor", "run": "bot.cli.run"}
"""Commands by the module they are imported from when they are called: with them come Telegram and the scheduler."""


class _Commands(click.Group):
    """The group of commands. The others start in half the time without those that are imported late."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return sorted([*super().list_commands(ctx), *_LATE])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by its name."""
        if cmd_name in _LATE:
            late: click.Command = getattr(import_module(_LATE[cmd_name]), cmd_name)
            return late
        return super().get_command(ctx, cmd_name)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--lang",
    type=click.Choice(list(LANGUAGES)),
    help="Language of the answers; otherwise that of the terminal.",
)
@click.version_option(package_name="duewatch")
@click.pass_context
def main(context: click.Context, lang: str | None) -> None:
    """Keep every dated duty of a carbon-market notice in sight, for enterprises, districts and the municipality."""
    context.obj = Printer.for_language(lang or language_of_environment())


for _command in (
    rules,
    ruling,
    event,
    quota,
    calendar,
    due,
    understand,
    import_,
    invite,
    overdue,
    channels,
    checklist,
    inbox,
    keep,
    outbox,
    db,
):
    main.add_command(_command)
for _plugin in entry_points(group=_PLUGINS):
    _plugin.load()(main)
