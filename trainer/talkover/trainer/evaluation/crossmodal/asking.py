"""Every question of a kind to whoever answers, under every condition, read and out loud."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final, Protocol

from talkover.trainer.evaluation.crossmodal.answerer import Answerer
from talkover.trainer.evaluation.crossmodal.conditions import Condition, Shown, partners, shown
from talkover.trainer.evaluation.crossmodal.rows import PERFECT, Row, asked_of
from talkover.trainer.evaluation.crossmodal.spoken import Clip, Speaker
from talkover.trainer.evaluation.kept import Kept
from talkover.trainer.seeing.questions.asking import question
from talkover.trainer.seeing.questions.question import Kind, Question, Split
from talkover.trainer.seeing.questions.scoring import is_right

_ENGLISH: Final = "en"


if TYPE_CHECKING:  # nobody loads listeners where nobody listens
    from talkover.trainer.evaluation.trained.readers import Writer


class Ears(Protocol):
    """Those who hear."""

    def __getitem__(self, name: str) -> "Writer":
        """One of them."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked.

    Attributes:
        kinds: Of question.
        count: Of each kind, read.
        spoken: Of those, out loud, too.
        seed: Of the questions.
    """

    kinds: tuple[Kind, ...]
    count: int
    spoken: int
    seed: int

    def rows(self, rows: Sequence[Row]) -> list[Row]:
        """Those of them that are wanted."""
        kinds = set(self.kinds)
        return [
            row
            for row in rows
            if row.kind in kinds
            and row.number < (self.count if row.ears == PERFECT else self.spoken)
        ]

    def questions(self, kind: Kind) -> list[Question]:
        """Of a kind, with their pictures: about half a megabyte each."""
        return [question(number, Split.TEST, kind, self.seed) for number in range(self.count)]

    def total(self, ears: int) -> int:
        """Rows at most, with so many who hear."""
        return len(self.kinds) * (self.count * len(Condition) + min(self.spoken, self.count) * ears)


def ask_all(
    wanted: Wanted,
    answerer: Answerer,
    names: Sequence[str],
    ears: Ears,
    speaker: Speaker | None,
    kept: Kept[Row],
    tick: Callable[[], None] = lambda: None,
) -> None:
    """Ask what has not been asked yet, a kind at a time: its pictures are held meanwhile.

    Args:
        wanted: What is asked.
        answerer: Who answers.
        names: Of those who hear.
        ears: They, by name.
        speaker: Who says it; None: nobody, and nobody hears.
        kept: Filled.
        tick: Told of each row that there is more.

    Raises:
        ConfigError: a font, or an engine that speaks, is not installed.
        WeightsError: a voice's weights are not here.
        DataError: there is no music to lay over what is said.
    """
    done = {(row.place, row.condition, row.ears) for row in kept.all}
    for kind in wanted.kinds:
        some = wanted.questions(kind)
        wrong = partners(some)
        for one in some:
            here = (kind.value, one.number)
            for condition in Condition:
                if condition is Condition.WRONG and one.number not in wrong:
                    continue
                if (here, condition, PERFECT) not in done:
                    what = shown(one, condition, wrong.get(one.number))
                    kept.add([_asked(one, condition, what, answerer)])
                tick()
            missing = [name for name in names if (here, Condition.ALL, name) not in done]
            if speaker is None or one.number >= wanted.spoken:
                continue
            if missing:
                kept.add(_heard(one, speaker.say(one), missing, ears, answerer))
            for _ in names:
                tick()


def _asked(one: Question, condition: Condition, what: Shown, answerer: Answerer) -> Row:
    said, seconds = _timed(one, one.question, what, answerer)
    return Row(
        **asdict(asked_of(one)),
        condition=condition.value,
        ears=PERFECT,
        heard=one.question,
        said=said,
        right=is_right(one, said),
        seconds=seconds,
    )


def _heard(
    one: Question,
    clip: Clip,
    names: Sequence[str],
    ears: Ears,
    answerer: Answerer,
) -> list[Row]:
    found = []
    for name in names:
        (written,) = ears[name].write([clip.pcm], [_ENGLISH])
        said, seconds = _timed(one, written.text, (one.pictures, one.times), answerer)
        found.append(
            Row(
                **asdict(asked_of(one)),
                condition=Condition.ALL.value,
                ears=name,
                heard=written.text,
                said=said,
                right=is_right(one, said),
                seconds=seconds,
                accent=clip.accent,
                voice=clip.voice,
                snr=clip.snr,
                noise=clip.noise,
            )
        )
    return found


def _timed(one: Question, heard: str, what: Shown, answerer: Answerer) -> tuple[str, float]:
    begin = time.perf_counter()
    said = answerer.answer(heard, *what, one.moment)
    return said, round(time.perf_counter() - begin, 3)
