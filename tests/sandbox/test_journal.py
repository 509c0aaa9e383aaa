"""A world with a journal survives its process: nothing acknowledged is lost, a torn last line is forgiven."""

import json
import resource
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sandbox.attachments import Upload
from sandbox.journal import DamagedJournalError
from sandbox.seam import Visitor, World

TOKEN = "7000001:sandbox"
UNIT = 1001
NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)


def opened(path: Path) -> World:
    world = World(lambda: NOW, path)
    world.add_bot(TOKEN, username="duewatch_bot", first_name="督期")
    world.add_user(UNIT, "示例甲", "zh-hans")
    return world


def test_what_is_not_acknowledged_comes_again_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "world.jsonl"
    first = opened(path)
    visitor = Visitor(first, UNIT, token=TOKEN)
    for text in "甲乙丙":
        visitor.say(text)
    first.acknowledge(TOKEN, 2)
    first.close()
    second = opened(path)
    assert [update["message"]["text"] for update in second.bot(TOKEN).updates] == ["乙", "丙"]
    (new,) = Visitor(second, UNIT, token=TOKEN).say("丁")
    assert new["message_id"] == 4
    assert second.bot(TOKEN).updates[-1]["update_id"] == 4
    second.close()


def test_the_whole_state_is_the_same_after_replay(tmp_path: Path) -> None:
    path = tmp_path / "world.jsonl"
    first = opened(path)
    visitor = Visitor(first, UNIT, token=TOKEN)
    visitor.start("abc")
    visitor.send_files([Upload(name="台账.xlsx", mime="application/zip", content=b"PK")], caption="二月")
    first.post(TOKEN, UNIT, [{"text": "收到"}], "sendMessage")
    visitor.press(3, "a")
    visitor.mark_read(3)
    visitor.set_blocked(blocked=True)
    first.delete(TOKEN, UNIT, 3)
    first.close()
    second = opened(path)
    assert second.state == first.state
    (file,) = second.state.files.values()
    assert second.content(file) == b"PK"
    second.close()


@pytest.mark.parametrize("torn", [b'[{"is":"mess', b'[{"is":"update"}]', b"\xff\xfe"])
def test_a_torn_last_line_is_forgiven_and_written_over(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "world.jsonl"
    first = opened(path)
    Visitor(first, UNIT, token=TOKEN).say("甲")
    first.close()
    with path.open("ab") as file:
        file.write(torn)
    second = opened(path)
    Visitor(second, UNIT, token=TOKEN).say("乙")
    second.close()
    third = opened(path)
    assert [update["message"]["text"] for update in third.bot(TOKEN).updates] == ["甲", "乙"]
    third.close()


def test_damage_before_the_last_line_is_not_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "world.jsonl"
    opened(path).close()
    path.write_bytes(b"rubbish\n" + path.read_bytes())
    with pytest.raises(DamagedJournalError, match="line 1"):
        World(lambda: NOW, path)


WRITER = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from sandbox.seam import Visitor, World
world = World(lambda: datetime(2026, 3, 2, 1, tzinfo=UTC), Path(sys.argv[1]))
world.add_bot("7000001:sandbox", username="duewatch_bot", first_name="x")
world.add_user(1001, "x", "en")
visitor = Visitor(world, 1001, token="7000001:sandbox")
for number in range(5):
    visitor.say(str(number))
    print(number, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_has_kept_everything_it_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "world.jsonl"
    killed = subprocess.run(
        [sys.executable, "-c", WRITER, str(path)], check=False, capture_output=True, text=True
    )
    assert killed.returncode < 0
    world = opened(path)
    said = [update["message"]["text"] for update in world.bot(TOKEN).updates]
    assert said == killed.stdout.split()
    assert len(said) == 5
    world.close()


def test_a_full_disk_leaves_the_journal_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "world.jsonl"
    world = opened(path)
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 40, limits[1]))
    try:
        with pytest.raises(OSError, match="part of a line"):
            Visitor(world, UNIT, token=TOKEN).say("甲")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert path.read_bytes() == before
    Visitor(world, UNIT, token=TOKEN).say("乙")
    world.close()
    again = opened(path)
    assert [update["message"]["text"] for update in again.bot(TOKEN).updates] == ["乙"]
    again.close()


def test_one_deed_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "world.jsonl"
    world = opened(path)
    Visitor(world, UNIT, token=TOKEN).say("甲")
    world.close()
    last = json.loads(path.read_text(encoding="utf-8").splitlines()[-1])
    assert [record["is"] for record in last] == ["door", "message", "update"]


def test_a_naive_clock_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        World(lambda: NOW.replace(tzinfo=None)).now()
