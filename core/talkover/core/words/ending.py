"""Whether a text may be the end of a turn, from its words alone.

The method is a reading of how clauses end: some words cannot be the last ("and", "the"), some
openings promise more ("if"), some words close ("please", a Mandarin final particle), dictated
values have a length. Whisper ends nearly everything in a full stop, so a full stop says nothing.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from talkover.core.words.dictation import dictated
from talkover.core.words.lexicon import Act, Lexicon, Phrase, lexicon
from talkover.core.words.tokens import tokenise

_T = TypeVar("_T")

_UNKNOWN: Final = 0.5
"""Of a text without words."""
_ALONE: Final = 0.75
"""Of a single word that gives no hint: often a name."""
_USUAL: Final = (0.45, 0.85)
"""Of a text whose words give no hint, from two words to ``_WHOLE``: what is complete and short may
still be the first half of something."""
_WHOLE: Final = 9
"""Words of a usual sentence."""
_CHARACTER: Final = 0.6
"""Words that a Han character makes."""
_ANSWER: Final = 0.9
"""Of "yes", "no", "okay" and the like, which need no more."""
_HELD: Final = 0.1
"""Of a text that ends in a hesitation."""
_ASKED: Final = 0.6
"""Share of the doubt that a question mark takes away; recognisers hear it in the tune."""
_TRAILING: Final = 0.45
"""What a text keeps that ends in "…", a comma or a dash."""
_SETTLED: Final = 7
"""Words after which an opening promises nothing any more."""
_SECOND_CLAUSE: Final = 0.3
"""What is left of a promise when a comma has begun the second clause."""
_INNER: Final = re.compile(r"[,;，；]\s*\S")  # noqa: RUF001 - wide marks are meant
_PHRASE: Final = 4
"""Words of the longest phrase that is looked up."""
_TAIL: Final = 300
_HEAD: Final = 300
"""Characters that are looked at, from either end of a long text."""
_DICTATING: Final = 0.9
"""A value is finished at this completeness."""


@dataclass(frozen=True, slots=True)
class Floor:
    """Whether the speaker still holds the floor.

    Attributes:
        completeness: That the turn may end here, 0 to 1.
        dictating: In the middle of a number, a date, a spelling, an address.
        hesitating: The last words only hold the floor ("uh", "so").
    """

    completeness: float
    dictating: bool
    hesitating: bool


def completeness(text: str, language: str) -> float:
    """That a turn may end after a text: 0 to 1, and 0.5 if it has no words.

    Args:
        text: Of the turn so far, as recognised.
        language: ISO 639-1; without a data file, all languages are tried.
    """
    return floor(text, (language,)).completeness


def floor(text: str, languages: Sequence[str], context: str = "") -> Floor:
    """Judge the words of a turn so far.

    Args:
        text: As recognised; of a long one, the first and last 300 characters count.
        languages: ISO 639-1 of what may be spoken; see ``weigh``.
        context: The agent's last words, such as "What is your phone number?".
    """
    listed = lexicon(languages)
    text = text if len(text) <= _HEAD + _TAIL else f"{text[:_HEAD]} {text[-_TAIL:]}"
    words = listed.spell(tokenise(text))
    if not words:
        return Floor(_UNKNOWN, dictating=False, hesitating=False)
    hesitating = _hesitates(words, listed)
    value = dictated(text, words, listed.spell(tokenise(context[-_TAIL:])), listed)
    chance = value.done if value else _of_clause(words, text, listed)
    if hesitating:
        chance = min(chance, _HELD)
    return Floor(chance, value is not None and value.done < _DICTATING, hesitating)


def _hesitates(words: Sequence[str], listed: Lexicon) -> bool:
    act, _ = _suffix(words, listed.acts)
    return act is not None and _holds(act)


def _holds(act: Act) -> bool:
    return act.hesitation > max(act.backchannel, act.floor)


def _of_clause(words: Sequence[str], text: str, listed: Lexicon) -> float:
    answer = _answer(words, listed)
    if answer is not None:
        return _marked(answer, text)
    chance = _usual(words)
    closing, closing_size = _suffix(words, listed.closed)
    follows, open_size = _suffix(words, listed.open)
    if closing and open_size <= closing_size < len(words):
        chance += (1.0 - chance) * closing
    elif follows:
        asking, _ = _prefix(words, listed.question)
        chance *= 1.0 - follows * (1.0 - (asking or 0.0) * (len(words) > 1))
    return _marked(chance * (1.0 - _promised(words, text, listed)), text)


def _marked(chance: float, text: str) -> float:
    """With the punctuation at the end, a full stop excepted."""
    end = text.rstrip("\"'”’») ")  # noqa: RUF001 - typographic quotes are meant
    if end.endswith(("?", "？", "؟")):  # noqa: RUF001 - wide marks are meant
        return chance + (1.0 - chance) * _ASKED
    if end.endswith(("...", "…", ",", "-", "–", "—", "，", "、", ":")):  # noqa: RUF001 - as above
        return chance * _TRAILING
    return chance


def _answer(words: Sequence[str], listed: Lexicon) -> float | None:
    """Of a text that is nothing but an answer, a greeting or a backchannel; None for others."""
    phrase = tuple(words[: _PHRASE + 1])
    if (weight := listed.answer.get(phrase)) is not None:
        return weight
    act = listed.acts.get(phrase)
    return _ANSWER if act and act.backchannel > 0.5 and not _holds(act) else None


def _usual(words: Sequence[str]) -> float:
    if len(words) == 1:
        return _ALONE
    least, most = _USUAL
    length = sum(_CHARACTER if "\u3400" <= word[0] <= "\u9fff" else 1.0 for word in words)
    return least + (most - least) * min(1.0, max(0.0, (length - 2) / (_WHOLE - 2)))


def _promised(words: Sequence[str], text: str, listed: Lexicon) -> float:
    """Doubt because of how a text begins; it fades as the text grows, sooner after a comma."""
    weight, _ = _prefix(words, listed.start)
    if not weight:
        return 0.0
    weight *= _SECOND_CLAUSE if _INNER.search(text) else 1.0
    return weight * max(0.0, 1.0 - (len(words) - 1) / _SETTLED)


def _suffix(words: Sequence[str], table: Mapping[Phrase, _T]) -> tuple[_T | None, int]:
    """The entry of the longest phrase that the words end in, and how many words it has."""
    for size in range(min(_PHRASE, len(words)), 0, -1):
        if (entry := table.get(tuple(words[-size:]))) is not None:
            return entry, size
    return None, 0


def _prefix(words: Sequence[str], table: Mapping[Phrase, _T]) -> tuple[_T | None, int]:
    """The entry of the longest phrase that the words begin with, and how many words it has."""
    for size in range(min(_PHRASE, len(words)), 0, -1):
        if (entry := table.get(tuple(words[:size]))) is not None:
            return entry, size
    return None, 0
