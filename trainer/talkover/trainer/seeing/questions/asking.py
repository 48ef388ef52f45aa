"""Questions by number."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Final

from talkover.trainer.seeing.questions.draws import Draws
from talkover.trainer.seeing.questions.kinds import clips, scenes, written
from talkover.trainer.seeing.questions.kinds.draft import Draft
from talkover.trainer.seeing.questions.phrases import ask
from talkover.trainer.seeing.questions.question import CANT_TELL, Kind, Pixels, Question, Split
from talkover.trainer.seeing.questions.rendering.camera import covered, darkened, out_of_focus

UNANSWERABLE: Final = 0.15
"""Share of the questions of each kind that nobody can answer from the pictures."""

_MOMENTS: Final = (6.0, 60.0)
_FRAME: Final = 0.02
"""Times are whole frames of the media clock (s)."""
_ANY: Final = ("dark", "blurred", "covered")
"""Reasons of every kind: it is what the camera does, not what is before it."""


@dataclass(frozen=True, slots=True)
class _Maker:
    """How a kind is made.

    Attributes:
        make: Takes draws and the reason, which is empty or one of ``reasons``.
        reasons: Of its own.
    """

    make: Callable[[Draws, str], Draft]
    reasons: tuple[str, ...] = ()


_MAKERS: Final = {
    Kind.OBJECTS: _Maker(scenes.objects, ("absent",)),
    Kind.COLOURS: _Maker(scenes.colours, ("absent", "grey")),
    Kind.COUNTS: _Maker(scenes.counts),
    Kind.POSITIONS: _Maker(scenes.positions, ("absent",)),
    Kind.SIZES: _Maker(scenes.sizes, ("absent",)),
    Kind.PRESENCE: _Maker(scenes.presence),
    Kind.DIGITS: _Maker(written.digits, ("off",)),
    Kind.WORDS: _Maker(written.words, ("blank",)),
    Kind.LABELS: _Maker(written.labels, ("absent",)),
    Kind.CHARTS: _Maker(written.charts, ("absent",)),
    Kind.SCREENS: _Maker(written.screens, ("absent",)),
    Kind.CHANGES: _Maker(clips.changes, ("unseen",)),
    Kind.MOMENTS: _Maker(clips.moments),
}


def question(number: int, split: Split, kind: Kind | None = None, seed: int = 0) -> Question:
    """A question: the same for the same arguments, on every machine with the same packages.

    Args:
        number: From 0 on.
        split: Whose texts, layouts, pictures and wordings.
        kind: What is asked for; None: the kinds come in turn.
        seed: Of a set.

    Raises:
        ConfigError: a font is missing.
    """
    kinds = list(Kind)
    turn, place = divmod(number, len(kinds)) if kind is None else (number, kinds.index(kind))
    chosen = kinds[place]
    draws = Draws(split, [seed, list(Split).index(split), place, turn])
    maker = _MAKERS[chosen]
    reason = draws.one((*maker.reasons, *_ANY)) if draws.chance(UNANSWERABLE) else ""
    drafted = maker.make(draws, reason if reason in maker.reasons else "")
    moment = _on_frame(draws.between(*_MOMENTS))
    return Question(
        number=number,
        kind=chosen,
        question=ask(chosen.value, drafted.form, drafted.slots, draws),
        answer=CANT_TELL if reason else drafted.answer,
        accepted=() if reason else drafted.accepted,
        pictures=_spoiled(drafted, chosen, reason, draws),
        times=tuple(_on_frame(moment - old) for old in drafted.ages),
        moment=moment,
        split=split,
        reason=reason,
        form=drafted.form,
        placed=() if reason in _ANY else drafted.placed,
    )


def questions(split: Split, kind: Kind | None = None, seed: int = 0) -> Iterator[Question]:
    """All of them, from number 0 on; there is no last one."""
    return (question(number, split, kind, seed) for number in count())


def reasons(kind: Kind) -> tuple[str, ...]:
    """Why nobody can tell, in this kind."""
    return (*_MAKERS[kind].reasons, *_ANY)


def _spoiled(drafted: Draft, kind: Kind, reason: str, draws: Draws) -> tuple[Pixels, ...]:
    """All that are asked about; of a clip that is asked about its beginning, the first."""
    asked = range(len(drafted.pictures))
    if kind is Kind.MOMENTS:
        asked = (
            range(1)
            if drafted.form == "first"
            else range(len(drafted.pictures) - 1, len(drafted.pictures))
        )
    return tuple(
        _spoil(picture, reason, draws) if place in asked else picture
        for place, picture in enumerate(drafted.pictures)
    )


def _spoil(picture: Pixels, reason: str, draws: Draws) -> Pixels:
    match reason:
        case "dark":
            return darkened(picture, draws)
        case "blurred":
            return out_of_focus(picture)
        case "covered":
            return covered(picture, draws)
        case _:
            return picture


def _on_frame(time: float) -> float:
    return round(round(time / _FRAME) * _FRAME, 2)
