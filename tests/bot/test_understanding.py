"""A sentence is read for what it asks and of what; where nothing is recognised nothing is guessed."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.spoken_periods import period_in
from bot.understanding import Intent, Place, shipped_vocabulary, understand
from bot.wording.greetings import COMMANDS
from obligations.notice import Level

TODAY = date(2024, 1, 22)
UNIT, DISTRICT, CITY = Level.UNIT, Level.DISTRICT, Level.MUNICIPAL


@pytest.mark.parametrize(
    ("role", "text", "intent", "slots"),
    [
        (CITY, "谁逾期了", "who_is_overdue", {}),
        (CITY, "谁还没交上个月的存证？", "who_is_overdue", {"kind": "monthly_evidence", "period": "2023-12"}),
        (CITY, "渝北区有哪些企业逾期了", "who_is_overdue", {"district": "渝北区"}),
        (CITY, "誰還沒交", "who_is_overdue", {}),
        (CITY, "who is overdue in Yubei", "who_is_overdue", {"district": "渝北区"}),
        (CITY, "2023年度排放报告谁没交", "who_is_overdue", {"kind": "annual_report", "period": "2023"}),
        (DISTRICT, "逾期名单", "who_is_overdue", {}),
        (UNIT, "我逾期了吗", "my_obligations", {}),
        (UNIT, "我有什么要做", "my_obligations", {}),
        (UNIT, "还没交怎么办", "my_obligations", {}),
        (UNIT, "what do I have to do", "my_obligations", {}),
        (UNIT, "什么时候交年度报告", "next_deadline", {"kind": "annual_report"}),
        (UNIT, "下一个截止日期是哪天", "next_deadline", {}),
        (UNIT, "when is the annual report due", "next_deadline", {"kind": "annual_report"}),
        (UNIT, "本月应交的存证已上传", "confirm_done", {"kind": "monthly_evidence", "period": "2023-12"}),
        (UNIT, "交了", "confirm_done", {}),
        (UNIT, "done", "confirm_done", {}),
        (
            UNIT,
            "I have submitted the monthly evidence for December 2023",
            "confirm_done",
            {"kind": "monthly_evidence", "period": "2023-12"},
        ),
        (UNIT, "1月存证传完了", "confirm_done", {"kind": "monthly_evidence", "period": "2024-01"}),
        (UNIT, "我要上传存证", "upload_evidence", {"kind": "monthly_evidence"}),
        (UNIT, "send a file", "upload_evidence", {}),
        (UNIT, "明天再提醒我", "snooze", {"period": "2024-01-23"}),
        (UNIT, "remind me later", "snooze", {}),
        (UNIT, "switch to English", "language", {}),
        (UNIT, "切换语言", "language", {}),
        (UNIT, "help", "help", {}),
        (UNIT, "怎么用", "help", {}),
        (UNIT, "人工", "contact_help", {}),
        (UNIT, "为什么是25日", "rule_explain", {}),
        (UNIT, "存证的期限依据", "rule_explain", {"kind": "monthly_evidence"}),
        (UNIT, "为什么截止到20号", "rule_explain", {}),
        (UNIT, "why is the deadline the 25th", "rule_explain", {}),
        (UNIT, "清单", "checklist", {}),
        (DISTRICT, "看看没有期限的事项清单", "checklist", {}),
        (UNIT, "duties without a date", "checklist", {}),
        (CITY, "逾期清单", "who_is_overdue", {}),
        (UNIT, "我的待办清单", "my_obligations", {}),
        (UNIT, "煤样要保存多久", "keeping", {}),
        (UNIT, "煤樣能不能處置", "keeping", {}),
        (UNIT, "留样可以处理掉了吗", "keeping", {"kind": "sample_retention"}),
        (UNIT, "how long must samples be kept", "keeping", {}),
        (UNIT, "煤样影像已经保存好了", "confirm_done", {"kind": "video_record"}),
        (CITY, "发一下2026年的时序图", "timeline", {"period": "2026"}),
        (DISTRICT, "timeline", "timeline", {}),
        (CITY, "哪些还在等公布日期", "dates_awaited", {}),
        (DISTRICT, "登记一件投诉", "record_event", {}),
        (DISTRICT, "record a complaint", "record_event", {}),
        (UNIT, "登记提交", "confirm_done", {}),
        (
            UNIT,
            "填错了，想更正1月存证",
            "correction_request",
            {"kind": "monthly_evidence", "period": "2024-01"},
        ),
        (CITY, "导出逾期名单", "export", {}),
        (CITY, "全市情况怎么样", "city_summary", {}),
        (CITY, "how are we doing, summary", "city_summary", {}),
        (DISTRICT, "情况怎么样", "district_summary", {}),
        (CITY, "江津进展如何", "district_summary", {"district": "江津区"}),
        (CITY, "万州一季度情况", "district_summary", {"district": "万州区", "period": "2024-Q1"}),
        (DISTRICT, "示例云岭火力发电交了吗", "unit_status", {"unit": "示例云岭火力发电"}),
        (
            DISTRICT,
            "查一下渝北区示例渝北云岭火力发电有限公司的情况",
            "unit_status",
            {"district": "渝北区", "unit": "示例渝北云岭火力发电有限公司"},
        ),
        (
            CITY,
            "Has Sample Yunling Coal Power submitted?",
            "unit_status",
            {"unit": "Sample Yunling Coal Power"},
        ),
        (CITY, "91350100m000100y43 状态", "unit_status", {"unit": "91350100M000100Y43"}),
        (UNIT, "存证交了吗", "unit_status", {"kind": "monthly_evidence"}),
    ],
)
def test_what_a_sentence_asks(role: Level, text: str, intent: str, slots: dict[str, str]) -> None:
    reading = understand(text, role=role, today=TODAY)
    assert (reading.intent, dict(reading.slots)) == (Intent(intent), slots)


@pytest.mark.parametrize(
    ("words", "unit", "district", "city"),
    [
        ("/due 我的待办 My duties", *["my_obligations"] * 3),
        ("/done 登记提交 Submit", *["confirm_done"] * 3),
        ("/overdue /overdue@duewatch_bot 谁逾期了 Who is overdue", *["who_is_overdue"] * 3),
        ("/status 状态", *["unit_status"] * 3),
        ("/summary 总体进度 汇总 Summary", "unit_status", "district_summary", "city_summary"),
        ("/review 待我审核 Waiting for my check", *["my_obligations"] * 3),
        ("/language", *["language"] * 3),
        ("/help", *["help"] * 3),
    ],
)
def test_the_bots_own_words_are_known(words: str, unit: str, district: str, city: str) -> None:
    for text in re.findall(r"/\S+|[\u4e00-\u9fff]+|[A-Z][a-z ]+(?<! )", words):
        for role, intent in ((UNIT, unit), (DISTRICT, district), (CITY, city)):
            assert understand(text, role=role, today=TODAY).intent is Intent(intent), (text, role)


def test_every_command_of_the_menu_is_known() -> None:
    assert set(shipped_vocabulary().commands) == set(COMMANDS)


def test_a_unit_named_after_the_command_is_the_one_meant() -> None:
    assert understand("/status 青禾", role=CITY, today=TODAY).slots["unit"] == "青禾"
    assert "unit" not in understand("/status 青禾", role=UNIT, today=TODAY).slots


@pytest.mark.parametrize("text", ["收到", "好的", "ok", "OK!", "谢谢，收到。", "thanks", "嗯嗯", "Got it."])
def test_an_acknowledgement_asks_for_nothing(text: str) -> None:
    reading = understand(text, role=UNIT, today=TODAY)
    assert (reading.intent, reading.acknowledgement) == (Intent.NONE, True)


@pytest.mark.parametrize(
    "text", ["", "   ", "12", "3.5", "二", "👍", "？", "不知道", "重庆天气怎么样", "asdf qwer"]
)
def test_what_is_not_recognised_is_none_and_no_acknowledgement(text: str) -> None:
    reading = understand(text, role=CITY, today=TODAY)
    assert (reading.intent, reading.acknowledgement) == (Intent.NONE, False)


@pytest.mark.parametrize(
    "text",
    [
        "没交",
        "存证还没上传",
        "not submitted yet",
        "交了吗",
        "是否已提交",
        "谁已经交了",
        "has everyone submitted?",
    ],
)
def test_a_question_or_a_lack_is_never_a_confirmation(text: str) -> None:
    for role in (UNIT, DISTRICT, CITY):
        assert understand(text, role=role, today=TODAY).intent is not Intent.CONFIRM_DONE


@pytest.mark.parametrize(
    ("text", "today", "period"),
    [
        ("上个月", date(2024, 1, 5), "2023-12"),
        ("上上个月", date(2024, 1, 5), "2023-11"),
        ("下月", date(2023, 12, 31), "2024-01"),
        ("本月", date(2024, 2, 29), "2024-02"),
        ("2023年12月", date(2024, 2, 1), "2023-12"),
        ("2023-12", date(2024, 2, 1), "2023-12"),
        ("2023.9", date(2024, 2, 1), "2023-09"),
        ("十二月的", date(2024, 2, 1), "2023-12"),
        ("十一月份", date(2024, 2, 1), "2023-11"),
        ("2月", date(2024, 2, 1), "2024-02"),
        ("去年9月", date(2024, 2, 1), "2023-09"),
        ("december", date(2024, 2, 1), "2023-12"),
        ("2023年度", date(2024, 2, 1), "2023"),
        ("去年", date(2024, 2, 1), "2023"),
        ("2021、2022年度", date(2023, 9, 1), "2021-2022"),
        ("2021-2022", date(2023, 9, 1), "2021-2022"),
        ("2021和2022年", date(2023, 9, 1), "2021-2022"),
        ("2024年一季度", date(2024, 6, 1), "2024-Q1"),
        ("上季度", date(2024, 1, 1), "2023-Q4"),
        ("last quarter", date(2024, 4, 1), "2024-Q1"),
        ("上周", date(2024, 1, 1), "2023-W52"),
        ("this week", date(2024, 12, 30), "2025-W01"),
        ("2024年1月20日", date(2024, 2, 1), "2024-01-20"),
        ("1月20日", date(2024, 2, 1), "2024-01-20"),
        ("昨天", date(2024, 3, 1), "2024-02-29"),
        ("2024年2月30日", date(2024, 2, 1), "2024-02"),
        ("3个月", date(2024, 2, 1), None),
        ("什么时候", date(2024, 2, 1), None),
        ("may i ask", date(2024, 2, 1), None),
    ],
)
def test_the_period_a_sentence_speaks_of(text: str, today: date, period: str | None) -> None:
    assert period_in(text, today=today) == period


@pytest.mark.parametrize(
    ("text", "today", "district"),
    [
        ("渝北", date(2024, 1, 1), "渝北区"),
        ("渝北", date(2026, 1, 1), "两江新区（行政区）"),
        ("渝北区", date(2026, 1, 1), "渝北区"),
        ("两江新区", date(2024, 1, 1), "两江新区（国家级新区）"),
        ("两江新区", date(2026, 1, 1), "两江新区（行政区）"),
        ("酉阳县", date(2024, 1, 1), "酉阳土家族苗族自治县"),
        ("沙坪壩", date(2024, 1, 1), "沙坪坝区"),
        ("高新区", date(2024, 1, 1), "西部科学城重庆高新区"),
        ("Nan'an", date(2024, 1, 1), "南岸区"),
        ("万盛", date(2024, 1, 1), "万盛经济技术开发区"),
    ],
)
def test_a_district_is_given_by_its_official_name_on_that_day(text: str, today: date, district: str) -> None:
    assert understand(f"{text} 情况", role=CITY, today=today).slots["district"] == district


def test_another_city_brings_its_own_districts() -> None:
    words = shipped_vocabulary().of_districts([Place(name="示例北区", aliases=("城北",))])
    reading = understand("城北谁没交，渝北呢", role=CITY, today=TODAY, vocabulary=words)
    assert dict(reading.slots) == {"district": "示例北区"}


def test_the_kinds_of_duty_are_those_that_are_promised() -> None:
    assert set(shipped_vocabulary().kinds.values()) == {
        "monthly_evidence",
        "annual_report",
        "quality_plan",
        "verification",
        "surrender",
        "rectification",
        "correction",
        "nonpower_report",
        "list",
        "sample_retention",
        "video_record",
        "ccer",
        "parameters",
    }


@given(
    st.text(max_size=500),
    st.sampled_from([UNIT, DISTRICT, CITY]),
    st.dates(date(2000, 3, 1), date(2199, 1, 1)),
)
def test_no_text_breaks_it_and_the_same_text_means_the_same(text: str, role: Level, today: date) -> None:
    first = understand(text, role=role, today=today)
    assert first == understand(text, role=role, today=today)
    assert set(first.slots) <= {"period", "district", "unit", "kind"}
