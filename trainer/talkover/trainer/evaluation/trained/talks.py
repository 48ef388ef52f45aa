"""Where two people speak at once, each on a lane of their own: one hears some of the other.

The caller's lane has the agent's echo in most talks, and a television in some. Each lane is read
while its person speaks, as a server would cut it, and both together are judged by cpWER.
"""

from typing import Final

from talkover.core.clock import RATE
from talkover.trainer.data.clean import in_steps
from talkover.trainer.data.conversations.files import Talk, converse
from talkover.trainer.data.conversations.rates import Rates
from talkover.trainer.data.conversations.segments import Kind, Lane, Segment
from talkover.trainer.data.mouths import Sound
from talkover.trainer.data.recipe import Recipe
from talkover.trainer.data.texts import Split
from talkover.trainer.data.throat import Throat
from talkover.trainer.evaluation.accents import main_language
from talkover.trainer.evaluation.trained.clips import ENGLISH, MIXED, Clip
from talkover.trainer.evaluation.trained.material import CONVERSATIONS, DIALECTS, Material
from talkover.trainer.evaluation.utterances import LONGEST

OVERLAP: Final = "overlap"
_RATES: Final = Rates(
    turns=2, overlaps=1.0, barge_ins=0.5, backchannels=0, side_talk=0, television=0.3, echo=0.7
)
_AROUND: Final = round(0.3 * RATE)  # samples before the first word and behind the last
_LANES: Final = tuple(Lane)


class Talks(Material):
    """Two turns that overlap, a clip a lane.

    Raises:
        ConfigError: eSpeak NG is not installed.
    """

    def __init__(self, seed: int) -> None:
        self._recipe = Recipe.load(DIALECTS, seed=seed)
        about = "two people at once, a lane each, with echo and television"
        super().__init__(CONVERSATIONS, [OVERLAP], (self._recipe, _RATES), about)
        self._throat = Throat()
        self._last: tuple[int, Talk] | None = None

    def close(self) -> None:
        """Nobody speaks any more."""
        self._throat.close()

    def numbers(self, count: int) -> range:
        """See ``Material``; two lanes a talk."""
        return range(count * len(_LANES))

    def make(self, number: int) -> tuple[Clip, Sound]:
        """See ``Material``."""
        talk, place = divmod(number, len(_LANES))
        plan, lanes, _ = self._talk(talk)
        lane = _LANES[place]
        (mine,) = (one for one in plan.on(lane) if one.kind in (Kind.TURN, Kind.BARGE_IN))
        begin, words = within(mine, round(LONGEST * RATE))
        first = max(0, begin - _AROUND)
        clip = Clip(
            *(CONVERSATIONS, number, OVERLAP, MIXED, words, main_language(words)),
            voice=mine.spoken.speaker,
            group=f"{talk:05d}",
            lane=lane.value,
        )
        return clip, in_steps(lanes[place, first : mine.end + _AROUND])

    def _talk(self, number: int) -> Talk:
        """Kept for its other lane."""
        if self._last is None or self._last[0] != number:
            self._last = number, converse(self._recipe, Split.TEST, _RATES, number, self._throat)
        return self._last[1]


def within(segment: Segment, most: int) -> tuple[int, tuple[tuple[str, str], ...]]:
    """The last part of a segment that is not longer than ``most`` samples, from a word on.

    Returns:
        Where it begins, and its words with their languages.
    """
    kept = [word for word in segment.words if word.start >= segment.end - most]
    begin = kept[0].start if kept else segment.start
    return begin, tuple((word.text, word.language or ENGLISH) for word in kept)
