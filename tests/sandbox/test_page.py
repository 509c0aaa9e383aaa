"""The page in a real browser: what a person sees and does, in both languages, with a mouse and with keys only."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import pytest
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from sandbox.entities import formatted
from sandbox.seam import Play, Visitor, World

TOKEN = "7000001:sandbox"
UNIT, NEWCOMER, DISTRICT = 1001, 1002, 2001

pytestmark = pytest.mark.browser

Staged: TypeAlias = Callable[[World, Play], AbstractAsyncContextManager[str]]
Visit: TypeAlias = Callable[["Page"], None]


class SmallPlay(Play, Protocol):
    """The play of a test: a step of 400 days waits at its gate after the first."""

    gate: asyncio.Event


class Page:
    """The page as a test drives it. It blocks, so it runs in a thread beside the server's loop."""

    def __init__(self, driver: Chrome, base: str) -> None:
        self.driver = driver
        self.base = base

    def open(self, path: str = "/?lang=zh") -> None:
        """Load an address and wait until the page is ready."""
        self.driver.get("about:blank")
        self.driver.get(self.base + path)
        self.until(lambda: self.script("return document.documentElement.dataset.ready === 'true'"))

    def script(self, code: str, *arguments: object) -> Any:  # noqa: ANN401  whatever the script returns
        """Run JavaScript."""
        return self.driver.execute_script(code, *arguments)

    def until(self, holds: Callable[[], object]) -> None:
        """Wait until something holds."""
        WebDriverWait(self.driver, 10, poll_frequency=0.05).until(lambda _driver: holds())

    def find(self, test_id: str) -> WebElement:
        """Find by test id, waiting until it is shown."""
        self.until(lambda: any(found.is_displayed() for found in self.all(test_id)))
        return next(found for found in self.all(test_id) if found.is_displayed())

    def all(self, test_id: str) -> list[WebElement]:
        """Find all by test id."""
        return self.driver.find_elements(By.CSS_SELECTOR, f'[data-testid="{test_id}"]')

    def texts(self, test_id: str = "message-text") -> list[str]:
        """Return what all of a kind say."""
        code = (
            "return [...document.querySelectorAll(`[data-testid='${arguments[0]}']`)].map(n => n.textContent)"
        )
        found: list[str] = self.script(code, test_id)
        return found

    def button(self, text: str) -> WebElement:
        """Find the last inline button with a text."""
        self.until(lambda: any(found.get_attribute("data-text") == text for found in self.all("button")))
        return [found for found in self.all("button") if found.get_attribute("data-text") == text][-1]

    def keys(self, *keys: str) -> None:
        """Press keys where the focus is."""
        ActionChains(self.driver).send_keys(*keys).perform()

    def focused(self) -> str | None:
        """Return the test id of what has the focus."""
        found: str | None = self.script("return document.activeElement.dataset.testid ?? null")
        return found

    def size(self, width: int, height: int) -> None:
        """Give the page the size of a screen."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


@pytest.fixture
def visit(browser: Chrome, staged: Staged, world: World, play: SmallPlay) -> Callable[[Visit], Any]:
    """Let a visitor loose on the page; nothing may be left in the browser's console."""

    async def run(visitor: Visit) -> None:
        async with staged(world, play) as base:
            await asyncio.to_thread(visitor, Page(browser, base))
            assert browser.execute("getLog", {"type": "browser"})["value"] == []

    return run


async def test_a_text_is_answered_and_a_press_changes_the_message_in_place(
    visit: Callable[[Visit], Any],
) -> None:
    def visitor(page: Page) -> None:
        page.open(f"/?lang=zh#{UNIT}")
        page.find("composer").send_keys("我的任务 <script>alert(1)</script>", Keys.ENTER)
        page.until(lambda: len(page.texts()) == 2)
        assert page.texts()[1] == "收到：我的任务 <script>alert(1)</script>"
        page.button("确认已上传").click()
        page.until(lambda: page.texts()[1] == "已确认上传。")
        page.until(lambda: page.texts("toast") == ["已记录。"])
        assert page.all("button") == []
        assert len(page.all("message")) == 2
        page.find("composer").send_keys("谢谢", Keys.ENTER)
        page.until(lambda: len(page.texts()) == 4)
        assert page.texts("day") == ["2026年3月2日 星期一"]

    await visit(visitor)


