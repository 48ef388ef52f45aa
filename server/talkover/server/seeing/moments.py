"""Which moment a question about pictures means, from its words and their times. Pure.

The time of the word decides: who asks "what does this say?" means what is in view while "this" is
said, whatever is in view when the sentence is over. A stated time ("five seconds ago") goes before
what plainly asks about the past, that before what points ("this"), that before what may only join
clauses or mean a place at large ("that", "here"), and that before a bid ("read it"). Of two
bids the first holds, of two others the last.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from talkover.core.clock import samples
from talkover.core.words.tokens import tokenise
from talkover.server.seeing.cues import ANY, Cue, Cues, Meaning, Shown
from talkover.server.thinking.scene import TimedWord

When = Literal["then", "before", "change"]

_RANK: Final[dict[tuple[Meaning, bool], int]] = {
    ("look", True): 1,
    ("before", True): 1,
    ("change", True): 1,
    ("look", False): 2,
    ("this", True): 3,
    ("this", False): 4,
    ("before", False): 5,
    ("change", False): 5,
    ("ago", True): 6,
    ("ago", False): 6,
}
"""By what a phrase means, and whether it is weak."""
_BIDS: Final = 2
"""Up to here the first holds: "read me the last line before I say yes"."""
_WHEN: Final[dict[Meaning, When]] = {"before": "before", "change": "change"}
_FARTHEST: Final = 600.0  # seconds that anybody counts back
_CLAUSE_ENDS: Final = re.compile(
    r"[,.;:!?\u2026\u2013\u2014\u0964\u3001\u3002\uff0c\uff01\uff1b\uff1f]\W*$"
)


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
    ends: bool = False
    """A clause ends behind it."""


def moment_of(words: Sequence[TimedWord], listed: Cues, now: int) -> Moment:
    """What a turn asks about.

    Args:
        words: Of the turn, in order.
        listed: Words that tell which moment.
        now: On the media clock: of what has no words, or comes from the future.
    """
    tokens = list(_tokens(words, now))
    chosen = Moment(tokens[-1].at if tokens else now)
    best = 0
    for rank, found in _moments(tokens, listed):
        if rank > best or rank == best > _BIDS:
            best, chosen = rank, found
    return Moment(chosen.at, chosen.when, chosen.cue, _source(tokens, listed))


def _tokens(words: Sequence[TimedWord], now: int) -> Iterator[_Token]:
    for word in words:
        at = min(now, (word.start + word.end) // 2)
        texts = tokenise(word.text)
        ends = _CLAUSE_ENDS.search(word.text) is not None
        for place, text in enumerate(texts, 1):
            yield _Token(text, at, ends and place == len(texts))


def _moments(tokens: Sequence[_Token], listed: Cues) -> Iterator[tuple[int, Moment]]:
    """Every cue in the words and how much it tells, the longest at each place."""
    place = 0
    while place < len(tokens):
        size, cue = _longest(tokens, place, listed)
        if cue is None:
            place += 1
            continue
        text = " ".join(token.text for token in tokens[place : place + size])
        at = tokens[place + cue.points].at
        rank = _RANK.get((cue.means, cue.weak), 0)
        if cue.means == "ago":
            number = _number(tokens[place - 1].text, listed) if place else None
            if number is not None:
                back = samples(min(_FARTHEST, number * cue.seconds))
                said = f"{tokens[place - 1].text} {text}"
                yield rank, Moment(max(0, at - back), "then", said)
        elif cue.means != "nothing":
            yield rank, Moment(at, _WHEN.get(cue.means, "then"), text)
        # What looks may go on with what points: "read that". Nothing else has a cue within it.
        place += 1 if cue.means in ("look", "this") else size


def _holds(cue: Cue, tokens: Sequence[_Token], place: int, size: int) -> bool:
    """What a phrase means, it means here."""
    begins = not place or tokens[place - 1].ends
    ends = place + size == len(tokens) or tokens[place + size - 1].ends
    there = {"anywhere": True, "begin": begins, "end": ends, "edge": begins or ends}
    if not there[cue.where]:
        return False
    if not ends and tokens[place + size].text in cue.unless_next:
        return False
    for token in reversed(tokens[:place]):
        if token.ends:
            return True
        if token.text in cue.unless:
            return False
    return True


def _longest(tokens: Sequence[_Token], place: int, listed: Cues) -> tuple[int, Cue | None]:
    for size in range(min(listed.longest, len(tokens) - place), 0, -1):
        phrase = tuple(token.text for token in tokens[place : place + size])
        inner = [(*phrase[:at], ANY, *phrase[at + 1 :]) for at in range(1, size - 1)]
        for form in (phrase, *inner):
            for cue in listed.moments.get(form, ()):
                if _holds(cue, tokens, place, size):
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
