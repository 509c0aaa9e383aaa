"""What is going to happen, and when: a pure function of the seed, so that a run that failed can be repeated.

A moment is how much of what is due has arrived, from 0 to 1: so a slow machine is hit in the middle of its work like a
fast one. Where nothing moves on, time does: after `Plan.longest` seconds every moment has come. How the processes run in
between is their own.
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
        return f"{self.at:.2f}  {self.blow} (process {self.process}, back after {self.pause:.1f} s)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The Bot API server refuses connections for some seconds."""

    at: float
    seconds: float

    def __str__(self) -> str:
        return f"{self.at:.2f}  the server refuses connections for {self.seconds:.1f} s"


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
        twice = ", twice" if self.twice else ""
        return f"{self.at:.2f}  unit {self.unit} hands over {self.by}, {what}{twice}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A whole run. ``askers`` are units whose people ask something; newcomers use their invitations at ``arrivals``.

    ``faults`` are ordered of the server at the beginning; each strikes after so many calls.
    """

    seed: int
    processes: int
    units: int
    longest: float
    strikes: tuple[Strike, ...]
    refusals: tuple[Refusal, ...]
    faults: tuple[Fault, ...]
    acts: tuple[Act, ...]
    askers: tuple[tuple[float, int], ...]
    arrivals: tuple[float, ...]
    early: float
    """How many seconds before the hour of reminders the first processes start."""
    skews: tuple[float, ...]
    """How many seconds each process's clock is ahead."""

    def __str__(self) -> str:
        moments: list[Strike | Refusal | Act] = [*self.strikes, *self.refusals, *self.acts]
        faults = [
            f"{each.kind} on {each.count} calls of {each.method}, after {each.after}" for each in self.faults
        ]
        return "\n".join(
            [f"the plan of seed {self.seed}:", *faults, *map(str, sorted(moments, key=lambda each: each.at))]
        )


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
_LONGEST, _LONGEST_EACH = 20.0, 0.1
_ALONE = (Blow.KILL, Blow.FREEZE)
"""What can be done to one process on SQLite."""


def plan(seed: int, *, processes: int, notifications: int, thorough: bool = False) -> Plan:
    """Return what happens under a seed. A ``thorough`` run also freezes processes until they count as gone."""
    acting = max(6, notifications // 10)
    units = max(20, notifications - 3 * acting)
    return Plan(
        seed=seed,
        processes=processes,
        units=units,
        longest=_LONGEST + notifications * _LONGEST_EACH,
        strikes=_strikes(_random(seed, "strikes"), processes, notifications, thorough=thorough),
        refusals=_refusals(_random(seed, "refusals"), notifications),
        faults=_faults(_random(seed, "faults"), notifications),
        acts=_acts(_random(seed, "acts"), units, acting),
        askers=_askers(_random(seed, "askers"), units),
        arrivals=tuple(_random(seed, f"arrival {n}").random() for n in range(3)),
        early=_random(seed, "early").uniform(0, 4),
        skews=tuple(_random(seed, f"skew {n}").uniform(-2, 2) for n in range(processes)),
    )


def _random(seed: int, purpose: str) -> Random:
    return Random(f"{seed}/{purpose}")  # noqa: S311  # to be repeated, not to be secret


def _strikes(random: Random, processes: int, notifications: int, *, thorough: bool) -> tuple[Strike, ...]:
    weights = {blow: weight for blow, weight in _BLOWS.items() if processes > 1 or blow in _ALONE}
    strikes = []
    for _ in range(random.randint(3, 6) + notifications // 300):
        blow = random.choices(list(weights), list(weights.values()))[0]
        silence = _SILENCE if thorough and random.random() < 1 / 4 else random.uniform(0.5, 3.0)
        strikes.append(
            Strike(
                at=random.uniform(0.0, 0.9),
                blow=blow,
                process=random.randrange(processes),
                pause=silence if blow is Blow.FREEZE else random.uniform(0.0, 1.5),
            )
        )
    return tuple(strikes)


def _refusals(random: Random, notifications: int) -> tuple[Refusal, ...]:
    return tuple(
        Refusal(at=random.uniform(0.0, 0.9), seconds=random.uniform(0.5, 2.0))
        for _ in range(random.randint(0, 2) + notifications // 1000)
    )


def _faults(random: Random, notifications: int) -> tuple[Fault, ...]:
    return tuple(
        Fault.model_validate(
            {
                "kind": random.choices(list(_KINDS), list(_KINDS.values()))[0],
                "method": random.choices(["sendMessage", "*"], [3, 1])[0],
                "count": random.randint(1, 3),
                "after": random.randint(0, notifications),
                "retry_after": random.randint(1, 2),
                "seconds": random.uniform(0.2, 2.0),
            }
        )
        for _ in range(3 + notifications // 25)
    )


def _acts(random: Random, units: int, count: int) -> tuple[Act, ...]:
    return tuple(
        Act(
            at=random.random(),
            unit=unit,
            by=random.choice([By.CHAT, By.RECORD]),
            accepted=random.random() < 0.7,
            twice=random.random() < 0.3,
        )
        for unit in random.sample(range(units), count)
    )


def _askers(random: Random, units: int) -> tuple[tuple[float, int], ...]:
    return tuple((random.random(), unit) for unit in random.sample(range(units), max(3, units // 30)))
