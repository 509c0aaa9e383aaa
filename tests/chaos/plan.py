"""What is going to happen, and when: a pure function of the seed, so that a run that failed can be repeated.

Seconds count from the moment the first processes were started. How the processes run between is their own.
"""

from dataclasses import dataclass
from enum import StrEnum
from random import Random

from sandbox.faults import Fault


class Blow(StrEnum):
    """What is done to the processes."""

    KILL = "kill -9"
    KILL_LEADER = "kill -9 the leader"
    KILL_ALL = "kill -9 all"
    FREEZE = "SIGSTOP"
    CUT = "end its connections to the database"


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """A blow against one process, by its number; it is started or let go on after ``pause`` seconds."""

    at: float
    blow: Blow
    process: int
    pause: float

    def __str__(self) -> str:
        return f"{self.at:5.1f} s  {self.blow} (process {self.process}, back after {self.pause:.1f} s)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A fault of the Bot API server ordered at a moment; None: it refuses connections for ``seconds``."""

    at: float
    fault: Fault | None
    seconds: float = 0.0

    def __str__(self) -> str:
        if self.fault is None:
            return f"{self.at:5.1f} s  the server refuses connections for {self.seconds:.1f} s"
        fault = self.fault
        return f"{self.at:5.1f} s  {fault.kind} on {fault.count} calls of {fault.method}"


class By(StrEnum):
    """How somebody acts."""

    CHAT = "in the chat"
    RECORD = "in a transaction beside the processes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A unit hands its evidence over, and its district accepts or returns it; ``twice`` presses each button twice."""

    at: float
    unit: int
    by: By
    accepted: bool
    twice: bool

    def __str__(self) -> str:
        what = "accepted" if self.accepted else "returned"
        return f"{self.at:5.1f} s  unit {self.unit} hands over {self.by}, {what}{', twice' if self.twice else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A whole run. ``askers`` are units whose people ask something; newcomers use their invitations at ``arrivals``."""

    seed: int
    processes: int
    seconds: float
    units: int
    strikes: tuple[Strike, ...]
    troubles: tuple[Trouble, ...]
    acts: tuple[Act, ...]
    askers: tuple[tuple[float, int], ...]
    arrivals: tuple[float, ...]
    early: float
    """How many seconds before the hour of reminders the first processes start."""
    skews: tuple[float, ...]
    """How many seconds each process's clock is ahead."""

    def __str__(self) -> str:
        lines: list[Strike | Trouble | Act] = [*self.strikes, *self.troubles, *self.acts]
        return "\n".join([f"seed {self.seed}:", *map(str, sorted(lines, key=lambda each: each.at))])


_BLOWS = {Blow.KILL: 5, Blow.KILL_LEADER: 3, Blow.KILL_ALL: 1, Blow.FREEZE: 2, Blow.CUT: 2}
_KINDS = {
    "drop": 4,
    "reset_after": 4,
    "reset_midway": 2,
    "502": 3,
    "500": 1,
    "429": 2,
    "not_json": 2,
    "slow": 2,
}
_SILENCE = 14.0
"""Longer than a frozen process keeps its name: others have taken over when it goes on."""
_ALONE = (Blow.KILL, Blow.FREEZE)
"""What can be done to one process on SQLite."""


def plan(seed: int, *, processes: int, notifications: int, seconds: float, thorough: bool = False) -> Plan:
    """Return what happens under a seed. A ``thorough`` run also freezes processes until they count as gone."""
    acting = max(6, notifications // 10)
    units = max(20, notifications - 3 * acting)
    return Plan(
        seed=seed,
        processes=processes,
        seconds=seconds,
        units=units,
        strikes=_strikes(_random(seed, "strikes"), processes, seconds, thorough=thorough),
        troubles=_troubles(_random(seed, "troubles"), seconds),
        acts=_acts(_random(seed, "acts"), units, acting, seconds),
        askers=_askers(_random(seed, "askers"), units, seconds),
        arrivals=tuple(_random(seed, "arrivals").uniform(0, seconds) for _ in range(3)),
        early=_random(seed, "early").uniform(0, 4),
        skews=tuple(_random(seed, f"skew {n}").uniform(-2, 2) for n in range(processes)),
    )


def _random(seed: int, purpose: str) -> Random:
    return Random(f"{seed}/{purpose}")  # noqa: S311  # to be repeated, not to be secret


def _strikes(random: Random, processes: int, seconds: float, *, thorough: bool) -> tuple[Strike, ...]:
    weights = {blow: weight for blow, weight in _BLOWS.items() if processes > 1 or blow in _ALONE}
    strikes = []
    at = random.uniform(1.0, 4.0)
    while at < seconds:
        blow = random.choices(list(weights), list(weights.values()))[0]
        silence = _SILENCE if thorough and random.random() < 1 / 3 else random.uniform(0.5, 3.0)
        strikes.append(
            Strike(
                at=at,
                blow=blow,
                process=random.randrange(processes),
                pause=silence if blow is Blow.FREEZE else random.uniform(0.0, 1.5),
            )
        )
        at += random.uniform(0.5, 3.0)
    return tuple(strikes)


def _troubles(random: Random, seconds: float) -> tuple[Trouble, ...]:
    troubles = []
    at = random.uniform(1.0, 3.0)
    while at < seconds:
        if random.random() < 0.1:
            troubles.append(Trouble(at=at, fault=None, seconds=random.uniform(0.5, 2.0)))
        else:
            fault = Fault.model_validate(
                {
                    "kind": random.choices(list(_KINDS), list(_KINDS.values()))[0],
                    "method": random.choices(["sendMessage", "*"], [3, 1])[0],
                    "count": random.randint(1, 4),
                    "after": random.randint(0, 5),
                    "retry_after": random.randint(1, 2),
                    "seconds": random.uniform(0.2, 2.0),
                }
            )
            troubles.append(Trouble(at=at, fault=fault))
        at += random.uniform(0.3, 1.5)
    return tuple(troubles)


def _acts(random: Random, units: int, count: int, seconds: float) -> tuple[Act, ...]:
    return tuple(
        Act(
            at=random.uniform(0.5, seconds),
            unit=unit,
            by=random.choice([By.CHAT, By.RECORD]),
            accepted=random.random() < 0.7,
            twice=random.random() < 0.3,
        )
        for unit in random.sample(range(units), count)
    )


def _askers(random: Random, units: int, seconds: float) -> tuple[tuple[float, int], ...]:
    return tuple(
        (random.uniform(0, seconds), unit) for unit in random.sample(range(units), max(3, units // 30))
    )
