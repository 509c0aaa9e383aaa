"""A law that no release changes, and what to look for in a picture of its years."""

import tempfile
from functools import cache
from pathlib import Path

from bot.timeline.agenda import agenda
from bot.timeline.fonts import chinese_face
from bot.timeline.layout import laid_out
from bot.timeline.shapes import Label, Picture
from bot.timeline.typesetting import LANE_WIDTH, lane_x
from bot.timeline.words import Script
from locales.printer import Printer
from obligations.law import Law
from obligations.notice import Rulebook, load_rulebook
from obligations.terms import SECTOR_GROUPS, Sector

ZH = Printer.for_language("zh-hans")
EN = Printer.for_language("en")
POWER = SECTOR_GROUPS["power"]
_MUNICIPAL = "渝环规〔2023〕2号"
_NATIONAL = "示例函〔2026〕9号"

_NATIONAL_NOTICE = """
number = "示例函〔2026〕9号"
version = "1"
authority = "national"
issued_on = 2025-12-01
in_force_on = 2025-12-01
zone = "Asia/Shanghai"
title = { zh = "示例通知", en = "Example notice" }
issuer = { zh = "示例部门", en = "Example office" }

[provenance]
source = "second-hand"
note = { zh = "转载文本", en = "Read second-hand" }

[[rules]]
name = "steel-evidence"
title = { zh = "钢铁月度存证", en = "Monthly evidence of steel" }
recurrence = "monthly"
first_period = "2025-12"
sectors = ["steel"]

[[rules.stages]]
name = "unit"
actor = "unit"
per = "unit"
title = { zh = "上传数据", en = "Upload the data" }
clause = "附件1"
source_words = "每月结束后40个自然日内"
submit_to = "district"
checked_by = "district"
deadline = { kind = "month_end_plus", days = 40 }
evidence = { zh = "记录", en = "The record" }
hardness = "hard"

[[rules]]
name = "national-report"
of_duty = "annual-report"
title = { zh = "年度排放报告", en = "Annual report" }
recurrence = "yearly"
first_period = "2025"
sectors = "power"

[[rules.stages]]
name = "unit"
actor = "unit"
per = "unit"
title = { zh = "报送年度排放报告", en = "Submit the report" }
clause = "第3条"
source_words = "2026年1月20日前"
submit_to = "district"
checked_by = "district"
deadline = { kind = "fixed", month = 1, day = 20, year_offset = 1 }
evidence = { zh = "报告", en = "The report" }
hardness = "hard"

[[rules]]
name = "national-verification"
of_duty = "verification"
title = { zh = "年度核查", en = "Verification" }
recurrence = "yearly"
first_period = "2025"
sectors = "power"

[[rules.stages]]
name = "municipal"
actor = "municipal"
per = "municipal"
title = { zh = "完成核查", en = "Complete the verification" }
clause = "第4条"
source_words = "2026年6月30日前"
submit_to = "kept"
deadline = { kind = "fixed", month = 6, day = 30, year_offset = 1 }
evidence = { zh = "结论", en = "The result" }
hardness = "hard"
"""


@cache
def municipal_law() -> Law:
    """Return the municipal notice alone, so that what ships beside it changes no date."""
    shipped = Law.shipped()
    own = tuple(notice for notice in shipped.rulebook.notices if notice.number == _MUNICIPAL)
    return Law(rulebook=Rulebook(notices=own), calendar=shipped.calendar)


@cache
def overlaid_law() -> Law:
    """Return the municipal notice with a national one beside it, read second-hand."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "national.toml").write_text(_NATIONAL_NOTICE, encoding="utf-8")
        added = load_rulebook(added=Path(folder))
    chosen = tuple(notice for notice in added.notices if notice.number in (_MUNICIPAL, _NATIONAL))
    return Law(rulebook=Rulebook(notices=chosen), calendar=municipal_law().calendar)


def drawn(law: Law, year: int, sectors: frozenset[Sector], p: Printer) -> Picture:
    return laid_out(Script(agenda(law, year, sectors), p), chinese_face())


def labels(picture: Picture) -> list[Label]:
    return [shape for group in picture.groups for shape in group.shapes if isinstance(shape, Label)]


def texts(picture: Picture) -> str:
    return "".join(label.text for label in labels(picture))


def within(picture: Picture, says: str, text: str) -> bool:
    """Tell whether the one box that is described so bears a text."""
    (group,) = [group for group in picture.groups if group.says.startswith(says)]
    return text in "".join(shape.text for shape in group.shapes if isinstance(shape, Label))


def lane_of(picture: Picture, text: str) -> int:
    """Return the lane in which a text stands."""
    (label,) = [label for label in labels(picture) if label.text == text]
    return next(lane for lane in range(3) if lane_x(lane) <= label.x < lane_x(lane) + LANE_WIDTH)
