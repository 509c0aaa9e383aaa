"""Telegram as a channel of deliveries: words a parcel's facts in the reader's language and sends them."""

from dataclasses import replace
from typing import Final

from bot.telegram.messenger import Messenger
from bot.wording.parcels import worded
from jobs.channel import Begin, Parcel, Receipt
from obligations.law import Law
from storage.models import Outcome
from storage.registry import CHANNEL


class TelegramChannel:
    """Sends deliveries through one bot."""

    name: Final = CHANNEL

    def __init__(self, messenger: Messenger, law: Law) -> None:
        self._messenger = messenger
        self._law = law

    async def deliver(self, parcel: Parcel, begin: Begin) -> Receipt:
        """Word and send one parcel. An error of the channel is an outcome, never raised."""
        try:
            chat_id = int(parcel.address)
        except ValueError:
            return Receipt(outcome=Outcome.FAILED, reason="the address is not a chat's number", unbind=True)
        screen = worded(parcel, self._law, receives=True)
        receipt = await self._messenger.deliver(chat_id, screen, begin)
        return replace(receipt, parts=screen.parts, named=screen.named)
