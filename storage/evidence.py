"""Evidence files: kept once by SHA-256 outside the database, bound to a stage inside it.

Where several processes share a PostgreSQL database and nothing else, it keeps the files too, and each process's folder
holds those that it had to do with.

Files come from strangers. Their type is read from their content, never from their name; nothing is unpacked or
executed; the name is kept for people only and never becomes a path.
"""

import hashlib
import io
import os
import re
import tempfile
import unicodedata
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage import trail
from storage.errors import EvidenceRefusedError, NotFoundError
from storage.models import Evidence, EvidenceContent, Stage
from storage.statements import insert_ignoring_conflicts

MAX_BYTES = 20 * 1024 * 1024
"""The largest file a bot can fetch from Telegram, and so the largest Duewatch takes from anywhere."""

_NAME_LENGTH = 120
_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_ENDINGS = {
    "application/pdf": (".pdf",),
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/webp": (".webp",),
    "image/heic": (".heic", ".heif"),
    "video/mp4": (".mp4", ".m4v"),
    "video/quicktime": (".mov",),
    "application/msword": (".doc", ".wps"),
    "application/vnd.ms-excel": (".xls", ".et"),
    _DOCX: (".docx",),
    _XLSX: (".xlsx",),
    "application/ofd": (".ofd",),
    "application/zip": (".zip",),
    "text/plain": (".txt", ".csv"),
}
"""The accepted types, each with the endings a file of it may carry; the first is given where it carries none."""

_SIGNATURES = (
    (re.compile(rb"%PDF-"), "application/pdf"),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
    # The brand tells a film from the pictures and sounds that share its container.
    (re.compile(rb"\x00\x00[\x00\x01].ftyp(iso.|mp4.|avc.|M4V |dash|MSNV|XAVC)", re.DOTALL), "video/mp4"),
    (re.compile(rb"\x00\x00[\x00\x01].ftypqt  ", re.DOTALL), "video/quicktime"),
    (re.compile(rb"\x00\x00[\x00\x01].ftyp(heic|heix|mif1)", re.DOTALL), "image/heic"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_MARKS = {
    "WordDocument": "application/msword",
    "Workbook": "application/vnd.ms-excel",
    "Book": "application/vnd.ms-excel",
}
_ZIP_MARKS = {"xl/": _XLSX, "word/": _DOCX, "OFD.xml": "application/ofd"}
_ACTED_ON = ("<", "{\\rtf", "#!")
"""How text begins that a browser, an office program or a shell would act on instead of showing it."""


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
        self._write(stored.sha256, content)
        return stored

    def put_back(self, sha256: str, content: bytes) -> Path:
        """Write a file that was taken before, and return where it is kept.

        Raises:
            ValueError: the content is not what has this hash.
        """
        if hashlib.sha256(content).hexdigest() != sha256:
            raise ValueError(f"what is stored as {sha256} is another content")
        self._write(sha256, content)
        return self.path(sha256)

    def _write(self, sha256: str, content: bytes) -> None:
        path = self.path(sha256)
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
            # Each folder holds the name of the next, which may be new as well.
            for folder in (path.parent, path.parent.parent, self.root):
                _sync_folder(folder)

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
    if content.startswith(_OLE):
        return _sniff_ole(content)
    for signature, media_type in _SIGNATURES:
        if signature.match(content):
            return media_type
    if _is_plain_text(content):
        return "text/plain"
    raise EvidenceRefusedError("type")


def clean_name(name: str | None, media_type: str) -> str:
    """Return a file's name as people may see it: one line, no path, no control or direction-changing characters.

    It ends as its content does, so that opening it cannot run what was checked as something else.
    """
    bare = (name or "").replace("\\", "/").rsplit("/", 1)[-1]
    shown = unicodedata.normalize("NFC", "".join(c for c in bare if not _is_unseen(c)))
    kept = re.sub(r"^[\s.]+|[\s.]+$", "", shown)
    endings = _ENDINGS.get(media_type, (".bin",))
    own = next((ending for ending in endings if kept.lower().endswith(ending)), "")
    cut = len(kept) - len(own)
    stem, ending = kept[:cut], kept[cut:] or endings[0]
    return (stem[: _NAME_LENGTH - len(ending)].rstrip() or "file") + ending


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


def share(session: Session, content: bytes) -> None:
    """Keep a file's bytes for the other processes on the database; on SQLite there are none.

    It is done when the file arrives, because another process may be the one that binds it to a stage.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(
            insert_ignoring_conflicts(session, EvidenceContent).values(
                sha256=hashlib.sha256(content).hexdigest(), content=content
            )
        )


def fetch(session: Session, folder: EvidenceFolder, sha256: str) -> Path | None:
    """Return where a file is in this process's folder, brought there if need be; None where it is nowhere.

    Raises:
        ValueError: not a SHA-256, or the database holds another content under it.
    """
    path = folder.path(sha256)
    if path.is_file():
        return path
    content = session.scalar(select(EvidenceContent.content).where(EvidenceContent.sha256 == sha256))
    return None if content is None else folder.put_back(sha256, content)


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


def _sniff_ole(content: bytes) -> str:
    for stream, media_type in _OLE_MARKS.items():
        if stream.encode("utf-16-le") in content:
            return media_type
    raise EvidenceRefusedError("type")


def _is_plain_text(content: bytes) -> bool:
    for encoding in ("utf-8", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if any(unicodedata.category(c) == "Cc" and c not in "\t\r\n" for c in text):
            return False
        return not text.lstrip("\ufeff \t\r\n").startswith(_ACTED_ON)
    return False


def _is_unseen(character: str) -> bool:
    """Tell whether a character has no shape of its own: controls, directions, zero widths, line separators."""
    category = unicodedata.category(character)
    return category.startswith("C") or category in ("Zl", "Zp")


def _sync_folder(folder: Path) -> None:
    """Flush the rename itself, on systems where a folder can be flushed."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
