"""The sandbox's memory on disk: an append-only file of JSON lines, and the bytes of files beside it.

A line is one transaction, a list of records; it is on the disk before `append` returns. What the records mean
is `sandbox.state`'s business. Nothing is compacted: a sandbox's life is short.
"""

import errno
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from io import FileIO
from pathlib import Path
from typing import Any, TypeAlias

Record: TypeAlias = dict[str, Any]


class DamagedJournalError(Exception):
    """A line before the last one cannot be read; the file was changed by something else."""


class Journal:
    """One journal file, opened for appending, with a folder `<name>.files` for bytes by their SHA-256."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._folder = path.with_name(f"{path.name}.files")
        self._folder.mkdir(exist_ok=True)
        self._file = path.open("ab", buffering=0)
        _sync_folder(path.parent)

    def replay(self) -> Iterator[list[Record]]:
        """Yield every whole transaction; a torn last line is cut off, as it was never acknowledged.

        Raises:
            DamagedJournalError: when any other line is unreadable.
        """
        sound = 0
        with self._path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    records = json.loads(line) if line.endswith(b"\n") else None
                except ValueError:
                    records = None
                if records is None:
                    if lines.read(1):
                        raise DamagedJournalError(f"{self._path}, line {number}")
                    break
                yield records
                sound += len(line)
        if sound < self._path.stat().st_size:
            self._file.truncate(sound)
            os.fsync(self._file.fileno())

    def append(self, records: Sequence[Record]) -> None:
        """Write one transaction and wait for the disk.

        Raises:
            OSError: when the disk would not take it; the journal is then as it was before.
        """
        line = json.dumps(records, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        before = os.fstat(self._file.fileno()).st_size
        try:
            _write_whole(self._file, line)
        except OSError:
            self._file.truncate(before)
            raise

    def keep(self, content: bytes) -> str:
        """Store bytes and return their SHA-256; storing them again is free."""
        digest = hashlib.sha256(content).hexdigest()
        target = self._folder / digest
        if not target.exists():
            part = target.with_suffix(".part")
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
            _sync_folder(self._folder)
        return digest

    def content(self, digest: str) -> bytes:
        """Return the bytes stored under a SHA-256."""
        return (self._folder / digest).read_bytes()

    def close(self) -> None:
        """Close the file; the journal takes no more records."""
        self._file.close()


class Forgetful:
    """The memory of a world without a journal: nothing outlives the process."""

    def __init__(self) -> None:
        self._contents: dict[str, bytes] = {}

    def replay(self) -> Iterator[list[Record]]:
        """Yield nothing."""
        yield from ()

    def append(self, records: Sequence[Record]) -> None:
        """Forget the records."""

    def keep(self, content: bytes) -> str:
        """Hold bytes in memory and return their SHA-256."""
        digest = hashlib.sha256(content).hexdigest()
        self._contents.setdefault(digest, content)
        return digest

    def content(self, digest: str) -> bytes:
        """Return the bytes held under a SHA-256."""
        return self._contents[digest]

    def close(self) -> None:
        """Do nothing: there is no file."""


def _write_whole(file: FileIO, line: bytes) -> None:
    """Write a line and wait for the disk; a full one may take only its first part."""
    if file.write(line) != len(line):
        raise OSError(errno.ENOSPC, "the journal took only part of a line")
    os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make a new name in a folder durable, where the system can (Windows cannot open a folder)."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