async def test_an_alert_has_to_be_closed(visit: Callable[[Visit], Any]) -> None:
    def visitor(page: Page) -> None:
        page.open(f"/?lang=zh#{UNIT}")
        page.find("composer").send_keys("说明", Keys.ENTER)
        page.button("查看说明").click()
        assert page.find("alert").text.startswith("已记录。")
        page.keys(Keys.ENTER)
        page.until(lambda: not page.all("alert")[0].is_displayed())

    await visit(visitor)


async def test_a_newcomer_presses_start_with_their_invitation(
    visit: Callable[[Visit], Any], world: World
) -> None:
    def visitor(page: Page) -> None:
        page.open(f"/?lang=en#{NEWCOMER}")
        assert page.find("chat-as").text == "as Lin <b>Fang</b> · Riverside Glass Works"
        assert not page.all("composer")[0].is_displayed()
        page.find("start").click()
        page.until(lambda: page.texts()[:1] == ["/start invite-42"])
        page.find("composer")
        page.button("邀请同事").click()
        page.until(lambda: "/start abc" in page.texts())
        page.find("block").click()
        page.find("start").click()
        page.find("composer")

    await visit(visitor)
    assert not world.state.conversation(TOKEN, NEWCOMER).blocked


async def test_files_go_out_alone_and_as_an_album(
    visit: Callable[[Visit], Any], world: World, tmp_path: Path, picture: bytes
) -> None:
    (tmp_path / "台账.xlsx").write_bytes(b"PK")
    for name in "ab":
        (tmp_path / f"{name}.png").write_bytes(picture)

    def visitor(page: Page) -> None:
        page.open(f"/?lang=zh#{UNIT}")
        chooser = page.all("file-input")[0]
        chooser.send_keys(str(tmp_path / "台账.xlsx"))
        page.find("tray-file")
        page.find("composer").send_keys("二月", Keys.ENTER)
        page.until(lambda: "收到文件：台账.xlsx" in page.texts())
        assert page.texts("document") == ["XLSX台账.xlsx2 B"]
        chooser.send_keys(f"{tmp_path / 'a.png'}\n{tmp_path / 'b.png'}")
        page.until(lambda: len(page.all("tray-file")) == 2)
        page.find("send").click()
        page.until(lambda: page.texts()[-2:] == ["收到图片：640×480"] * 2)
        shown = "return [...document.querySelectorAll('.picture img')].map(i => i.naturalWidth)"
        page.until(lambda: page.script(shown) == [640, 640])

    await visit(visitor)
    messages = list(world.state.conversation(TOKEN, UNIT).messages.values())
    assert messages[0]["caption"] == "二月"
    albums = [message.get("media_group_id") for message in messages if "photo" in message]
    assert albums[0] is not None
    assert albums[0] == albums[1]


async def test_a_dropped_and_a_pasted_file_wait_in_the_tray(visit: Callable[[Visit], Any]) -> None:
    code = """
        const carried = new DataTransfer();
        carried.items.add(new File(["x"], arguments[1]));
        const init = { bubbles: true, cancelable: true, dataTransfer: carried, clipboardData: carried };
        const kind = arguments[0] === "paste" ? ClipboardEvent : DragEvent;
        document.querySelector("[data-testid=composer]").dispatchEvent(new kind(arguments[0], init));
    """

    def visitor(page: Page) -> None:
        page.open(f"/?lang=zh#{UNIT}")
        page.script(code, "drop", "a.csv")
        page.script(code, "paste", "b.csv")
        page.until(lambda: [text[:5] for text in page.texts("tray-file")] == ["a.csv", "b.csv"])

    await visit(visitor)


