"""A file is what its content says, and its name says no more: nothing is taken that nobody can check."""

import io
import unicodedata
import zipfile

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from storage.errors import EvidenceRefusedError
from storage.evidence import clean_name, sniff

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
ENDINGS = {
    "application/pdf": (".pdf",),
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/webp": (".webp",),
    "image/heic": (".heic", ".heif"),
    "video/mp4": (".mp4", ".m4v"),
    "video/quicktime": (".mov",),
    "application/msword": (".doc", ".wps"),
    "application/vnd.ms-excel": (".xls", ".et"),
    XLSX: (".xlsx",),
    DOCX: (".docx",),
    "application/ofd": (".ofd",),
    "application/zip": (".zip",),
    "text/plain": (".txt", ".csv"),
}
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504
LEDGER = "月份,燃料消耗量（t）\r\n2024-01,12345.6\r\n"


def packed(*names: str) -> bytes:
    """Return a zip of these names."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, "内容")
    return content.getvalue()


def utf16(word: str) -> bytes:
    return word.encode("utf-16-le")


def verdict(content: bytes) -> str:
    """Return the type a content is taken for, or the code it is refused with."""
    try:
        return sniff(content)
    except EvidenceRefusedError as refused:
        return refused.code


def is_refused(content: bytes) -> bool:
    return verdict(content) == "type"


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"%PDF-1.4\n", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF\0", "image/jpeg"),
        (b"\xff\xd8\xff\xe1\0\x10Exif\0", "image/jpeg"),
        (b"RIFF\x24\0\0\0WEBPVP8 ", "image/webp"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "video/mp4"),
        (b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41", "video/mp4"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "image/heic"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "video/quicktime"),
        (OLE + utf16("WordDocument"), "application/msword"),
        (OLE + utf16("Workbook"), "application/vnd.ms-excel"),
        (packed("[Content_Types].xml", "xl/workbook.xml"), XLSX),
        (packed("[Content_Types].xml", "word/document.xml"), DOCX),
        (packed("OFD.xml", "Doc_0/Document.xml"), "application/ofd"),
        (packed("煤样/采样.csv"), "application/zip"),
        (LEDGER.encode("utf-8"), "text/plain"),
        (LEDGER.encode("utf-8-sig"), "text/plain"),
        (LEDGER.encode("gb18030"), "text/plain"),
        (b"BMCR,1\n", "text/plain"),
        ("说明：本月停机检修。".encode(), "text/plain"),
    ],
)
def test_a_type_is_read_from_the_content(content: bytes, media_type: str) -> None:
    assert sniff(content) == media_type


@pytest.mark.parametrize(
    "content",
    [
        b"MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff\0\0",
        b"MZ\x90\0ftypisom\0\0\2\0isomiso2avc1mp41",
        b"\x7fELF\2\1\1" + b"\0" * 60,
        b"\xca\xfe\xba\xbe\0\0\0\x34",
        OLE,
        OLE + utf16("PowerPoint Document"),
        b"RIFF\x24\0\0\0WAVEfmt ",
        b"RIFF\x24\0\0\0AVI LIST",
        b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42",
        b"Rar!\x1a\7\0" + b"\0" * 20,
        b"7z\xbc\xaf\x27\x1c" + b"\0" * 20,
        b"\x1f\x8b\x08\0\0\0\0\0",
        b"GIF89a\1\0\1\0\x80\0\0",
    ],
)
def test_what_nobody_can_check_is_refused(content: bytes) -> None:
    assert is_refused(content)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("before", ["", "\n\n  \t"])
@pytest.mark.parametrize(
    "markup",
    [
        "<!DOCTYPE html><html><body>台账</body></html>",
        "<HTML><script>alert(1)</script>",
        "<script>alert(1)</script>",
        "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        "<?xml version='1.0'?><svg/>",
        "<?php echo 1;",
        "<!-- 台账 --><html>",
        "{\\rtf1 台账}",
        "#!/bin/sh\nrm -rf /\n",
    ],
)
def test_text_that_is_acted_on_when_opened_is_refused(markup: str, before: str, encoding: str) -> None:
    assert is_refused((before + markup).encode(encoding))


@pytest.mark.parametrize("content", [b"a\0b", b"a\x1b[2Jb", b"\x80\x81\xff\xfe", utf16("台账")])
def test_bytes_that_are_no_readable_text_are_refused(content: bytes) -> None:
    assert is_refused(content)


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04",
        b"PK\x03\x04" + b"\0" * 100,
        packed("a.csv")[:-10],
        packed("a.csv")[:40],
        packed("xl/workbook.xml").replace(b"PK\x01\x02", b"PK\x01\x03"),
        packed(),
    ],
    ids=["a beginning", "zeros", "cut at its end", "cut in a file", "no directory", "empty"],
)
def test_a_zip_that_cannot_be_opened_is_refused(content: bytes) -> None:
    assert is_refused(content)


@given(
    start=st.sampled_from(
        [b"", b"PK\x03\x04", b"%PDF-", OLE[:8], b"RIFF", b"\0\0\0\x18ftyp", b"\xff\xd8\xff", b"<"]
    ),
    rest=st.binary(max_size=300),
)
def test_whatever_comes_is_one_of_the_types_or_refused(start: bytes, rest: bytes) -> None:
    assert verdict(start + rest) in {*ENDINGS, "type"}


WHOLE = packed("xl/workbook.xml", "说明.txt")


@given(place=st.integers(0, len(WHOLE) - 1), byte=st.integers(0, 255), cut=st.integers(4, len(WHOLE)))
def test_a_damaged_zip_is_opened_or_refused_and_nothing_else(place: int, byte: int, cut: int) -> None:
    damaged = bytearray(WHOLE)
    damaged[place] = byte
    assert verdict(bytes(damaged[:cut])) in {*ENDINGS, "type"}


@pytest.mark.parametrize(
    ("name", "media_type", "shown"),
    [
        ("月报.pdf", "application/pdf", "月报.pdf"),
        ("月报.PDF", "application/pdf", "月报.PDF"),
        ("照片.jpeg", "image/jpeg", "照片.jpeg"),
        ("台账.csv", "text/plain", "台账.csv"),
        ("台账", XLSX, "台账.xlsx"),
        (None, "application/pdf", "file.pdf"),
        ("", "image/jpeg", "file.jpg"),
        ("   ", "text/plain", "file.txt"),
        ("\u3000", "text/plain", "file.txt"),
        ("..", "application/zip", "file.zip"),
        ("...pdf", "application/pdf", "pdf.pdf"),
        ("../../etc/passwd", "text/plain", "passwd.txt"),
        ("C:\\台账\\一月.pdf", "application/pdf", "一月.pdf"),
        ("/srv/a/", "application/pdf", "file.pdf"),
        ("run.bat", "text/plain", "run.bat.txt"),
        ("月报.html", "text/plain", "月报.html.txt"),
        ("setup.msi", "application/msword", "setup.msi.doc"),
        ("app.jar", "application/zip", "app.jar.zip"),
        ("宏.docm", DOCX, "宏.docm.docx"),
        ("月报\u202efdp.exe", "application/pdf", "月报fdp.exe.pdf"),
        ("月\u200b报\u2060\ufeff.pdf", "application/pdf", "月报.pdf"),
        ("月\n报\r\t\0.pdf", "application/pdf", "月报.pdf"),
        ("月\u2028报\u2029.pdf", "application/pdf", "月报.pdf"),
        ("a\ud800b.pdf", "application/pdf", "ab.pdf"),
        ("e\u0301.pdf", "application/pdf", "\u00e9.pdf"),
        ("长" * 300 + ".xlsx", XLSX, "长" * 115 + ".xlsx"),
        ("x." + "y" * 300, "application/pdf", "x." + "y" * 114 + ".pdf"),
        ("a.b", "application/x-unheard-of", "a.b.bin"),
    ],
)
def test_a_name_is_shown_as_one_plain_line_that_ends_as_the_content(
    name: str | None, media_type: str, shown: str
) -> None:
    assert clean_name(name, media_type) == shown


@given(name=st.none() | st.text(), media_type=st.sampled_from(sorted(ENDINGS)))
@example(name="e\u200b\u0301.pdf", media_type="application/pdf")
@example(name=".\u200b.pdf", media_type="application/pdf")
def test_no_name_can_hide_what_it_is(name: str | None, media_type: str) -> None:
    shown = clean_name(name, media_type)
    assert shown.lower().endswith(ENDINGS[media_type])
    assert 4 < len(shown) <= 120
    assert not set(shown) & set("/\\")
    assert not shown.startswith((".", " "))
    assert all(
        unicodedata.category(c)[0] != "C" and unicodedata.category(c) not in ("Zl", "Zp") for c in shown
    )
    assert clean_name(shown, media_type) == shown
