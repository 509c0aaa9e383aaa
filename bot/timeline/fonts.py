"""A font with Chinese glyphs: where it is, how wide its characters are, and the few of them a picture carries along.

The font that comes with Duewatch's packages is taken, else one of the system's well-known ones.
"""

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Final

from fontTools import subset  # type: ignore[import-untyped]
from fontTools.ttLib import TTCollection, TTFont, TTLibError  # type: ignore[import-untyped]

_PACKAGE: Final = "noto_cjk_sans_otc"
_PACKAGED: Final = "NotoSansCJK-Regular.ttc"

FOLDERS: Final = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path("/System/Library/Fonts"),
    Path("/Library/Fonts"),
    Path("C:/Windows/Fonts"),
)
"""Where operating systems keep their fonts."""

_KNOWN: Final = (
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJKsc-Regular.otf",
    "NotoSansSC-Regular.otf",
    "NotoSansSC-Regular.ttf",
    "SourceHanSansSC-Regular.otf",
    "SourceHanSansCN-Regular.otf",
    "SourceHanSans.ttc",
    "msyh.ttc",
    "Hiragino Sans GB.ttc",
    "STHeiti Light.ttc",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
    "simhei.ttf",
    "DroidSansFallbackFull.ttf",
    "DroidSansFallback.ttf",
)
"""The files of sans-serif fonts with simplified Chinese, the best first."""

_SAMPLE: Final = "督期责令缴配额月日"
"""A font that has these has simplified Chinese."""


class MissingFontError(Exception):
    """No font with Chinese characters was found: neither the package's nor one of the system's."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self.package = _PACKAGE.replace("_", "-")
        self.folders = tuple(folders)
        super().__init__(
            f"no font with Chinese characters: install the Python package {self.package}, or the system's "
            f"fonts-noto-cjk; looked in {', '.join(map(str, self.folders))}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """One face of a font file, and how wide its characters are: in thousandths of the size, by code point."""

    path: Path
    number: int
    """Its place in a collection; 0 in a file of one face."""
    family: str
    advances: Mapping[int, float]

    def width(self, text: str, size: float) -> float:
        """Return how wide a line of text is at ``size``, in the same unit."""
        widest = 1000.0
        return sum(self.advances.get(ord(character), widest) for character in text) * size / 1000

    def subset(self, text: str) -> bytes:
        """Return a WOFF font with no more than the characters of ``text``."""
        with TTFont(self.path, fontNumber=self.number, lazy=True) as font:
            options = subset.Options()
            options.layout_features = []
            options.hinting = False
            options.desubroutinize = True
            options.drop_tables += ["BASE", "GDEF", "GPOS", "GSUB", "VORG", "vhea", "vmtx"]
            cut = subset.Subsetter(options)
            cut.populate(unicodes=sorted({ord(character) for character in text}))
            cut.subset(font)
            font.flavor = "woff"
            written = io.BytesIO()
            font.save(written)
        return written.getvalue()


def chinese_face() -> Face:
    """Return the font that the pictures are set in.

    Raises:
        MissingFontError: there is none here.
    """
    for path in (*_packaged(), *_installed(FOLDERS)):
        face = _face(path)
        if face is not None:
            return face
    raise MissingFontError(FOLDERS)


def _packaged() -> list[Path]:
    if find_spec(_PACKAGE) is None:
        return []
    return [Path(str(files(_PACKAGE) / _PACKAGED))]


def _installed(folders: Iterable[Path]) -> list[Path]:
    found = {
        path.name: path
        for folder in folders
        if folder.is_dir()
        for path in sorted(folder.rglob("*.[to]t[cf]"))
    }
    return [found[name] for name in _KNOWN if name in found]


@cache
def _face(path: Path) -> Face | None:
    """Read the simplified Chinese face of a file; None where it has none or cannot be read."""
    try:
        number = _simplified(path)
        with TTFont(path, fontNumber=number, lazy=True) as font:
            glyphs = font.getBestCmap()
            scale = 1000 / font["head"].unitsPerEm
            metrics = font["hmtx"].metrics
            family = font["name"].getDebugName(16) or font["name"].getDebugName(1)
            advances = {code: metrics[glyph][0] * scale for code, glyph in glyphs.items()}
    except (OSError, TTLibError):
        return None
    if family is None or any(ord(character) not in advances for character in _SAMPLE):
        return None
    return Face(path=path, number=number, family=family, advances=MappingProxyType(advances))


def _simplified(path: Path) -> int:
    """Return the place of a collection's face for simplified Chinese; the first where none is named so."""
    if path.suffix != ".ttc":
        return 0
    with TTCollection(path, lazy=True) as collection:
        names = [font["name"].getDebugName(1) or "" for font in collection.fonts]
    return next((place for place, name in enumerate(names) if name.endswith((" SC", " CN"))), 0)
