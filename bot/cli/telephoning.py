"""What ``duewatch doctor`` asks the Bot API server: whether it is there, knows the token, and where it sends updates."""

from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final

import httpx

from bot.cli.examining import Finding, bad, of_skew, ok, warn
from bot.config import Settings
from locales.printer import Printer

_TIMEOUT: Final = httpx.Timeout(10.0)


def of_telegram(p: Printer, settings: Settings, *, machine_now: datetime) -> Iterator[Finding]:
    """Ask the server of the settings. What is said of an error never holds the address, which has the token in it."""
    if settings.telegram_token is None:
        yield warn(
            "telegram",
            p.text("there is no token, so duewatch run serves the sandbox"),
            p.text("set DUEWATCH_TELEGRAM_TOKEN to the token of the BotFather"),
        )
        return
    base = f"{settings.telegram_api_url}/bot{settings.telegram_token.get_secret_value()}"
    with httpx.Client(timeout=_TIMEOUT) as client:
        try:
            answer = client.get(f"{base}/getMe")
            webhook = client.get(f"{base}/getWebhookInfo")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            yield bad(
                "telegram",
                p.text("the server cannot be reached ({error})", error=type(error).__name__),
                p.text("check DUEWATCH_TELEGRAM_API_URL, the network and the proxy"),
            )
            return
    yield _of_token(p, answer)
    yield from _of_clock(p, answer, machine_now=machine_now)
    if webhook.status_code == HTTPStatus.OK:
        yield from _of_webhook(p, settings, _result(webhook))


def _of_token(p: Printer, answer: httpx.Response) -> Finding:
    username = _result(answer).get("username")
    if username:
        return ok("telegram", p.text("the server knows the token, of @{username}", username=username))
    if answer.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND):
        return bad(
            "telegram",
            p.text("the server does not know this token"),
            p.text("set DUEWATCH_TELEGRAM_TOKEN to the token of the BotFather"),
        )
    return bad(
        "telegram",
        p.text("the server answered with {status}", status=answer.status_code),
        p.text("check DUEWATCH_TELEGRAM_API_URL, the network and the proxy"),
    )


def _of_clock(p: Printer, answer: httpx.Response, *, machine_now: datetime) -> Iterator[Finding]:
    try:
        theirs = parsedate_to_datetime(answer.headers.get("Date", ""))
    except ValueError:
        return
    if theirs.tzinfo is not None:
        yield of_skew(p, "clock of the server", (theirs - machine_now).total_seconds())


def _of_webhook(p: Printer, settings: Settings, told: dict[str, Any]) -> Iterator[Finding]:
    is_set, wanted = bool(told.get("url")), settings.webhook_url is not None
    ours = wanted and str(told.get("url", "")).startswith(f"{settings.webhook_url}/")
    restart = p.text("restart duewatch run: whoever leads sets it right")
    if is_set and not wanted:
        yield warn(
            "webhook", p.text("one is set, and the settings ask for fetching updates instead"), restart
        )
    elif wanted and not ours:
        yield warn("webhook", p.text("that of the settings is not set"), restart)
    elif not wanted:
        yield ok("webhook", p.text("none: updates are fetched"))
    elif told.get("last_error_message"):
        yield warn(
            "webhook",
            p.plural(
                "Telegram could not call it lately; {n} update waits there",
                "Telegram could not call it lately; {n} updates wait there",
                int(told.get("pending_update_count", 0)),
            ),
            p.text("check the certificate and the proxy before DUEWATCH_LISTEN"),
        )
    else:
        yield ok("webhook", p.text("set as the settings say"))


def _result(answer: httpx.Response) -> dict[str, Any]:
    """Return the result of an answer; empty where it is none that can be read."""
    try:
        told = answer.json()
    except ValueError:
        return {}
    result = told.get("result") if isinstance(told, dict) else None
    return result if isinstance(result, dict) else {}
