"""Evidence files: kept once by SHA-256 outside the database, bound to a stage inside it.

Files come from strangers. Their type is read from their content, never from their name; nothing is unpacked or
executed; the name is kept for people only and never becomes a path.
"""

import hashlib
import io
import os
import tempfile
import unicodedata
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import puremagic
from sqlalchemy import select
from sqlalchemy.orm import Session

from storage import trail
from storage.errors import EvidenceRefusedError, NotFoundError
from storage.models import Evidence, Stage

MAX_BYTES = 20 * 1024 * 1024
"""The largest file a bot can fetch from Telegram, and so the largest Duewatch takes from anywhere."""

_NAME_LENGTH = 120
_ACCEPTED = (
    "application/pdf",
    "image/png",
    "image/jpeg",
    "image/webp",
    "video/mp4",
    "application/msword",
    "application/vnd.ms-excel",
)
_ZIP_MARKS = {
    "xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "OFD.xml": "application/ofd",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file in the evidence folder: its SHA-256 in hex, its size in bytes and the type its content shows."""

    sha256: str
    size: int
    media_type: str


class EvidenceFolder:
    """The folder the files live in, two levels deep by the first characters of their hash."""

    def __init__(self, root: Path, *, max_bytes: int = MAX_BYTES) -> None:
        self.root = root
        self.max_bytes = max_bytes

    def store(self, content: bytes) -> StoredFile:
        """Write a file durably and return what it is; storing the same content again changes nothing.

        Written to a temporary file, flushed to the disk and renamed, so that a file is either whole or absent.

        Raises:
            EvidenceRefusedError: empty, larger than ``max_bytes``, or of a type nobody can check.
        """
        if not content:
            raise EvidenceRefusedError("empty")
        if len(content) > self.max_bytes:
            raise EvidenceRefusedError("too_large", megabytes=self.max_bytes // (1024 * 1024))
        stored = StoredFile(
            sha256=hashlib.sha256(content).hexdigest(), size=len(content), media_type=sniff(content)
        )
        path = self.path(stored.sha256)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
                try:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                    Path(file.name).replace(path)
                except BaseException:
                    Path(file.name).unlink(missing_ok=True)
                    raise
            _sync_folder(path.parent)
        return stored

    def path(self, sha256: str) -> Path:
        """Return where a file with this hash is kept.

        Raises:
            ValueError: not the hex of a SHA-256, so that no other text can become a path.
        """
        if len(sha256) != hashlib.sha256().digest_size * 2 or not set(sha256) <= set("0123456789abcdef"):
            raise ValueError("not a SHA-256 in lower-case hex")
        return self.root / sha256[:2] / sha256[2:4] / sha256


def sniff(content: bytes) -> str:
    """Return the media type that the content shows.

    Raises:
        EvidenceRefusedError: none of the types that can be opened and checked.
    """
    if content.startswith(b"PK\x03\x04"):
        return _sniff_zip(content)
    try:
        found = {match.mime_type for match in puremagic.magic_string(content)}
    except (puremagic.PureError, ValueError):
        found = set()
    for media_type in _ACCEPTED:
        if media_type in found:
            return media_type
    if not found and _is_text(content):
        return "text/plain"
    raise EvidenceRefusedError("type")


def clean_name(name: str | None, media_type: str) -> str:
    """Return a file's name as people may see it: one line, no path, no control or direction-changing characters."""
    bare = (name or "").replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(c for c in unicodedata.normalize("NFC", bare) if unicodedata.category(c)[0] != "C").strip(
        " ."
    )
    if not kept:
        kept = "file." + media_type.rsplit("/", 1)[-1]
    if len(kept) > _NAME_LENGTH:
        stem, dot, ending = kept.rpartition(".")
        ending = dot + ending if stem and len(ending) < 10 else ""  # noqa: PLR2004  # longer than any real ending
        kept = kept[: _NAME_LENGTH - len(ending)] + ending
    return kept


def bind(
    session: Session, stage_id: int, stored: StoredFile, *, name: str | None, by: int, now: datetime
) -> tuple[Evidence, bool]:
    """Bind a stored file to a stage. Returns it and whether it is new there: the same file again changes nothing."""
    present = session.scalar(
        select(Evidence).where(Evidence.stage_id == stage_id, Evidence.sha256 == stored.sha256)
    )
    if present is not None:
        return present, False
    evidence = Evidence(
        stage_id=stage_id,
        sha256=stored.sha256,
        name=clean_name(name, stored.media_type),
        media_type=stored.media_type,
        size=stored.size,
        uploaded_at=now,
        uploaded_by=by,
    )
    session.add(evidence)
    session.flush()
    stage = session.get_one(Stage, stage_id)
    trail.record(
        session,
        "evidence",
        at=now,
        stage_id=stage_id,
        organisation_id=stage.actor_id,
        contact_id=by,
        sha256=stored.sha256,
        name=evidence.name,
        size=stored.size,
    )
    return evidence, True


def get(session: Session, evidence_id: int) -> Evidence:
    """Return one file's record.

    Raises:
        NotFoundError: there is none with this id.
    """
    evidence = session.get(Evidence, evidence_id)
    if evidence is None:
        raise NotFoundError(f"there is no file {evidence_id}")
    return evidence


def of_stage(session: Session, stage_id: int) -> Sequence[Evidence]:
    """Return the files bound to a stage, oldest first."""
    return session.scalars(select(Evidence).where(Evidence.stage_id == stage_id).order_by(Evidence.id)).all()


def _sniff_zip(content: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, EOFError, NotImplementedError):
        raise EvidenceRefusedError("type") from None
    for mark, media_type in _ZIP_MARKS.items():
        if any(name.startswith(mark) for name in names):
            return media_type
    return "application/zip"


def _is_text(content: bytes) -> bool:
    if b"\0" in content:
        return False
    for encoding in ("utf-8", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return not any(unicodedata.category(c) == "Cc" and c not in "\t\r\n" for c in text)
    return False


def _sync_folder(folder: Path) -> None:
    """Flush the rename itself, on systems where a folder can be flushed."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
