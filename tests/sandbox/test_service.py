"""`duewatch run` with a token, as a process of its own, against a Bot API server that is not its own."""

import asyncio
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sandbox.city import sample_registry
from sandbox.seam import Visitor, World, build_app, serving
from storage import registry
from storage.database import Database

TOKEN = "4242:somebody-else's"
UNIT = 1001
PATIENCE_SECONDS = 60


async def until(condition: Callable[[], object], what: str) -> None:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not condition():  # noqa: ASYNC110  # another process's doing, seen through the world
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(what) from None


async def test_a_token_serves_any_bot_api_server_on_a_rehearsed_date(tmp_path: Path) -> None:
    loaded = Database(f"sqlite:///{tmp_path}/duewatch.db")
    loaded.upgrade()
    now = datetime(2024, 2, 18, tzinfo=UTC)
    loaded.write(lambda session: registry.load(session, sample_registry(3), now=now))
    loaded.close()
    world = World(lambda: now)
    world.add_user(UNIT, "环保专员甲", "zh-hans")
    app = build_app(world, token=TOKEN, bot_name="another_bot")
    world.enrol_chat(UNIT, TOKEN)

    def told(*words: str) -> list[str]:
        texts = [message["text"] for message in world.state.sent if message["chat_id"] == UNIT]
        return [text for text in texts if all(word in text for word in words)]

    async with serving(app) as url:
        process = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("duewatch")),
            "run",
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith("DUEWATCH_")},
                "DUEWATCH_TELEGRAM_TOKEN": TOKEN,
                "DUEWATCH_TELEGRAM_API_URL": url,
                "DUEWATCH_DATA_DIR": str(tmp_path),
                "DUEWATCH_NOW": "2024-02-19T08:59:50+08:00",
            },
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stderr is not None
        try:
            # At nine the scheduler reminds, by the rehearsed clock: tomorrow is the last day.
            await until(
                lambda: told("到期提醒 · 2月19日", "月度信息化存证 2024年1月", "还剩 1 天"), "no reminder"
            )
            Visitor(world, UNIT, token=TOKEN).say("谁逾期了")
            await until(lambda: told("截至 2月19日"), "no answer")
        finally:
            process.terminate()
            _, log = await process.communicate()
    assert process.returncode == 0
    assert b"serving as @another_bot" in log
    assert TOKEN.encode() not in log
