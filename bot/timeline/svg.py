"""A picture as SVG: real text with a title and a description, the font's few glyphs embedded where asked."""

from base64 import b64encode
from xml.etree import ElementTree as ET

from bot.timeline.shapes import Arrow, Box, Group, Label, Picture

_FALLBACK = '"Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", sans-serif'
_EMBEDDED = "Duewatch Timeline"
_HEAD = 11
_BOLD = 0.035
"""How much wider than its glyphs a bold text is drawn, as a share of its size: the font has one weight."""


def svg(picture: Picture, *, family: str, font: bytes | None = None) -> str:
    """Return the picture as an SVG document.

    ``family`` is the font it was measured with. ``font``, a WOFF file, is embedded, so that a browser shows the
    same glyphs where no such font is installed.
    """
    root = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "width": str(picture.width),
            "height": str(picture.height),
            "viewBox": f"0 0 {picture.width} {picture.height}",
            "lang": picture.language,
            "role": "graphics-document",
            "aria-labelledby": "title description",
        },
    )
    ET.SubElement(root, "title", {"id": "title"}).text = picture.title
    ET.SubElement(root, "desc", {"id": "description"}).text = picture.description
    families = f'"{family}", {_FALLBACK}'
    if font is not None:
        source = f"data:font/woff;base64,{b64encode(font).decode('ascii')}"
        families = f'"{_EMBEDDED}", {families}'
        style = f'@font-face {{ font-family: "{_EMBEDDED}"; src: url("{source}") format("woff"); }}'
        ET.SubElement(root, "style").text = style
    body = ET.SubElement(root, "g", {"font-family": families})
    for group in picture.groups:
        _add_group(body, group)
    return ET.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _add_group(parent: ET.Element, group: Group) -> None:
    element = ET.SubElement(parent, "g")
    if group.says:
        ET.SubElement(element, "title").text = group.says
    for shape in group.shapes:
        match shape:
            case Box():
                _add_box(element, shape)
            case Label():
                _add_label(element, shape)
            case Arrow():
                _add_arrow(element, shape)


def _add_box(parent: ET.Element, box: Box) -> None:
    attributes = {
        "x": _number(box.x),
        "y": _number(box.y),
        "width": _number(box.width),
        "height": _number(box.height),
        "fill": box.fill,
    }
    if box.radius:
        attributes["rx"] = _number(box.radius)
    if box.stroke is not None:
        attributes |= {"stroke": box.stroke, "stroke-width": "2"}
    if box.dashed:
        attributes["stroke-dasharray"] = "7 5"
    ET.SubElement(parent, "rect", attributes)


def _add_label(parent: ET.Element, label: Label) -> None:
    attributes = {
        "x": _number(label.x),
        "y": _number(label.y),
        "font-size": str(label.size),
        "fill": label.fill,
    }
    if label.anchor != "start":
        attributes["text-anchor"] = label.anchor
    if label.bold:
        attributes |= {"stroke": label.fill, "stroke-width": _number(label.size * _BOLD)}
    ET.SubElement(parent, "text", attributes).text = label.text


def _add_arrow(parent: ET.Element, arrow: Arrow) -> None:
    *path, (x, y) = arrow.points
    back = -_HEAD if x > path[-1][0] else _HEAD
    line = " ".join(f"{_number(px)},{_number(py)}" for px, py in (*path, (x + back / 2, y)))
    # A white edge keeps arrows apart where they cross.
    for stroke, width in (("#ffffff", "8"), (arrow.stroke, "3")):
        ET.SubElement(
            parent,
            "polyline",
            {
                "points": line,
                "fill": "none",
                "stroke": stroke,
                "stroke-width": width,
                "stroke-linejoin": "round",
            },
        )
    head = (
        f"{_number(x)},{_number(y)} {_number(x + back)},{_number(y - 8)} {_number(x + back)},{_number(y + 8)}"
    )
    ET.SubElement(parent, "polygon", {"points": head, "fill": arrow.stroke})


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
