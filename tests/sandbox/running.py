"""`duewatch run` as a process of its own, to be used, killed and started again."""

import os
import re
import selectors
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE_SECONDS = 60


@dataclass
class Running:
    """A `duewatch run` of its own, on a port of its own, over one data folder."""

    folder: Path
    port: int = 0
    process: subprocess.Popen[str] | None = field(default=None)

    def start(self) -> str:
        command = [str(Path(sys.executable).with_name("duewatch")), "run", "--port", str(self.port)]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("DUEWATCH_")}
        environment |= {"DUEWATCH_DATA_DIR": str(self.folder), "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}
        self.process = subprocess.Popen(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )
        url = self._address()
        self.port = int(url.rsplit(":", 1)[1])
        return url

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self._wait()

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return self._wait()

    def _wait(self) -> int:
        assert self.process is not None
        assert self.process.stdout is not None
        code = self.process.wait(timeout=20)
        self.process.stdout.close()
        return code

    def _address(self) -> str:
        assert self.process is not None
        assert self.process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            assert selector.select(timeout=PATIENCE_SECONDS), "duewatch run printed no address"
        line = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert found is not None, line
        return found.group()


@contextmanager
def running(folder: Path) -> Iterator[Running]:
    run = Running(folder=folder)
    try:
        yield run
    finally:
        if run.process is not None and run.process.poll() is None:
            run.kill()
