"""What storage refuses. The docstring of each is its default message."""

from datetime import date


class StorageError(Exception):
    """The storage refused."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or type(self).__doc__)


class DatabaseUrlError(StorageError):
    """The database URL cannot be used."""


class DatabaseUnreachableError(StorageError):
    """The database server cannot be reached."""


class LostCommitError(StorageError):
    """The connection was lost in a commit, and nobody could say whether it was stored."""


class NotFoundError(StorageError):
    """There is no such record."""


class StaleError(StorageError):
    """The record changed since the reader saw it."""


class InvitationRefusedError(StorageError):
    """The invitation is unknown, used, expired or revoked."""


class EvidenceRefusedError(StorageError):
    """The file cannot be taken as evidence.

    ``code`` says why: ``empty``, ``too_large`` or ``type``; ``arguments`` fill the sentence the reader gets.
    """

    def __init__(self, code: str, **arguments: str | int) -> None:
        super().__init__(f"evidence refused: {code}")
        self.code = code
        self.arguments = arguments


class OccurrenceRefusedError(StorageError):
    """What happened cannot be recorded so.

    ``code`` says why: ``future``, ``passed``, ``too_early``, ``nothing_arises``, ``no_district``, ``no_note``,
    ``too_long``, ``no_stage``, ``settled``, ``not_handed_over``, ``waiting_check``, ``returned``, ``not_in_default``
    or ``recorded``; ``arguments`` fill the sentence the reader gets.
    """

    def __init__(self, code: str, **arguments: str | int | date) -> None:
        super().__init__(f"occurrence refused: {code}")
        self.code = code
        self.arguments = arguments


class QuotaRefusedError(StorageError):
    """An amount of allowances or of CCER cannot be recorded so.

    ``code`` says why: ``not_a_unit``, ``out_of_range``, ``too_long``, ``year``, ``offset_above_cap``, ``due_unknown``,
    ``above_cap`` or ``no_rule``; ``arguments`` fill the sentence the reader gets.
    """

    def __init__(self, code: str, **arguments: str | int) -> None:
        super().__init__(f"quota refused: {code}")
        self.code = code
        self.arguments = arguments


class ReplayRefusedError(StorageError):
    """A notification cannot be sent again, or let go.

    ``code`` says why: ``unknown``, ``not_dead`` or ``unreachable``; ``arguments`` fill the sentence the administrator gets.
    """

    def __init__(self, code: str, **arguments: str | int) -> None:
        super().__init__(f"notification refused: {code}")
        self.code = code
        self.arguments = arguments
