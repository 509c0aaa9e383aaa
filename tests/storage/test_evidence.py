"""Evidence files: each is kept whole or not at all, once, and bound to a stage once."""

import hashlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import evidence, trail
from storage.database import Session
from storage.errors import EvidenceRefusedError, NotFoundError
from storage.evidence import EvidenceFolder, StoredFile
from tests.storage.bureau import UNIT, Bureau, at, everything

PDF = b"%PDF-1.7\n" + b"\0" * 200
NOW = at("2024-02-18 10:00")
LATER = at("2024-02-19 10:00")


@pytest.fixture
def folder(tmp_path: Path) -> EvidenceFolder:
    return EvidenceFolder(tmp_path / "evidence", max_bytes=1024 * 1024)


def files(folder: EvidenceFolder) -> list[Path]:
    return [path for path in folder.root.rglob("*") if path.is_file()]


def test_a_file_is_kept_under_its_hash_with_what_it_is(folder: EvidenceFolder) -> None:
    sha256 = hashlib.sha256(PDF).hexdigest()
    assert folder.store(PDF) == StoredFile(sha256=sha256, size=len(PDF), media_type="application/pdf")
    assert files(folder) == [folder.root / sha256[:2] / sha256[2:4] / sha256]
    assert folder.path(sha256).read_bytes() == PDF


def test_the_same_content_is_written_once(folder: EvidenceFolder) -> None:
    first = folder.store(PDF)
    written = folder.path(first.sha256).stat()
    assert folder.store(PDF) == first
    again = folder.path(first.sha256).stat()
    assert (again.st_ino, again.st_mtime_ns) == (written.st_ino, written.st_mtime_ns)
    assert len(files(folder)) == 1


def test_the_same_content_from_several_at_once_is_one_whole_file(folder: EvidenceFolder) -> None:
    content = PDF + b"x" * 500_000
    start = threading.Barrier(6)

    def work(_number: int) -> StoredFile:
        start.wait(20)
        return folder.store(content)

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(work, range(6)))) == 1
    assert [path.read_bytes() == content for path in files(folder)] == [True]


@pytest.mark.parametrize("error", [OSError(28, "no space left"), KeyboardInterrupt()])
@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_a_write_that_fails_leaves_nothing_under_the_final_name_nor_beside_it(
    folder: EvidenceFolder, monkeypatch: pytest.MonkeyPatch, moment: str, error: BaseException
) -> None:
    def fail(*_arguments: object) -> None:
        assert [path.name[0] for path in files(folder)] == ["."]  # only the temporary file is there
        raise error

    with monkeypatch.context() as patched:
        if moment == "fsync":
            patched.setattr(os, "fsync", fail)
        else:
            patched.setattr(Path, "replace", fail)
        with pytest.raises(type(error)):
            folder.store(PDF)
    assert files(folder) == []
    folder.store(PDF)
    assert len(files(folder)) == 1


