"""An administrator is invited from the command line, enrols in the chat, and hears what is wrong, in their language."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bot.cli import main
from bot.wording import alarms
from bot.wording.phrases import Voice
from jobs.briefs import AlarmBrief, Named
from jobs.timetable import WATCH, catch_up
from locales.printer import Printer
from obligations.law import Law
from storage import contacts
from storage.alarms import AlarmName
from storage.database import Session
from storage.models import Contact
from storage.types import NOTICE_ZONE
from tests.bot.conftest import CITY, Town

NOON = datetime(2024, 2, 20, 12, 0, tzinfo=NOTICE_ZONE)
BRIEF = AlarmBrief(
    name=AlarmName.OUTBOX_AGED,
    subject="",
    detail={"waiting": 3, "minutes": 31},
    raised_at=NOON,
    cleared_at=None,
    again=False,
    contacts=(),
)
DETAILS: dict[AlarmName, dict[str, Any]] = {
    AlarmName.OUTBOX_AGED: {"waiting": 3, "minutes": 31},
    AlarmName.HORIZON_SHORT: {"days": 80},
    AlarmName.CALENDAR_SHORT: {"through": "2024-12-31", "days": 20},
    AlarmName.DIGEST_LATE: {"sent_at": NOON.isoformat()},
    AlarmName.CONTACT_UNREACHABLE: {"total": 7, "contacts": [1]},
    AlarmName.UPDATES_GIVEN_UP: {"total": 1},
    AlarmName.TRAIL_BROKEN: {"event": 12},
}


def said(law: Law, brief: AlarmBrief, language: str) -> str:
    voice = Voice(p=Printer.for_language(language), law=law, today=NOON.date())
    return alarms.told(voice, brief).html


@pytest.mark.parametrize("name", AlarmName)
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_alarm_says_what_since_when_and_what_to_do(law: Law, name: AlarmName, language: str) -> None:
    brief = replace(BRIEF, name=name, detail=DETAILS.get(name, {}), subject="2024-02-20")
    html = said(law, brief, language)
    assert "{" not in html
    assert "<code>duewatch " in html
    assert ("2024年2月20日 12:00" if language == "zh-hans" else "20 Feb 2024 12:00") in html
    assert any("\u4e00" <= character <= "\u9fff" for character in html) == (language == "zh-hans")


def test_an_alarm_in_chinese_reads_as_an_official_notice(law: Law) -> None:
    assert said(law, BRIEF, "zh-hans") == (
        "<b>请处理：消息积压未发出</b>\n"
        "自 2024年2月20日 12:00 起。\n"
        "\n"
        "3 条消息待发，最早的一条已等待 31 分钟。\n"
        "\n"
        "请在服务器上运行 <code>duewatch doctor</code>，并查看日志中的错误。"
    )


def test_names_are_safe_and_counted(law: Law) -> None:
    brief = replace(
        BRIEF,
        name=AlarmName.CONTACT_UNREACHABLE,
        detail={"total": 7},
        contacts=(Named(contact_name="<b>", organisation_name="Mill & Co"),),
    )
    html = said(law, brief, "en")
    assert "Messages to 7 contacts did not arrive:\nMill &amp; Co &lt;b&gt;\nand 6 more" in html


def test_that_it_is_over_is_said_in_two_lines(law: Law) -> None:
    brief = replace(BRIEF, cleared_at=NOON + timedelta(minutes=40))
    assert said(law, brief, "en") == (
        "<b>Resolved: messages are stuck</b>\nFrom 20 Feb 2024 12:00 to 20 Feb 2024 12:40."
    )


UNREACHED = replace(
    BRIEF,
    name=AlarmName.CONTACT_UNREACHABLE,
    detail={"total": 2},
    contacts=(
        Named(contact_name="乙", organisation_name="示例二厂"),
        Named(contact_name="甲", organisation_name="示例一厂"),
    ),
)


def test_a_contact_who_is_not_reached_is_no_fault_of_duewatch_and_how_it_ends_is_said(law: Law) -> None:
    html = said(law, replace(UNREACHED, again=True, further=1), "zh-hans")
    assert html == (
        "<b>仍请处理：有联系人收不到消息</b>\n"
        "自 2024年2月20日 12:00 起。\n"
        "\n"
        "较上次通知新增 1 位。\n"
        "2 位联系人有消息未送达：\n"
        "示例二厂 乙、示例一厂 甲\n"
        "\n"
        "查看原因：<code>duewatch outbox list</code>。请以其他方式通知本人。"
        "未送达的消息请逐条重发（<code>duewatch outbox replay</code>）或关闭（<code>duewatch outbox discard</code>）；"
        "地址已失效的，请重新邀请（<code>duewatch invite ORGANISATION</code>）。全部处理后，异常自动消除。"
    )
    assert said(law, replace(UNREACHED, cleared_at=NOON), "zh-hans").startswith(
        "<b>异常已消除：有联系人收不到消息</b>\n"
    )


@pytest.mark.parametrize(
    ("language", "words"), [("zh-hans", "已生成的事项已过期 902 天"), ("en", "ended 902 days ago")]
)
def test_duties_that_ended_in_the_past_are_said_as_past(law: Law, language: str, words: str) -> None:
    html = said(law, replace(BRIEF, name=AlarmName.HORIZON_SHORT, detail={"days": -902}), language)
    assert words in html
    assert "-902" not in html


async def test_an_administrator_enrols_and_hears_an_alarm(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.clock.at = NOON
    monkeypatch.setenv("DUEWATCH_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DUEWATCH_DATABASE_URL", f"sqlite:///{town.database.path}")
    monkeypatch.setenv("DUEWATCH_NOW", NOON.isoformat())
    result = CliRunner().invoke(main, ["invite", CITY, "--administrator", "--json"])
    assert result.exit_code == 0, result.output
    invitation = json.loads(result.stdout)
    assert (invitation["administrator"], invitation["lead"]) == (True, False)

    person = town.person(501, "管理员")
    await person.start(invitation["token"])
    assert len(town.database.read(contacts.administrators)) == 1

    await catch_up(town.assistant.context, town.clock.now())
    town.database.write(_lose_somebody)
    await WATCH.work(town.assistant.context, town.clock.now())
    await town.settle()
    told = [message for message in person.messages if "请处理：" in message]
    assert len(told) == 1
    assert "有联系人收不到消息" in told[0]


def _lose_somebody(session: Session) -> None:
    lost = contacts.add(
        session,
        session.query(Contact).filter_by(administrator=True).one().organisation_id,
        name="失联",
        lead=False,
        language="zh-hans",
        channel="telegram",
        address="999",
        now=NOON,
    )
    contacts.unbind(session, "telegram", "999", reason="blocked", now=NOON)
    assert lost.id
