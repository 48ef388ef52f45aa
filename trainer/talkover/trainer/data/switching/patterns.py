"""Code-switched sentences of five patterns. Pure.

Where bilinguals switch is not anywhere. Sentences and tags are free; inside a sentence they go over
where the grammars of both languages agree on the order (Poplack's equivalence constraint), so
alternation here is at clauses (main and subordinate, reported speech) and between a subject and
its predicate; a single word takes the frame of the matrix language, with its article and its place
(Myers-Scotton's matrix language frame). Either language of a pair may be the matrix.
"""

from collections.abc import Callable
from typing import Final

from talkover.core.errors import DataError
from talkover.trainer.data.switching.templates import (
    Marked,
    Random,
    Speaker,
    begun,
    pick,
    plain,
    speaker,
    tokens_of,
    unstopped,
)
from talkover.trainer.data.switching.tokens import Pattern, SwitchText, written
from talkover.trainer.data.texts import Split, Theme, split_of

THEMES: Final = (Theme.CALL_CENTRE, Theme.EVERYDAY)
_TRIES: Final = 2_000
_JOINTS: Final = (("main", "reason"), ("saying", "said"), ("subject", "predicate"))


def draw(
    pair: str,
    pattern: Pattern,
    split: Split,
    random: Random,
    *,
    matrix: str = "",
    theme: Theme | None = None,
) -> SwitchText:
    """A code-switched sentence of a split.

    Args:
        pair: One of ``PAIRS``.
        pattern: Where it switches.
        split: Whose sentences. A sentence inside it that could stand alone is of the split, too.
        random: Of all that is drawn.
        matrix: The language of its frame; drawn by default.
        theme: What it is about; drawn by default.

    Raises:
        DataError: there is no such pair, or its templates give too few sentences of the split.
    """
    both = speaker(pair)
    frame = matrix or pick(both.languages, random)
    about = theme or Theme(pick(THEMES, random))
    if frame not in both.languages or about not in THEMES:
        raise DataError(f"nobody speaks about {about} in the frame of {frame!r} in {pair}")
    for _ in range(_TRIES):
        made = _MAKERS[pattern](both, frame, about, split, random)
        text = SwitchText(tokens_of(made), pair, pattern, frame, about)
        if split_of(text.text) is split:
            return text
    raise DataError(f"{_TRIES} sentences of {pair} {pattern} and none for {split}; write more")


def _sentence(
    both: Speaker, language: str, kind: str, theme: Theme, split: Split, random: Random
) -> Marked:
    """One of one language that is of the split by itself."""
    for _ in range(_TRIES):
        made = both.draw(random, language, kind, theme)
        if split_of(written(tokens_of(made))) is split:
            return made
    raise DataError(f"{_TRIES} {kind} in {language} and none for {split}; write more")


def _between(both: Speaker, frame: str, theme: Theme, split: Split, random: Random) -> Marked:
    first = _sentence(both, frame, "statements", theme, split, random)
    second = _sentence(both, both.partner(frame), "requests", theme, split, random)
    return [*first, (" ", ""), *begun(second)]


def _tag(both: Speaker, frame: str, theme: Theme, split: Split, random: Random) -> Marked:
    tags = both.files[both.partner(frame)]["tags"]
    if random.random() < 0.5:
        kind = pick(("statements", "requests"), random)
        base = _sentence(both, frame, kind, theme, split, random)
        return [*plain(f"{pick(tags['first'], random)} ", both.partner(frame)), *base]
    base = unstopped(_sentence(both, frame, "statements", theme, split, random))
    comma = both.files[frame]["comma"]
    last = plain(pick(tags["last"], random), both.partner(frame))
    return [*base, *plain(f"{comma} ", frame), *last]


def _in_frame(kind: str) -> Callable[[Speaker, str, Theme, Split, Random], Marked]:
    def make(both: Speaker, frame: str, theme: Theme, _split: Split, random: Random) -> Marked:
        return both.draw(random, frame, kind, theme)

    return make


def _alternation(both: Speaker, frame: str, theme: Theme, _split: Split, random: Random) -> Marked:
    other = both.partner(frame)
    left, right = _JOINTS[int(random.integers(len(_JOINTS)))]
    first = both.fill(_of(both, frame, theme, left, random), frame, random)
    second = both.fill(_of(both, other, theme, right, random), other, random)
    joint = [] if second[0][0] in ",，" else [(" ", "")]
    return [*first, *joint, *second, *plain(both.files[other]["stop"], other)]


def _of(both: Speaker, language: str, theme: Theme, part: str, random: Random) -> str:
    return pick(both.templates(language, "alternation", theme, part), random)


_MAKERS: Final[dict[Pattern, Callable[[Speaker, str, Theme, Split, Random], Marked]]] = {
    Pattern.BETWEEN: _between,
    Pattern.TAG: _tag,
    Pattern.INSERTION: _in_frame("insertion"),
    Pattern.ALTERNATION: _alternation,
    Pattern.BORROWED: _in_frame("borrowed"),
}