def test_the_content_is_on_the_disk_before_it_has_its_name_and_its_folders_after(
    folder: EvidenceFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[tuple[bool, bool]] = []
    flush = os.fsync

    def watch(handle: int) -> None:
        order.append((Path(f"/proc/self/fd/{handle}").is_dir(), folder.path(sha256).exists()))
        flush(handle)

    sha256 = hashlib.sha256(PDF).hexdigest()
    monkeypatch.setattr(os, "fsync", watch)
    folder.store(PDF)
    assert order == [(False, False), (True, True), (True, True), (True, True)]


def test_an_empty_file_is_refused(folder: EvidenceFolder) -> None:
    with pytest.raises(EvidenceRefusedError) as refused:
        folder.store(b"")
    assert refused.value.code == "empty"


def test_the_largest_file_is_taken_and_one_byte_more_is_not(folder: EvidenceFolder) -> None:
    largest = PDF + b"x" * (1024 * 1024 - len(PDF))
    assert folder.store(largest).size == 1024 * 1024
    with pytest.raises(EvidenceRefusedError) as refused:
        folder.store(largest + b"x")
    assert (refused.value.code, refused.value.arguments) == ("too_large", {"megabytes": 1})


def test_what_is_refused_is_not_kept(folder: EvidenceFolder) -> None:
    with pytest.raises(EvidenceRefusedError):
        folder.store(b"MZ\x90\0" + b"\0" * 100)
    assert not folder.root.exists()


@pytest.mark.parametrize("text", ["", "a" * 63, "A" * 64, "../" + "a" * 61, "g" * 64, "a" * 63 + "\n"])
def test_nothing_but_a_hash_becomes_a_path(folder: EvidenceFolder, text: str) -> None:
    with pytest.raises(ValueError, match="not a SHA-256"):
        folder.path(text)


@given(text=st.text())
def test_no_text_leads_out_of_the_folder(text: str) -> None:
    folder = EvidenceFolder(Path("/srv/evidence"))
    try:
        path = folder.path(text)
    except ValueError:
        return
    assert path.is_relative_to(folder.root)
    assert path.name == text


def bind(
    bureau: Bureau, stored: StoredFile, *, name: str | None = "月报.pdf", unit: str = "mill"
) -> tuple[int, bool]:
    stage_id = bureau.stage(UNIT, unit).id

    def work(session: Session) -> tuple[int, bool]:
        bound, new = evidence.bind(session, stage_id, stored, name=name, by=bureau.people[unit], now=NOW)
        return bound.id, new

    return bureau.database.write(work)


def test_a_bound_file_is_on_its_stage_and_on_record(bureau: Bureau, folder: EvidenceFolder) -> None:
    stored = folder.store(PDF)
    bound, new = bind(bureau, stored, name="../月报\u202e.pdf")
    stage_id = bureau.stage(UNIT).id
    assert new
    one = bureau.database.write(lambda session: evidence.get(session, bound))
    assert (
        one.stage_id,
        one.sha256,
        one.name,
        one.media_type,
        one.size,
        one.uploaded_at,
        one.uploaded_by,
    ) == (
        stage_id,
        stored.sha256,
        "月报.pdf",
        "application/pdf",
        len(PDF),
        NOW,
        bureau.people["mill"],
    )
    events = bureau.database.write(lambda session: trail.of_stage(session, stage_id))
    assert [(event.kind, event.contact_id, event.organisation_id) for event in events] == [
        ("evidence", bureau.people["mill"], bureau.mill)
    ]
    assert events[0].detail == {"sha256": stored.sha256, "name": "月报.pdf", "size": len(PDF)}


def test_the_same_file_again_changes_nothing_whatever_its_name(
    bureau: Bureau, folder: EvidenceFolder
) -> None:
    stored = folder.store(PDF)
    bound, _ = bind(bureau, stored)
    before = everything(bureau.database)
    assert bind(bureau, stored, name="另一个名字.pdf") == (bound, False)
    assert everything(bureau.database) == before


def test_the_same_file_may_serve_two_stages(bureau: Bureau, folder: EvidenceFolder) -> None:
    stored = folder.store(PDF)
    first, _ = bind(bureau, stored)
    second, new = bind(bureau, stored, unit="kiln")
    assert new
    assert first != second


def test_the_files_of_a_stage_come_oldest_first_and_only_its_own(
    bureau: Bureau, folder: EvidenceFolder
) -> None:
    bind(bureau, folder.store(PDF + b"1"), name="一.pdf")
    bind(bureau, folder.store(PDF + b"k"), name="窑.pdf", unit="kiln")
    bind(bureau, folder.store(PDF + b"0"), name="二.pdf")
    stage_id = bureau.stage(UNIT).id
    names = bureau.database.read(lambda session: [one.name for one in evidence.of_stage(session, stage_id)])
    assert names == ["一.pdf", "二.pdf"]


def test_there_is_no_file_that_was_never_bound(bureau: Bureau) -> None:
    with pytest.raises(NotFoundError, match="404"):
        bureau.database.read(lambda session: evidence.get(session, 404))
