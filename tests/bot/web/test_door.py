"""A process answers over HTTP where the settings say, leaves signals alone, and says what to do when it cannot."""

import asyncio
import signal
import socket
from collections.abc import Iterator

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.config import Listen, Settings, SettingsError
from bot.web.door import listening


async def _hello(_request: Request) -> Response:
    return PlainTextResponse("hello")


ROUTES = (Route("/hello", _hello),)


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


async def test_routes_are_served_with_headers_that_keep_the_answer_to_itself() -> None:
    async with listening(Settings(listen=Listen("127.0.0.1", 0)), ROUTES) as url, httpx.AsyncClient() as web:
        answer = await web.get(f"{url}/hello")
        missing = await web.get(f"{url}/elsewhere")
    assert answer.text == "hello"
    assert answer.headers["cache-control"] == "no-store"
    assert "server" not in answer.headers
    assert missing.status_code == 404


async def test_an_address_of_ipv6_is_served_too() -> None:
    async with listening(Settings(listen=Listen("::1", 0)), ROUTES) as url, httpx.AsyncClient() as web:
        assert url is not None
        assert url.startswith("http://[::1]:")
        assert (await web.get(f"{url}/hello")).text == "hello"


async def test_off_serves_nowhere() -> None:
    async with listening(Settings(listen=None), ROUTES) as url:
        assert url is None


async def test_signals_stay_the_callers() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    async with listening(Settings(listen=Listen("127.0.0.1", 0)), ROUTES):
        during = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    assert during == before


async def test_a_second_process_goes_on_without_the_default_port(
    taken: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings()
    monkeypatch.setitem(settings.__dict__, "listen", Listen("127.0.0.1", taken))
    assert settings.listens_by_default
    async with listening(settings, ROUTES) as url:
        assert url is None
    assert "DUEWATCH_LISTEN" in caplog.text


async def test_a_chosen_port_that_is_taken_is_an_error_with_a_way_out(taken: int) -> None:
    settings = Settings(listen=Listen("127.0.0.1", taken))
    with pytest.raises(
        SettingsError, match=rf"^DUEWATCH_LISTEN: cannot listen on 127.0.0.1:{taken}: the port is taken"
    ):
        async with listening(settings, ROUTES):
            pass


async def test_the_webhook_needs_its_port(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(webhook_url="https://bots.example.org")
    monkeypatch.setitem(settings.__dict__, "listen", Listen("127.0.0.1", taken))
    with pytest.raises(SettingsError, match="the port is taken"):
        async with listening(settings, ROUTES):
            pass


async def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"cannot listen on 192\.0\.2\.1:8610"):
        async with listening(Settings(listen=Listen("192.0.2.1", 8610)), ROUTES):
            pass


async def test_leaving_frees_the_port_while_a_request_hangs() -> None:
    began = asyncio.Event()

    async def hang(_request: Request) -> Response:
        began.set()
        await asyncio.Event().wait()
        raise AssertionError

    async with listening(Settings(listen=Listen("127.0.0.1", 0)), (Route("/hang", hang),)) as url:
        assert url is not None
        web = httpx.AsyncClient()
        hanging = asyncio.create_task(web.get(f"{url}/hang"))
        await began.wait()
    assert (await asyncio.wait_for(hanging, 5)).is_error
    await web.aclose()
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", int(url.rpartition(":")[2])))
