"""Files that commands write: whole or not at all."""

import os
from pathlib import Path
from tempfile import NamedTemporaryFile


def put(content: bytes, target: Path) -> None:
    """Write a file, and its folder where that is missing: a reader sees what was there before, or all of it.

    Raises:
        OSError: it cannot be written; what was there before is still there.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=target.parent, suffix=".part", delete=False) as copy:
        try:
            copy.write(content)
            copy.flush()
            os.fsync(copy.fileno())
            Path(copy.name).chmod(0o644)  # made for its owner alone; the service may run as another user
            Path(copy.name).replace(target)
        except BaseException:
            Path(copy.name).unlink(missing_ok=True)
            raise
