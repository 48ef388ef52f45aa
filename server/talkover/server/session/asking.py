"""What comes with the caller's words when the brain is asked: what was shown, and the sound."""

from dataclasses import dataclass

from talkover.server.parts import Parts
from talkover.server.seeing.choosing import View
from talkover.server.seeing.eyes import Eyes
from talkover.server.session.ears import Ears
from talkover.server.session.lane import CallerLane
from talkover.server.session.mediaclock import MediaClock
from talkover.server.thinking import Scene
from talkover.server.thinking.scene import TimedWord
from talkover.server.turns import Think


@dataclass(frozen=True, slots=True)
class Asked:
    """A turn that is to be answered.

    Attributes:
        start: Where its audio begins, on the media clock.
        end: Where it ends.
        words: On the media clock; none, if it was typed.
        view: What of the pictures it is about; None: nothing is shown, or nobody would look.
    """

    start: int
    end: int
    words: tuple[TimedWord, ...]
    view: View | None


class Asking:
    """Finds what a turn is about.

    Args:
        lane: Of the caller's audio.
        ears: Know its words.
        eyes: Know what is shown.
        clock: The session's time: that of a typed turn, which the lane knows nothing of.
    """

    def __init__(self, lane: CallerLane, ears: Ears, eyes: Eyes, clock: MediaClock) -> None:
        self._lane = lane
        self._ears = ears
        self._eyes = eyes
        self._clock = clock

    def begin(self, think: Think, parts: Parts) -> Asked:
        """What a turn asks about, decided by its words as they are now."""
        words = self._ears.words(think.listens)
        looks = parts.brain.senses.pictures > 0
        view = self._eyes.view(words, self._clock.now()) if looks else None
        return Asked(think.start, think.end, words, view)

    async def ahead(self, parts: Parts) -> Scene | None:
        """What the turn under way will be about, if that was looked at already; None: who knows."""
        view = self._eyes.view((), self._clock.now())
        if view is None or not self._eyes.looked(view.shot, parts.seer):
            return None
        return Scene(sights=await self._eyes.look(view, parts.seer, parts.brain.senses.pictures))

    async def scene(self, asked: Asked, parts: Parts) -> Scene:
        """The turn for those who answer it, as far as they have senses for it."""
        senses = parts.brain.senses
        view, tape = asked.view, self._lane.tape
        sights = () if view is None else await self._eyes.look(view, parts.seer, senses.pictures)
        sound = tape.cut(asked.start, asked.end) if senses.sound else None
        return Scene(asked.words, sights, sound)
