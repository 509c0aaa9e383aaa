"""Posting updates to the addresses bots have set, in order, until each is taken with a 2xx."""

import asyncio
from dataclasses import dataclass, field
from typing import Final

import httpx

from sandbox.calls import Call
from sandbox.state import Json
from sandbox.world import World

_TIMEOUT_SECONDS: Final = 30.0


@dataclass(slots=True, kw_only=True)
class WebhookPosts:
    """One task for each bot with a webhook.

    Args:
        world: where the updates wait.
        first_delay: seconds before the first repetition; it doubles up to `longest_delay`.
    """

    world: World
    first_delay: float = 0.5
    longest_delay: float = 30.0
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _errors: dict[str, tuple[int, str]] = field(default_factory=dict)

    def ensure(self, token: str) -> None:
        """Start posting for a bot, unless that is already going on or it has no webhook."""
        running = self._tasks.get(token)
        if self._webhook(token) and (running is None or running.done()):
            self._tasks[token] = asyncio.create_task(self._run(token))

    def ensure_all(self) -> None:
        """Start posting for every bot with a webhook, as after a restart."""
        for token in self.world.state.bots:
            self.ensure(token)

    async def stop(self) -> None:
        """Stop posting; what was not taken stays waiting."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._tasks.clear()

    def get_webhook_info(self, call: Call) -> Json:
        """Answer `getWebhookInfo`."""
        bot = self.world.bot(call.token)
        webhook = bot.settings.get("webhook")
        told: Json = {
            "url": webhook["url"] if webhook else "",
            "has_custom_certificate": False,
            "pending_update_count": len(bot.updates),
        }
        if webhook:
            told["max_connections"] = webhook["max_connections"]
        if bot.settings.get("allowed_updates"):
            told["allowed_updates"] = bot.settings["allowed_updates"]
        if webhook and call.token in self._errors:
            told["last_error_date"], told["last_error_message"] = self._errors[call.token]
        return told

    def _webhook(self, token: str) -> Json | None:
        webhook: Json | None = self.world.bot(token).settings.get("webhook")
        return webhook

    async def _run(self, token: str) -> None:
        delay = self.first_delay
        async with httpx.AsyncClient(timeout=_TIMEOUT_SECONDS) as client:
            while webhook := self._webhook(token):
                updates = self.world.bot(token).updates
                if not updates:
                    await self.world.signal(token).wait(_TIMEOUT_SECONDS)
                    continue
                fault = await _post(client, webhook, updates[0])
                if fault is None:
                    self.world.acknowledge(token, updates[0]["update_id"] + 1)
                    delay = self.first_delay
                    continue
                self._errors[token] = (int(self.world.now().timestamp()), fault)
                await asyncio.sleep(delay)
                delay = min(delay * 2, self.longest_delay)


async def _post(client: httpx.AsyncClient, webhook: Json, update: Json) -> str | None:
    """Post one update; return what went wrong in the words of `last_error_message`."""
    headers = {"X-Telegram-Bot-Api-Secret-Token": webhook["secret"]} if webhook["secret"] else {}
    try:
        response = await client.post(webhook["url"], json=update, headers=headers)
    except httpx.HTTPError as error:
        return f"Connection failed: {type(error).__name__}"
    if response.is_success:
        return None
    return f"Wrong response from the webhook: {response.status_code} {response.reason_phrase}"
