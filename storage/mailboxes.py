"""What a mailbox looks like, for those who enter one: checked before anything is kept."""

import re
from typing import Final

from storage.errors import StorageError

_LOCAL: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_LONGEST_LOCAL: Final = 64
_LONGEST: Final = 254


class MailboxError(StorageError):
    """What was typed is no mailbox."""


def checked(text: str) -> str:
    """Return a mailbox as mail servers take it: the host in small letters, and in ASCII.

    Raises:
        MailboxError: it is not one.
    """
    local, at, host = text.strip().rpartition("@")
    try:
        host = host.lower().encode("idna").decode("ascii")
    except UnicodeError:
        host = ""
    labels = host.split(".")
    right = (
        at
        and _LOCAL.fullmatch(local)
        and len(local) <= _LONGEST_LOCAL
        and len(labels) > 1
        and all(_LABEL.fullmatch(label) for label in labels)
        and len(local) + 1 + len(host) <= _LONGEST
    )
    if not right:
        raise MailboxError("expected a mailbox such as name@example.org")
    return f"{local}@{host}"
