"""How a bot receives its updates: long polling, and setting a webhook (`sandbox.webhooks` posts to it)."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from sandbox.accounts import change_setting
from sandbox.calls import Call
from sandbox.errors import bad_request, conflict
from sandbox.state import Json
from sandbox.world import World

_MOST_UPDATES: Final = 100
_MOST_SECONDS: Final = 50
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{1,256}")


@dataclass(slots=True)
class Polls:
    """Which long poll of each bot is the current one: a newer one ends it."""

    latest: dict[str, int] = field(default_factory=dict)

    async def get_updates(self, call: Call) -> list[Json]:
        """Return the waiting updates; an offset acknowledges those before it, a negative one counts back.

        Raises:
            ApiError: 409 while a webhook is set, or when another poll takes this one's place.
        """
        world, token = call.world, call.token
        if world.bot(token).settings.get("webhook"):
            raise conflict(
                "can't use getUpdates method while webhook is active;"
                " use deleteWebhook to delete the webhook first"
            )
        turn = self.latest.get(token, 0) + 1
        self.latest[token] = turn
        world.signal(token).fire()
        _take_allowed(call)
        offset = call.arguments.integer("offset")
        if offset < 0:
            offset = _from_end(world, token, -offset)
        if offset > 0:
            world.acknowledge(token, offset)
        limit = min(max(call.arguments.integer("limit", _MOST_UPDATES), 1), _MOST_UPDATES)
        until = time.monotonic() + min(max(call.arguments.integer("timeout"), 0), _MOST_SECONDS)
        while True:
            if self.latest[token] != turn:
                raise conflict(
                    "terminated by other getUpdates request; make sure that only one bot instance is running"
                )
            if world.bot(token).settings.get("webhook"):
                raise conflict("terminated by setWebhook request")
            ready = list(islice(world.bot(token).updates, limit))
            left = until - time.monotonic()
            if ready or left <= 0 or not world.awake:
                return ready
            await world.signal(token).wait(left)


def set_webhook(call: Call) -> bool:
    """Deliver updates to an address; an empty one goes back to polling."""
    url = call.arguments.text("url") or ""
    secret = call.arguments.text("secret_token") or ""
    if url and not url.startswith(("https://", "http://")):
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if secret and not _SECRET.fullmatch(secret):
        raise bad_request("secret token contains unallowed characters")
    _take_allowed(call)
    _drop_pending(call)
    connections = call.arguments.integer("max_connections", 40)
    webhook = {"url": url, "secret": secret, "max_connections": connections} if url else None
    change_setting(call.world, call.token, "webhook", webhook)
    call.world.signal(call.token).fire()
    return True


def delete_webhook(call: Call) -> bool:
    """Go back to polling."""
    _drop_pending(call)
    change_setting(call.world, call.token, "webhook", None)
    call.world.signal(call.token).fire()
    return True


def _take_allowed(call: Call) -> None:
    allowed = call.arguments.decoded_list("allowed_updates")
    if allowed is not None:
        change_setting(call.world, call.token, "allowed_updates", sorted(map(str, allowed)))


def _drop_pending(call: Call) -> None:
    if call.arguments.flag("drop_pending_updates"):
        call.world.acknowledge(call.token, call.world.bot(call.token).next_update_id)


def _from_end(world: World, token: str, count: int) -> int:
    """Return the id of the first of the last `count` updates, all of them when there are fewer."""
    updates = world.bot(token).updates
    return int(updates[max(len(updates) - count, 0)]["update_id"]) if updates else 0


METHODS: Final[dict[str, Callable[[Call], Any]]] = {
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
}