@pytest.mark.parametrize(
    ("language", "said"),
    [("zh", "“空.csv”是空文件，无法发送。"), ("en", "“空.csv” is empty and cannot be sent.")],
)
async def test_an_empty_file_is_left_out_and_the_others_go(
    visit: Callable[[Visit], Any], tmp_path: Path, language: str, said: str
) -> None:
    (tmp_path / "空.csv").touch()
    (tmp_path / "满.csv").write_text("x", encoding="utf-8")

    def visitor(page: Page) -> None:
        page.open(f"/?lang={language}#{UNIT}")
        page.all("file-input")[0].send_keys(f"{tmp_path / '空.csv'}\n{tmp_path / '满.csv'}")
        page.until(lambda: page.texts("toast") == [said])
        assert [text[:5] for text in page.texts("tray-file")] == ["满.csv"]
        page.find("send").click()
        page.until(lambda: "收到文件：满.csv" in page.texts())
        assert page.all("tray-file") == []

    await visit(visitor)


async def test_after_a_send_that_failed_the_tray_is_used_again(
    visit: Callable[[Visit], Any], tmp_path: Path
) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("x", encoding="utf-8")

    def visitor(page: Page) -> None:
        page.open(f"/?lang=zh#{UNIT}")
        chooser = page.all("file-input")[0]
        chooser.send_keys(str(tmp_path / "a.csv"))
        refuse_once = """
            const real = window.fetch;
            window.fetch = async () => {
                window.fetch = real;
                return new Response('{"error": "no"}', { status: 400 });
            };
        """
        page.find("tray-file")
        page.script(refuse_once)
        page.find("send").click()
        page.until(lambda: page.texts("toast") == ["操作未成功：no"])
        chooser.send_keys(str(tmp_path / "b.csv"))
        page.until(lambda: len(page.all("tray-file")) == 2)
        page.find("send").click()
        page.until(lambda: page.texts()[-2:] == ["收到文件：a.csv", "收到文件：b.csv"])
        assert page.all("tray-file") == []

    await visit(visitor)


async def test_the_clock_moves_and_the_morning_brings_a_reminder(
    visit: Callable[[Visit], Any], play: SmallPlay
) -> None:
    loop = asyncio.get_running_loop()

    def visitor(page: Page) -> None:
        page.open(f"/?lang=zh#{DISTRICT}")
        assert page.find("clock-now").text == "2026年3月2日 星期一\n08:30"
        page.find("clock-next-morning").click()
        page.until(lambda: page.find("clock-now").text == "2026年3月3日 星期二\n09:00")
        page.until(lambda: page.texts(f"unread-{UNIT}") == ["1"])
        page.until(lambda: page.find("clock-note").text.endswith("提醒 1 条"))
        days = page.find("clock-days")
        page.until(days.is_enabled)
        days.clear()
        days.send_keys("400", Keys.ENTER)
        page.until(lambda: page.texts(f"unread-{UNIT}") == ["2"])
        assert not page.find("clock-next-event").is_enabled()
        page.find("clock-stop").click()
        loop.call_soon_threadsafe(play.gate.set)
        page.until(lambda: page.find("clock-next-event").is_enabled())
        page.find(f"persona-{UNIT}").click()
        days_shown = ["2026年3月3日 星期二", "2026年3月4日 星期三", "2026年3月5日 星期四"]
        page.until(lambda: page.texts("day") == days_shown)  # it stops at the play's next report, a day on
        page.until(lambda: page.texts(f"unread-{UNIT}") == [])

    await visit(visitor)


async def test_the_language_changes_and_a_reload_keeps_who_and_how(visit: Callable[[Visit], Any]) -> None:
    def visitor(page: Page) -> None:
        page.open("/")
        assert page.find("clock-next-event").text == "下一事件"
        page.find(f"persona-{DISTRICT}").click()
        page.until(lambda: "示例乙" in page.find("chat-as").text)
        page.find("lang-switch").click()
        assert page.find("clock-next-event").text == "Next event"
        assert page.find("clock-now").text == "Monday, 2 March 2026\n08:30"
        page.driver.refresh()
        page.until(lambda: page.find("chat-as").text == "as 示例乙 · 南岸区生态环境局")
        assert page.script("return document.documentElement.lang") == "en"

    await visit(visitor)


