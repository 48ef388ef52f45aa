"""Which generation each turn of a call runs on: it ends on the one that it began with.

Voice activity is heard without a turn, and knows what it has heard. So there is a standing lease,
whose voice activity the caller's audio runs through; a turn begins on another generation only if
that shares it. Where it does not, the stream moves when nobody speaks.
"""

from dataclasses import dataclass
from typing import Final

from rapidfuzz import fuzz

from talkover.core.records import Outcome, TurnRecord
from talkover.server.parts import Parts
from talkover.server.swap.generation import Generation
from talkover.server.swap.lease import Landlord, Lease
from talkover.server.swap.signs import TurnSigns

_REMEMBERED: Final = 64  # turns that are over and may still be corrected
_ALIKE: Final = 75.0  # of 100: the caller says it again
_WORDS: Final = 3  # that must be alike; "yes" and "yes" are no repetition
_AUDIBLE: Final = "first_audio"


@dataclass(slots=True)
class _Over:
    """A turn that is over, and whose words were whose."""

    generation: Generation
    text: str = ""


class Leases:
    """The generations that a session holds.

    Args:
        house: Gives them.
        session: Its id.
    """

    def __init__(self, house: Landlord, session: str) -> None:
        self._house = house
        self._session = session
        self._standing = house.lease(session)
        self._turns: dict[int, Lease] = {}
        self._over: dict[int, _Over] = {}
        self._version = house.version

    @property
    def standing(self) -> Parts:
        """What runs while nobody has a turn."""
        return self._standing.parts

    def of(self, turn: int) -> Parts:
        """What a turn runs on; what the next would, of one that is over."""
        lease = self._turns.get(turn)
        return self._standing.parts if lease is None else lease.parts

    def begin(self, turn: int) -> None:
        """A turn begins: choose what it runs on."""
        self.renew(quiet=False)
        if turn not in self._turns:
            self._turns[turn] = self._house.extend(self._standing.generation)

    def renew(self, *, quiet: bool) -> bool:
        """Take up what the house would give now.

        Args:
            quiet: Nobody speaks, so that voice activity may move.

        Returns:
            Whether it must: the standing lease has another now.
        """
        if self._version == self._house.version:
            return False
        chosen = self._house.choose(self._session)
        if chosen is self._standing.generation:
            self._version = self._house.version
            return False
        lease = self._house.extend(chosen)
        moves = lease.parts.voices is not self._standing.parts.voices
        if moves and not quiet:
            lease.end()
            return False
        self._version = self._house.version
        self._standing.end()
        self._standing = lease
        return moves

    def over(self, record: TurnRecord) -> None:
        """A turn is over: give its generation back, and say how it did.

        Args:
            record: Of the turn, with its words.
        """
        lease = self._turns.pop(record.turn, None)
        if lease is None:
            return
        generation = lease.generation
        self._house.turn_over(generation, signs_of(record))
        before = self._over.get(record.turn - 1)
        if before is not None and _again(before.text, record.text):
            self._house.turn_proves(before.generation, "repeated")
        heard = record.text if record.words or record.outcome is Outcome.FALSE_START else ""
        self._over[record.turn] = _Over(generation, heard)
        if len(self._over) > _REMEMBERED:
            del self._over[next(iter(self._over))]
        lease.end()

    def corrected(self, turn: int) -> None:
        """The caller says what a turn should have read; the record of one under way tells it."""
        if (over := self._over.get(turn)) is not None:
            self._house.turn_proves(over.generation, "corrected")

    def close(self) -> None:
        """The call is over."""
        for lease in (*self._turns.values(), self._standing):
            lease.end()
        self._turns.clear()


def signs_of(record: TurnRecord) -> TurnSigns:
    """What a turn tells about its weights."""
    return TurnSigns(
        empty=record.outcome is Outcome.FALSE_START and not record.text,
        corrected=record.correction is not None,
        failed=record.outcome is Outcome.ERROR,
        latency=record.latencies.get(_AUDIBLE),
    )


def _again(before: str, after: str) -> bool:
    """Whether somebody says nearly the same as before."""
    least = min(len(before.split()), len(after.split()))
    return least >= _WORDS and fuzz.ratio(before.lower(), after.lower()) >= _ALIKE
