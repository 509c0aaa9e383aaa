"""What storage refuses. The docstring of each is its default message."""


class StorageError(Exception):
    """The storage refused."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or type(self).__doc__)


class DatabaseUrlError(StorageError):
    """The database URL cannot be used."""


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
