"""Faults a test orders: the ways a Bot API server, or the network before it, is known to fail."""

from random import Random
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

Kind = Literal[
    "400",
    "401",
    "403",
    "404",
    "409",
    "413",
    "429",
    "429_bare",
    "500",
    "502",
    "migrated",
    "drop",
    "reset_after",
    "reset_midway",
    "slow",
    "slow_after",
    "not_json",
]


class Fault(BaseModel):
    """One fault to come.

    `drop` closes the connection before the call is handled; `reset_after`, `reset_midway` (in the middle of the
    answer), `slow_after` (which waits `seconds`) and `not_json` handle it first, so the bot cannot know. `slow` waits,
    then handles it. `429_bare` says nothing of how long to wait; `migrated` that the chat is `migrate_to` now.
    `probability` draws from a generator of `seed`.
    """

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    method: str = "*"
    count: int | None = Field(default=1, ge=1)
    """How many calls it strikes; null for all."""
    after: int = Field(default=0, ge=0)
    """How many matching calls pass first."""
    chat_id: int | None = None
    retry_after: int = Field(default=1, ge=1)
    migrate_to: int = 0
    seconds: float = Field(default=1.0, ge=0, le=600)
    probability: float = Field(default=1.0, gt=0, le=1)
    seed: int = 0
    _random: Random = PrivateAttr()

    def model_post_init(self, _context: object) -> None:
        """Start the generator."""
        self._random = Random(self.seed)  # noqa: S311  the draws must repeat, not surprise

    def strikes(self, method: str, chat_id: int | None) -> bool:
        """Whether this call is one of those to fail; asking counts the call."""
        if self.method.lower() not in {"*", method.lower()} or self.chat_id not in {None, chat_id}:
            return False
        if self.count == 0 or self._random.random() >= self.probability:
            return False
        if self.after:
            self.after -= 1
            return False
        if self.count is not None:
            self.count -= 1
        return True


class Faults:
    """The faults ordered, in the order they came. ``struck`` are the calls they struck: kind, method and chat."""

    def __init__(self) -> None:
        self._ordered: list[Fault] = []
        self.struck: Final[list[tuple[Kind, str, int | None]]] = []

    def order(self, fault: Fault) -> None:
        """Add a fault."""
        self._ordered.append(fault)

    def clear(self) -> None:
        """Let everything succeed again."""
        self._ordered.clear()

    def strike(self, method: str, chat_id: int | None) -> Fault | None:
        """Return the fault that strikes this call, if one does."""
        fault = next((fault for fault in self._ordered if fault.strikes(method, chat_id)), None)
        if fault is not None:
            self.struck.append((fault.kind, method, chat_id))
        return fault
