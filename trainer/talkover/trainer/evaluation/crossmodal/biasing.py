"""Whether words in view are heard better when they are leant on, and others no worse. Pure.

Questions about what is written are heard by one listener twice, with the words in view favoured and
without. A word of the question that is in view is told from the others by the alignment.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import jiwer

from talkover.core.report import Listing, Measure, Resampled
from talkover.core.report.resampling import mean
from talkover.trainer.evaluation.scoring import normalise

_ENGLISH: Final = "en"
_FEWER: Final = 30.0
_HARM: Final = 0.1
_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Errors:
    """Of a text.

    Attributes:
        seen: Words of the reference that are in view and are not written.
        others: All that is wrong otherwise.
    """

    seen: int
    others: int


@dataclass(frozen=True, slots=True)
class Leant:
    """A question that was heard without and with what is in view.

    Attributes:
        kind: Of the question.
        number: Of it.
        said: The question.
        seen: Its words that are in view.
        words: All of its words.
        texts: What was written, without and with.
        errors: Of those.
    """

    kind: str
    number: int
    said: str
    seen: int
    words: int
    texts: tuple[str, str]
    errors: tuple[Errors, Errors]

    @classmethod
    def of(
        cls, kind: str, number: int, said: str, view: Collection[str], texts: tuple[str, str]
    ) -> Self:
        """Count.

        Args:
            kind: Of the question.
            number: Of it.
            said: The question.
            view: Words in view, as they are written there.
            texts: What was written, without them and with them.
        """
        known = {token for word in view for token in normalise(word, _ENGLISH).split()}
        reference = normalise(said, _ENGLISH)
        tokens = reference.split()
        plain, leant = (errors_of(reference, text, known) for text in texts)
        seen = sum(token in known for token in tokens)
        return cls(kind, number, said, seen, len(tokens), texts, (plain, leant))

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "kind": self.kind,
            "number": self.number,
            "said": self.said,
            "seen": self.seen,
            "words": self.words,
            "texts": list(self.texts),
            "errors": [[one.seen, one.others] for one in self.errors],
        }


def errors_of(reference: str, text: str, known: Collection[str]) -> Errors:
    """What is wrong in a text.

    Args:
        reference: What was said, normalised; not empty.
        text: What was written.
        known: Words in view, normalised.
    """
    result = jiwer.process_words(reference, normalise(text, _ENGLISH))
    tokens = reference.split()
    seen = others = 0
    for chunk in result.alignments[0]:
        if chunk.type == "insert":
            others += chunk.hyp_end_idx - chunk.hyp_start_idx
        elif chunk.type != "equal":
            lost = [token in known for token in tokens[chunk.ref_start_idx : chunk.ref_end_idx]]
            seen += sum(lost)
            others += len(lost) - sum(lost)
    return Errors(seen, others)


def measures(heard: Sequence[Leant], weight: float) -> list[Measure]:
    """What a report says.

    Args:
        heard: All questions.
        weight: With which words in view were favoured.
    """
    in_view = [one for one in heard if one.seen]
    seen = Resampled(
        [[float(one.errors[place].seen) for one in in_view] for place in (0, 1)],
        [float(one.seen) for one in in_view],
        ["all"] * len(in_view),
    )
    others = Resampled(
        [[float(one.errors[place].others) for one in heard] for place in (0, 1)],
        [float(one.words - one.seen) for one in heard],
        ["all"] * len(heard),
    )
    found = []
    for name, some in (("words in view", seen), ("other words", others)):
        for place, how in enumerate(("not favoured", f"favoured by {weight:g}")):
            rate = some.of(mean, place).times(100.0)
            said = f"wrong of {name}, {how}"
            found.append(Measure(said, rate.value, "%", rate.n, rate.interval))
    less = seen.reduction(mean, 0, 1).times(100.0)
    more = others.points(mean, 0, 1).times(100.0)
    fewer = Measure(
        "fewer errors on words in view",
        less.value,
        "%",
        less.n,
        less.interval,
        f">= {_FEWER:g}",
        less.value >= _FEWER,
        "of what they were",
    )
    harm = Measure(
        "more errors on other words",
        more.value,
        "points",
        more.n,
        more.interval,
        f"<= {_HARM:g}",
        more.value <= _HARM,
    )
    return [*found, fewer, harm]


def changed(heard: Sequence[Leant]) -> Listing:
    """Questions that were written otherwise with what is in view."""
    rows = [
        (one.kind, one.said, *one.texts)
        for one in heard
        if normalise(one.texts[0], _ENGLISH) != normalise(one.texts[1], _ENGLISH)
    ]
    return Listing("Heard otherwise", ("kind", "said", "without", "with"), rows[:_SHOWN])
