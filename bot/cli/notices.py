"""``duewatch rules check`` and ``add``: a notice file before it is put in force, and putting it there."""

from pathlib import Path
from typing import NoReturn

import click

from bot.cli import difference_words
from bot.cli.differences import concern, told, working_days, years
from bot.cli.files import put
from bot.cli.terminal import Refusal, as_json, as_told, misused, settings, today_of
from locales.printer import Printer
from obligations.candidates import Candidate, candidate
from obligations.comparison import Comparison
from obligations.law import NOTICES
from obligations.notice import NoticeError, notice_files

_FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
_REPLACE = click.option(
    "--replace", is_flag=True, help="Take the place of the same version of this notice, added before."
)


@click.command()
@_FILE
@_REPLACE
@as_json
@click.pass_obj
def check(p: Printer, *, file: Path, replace: bool, as_json: bool) -> None:
    """Check a notice file by itself and against what is in force, and name the line of everything that is wrong.

    Exit code 1 where something is. What may be a slip is remarked on, and hinders nothing.
    """
    found = _checked(p, file, replace=replace, as_json=as_json)
    if as_json:
        as_told(
            {
                "file": str(file),
                "valid": True,
                "number": found.notice.number,
                "version": found.notice.version,
                "rules": len(found.notice.rules),
                "problems": [],
                "remarks": [difference_words.problem_data(each) for each in found.remarks],
            }
        )
        return
    click.echo(
        p.plural(
            "{number}: {n} rule, no fault.",
            "{number}: {n} rules, no fault.",
            len(found.notice.rules),
            number=found.notice.number,
        )
    )
    _remark(p, found)


@click.command()
@_FILE
@_REPLACE
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
@click.pass_obj
def add(p: Printer, *, file: Path, replace: bool, yes: bool, as_json: bool) -> None:
    """Check a notice file, tell what it changes, and put it in force here once that is confirmed.

    An amended notice is a file of its own with a higher version: no version ever overwrites another. With --replace
    a corrected text takes the place of the same version that was added before.
    """
    if as_json and not yes:
        misused(p.text("--json asks nothing; confirm with --yes"))
    found = _checked(p, file, replace=replace, as_json=as_json)
    target = _target(p, file, found)
    content = file.read_bytes()
    if target.exists() and target.read_bytes() == content:
        if as_json:
            as_told({"file": str(target), "number": found.notice.number, "added": False, "restart": False})
        else:
            click.echo(
                p.text("{number} is in force here already: {path}", number=found.notice.number, path=target)
            )
        return
    comparison = Comparison(before=found.before, after=found.after, calendar=working_days())
    difference = comparison.difference(*years(p, today_of(settings()), None, None))
    if not as_json:
        for line in difference_words.told(p, difference):
            click.echo(line)
        for line in told(p, concern(p, comparison, difference), everyone=False):
            click.echo(line)
        click.echo("")
        _remark(p, found)
    if not yes and not click.confirm(p.text("Put {number} in force here?", number=found.notice.number)):
        raise Refusal(p.text("nothing was changed"))
    try:
        put(content, target)
    except OSError as error:
        _unreadable(p, error, target)
    if as_json:
        as_told(
            {
                "file": str(target),
                "number": found.notice.number,
                "version": found.notice.version,
                "added": True,
                "restart": True,
                "difference": difference_words.as_data(difference),
            }
        )
        return
    click.echo(p.text("Added as {path}.", path=target))
    click.echo(
        p.text("A duewatch run that is running goes on with the old notices; restart it to read this one.")
    )


def _checked(p: Printer, file: Path, *, replace: bool, as_json: bool) -> Candidate:
    """Return a notice file that fits what is in force, or stop with what is wrong and where."""
    try:
        paths = notice_files(added=_folder())
        return candidate(file, paths, calendar=working_days(), replacing=replace)
    except NoticeError as error:
        if as_json:
            problems = [difference_words.problem_data(each) for each in error.problems]
            as_told({"file": str(file), "valid": False, "problems": problems})
        raise Refusal(str(error)) from None
    except OSError as error:
        _unreadable(p, error, file)


def _target(p: Printer, file: Path, found: Candidate) -> Path:
    """Return where the file goes: in the place of the same version, else under its own name."""
    folder = _folder()
    target = folder / file.with_suffix(".toml").name
    if found.home is None:
        if target.exists():
            misused(
                p.text("{path} is there already and holds another notice; rename the file first", path=target)
            )
        return target
    shipped = found.home.parent.resolve() != folder.resolve()
    if shipped and found.home.read_bytes() != file.read_bytes():
        misused(
            p.text(
                "{number} version {version} comes with this release and stays; write an amendment as a higher version",
                number=found.notice.number,
                version=found.notice.version,
            )
        )
    return found.home


def _folder() -> Path:
    return settings().law_folder / NOTICES


def _remark(p: Printer, found: Candidate) -> None:
    for each in found.remarks:
        click.echo(p.text("To look at: {remark}", remark=each))


def _unreadable(p: Printer, error: OSError, path: Path) -> NoReturn:
    raise Refusal(
        p.text(
            "{path} cannot be written or read: {reason}", path=error.filename or path, reason=error.strerror
        )
    ) from None