async def test_everything_can_be_done_with_keys(visit: Callable[[Visit], Any]) -> None:
    def visitor(page: Page) -> None:
        page.open(f"/?lang=zh#{UNIT}")
        page.script("document.querySelector('[data-testid=persona-1001]').focus()")
        page.keys(Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ENTER)
        page.until(lambda: page.focused() == "composer")
        assert "示例乙" in page.find("chat-as").text
        page.keys("/")
        page.find("command-menu")
        page.keys(Keys.ARROW_DOWN, Keys.ENTER)
        page.until(lambda: page.texts()[:1] == ["/overdue"])
        page.keys("第一行")
        ActionChains(page.driver).key_down(Keys.SHIFT).send_keys(Keys.ENTER).key_up(Keys.SHIFT).perform()
        page.keys("第二行", Keys.ENTER)
        page.until(lambda: "第一行\n第二行" in page.texts())
        outline = "return getComputedStyle(document.activeElement).outlineStyle"
        page.keys(Keys.TAB)
        assert page.focused() == "send"
        assert page.script(outline) != "none"

    await visit(visitor)


async def test_hostile_words_stay_words_and_links_are_only_links(
    visit: Callable[[Visit], Any], world: World
) -> None:
    text = formatted(
        '<b>&lt;img src=x onerror=alert(1)&gt;</b> <a href="https://example.cn/x">链接</a> <pre>a\nb</pre>',
        "HTML",
    )
    content = {"text": text.text, "entities": list(text.entities)}
    world.post(TOKEN, UNIT, [content], "sendMessage")
    script = {"type": "text_link", "offset": 0, "length": 1, "url": "javascript:alert(1)"}
    world.post(TOKEN, UNIT, [{"text": "x", "entities": [script]}], "sendMessage")

    def visitor(page: Page) -> None:
        page.open(f"/?lang=zh#{UNIT}")
        page.until(lambda: len(page.texts()) == 2)
        assert page.texts()[0] == text.text
        links = page.driver.find_elements(By.CSS_SELECTOR, ".words a")
        assert [link.get_attribute("href") for link in links] == ["https://example.cn/x"]
        assert links[0].get_attribute("rel") == "noopener noreferrer"
        assert page.driver.find_elements(By.CSS_SELECTOR, ".words img") == []

    await visit(visitor)


async def test_on_a_phone_the_list_leads_to_the_chat_and_back(visit: Callable[[Visit], Any]) -> None:
    def visitor(page: Page) -> None:
        page.size(390, 844)
        page.open("/?lang=en")
        assert not page.all("chat")[0].is_displayed()
        page.find(f"persona-{UNIT}").click()
        page.find("composer")
        assert not page.all("people")[0].is_displayed()
        assert page.script("return document.documentElement.scrollWidth") == 390
        page.find("back").click()
        page.find(f"persona-{UNIT}")
        assert page.focused() == f"persona-{UNIT}"

    await visit(visitor)


async def test_on_a_phone_what_is_touched_is_a_finger_high(visit: Callable[[Visit], Any]) -> None:
    def visitor(page: Page) -> None:
        page.size(390, 844)
        page.open("/?lang=zh")
        heights = """
            return [...document.querySelectorAll(".move, .forward input, .lang, #block")]
                .filter((node) => node.offsetParent !== null)
                .map((node) => [node.id || node.textContent, node.getBoundingClientRect().height]);
        """
        shown = page.script(heights)
        page.find(f"persona-{UNIT}").click()
        page.find("block")
        shown += page.script(heights)
        assert {"block"} < {name for name, _height in shown}
        assert [each for each in shown if each[1] < 44] == []

    await visit(visitor)


async def test_earlier_messages_come_when_asked_for(visit: Callable[[Visit], Any], world: World) -> None:
    visitor_of_world = Visitor(world, UNIT, token=TOKEN)
    for number in range(65):
        world.post(TOKEN, UNIT, [{"text": str(number)}], "sendMessage")
    visitor_of_world.mark_read(65)

    def visitor(page: Page) -> None:
        page.open(f"/?lang=zh#{UNIT}")
        page.until(lambda: len(page.texts()) == 60)
        page.script("document.getElementById('scroll').scrollTop = 0")
        page.driver.find_element(By.ID, "earlier").click()
        page.until(lambda: page.texts() == [str(number) for number in range(65)])

    await visit(visitor)
