"""Feed a logged call through the core and compare what it tells. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from talkover.core.errors import TraceError
from talkover.core.records import SessionEvent
from talkover.server.session.observations import load
from talkover.server.turns import Change, Observation, Tell, TurnMachine, TurnPolicy, Voice


@dataclass(frozen=True, slots=True)
class Call:
    """What the trace of a call holds of its turn-taking.

    Attributes:
        policy: Under which it ran.
        observations: All of them, in order.
        told: What its core told, in order.
    """

    policy: TurnPolicy
    observations: tuple[Observation, ...]
    told: tuple[Tell, ...]

    @classmethod
    def read(cls, events: Iterable[SessionEvent]) -> "Call":
        """Read the events of one session.

        Raises:
            TraceError: some are missing, or of another version.
        """
        policy, observations, told = TurnPolicy(), list[Observation](), list[Tell]()
        ordered = sorted({event.seq: event for event in events}.values(), key=lambda e: e.seq)
        if [event.seq for event in ordered] != list(range(len(ordered))):
            raise TraceError("the trace has a gap; a call is replayed from its first event on")
        try:
            for event in ordered:
                if event.type == "opened":
                    policy = _policy(event.payload["policy"])
                elif event.type == "observations":
                    _items(event.payload["items"], observations, told)
        except (KeyError, TypeError, ValueError) as error:
            raise TraceError(f"the trace is of another version ({error})") from None
        return cls(policy, tuple(observations), tuple(told))


def _policy(payload: Any) -> TurnPolicy:
    return TurnPolicy(**payload)


def _items(items: Any, observations: list[Observation], told: list[Tell]) -> None:
    for item in items:
        if item[0] == "Tell":
            _, at, change, turn = item
            told.append(Tell(at, Change(change), turn))
        else:
            observations.append(load(item))


@dataclass(frozen=True, slots=True)
class Difference:
    """A stretch in which two accounts of a call differ: what one has and the other has instead."""

    logged: tuple[Tell, ...]
    given: tuple[Tell, ...]


@dataclass(frozen=True, slots=True)
class Replay:
    """A call that was replayed.

    Attributes:
        logged: What was told in the call.
        given: What the core tells now.
        voice: Where each hop ended, and the probability of voice in it, for the picture.
    """

    logged: tuple[Tell, ...]
    given: tuple[Tell, ...]
    voice: tuple[tuple[int, float], ...]

    @property
    def same(self) -> bool:
        """To the tick."""
        return self.logged == self.given

    def differences(self) -> list[Difference]:
        """Where they part, in order."""
        matcher = SequenceMatcher(None, self.logged, self.given, autojunk=False)
        return [
            Difference(self.logged[a:b], self.given[c:d])
            for tag, a, b, c, d in matcher.get_opcodes()
            if tag != "equal"
        ]

    def counts(self) -> Mapping[Change, tuple[int, int]]:
        """How often each change was told, then and now."""

        def count(told: Iterable[Tell], change: Change) -> int:
            return sum(tell.change is change for tell in told)

        return {
            change: (count(self.logged, change), count(self.given, change)) for change in Change
        }


def replay(call: Call, policy: TurnPolicy | None = None) -> Replay:
    """Feed a call's observations through a new core.

    With another policy the agent's and the listener's observations stay those of the call: what
    they would have said to other commands nobody knows. So it shows where the core would have
    decided otherwise, and is only as good as the time until then.

    Args:
        call: As logged.
        policy: Instead of its own.
    """
    machine = TurnMachine(policy or call.policy)
    given = [
        command
        for observation in call.observations
        for command in machine.step(observation)
        if isinstance(command, Tell)
    ]
    voice = tuple((o.at, o.probability) for o in call.observations if isinstance(o, Voice))
    return Replay(call.told, tuple(given), voice)
