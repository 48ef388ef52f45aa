"""Which moment a question about pictures means, from its words and their times. Pure.

The time of the word decides: who asks "what does this say?" means what is in view while "this" is
said, whatever is in view when the sentence is over. A stated time ("five seconds ago") goes before
what only points back ("before"), and that before what points at something; of two of a kind the
last one holds, which is the question's.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from talkover.core.clock import samples
from talkover.core.words.tokens import tokenise
from talkover.server.seeing.cues import Cue, Cues, Meaning, Shown
from talkover.server.thinking.scene import TimedWord

When = Literal["then", "before", "change"]

_RANK: Final[dict[Meaning, int]] = {"look": 1, "this": 2, "before": 3, "change": 3, "ago": 4}
_WHEN: Final[dict[Meaning, When]] = {"before": "before", "change": "change"}
_FARTHEST: Final = 600.0  # seconds that anybody counts back


@dataclass(frozen=True, slots=True)
class Moment:
    """What is asked about.

    Attributes:
        at: On the media clock; of what lies a stated time back, then.
        when: ``then``: what is in view at that time; ``before``: what was before that;
            ``change``: both.
        cue: The words that tell; empty: none did, and the question's last word was taken.
        source: What it is shown by, if the words tell.
    """

    at: int
    when: When = "then"
    cue: str = ""
    source: Shown | None = None


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    at: int


def moment_of(words: Sequence[TimedWord], listed: Cues, now: int) -> Moment:
    """What a turn asks about.

    Args:
        words: Of the turn, in order.
        listed: Words that tell which moment.
        now: On the media clock: of what has no words, or comes from the future.
    """
    tokens = [
        _Token(text, min(now, (word.start + word.end) // 2))
        for word in words
        for text in tokenise(word.text)
    ]
    chosen = Moment(tokens[-1].at if tokens else now)
    best = 0
    for rank, found in _moments(tokens, listed):
        if rank >= best:
            best, chosen = rank, found
    return Moment(chosen.at, chosen.when, chosen.cue, _source(tokens, listed))


def _moments(tokens: Sequence[_Token], listed: Cues) -> Iterator[tuple[int, Moment]]:
    """Every cue in the words and how much it tells, the longest at each place; none in another."""
    place = 0
    while place < len(tokens):
        size, cue = _longest(tokens, place, listed)
        if cue is None:
            place += 1
            continue
        # The first word of a phrase points: of "this one" it is "this".
        at, text = tokens[place].at, " ".join(t.text for t in tokens[place : place + size])
        if cue.means == "ago":
            number = _number(tokens[place - 1].text, listed) if place else None
            if number is not None:
                back = samples(min(_FARTHEST, number * cue.seconds))
                said = f"{tokens[place - 1].text} {text}"
                yield _RANK["ago"], Moment(max(0, at - back), "then", said)
        elif cue.means != "nothing":
            yield _RANK[cue.means], Moment(at, _WHEN.get(cue.means, "then"), text)
        place += size


def _longest(tokens: Sequence[_Token], place: int, listed: Cues) -> tuple[int, Cue | None]:
    for size in range(min(listed.longest, len(tokens) - place), 0, -1):
        phrase = tuple(token.text for token in tokens[place : place + size])
        if (cue := listed.moments.get(phrase)) is not None:
            return size, cue
    return 1, None


def _source(tokens: Sequence[_Token], listed: Cues) -> Shown | None:
    """The last source that is named."""
    for place in reversed(range(len(tokens))):
        for size in range(min(listed.longest, len(tokens) - place), 0, -1):
            phrase = tuple(token.text for token in tokens[place : place + size])
            if (shown := listed.sources.get(phrase)) is not None:
                return shown
    return None


def _number(word: str, listed: Cues) -> int | None:
    return int(word) if word.isascii() and word.isdigit() else listed.numbers.get(word)
