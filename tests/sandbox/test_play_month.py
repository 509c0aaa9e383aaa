"""A month of the notice, played on the real page: from the reminder to the digests that name who is late.

The process is `duewatch run` itself, killed once in the middle and started again.
"""

import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from selenium.common.exceptions import ElementClickInterceptedException, StaleElementReferenceException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from tests.sandbox.running import running

UNIT, DISTRICT, CITY, LEAD = 1001, 2001, 3001, 3002
UNIT_NAME = "示例渝北云岭火力发电有限公司"
PATIENCE_SECONDS = 60

pytestmark = pytest.mark.browser


@dataclass
class Player:
    """Someone at the page."""

    browser: Chrome
    url: str

    def open(self) -> None:
        self.browser.get(self.url)
        self.wait(lambda: self.all("people"))

    def be(self, user_id: int) -> None:
        self.click(f'[data-testid="persona-{user_id}"]')
        organisation = f'[data-testid="persona-{user_id}"]'
        self.wait(lambda: self.one("chat-as").text.rpartition(" · ")[2] in self.find(organisation)[-1].text)

    def one(self, testid: str) -> WebElement:
        return self.find(f'[data-testid="{testid}"]')[-1]

    def all(self, testid: str) -> list[WebElement]:
        return self.find(f'[data-testid="{testid}"]')

    def texts(self) -> list[str]:
        script = (
            """return [...document.querySelectorAll('[data-testid="message-text"]')].map(n => n.innerText)"""
        )
        texts: list[str] = self.browser.execute_script(script)
        return texts

    def find(self, selector: str) -> list[WebElement]:
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def click(self, selector: str) -> None:
        """Click the lowest element; the page may be drawing it anew, so it is looked for until the click lands."""

        def land() -> bool:
            found = self.find(selector)
            if not found:
                return False
            self.browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", found[-1])
            found[-1].click()
            return True

        self.wait(land, f"nothing to click at {selector}; there is: {self.texts()[-3:]}")

    def wait(self, condition: Callable[[], object], what: str = "") -> None:
        redrawn = (StaleElementReferenceException, ElementClickInterceptedException)
        WebDriverWait(self.browser, PATIENCE_SECONDS, poll_frequency=0.05, ignored_exceptions=redrawn).until(
            lambda _: condition(), what
        )

    def reads(self, *words: str) -> str:
        """Wait until some message holds all these words, and return the last that does."""

        def found() -> list[str]:
            return [text for text in self.texts() if all(word in text for word in words)]

        self.wait(found, f"no message says {words}; there is: {self.texts()[-3:]}")
        return found()[-1]

    def press(self, label: str) -> None:
        """Press the lowest button with this label."""
        self.click(f'[data-testid="button"][data-text="{label}"]')

    def say(self, text: str) -> None:
        composer = self.one("composer")
        composer.send_keys(text)
        self.one("send").click()

    def attach(self, path: Path) -> None:
        self.one("file-input").send_keys(str(path))
        self.wait(lambda: self.all("tray-file"))
        self.one("send").click()

    def clock(self) -> str:
        return self.one("clock-now").text

    def next_event(self) -> None:
        before = self.clock()
        self.one("clock-next-event").click()
        self.wait(lambda: self.clock() != before and not self.moving(), "the clock did not move")

    def forward(self, days: int) -> None:
        entry = self.one("clock-days")
        entry.clear()
        entry.send_keys(str(days))
        before = self.clock()
        self.one("clock-forward").click()
        self.wait(lambda: self.clock() != before and not self.moving(), "the clock did not move")

    def moving(self) -> bool:
        return self.one("clock-stop").is_displayed()


def until(player: Player, *words: str, events: int) -> None:
    """Move from event to event until a message holds all these words."""
    for _ in range(events):
        if any(all(word in text for word in words) for text in player.texts()):
            return
        player.next_event()
    player.reads(*words)


def test_a_month_of_the_notice_is_played_from_the_reminder_to_the_digests(
    tmp_path: Path, browser: Chrome
) -> None:
    receipt = tmp_path / "平台回执.pdf"
    receipt.write_bytes(b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n")
    started = time.monotonic()
    with running(tmp_path / "data") as run:
        player = Player(browser=browser, url=run.start())
        player.open()

        # The reminder comes before the deadline: ten days before is the festival's first day, so on the 9th.
        player.be(UNIT)
        until(player, "到期提醒", "月度信息化存证", "2024年1月", events=12)
        reminder = player.reads("到期提醒", "2月9日", "月度信息化存证")
        assert "2月20日（周二）24:00 前" in reminder
        assert "还剩 11 天" in reminder

        # The unit confirms and sends a file, and gets a receipt.
        player.press("上传材料")
        player.reads("请发送下列事项的材料或截图")
        player.attach(receipt)
        taken = player.reads("材料已收到", "平台回执.pdf", "渝北区生态环境局")
        assert re.search(r"校验码：[0-9a-f]{8}", taken)
        player.press("确认提交")
        player.reads("已登记提交", "渝北区生态环境局")

        # The district returns it; the unit has three working days: after the festival, the 18th is one of them.
        player.be(DISTRICT)
        player.reads("已提交，请审核", UNIT_NAME)
        player.press("退回")
        player.press("材料不完整")
        player.reads("退回更正", "材料不完整", "2月20日")

        # Killed in the middle: nothing is lost.
        run.kill()
        player.url = run.start()
        player.open()
        player.be(UNIT)
        player.reads("退回更正", "材料不完整", "渝北区生态环境局")
        player.press("上传更正材料")
        second = tmp_path / "更正后回执.pdf"
        second.write_bytes(receipt.read_bytes() + b"% corrected\n")
        player.attach(second)
        player.reads("材料已收到", "更正后回执.pdf")
        player.press("确认提交")

        # The district accepts, and it is passed on to the municipality.
        player.be(DISTRICT)
        player.reads("已提交，请审核", UNIT_NAME)
        player.press("通过")
        player.reads("审核通过", "重庆市生态环境局")
        player.be(UNIT)
        player.reads("审核通过", "渝北区生态环境局")

        # Past the deadline, the next morning's digests name who is late.
        player.forward(12)
        assert "2月21日" in player.clock()
        player.be(DISTRICT)
        player.say("谁逾期了")
        answer = player.reads("家逾期", "渝北区", "已逾期 1 天")
        assert UNIT_NAME not in answer
        digest = player.reads("每日督办通报 · 2月21日", "逾期", "月度信息化存证 2024年1月")
        late = re.findall(r"示例渝北\w+有限公司", digest)
        assert late
        assert UNIT_NAME not in late
        _keep_screenshot(browser)
        player.be(CITY)
        city = player.reads("每日督办通报 · 2月21日", "逾期")
        assert all(name in city for name in late)

        # The municipality takes it from there.
        player.press("待我审核")
        player.reads("待审核", UNIT_NAME)

        assert run.stop() == 0
    assert time.monotonic() - started < 10 * PATIENCE_SECONDS


def _keep_screenshot(browser: Chrome) -> None:
    """Keep the picture that the README shows, where the environment says so."""
    path = os.environ.get("DUEWATCH_SCREENSHOT")
    if path:
        browser.set_window_size(1280, 900)
        browser.save_screenshot(path)
