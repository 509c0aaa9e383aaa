"""Killed at any moment and started again, the sandbox's process loses nothing that was due, and says what may be twice."""

import random
import sqlite3
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx

from tests.sandbox.running import PATIENCE_SECONDS, running

UNIT = 1001
KILLS = 5
SEED = 20240205


def move(url: str, days: int) -> None:
    answer = httpx.post(
        f"{url}/sandbox/clock", json={"step": "forward", "days": days}, headers={"Origin": url}
    )
    assert answer.status_code < 300, answer.text


def clock(url: str) -> dict[str, Any]:
    told: dict[str, Any] = httpx.get(f"{url}/sandbox/state", timeout=PATIENCE_SECONDS).json()["clock"]
    return told


def arrive(url: str) -> None:
    """Wait until the clock has arrived, bounded."""
    give_up = time.monotonic() + 3 * PATIENCE_SECONDS
    while clock(url)["moving"]:
        assert time.monotonic() < give_up, "the clock does not arrive"
        time.sleep(0.1)


def test_nothing_due_is_lost_however_often_the_process_is_killed(tmp_path: Path) -> None:
    chance = random.Random(SEED)  # noqa: S311  # moments that can be repeated, not secrets
    with running(tmp_path / "data") as run:
        for _ in range(KILLS):
            url = run.start()
            move(url, 17)
            time.sleep(chance.uniform(0.5, 3.0))
            run.kill()
        url = run.start()
        while clock(url)["now"] < "2024-02-22T02":
            move(url, 1)
            arrive(url)
        arrived = httpx.get(f"{url}/sandbox/record", timeout=PATIENCE_SECONDS).json()["messages"]
        assert run.stop() == 0

    seen = {(message["chat_id"], message["message_id"]) for message in arrived}
    database = sqlite3.connect(tmp_path / "data" / "sandbox" / "duewatch.db")
    try:
        told = database.execute(
            """SELECT notification.kind, key, outcome, message_id, binding.address, proof LIKE '%repeated%'
               FROM notification JOIN binding USING (contact_id) WHERE binding.active"""
        ).fetchall()
        reminded = database.execute(
            """SELECT DISTINCT reminding.planned_on FROM reminding JOIN binding USING (contact_id)
               WHERE address = ? AND planned_on < '2024-02-22' ORDER BY 1""",
            [str(UNIT)],
        ).fetchall()
    finally:
        database.close()

    # Every reminder of the unit's evidence that the calendar asks for was planned: the festival's fall on the 9th.
    assert [day for (day,) in reminded] == ["2024-02-09", "2024-02-19", "2024-02-20", "2024-02-21"]
    # Everything planned was sent, and what was sent is in the chat.
    assert {outcome for _, _, outcome, *_ in told} <= {"sent", "dropped"}
    sent = [row for row in told if row[2] == "sent"]
    assert len(sent) > 700
    assert all((int(address), int(message_id)) in seen for _, _, _, message_id, address, _ in sent)
    # Nothing arrived twice but what is on record as possibly repeated.
    possible = sum(1 for *_, repeated in told if repeated)
    digests = Counter(
        (message["chat_id"], message["text"].splitlines()[0])
        for message in arrived
        if message["text"].startswith(("每日督办通报", "到期提醒"))
    )
    assert sum(count - 1 for count in digests.values()) <= possible
