"""What `duewatch run` says when it cannot serve the sandbox."""

import socket
from pathlib import Path

import pytest

from bot.config import Settings, SettingsError
from sandbox.play import serve


async def test_a_taken_port_is_named_with_another_to_choose(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(SettingsError, match=f"port {port} is taken; choose another"):
            await serve(Settings(data_dir=tmp_path), port)
